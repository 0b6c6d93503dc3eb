"""The endpoint that exports a list."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status
from starlette.responses import StreamingResponse

from services.api.dependencies import AppContext, Context, UserId
from services.api.exports.formats import ExportedVideo, export_csv, export_json
from services.api.exports.headers import attachment
from services.api.exports.pages import pages_of_list
from services.api.exports.schemas import EXPORTED_CSV, ExportedList
from services.api.http.openapi import problem_responses, reference
from services.api.http.problem_codes import ProblemCode
from services.api.lists.lookup import find_list
from shared.db.lists import ListRecord
from shared.db.videos import VideoRecord

router = APIRouter(prefix="/lists/{list_id}", tags=["batches"])


class ExportFormat(StrEnum):
    """The formats of exports."""

    CSV = "csv"
    JSON = "json"


EXPORTS = {
    ExportFormat.CSV: (export_csv, "text/csv"),
    ExportFormat.JSON: (export_json, "application/json"),
}
"""The writer of each format, and its media type."""


@router.get(
    "/export",
    summary="Export a list",
    response_class=StreamingResponse,
    responses={
        status.HTTP_200_OK: {
            "description": "The list as a file that can be imported again.",
            "content": {
                "text/csv": {"schema": {"type": "string"}, "example": EXPORTED_CSV},
                "application/json": {"schema": reference(ExportedList)},
            },
        },
        **problem_responses(ProblemCode.LIST_NOT_FOUND, ProblemCode.VALIDATION_FAILED),
    },
)
async def export_list(
    list_id: UUID,
    context: Context,
    user_id: UserId,
    file_format: Annotated[ExportFormat, Query(alias="format", description="Format of the file.")] = ExportFormat.CSV,
) -> StreamingResponse:
    """All videos of a list as a file, in the list's order."""
    found = await find_list(context.database, user_id, list_id)
    _, media_type = EXPORTS[file_format]
    return StreamingResponse(
        _exported(context, user_id, found, file_format),
        media_type=media_type,
        headers={"Content-Disposition": attachment(found.name, file_format)},
    )


async def _exported(
    context: AppContext, user_id: UUID, found: ListRecord, file_format: ExportFormat
) -> AsyncIterator[bytes]:
    """A list as a file, in chunks. Errors are raised, so that the response breaks off."""
    loop, pages = asyncio.get_running_loop(), pages_of_list(context.database, user_id, found.id)

    async def next_page() -> Sequence[VideoRecord]:
        return await anext(pages, None) or ()

    def videos() -> Iterator[ExportedVideo]:
        while page := asyncio.run_coroutine_threadsafe(next_page(), loop).result():
            yield from map(_exported_video, page)

    chunks = EXPORTS[file_format][0](found.name, videos())
    while chunk := await asyncio.to_thread(next, chunks, b""):
        yield chunk


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
