"""What goes in and out of the API where many videos are imported in one go."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from services.api import batch_examples, examples
from services.api.exporting import ExportedVideo
from services.api.file_problems import MAX_FILE_BYTES, MAX_ROWS
from services.api.schemas import Seconds, Usd, VideoOutput, with_examples
from shared.contracts.batches import BatchKind, BatchState, BatchSummary, ListingState
from shared.contracts.errors import ErrorType
from shared.contracts.texts import Language, import_error_text
from shared.contracts.upstreams import PauseReason, Upstream
from shared.youtube_url import InvalidUrlReason

MAX_URLS = 1000
MAX_SHOWN_ROWS = 1000
"""Of a file's rows that were not imported."""
MAX_SOURCE_CHARACTERS = 4096


def _not_too_many(urls: object) -> object:
    """Refuse too many in words of their own: they say what else can be done."""
    if isinstance(urls, list) and len(urls) > MAX_URLS:
        limits = {"max_urls": MAX_URLS, "max_rows": MAX_ROWS}
        raise PydanticCustomError("too_many_urls", "at most {max_urls} entries", limits)
    return urls


Urls = Annotated[
    list[str],
    Field(
        min_length=1,
        max_length=MAX_URLS,
        description="Addresses of YouTube videos as people paste them, or their bare 11-character ids.",
    ),
    BeforeValidator(_not_too_many),
]
SourceAddress = Annotated[
    str,
    StringConstraints(max_length=MAX_SOURCE_CHARACTERS),
    Field(description="Address of a YouTube playlist or channel, or a channel's @handle."),
]


class UrlsInput(BaseModel):
    """The videos to add."""

    model_config = ConfigDict(json_schema_extra={"examples": [batch_examples.URLS_INPUT]}, extra="forbid")

    urls: Urls


class SourceInput(BaseModel):
    """The playlist or channel to import."""

    model_config = ConfigDict(json_schema_extra={"examples": [batch_examples.SOURCE_INPUT]}, extra="forbid")

    source: SourceAddress


