"""Endpoints that import a file, a playlist or a channel, and preview one."""

import asyncio
from uuid import UUID

from fastapi import APIRouter, Response, status

from services.api.batches.bodies import IMPORT_BODY, PREVIEW_BODY, ImportBody, PreviewBody, UploadedFile
from services.api.batches.create import add_batch
from services.api.batches.endpoints import set_batch_location
from services.api.batches.files.parse import read_urls
from services.api.batches.preview import preview_rows, preview_source
from services.api.batches.rows import Rows
from services.api.batches.schemas import MAX_SHOWN_ROWS, ImportCreated, Preview
from services.api.batches.sources import source_at
from services.api.dependencies import AppContext, Context, RequestLanguage, UserId
from services.api.http.openapi import BODY_PROBLEMS, problem_responses
from services.api.http.problem_codes import ProblemCode
from services.api.lists.lookup import find_list
from shared.contracts.batches import BatchKind
from shared.db.batches import NewBatch
from shared.i18n.languages import Language

router = APIRouter(prefix="/lists/{list_id}", tags=["batches"])


@router.post(
    "/imports",
    status_code=status.HTTP_201_CREATED,
    summary="Import a file, a playlist or a channel",
    responses={
        status.HTTP_200_OK: {"description": "Nothing is new.", "model": ImportCreated},
        status.HTTP_201_CREATED: {"description": "The result."},
        **problem_responses(ProblemCode.LIST_NOT_FOUND, *BODY_PROBLEMS, ProblemCode.TOO_MANY_UPLOADS),
    },
    openapi_extra=IMPORT_BODY,
)
async def create_import(
    list_id: UUID, wanted: ImportBody, context: Context, user_id: UserId, language: RequestLanguage, response: Response
) -> ImportCreated:
    """Add all videos of a file, a playlist or a channel that are not on the list yet.

    Files: CSV with or without a header, text with one URL or id per line, JSON, or a Google Takeout export. A playlist
    or channel is listed in the background; its videos are added page by page.
    """
    if isinstance(wanted, UploadedFile):
        return await _import_file(list_id, wanted, context, user_id, language, response)
    source = source_at(wanted.source, wanted.tab, language)
    batch = NewBatch(
        user_id=user_id, list_id=list_id, kind=BatchKind(source.kind), source=source.url, filter=wanted.filter
    )
    added = (await add_batch(context, batch)).batch
    set_batch_location(response, added)
    return ImportCreated(
        batch_id=added.batch_id,
        kind=batch.kind,
        source=batch.source,
        created=0,
        duplicate_count=0,
        duplicates=[],
        invalid_count=0,
        invalid=[],
    )


@router.post(
    "/imports/preview",
    summary="Preview a bulk import",
    responses=problem_responses(
        ProblemCode.LIST_NOT_FOUND,
        *BODY_PROBLEMS,
        ProblemCode.TOO_MANY_UPLOADS,
        ProblemCode.PREVIEW_UNAVAILABLE,
        ProblemCode.TEMPORAL_AWAY,
    ),
    openapi_extra=PREVIEW_BODY,
)
async def preview_import(
    list_id: UUID, wanted: PreviewBody, context: Context, user_id: UserId, language: RequestLanguage
) -> Preview:
    """Number of new videos, estimated duration, and estimated cost of transcription. Nothing is changed.

    For a playlist or channel, one page is requested from YouTube, which can take some seconds.
    """
    await find_list(context.database, user_id, list_id)
    if isinstance(wanted, UploadedFile):
        return await preview_rows(context, list_id, BatchKind.FILE, wanted.rows, language)
    if wanted.source is not None:
        source = source_at(wanted.source, wanted.tab, language)
        return await preview_source(context, user_id, list_id, source, wanted.filter, language)
    rows = Rows(await asyncio.to_thread(read_urls, wanted.urls or []))
    return await preview_rows(context, list_id, BatchKind.URLS, rows, language)


async def _import_file(
    list_id: UUID, file: UploadedFile, context: AppContext, user_id: UUID, language: Language, response: Response
) -> ImportCreated:
    rows = file.rows
    batch = NewBatch(
        user_id=user_id,
        list_id=list_id,
        kind=BatchKind.FILE,
        source=file.name,
        youtube_ids=rows.youtube_ids,
        repeated=rows.repeated,
        invalid=rows.invalid,
    )
    added = (await add_batch(context, batch)).batch
    set_batch_location(response, added)
    return ImportCreated(
        batch_id=added.batch_id,
        kind=batch.kind,
        source=batch.source,
        created=len(added.created),
        duplicate_count=len(rows.rows) - rows.invalid - len(added.created),
        duplicates=rows.duplicate_rows(added, MAX_SHOWN_ROWS),
        invalid_count=rows.invalid,
        invalid=rows.invalid_rows(language, MAX_SHOWN_ROWS),
    )
