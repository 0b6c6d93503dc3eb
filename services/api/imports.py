"""Endpoints of files and sources: importing them, a preview of that, and a list as a file."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response, status
from starlette.responses import StreamingResponse

from services.api import examples
from services.api.batch_adding import add_batch, find_list
from services.api.batch_rows import Rows
from services.api.batch_schemas import MAX_SHOWN_ROWS, ImportCreated, Preview
from services.api.batches import announce
from services.api.deps import RequestLanguage, Resources, Shared, UserId
from services.api.downloads import attachment
from services.api.exporting import ExportedVideo, export_csv, export_json
from services.api.import_bodies import IMPORT_BODY, PREVIEW_BODY, ImportBody, PreviewBody, UploadedFile
from services.api.imported_files import UnreadableFile, file_problem_text, read_file
from services.api.imported_rows import read_urls
from services.api.list_pages import pages_of_list
from services.api.openapi import BODY_PROBLEMS, example_response, problem_responses
from services.api.previews import preview_rows, preview_source
from services.api.problem_texts import ProblemCode
from services.api.problems import invalid_field
from shared.contracts.batches import BatchKind
from shared.contracts.texts import Language
from shared.db.batches import NewBatch
from shared.db.videos import VideoRecord
from shared.youtube_source import InvalidSource, Source, invalid_source_text, parse_source

router = APIRouter(prefix="/lists/{list_id}", tags=["batches"])


class ExportFormat(StrEnum):
    """What a list can be written as."""

    CSV = "csv"
    JSON = "json"


EXPORTS = {
    ExportFormat.CSV: (export_csv, "text/csv; charset=utf-8"),
    ExportFormat.JSON: (export_json, "application/json"),
}
"""How it is written, and its media type."""