class PreviewInput(BaseModel):
    """What somebody may want to import: `urls`, or a `source`."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [batch_examples.URLS_INPUT, batch_examples.SOURCE_INPUT]}, extra="forbid"
    )

    urls: Urls | None = None
    source: SourceAddress | None = None

    @model_validator(mode="after")
    def _is_one_of_them(self) -> "PreviewInput":
        if (self.urls is None) == (self.source is None):
            raise PydanticCustomError("urls_or_source", "either urls or source")
        return self


class FileInput(BaseModel):
    """A file with videos."""

    model_config = ConfigDict(json_schema_extra={"examples": [batch_examples.FILE_INPUT]})

    file: str = Field(
        description="CSV, one address or id a line, or YouTube's own export (Takeout): "
        f"at most {MAX_FILE_BYTES // 1024**2} MiB and {MAX_ROWS} rows.",
        json_schema_extra={"contentMediaType": "application/octet-stream"},
    )


class DuplicateRow(BaseModel):
    """A row whose video the list has already, or that names a video once more."""

    row: int = Field(description="Its number, the first one is 1; in a file, that of the line or entry.")
    url: str = Field(description="What it says, shortened to 200 characters.")
    youtube_id: str
    video_id: UUID | None = Field(
        description="The entry that is there; null where somebody took it off the list in the same moment."
    )


class InvalidRow(BaseModel):
    """A row that names no video."""

    row: int = Field(description="Its number, the first one is 1; in a file, that of the line or entry.")
    url: str = Field(description="What it says, shortened to 200 characters.")
    reason: InvalidUrlReason
    message: str = Field(description="The reason in a plain sentence, in the language of the request.")


class _Created(BaseModel):
    batch_id: UUID | None = Field(
        description="Null where nothing is to be imported; otherwise `GET /api/batches/{batch_id}` tells how far it is."
    )
    created: int = Field(description="How many videos were put on the list.")
    duplicate_count: int
    duplicates: Sequence[DuplicateRow]
    invalid_count: int
    invalid: Sequence[InvalidRow]


class BatchCreated(_Created):
    """What became of many addresses."""

    model_config = with_examples(batch_examples.BATCH_CREATED)

    videos: Sequence[VideoOutput] = Field(description="Those that were put on the list, in the order of the request.")


class ImportCreated(_Created):
    """What became of a file, a playlist or a channel."""

    model_config = with_examples(batch_examples.FILE_IMPORTED, batch_examples.SOURCE_IMPORTED)

    kind: BatchKind
    source: str = Field(description="The file's name, or the one address that stands for the playlist or channel.")
    created: int = Field(
        description="How many videos were put on the list. 0 for a playlist or channel, which is read from now on."
    )
    duplicates: Sequence[DuplicateRow] = Field(description=f"At most the first {MAX_SHOWN_ROWS} of them.")
    invalid: Sequence[InvalidRow] = Field(description=f"At most the first {MAX_SHOWN_ROWS} of them.")


class SpeechEstimate(BaseModel):
    """What speech-to-text is expected to do."""

    enabled: bool = Field(description="Whether captions are made from speech at all.")
    videos: int = Field(description="How many of the new ones are expected to have no captions at YouTube.")
    audio_seconds: Seconds = Field(description="What the speech-to-text server is sent.")
    estimated_usd: Usd = Field(description="At today's price, in US dollars.")


class PreviewWarning(BaseModel):
    """What is in the way right now."""

    upstream: Upstream = Field(description="Who is not asked.")
    code: PauseReason
    message: str = Field(description="What it is, in a plain sentence in the language of the request.")


class Preview(BaseModel):
    """What an import would bring, and how long it would take."""

    model_config = with_examples(
        batch_examples.PREVIEW, batch_examples.PREVIEW_OF_PLAYLIST, batch_examples.PREVIEW_OF_CHANNEL
    )

    kind: BatchKind
    title: str | None = Field(description="As YouTube calls the playlist or channel.")
    total: int = Field(
        description="Rows or entries; of a playlist as many as YouTube announces. "
        "With `at_least`, those of the first page."
    )
    new: int = Field(description="Entries that are on further pages are taken to be new; with `at_least`, not counted.")
    duplicates: int = Field(description="Already in the list, or named twice.")
    invalid: int = Field(description="Rows that name no video.")
    unavailable: int = Field(description="Entries of a playlist that are deleted or private.")
    is_estimate: bool = Field(
        description="Whether only the first page of a playlist or channel was read: "
        "duplicates and unavailable entries are known of that page alone."
    )
    at_least: bool = Field(
        description="Whether there are more than `total` and `new`, and nobody knows how many: "
        "YouTube does not announce it of a channel. Then there is no estimate either."
    )
    estimated_seconds: int | None = Field(
        description="In how long all of it would be imported at today's pace, after what is under way already; "
        "null while nobody knows when imports go on, and with `at_least`."
    )
    estimated_finish_at: datetime | None = Field(description="When that is; null where it is.")
    speech_to_text: SpeechEstimate | None = Field(
        description="Estimated from the newest videos of this installation; null while there are too few, "
        "and with `at_least`."
    )
    warnings: Sequence[PreviewWarning] = Field(description="What is in the way right now; empty where nothing is.")


class BatchOutput(BaseModel):
    """How an import of many videos stands."""

    model_config = with_examples(batch_examples.BATCH, batch_examples.BATCH_LISTING_FAILED)

    batch_id: UUID
    list_id: UUID
    kind: BatchKind
    source: str = Field(description="Address of the playlist or channel, or name of the file; empty for `urls`.")
    title: str | None = Field(description="As YouTube calls the playlist or channel.")
    state: BatchState
    progress: int = Field(ge=0, le=100, description="Percent of its videos whose import is over.")
    total: int = Field(description="Videos that it has put on the list and that are still there.")
    queued: int = Field(description="Their import begins when there is room.")
    running: int = Field(description="Their import was begun and is not over.")
    waiting: int = Field(
        description="For something of their own, such as a premiere: the import of the others does not wait for them."
    )
    imported: int = Field(description="Complete, with or without captions.")
    without_captions: int = Field(description="Of those `imported`.")
    failed: int = Field(description="`retry-failed` tries them again.")
    cancelled: int = Field(description="They had not begun when it was cancelled; `retry-failed` takes them up again.")
    duplicates: int = Field(description="Already in the list, or named twice.")
    invalid: int = Field(description="Rows that named no video.")
    unavailable: int = Field(description="Entries of the playlist that are deleted or private.")
    listing: ListingState | None = Field(
        description="How far the playlist or channel is read; null for `urls` and `file`. "
        "`short`: it ended too soon, each time. `cancelled`: before it was read; `retry-failed` reads on."
    )
    announced: int | None = Field(
        description="How many entries YouTube says there are; null where it does not say, as of channels."
    )
    error_code: ErrorType | None = Field(description="Why the playlist or channel could not be read.")
    error_message: str | None = Field(description="That in a plain sentence, in the language of the request.")
    created_at: datetime
    completed_at: datetime | None

    @classmethod
    def of(cls, summary: BatchSummary, language: Language) -> "BatchOutput":
        """The API's form of a batch."""
        error_code = summary.error_code
        message = import_error_text(error_code, language) if error_code else None
        return cls(**summary.model_dump(), progress=summary.progress, error_message=message)


class BatchPage(BaseModel):
    """A page of imports of many videos, newest first."""

    model_config = with_examples({"items": [batch_examples.BATCH], "next_cursor": examples.CURSOR})

    items: Sequence[BatchOutput]
    next_cursor: str | None = Field(description="Where the next page begins; null at the end.")


class ExportedList(BaseModel):
    """A list as a JSON file."""

    model_config = with_examples(batch_examples.EXPORTED_JSON)

    name: str = Field(description="Of the list.")
    videos: Sequence[ExportedVideo] = Field(description="In the list's order.")
