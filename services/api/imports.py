"""Endpoints of files and sources: importing them, a preview of that, and a list as a file."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response, status
from starlette.responses import StreamingResponse

from services.api import batch_examples
from services.api.batch_adding import add_batch, find_list
from services.api.batch_rows import Rows
from services.api.batch_schemas import MAX_SHOWN_ROWS, ExportedList, ImportCreated, Preview
from services.api.batches import announce
from services.api.deps import RequestLanguage, Resources, Shared, UserId
from services.api.downloads import attachment
from services.api.exporting import ExportedVideo, export_csv, export_json
from services.api.import_bodies import IMPORT_BODY, PREVIEW_BODY, ImportBody, PreviewBody, UploadedFile
from services.api.imported_files import read_urls
from services.api.list_pages import pages_of_list
from services.api.openapi import BODY_PROBLEMS, example_response, problem_responses, reference
from services.api.previews import preview_rows, preview_source
from services.api.problem_texts import ProblemCode
from services.api.sources import source_at
from shared.contracts.batches import BatchKind
from shared.contracts.texts import Language
from shared.db.batches import NewBatch
from shared.db.lists import ListRecord
from shared.db.videos import VideoRecord

router = APIRouter(prefix="/lists/{list_id}", tags=["batches"])


class ExportFormat(StrEnum):
    """What a list can be written as."""

    CSV = "csv"
    JSON = "json"


EXPORTS = {
    ExportFormat.CSV: (export_csv, "text/csv"),
    ExportFormat.JSON: (export_json, "application/json"),
}
"""How it is written, and its media type."""


@router.post(
    "/imports",
    status_code=status.HTTP_201_CREATED,
    summary="Import a file, a playlist or a channel",
    responses={
        **example_response(status.HTTP_200_OK, "Nothing is new.", batch_examples.NOTHING_NEW_IN_FILE, ImportCreated),
        **example_response(status.HTTP_201_CREATED, "What became of it.", batch_examples.FILE_IMPORTED),
        **problem_responses(ProblemCode.LIST_NOT_FOUND, *BODY_PROBLEMS),
    },
    openapi_extra=IMPORT_BODY,
)
async def create_import(
    list_id: UUID, wanted: ImportBody, shared: Shared, user_id: UserId, language: RequestLanguage, response: Response
) -> ImportCreated:
    """Add every video of a file, or of a YouTube playlist or channel, that the list does not have.

    A file: CSV with or without a header, one address or id a line, or YouTube's own export (Takeout). A playlist or
    channel is read in the background; its videos appear in the list page by page.
    """
    if isinstance(wanted, UploadedFile):
        return await _import_file(list_id, wanted, shared, user_id, language, response)
    source = source_at(wanted.source, language)
    batch = NewBatch(user_id=user_id, list_id=list_id, kind=BatchKind(source.kind), source=source.url)
    added = await add_batch(shared, batch)
    announce(response, added)
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
    summary="See what an import would bring",
    responses=problem_responses(
        ProblemCode.LIST_NOT_FOUND,
        *BODY_PROBLEMS,
        ProblemCode.PREVIEW_UNAVAILABLE,
        ProblemCode.TEMPORAL_AWAY,
    ),
    openapi_extra=PREVIEW_BODY,
)
async def preview_import(
    list_id: UUID, wanted: PreviewBody, shared: Shared, user_id: UserId, language: RequestLanguage
) -> Preview:
    """How many videos are new, how long they would take, and what speech-to-text would cost. Nothing is written.

    A playlist or channel is asked for at YouTube, one page of it, which may take some seconds.
    """
    await find_list(shared.database, user_id, list_id)
    if isinstance(wanted, UploadedFile):
        return await preview_rows(shared, list_id, BatchKind.FILE, wanted.rows, language)
    if wanted.source is not None:
        return await preview_source(shared, user_id, list_id, source_at(wanted.source, language), language)
    rows = Rows(await asyncio.to_thread(read_urls, wanted.urls or []))
    return await preview_rows(shared, list_id, BatchKind.URLS, rows, language)


@router.get(
    "/export",
    summary="Download a list",
    response_class=StreamingResponse,
    responses={
        status.HTTP_200_OK: {
            "description": "The list as a file, which can be imported again.",
            "content": {
                "text/csv": {"schema": {"type": "string"}, "example": batch_examples.EXPORTED_CSV},
                "application/json": {"schema": reference(ExportedList)},
            },
        },
        **problem_responses(ProblemCode.LIST_NOT_FOUND, ProblemCode.VALIDATION_FAILED),
    },
)
async def export_list(
    list_id: UUID,
    shared: Shared,
    user_id: UserId,
    file_format: Annotated[ExportFormat, Query(alias="format", description="Of the file.")] = ExportFormat.CSV,
) -> StreamingResponse:
    """All videos of a list as a file, in the list's order."""
    found = await find_list(shared.database, user_id, list_id)
    _, media_type = EXPORTS[file_format]
    return StreamingResponse(
        _exported(shared, user_id, found, file_format),
        media_type=media_type,
        headers={"Content-Disposition": attachment(found.name, file_format)},
    )


async def _import_file(
    list_id: UUID, file: UploadedFile, shared: Resources, user_id: UUID, language: Language, response: Response
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
    added = await add_batch(shared, batch)
    announce(response, added)
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


async def _exported(
    shared: Resources, user_id: UUID, found: ListRecord, file_format: ExportFormat
) -> AsyncIterator[bytes]:
    """A list as a file, piece by piece. What fails in the middle is raised, so that the answer breaks off."""
    loop, pages = asyncio.get_running_loop(), pages_of_list(shared.database, user_id, found.id)

    async def next_page() -> Sequence[VideoRecord]:
        return await anext(pages, None) or ()

    def videos() -> Iterator[ExportedVideo]:
        while page := asyncio.run_coroutine_threadsafe(next_page(), loop).result():
            yield from map(_exported_video, page)

    pieces = EXPORTS[file_format][0](found.name, videos())
    while piece := await asyncio.to_thread(next, pieces, b""):
        yield piece


def _exported_video(video: VideoRecord) -> ExportedVideo:
    return ExportedVideo(
        url=f"https://www.youtube.com/watch?v={video.youtube_id}",
        title=video.title,
        channel=video.channel,
        duration_seconds=video.duration_seconds,
        published_at=video.published_at,
        import_stage=video.import_stage,
        captions_source=video.captions_source,
        captions_language=video.captions_language,
        added_at=video.created_at,
    )
