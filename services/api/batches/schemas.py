"""Schemas of bulk imports (batches)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from services.api.batches.files.problems import MAX_FILE_BYTES, MAX_ROWS
from services.api.batches.filters import WantedFilter
from services.api.http.schemas import NextCursor, Seconds, Usd, YoutubeIdOutput
from services.api.videos.schemas import VideoOutput
from shared.contracts.batches import BatchKind, BatchState, BatchSummary, ChannelTab, ListingState
from shared.contracts.errors import ErrorType
from shared.contracts.upstreams import PauseReason, Upstream
from shared.i18n.catalog import text
from shared.i18n.languages import Language
from shared.i18n.messages import import_error_text
from shared.youtube.video_urls import InvalidUrlReason

MAX_URLS = 1000
MAX_SHOWN_ROWS = 1000
"""The first rows of a file that are not imported."""
MAX_SOURCE_CHARACTERS = 4096


def _not_too_many(urls: object) -> object:
    """Refuse too many URLs with an error type of its own: its sentence suggests a file."""
    if isinstance(urls, list) and len(urls) > MAX_URLS:
        limits = {"max_urls": MAX_URLS, "max_rows": MAX_ROWS}
        raise PydanticCustomError("too_many_urls", "at most {max_urls} entries", limits)
    return urls


_URLS = [
    "https://www.youtube.com/watch?v=Q7mZ2k-x9Lw&t=42s",
    "https://youtu.be/dBq4wT1rXgE",
    "https://example.com/watch",
]
_SOURCE = "https://www.youtube.com/@lamp-room"

Urls = Annotated[
    list[str],
    Field(
        min_length=1,
        max_length=MAX_URLS,
        description="URLs of YouTube videos, or their 11-character ids.",
        examples=[_URLS],
    ),
    BeforeValidator(_not_too_many),
]
SourceAddress = Annotated[
    str,
    StringConstraints(max_length=MAX_SOURCE_CHARACTERS),
    Field(description="URL of a YouTube playlist or channel, or a channel's @handle.", examples=[_SOURCE]),
]
WantedTab = Annotated[
    ChannelTab | None,
    Field(
        description="Which of a channel's lists; null: the one that `source` is the URL of, otherwise its videos. "
        "A playlist has none.",
        examples=["videos"],
    ),
]


class UrlsInput(BaseModel):
    """The videos to add."""

    model_config = ConfigDict(extra="forbid")

    urls: Urls


class SourceInput(BaseModel):
    """The playlist or channel to import."""

    model_config = ConfigDict(extra="forbid")

    source: SourceAddress
    tab: WantedTab = None
    filter: WantedFilter = None


class PreviewInput(BaseModel):
    """What to preview: either `urls` or a `source`."""

    model_config = ConfigDict(
        # of the whole body: one that is made from the examples of both fields is not valid
        json_schema_extra={"examples": [{"urls": [*_URLS]}, {"source": _SOURCE}]},
        extra="forbid",
    )

    urls: Urls | None = None
    source: SourceAddress | None = None
    tab: WantedTab = None
    filter: WantedFilter = None

    @model_validator(mode="after")
    def _is_one_of_them(self) -> "PreviewInput":
        if (self.urls is None) == (self.source is None):
            raise PydanticCustomError("urls_or_source", "either urls or source")
        return self


class FileInput(BaseModel):
    """A file with videos."""

    file: str = Field(
        description="CSV, text with one URL or id per line, or a Google Takeout export: "
        f"at most {MAX_FILE_BYTES // 1024**2} MiB and {MAX_ROWS} rows.",
        json_schema_extra={"contentMediaType": "application/octet-stream"},
    )


class DuplicateRow(BaseModel):
    """A row whose video is already on the list, or that repeats an earlier row."""

    row: int = Field(description="Number of the row, from 1; in a file, of the line or entry.", examples=[2])
    url: str = Field(description="Its text, at most 200 characters.", examples=["https://youtu.be/dBq4wT1rXgE"])
    youtube_id: YoutubeIdOutput
    video_id: UUID | None = Field(description="The list entry; null if it has just been removed.")


class InvalidRow(BaseModel):
    """A row that names no video."""

    row: int = Field(description="Number of the row, from 1; in a file, of the line or entry.", examples=[2])
    url: str = Field(description="Its text, at most 200 characters.", examples=["https://example.com/watch"])
    reason: InvalidUrlReason = Field(examples=["not_youtube"])
    message: str = Field(
        description="`reason` as a sentence in the language of the request.",
        examples=[text("invalid_url.not_youtube")],
    )


class _Created(BaseModel):
    batch_id: UUID | None = Field(
        description="Null if there is nothing to import; otherwise `GET /api/batches/{batch_id}` has its progress."
    )
    created: int = Field(description="Number of videos added to the list.", examples=[1])
    duplicate_count: int = Field(examples=[1])
    duplicates: Sequence[DuplicateRow]
    invalid_count: int = Field(examples=[1])
    invalid: Sequence[InvalidRow]


class BatchCreated(_Created):
    """The result of adding many URLs."""

    videos: Sequence[VideoOutput] = Field(description="The videos added to the list, in the order of the request.")


class ImportCreated(_Created):
    """The result of importing a file, a playlist or a channel."""

    kind: BatchKind = Field(examples=["file"])
    source: str = Field(
        description="Name of the file, or canonical URL of the playlist or channel.", examples=["lighthouses.csv"]
    )
    created: int = Field(
        description="Number of videos added to the list; 0 for a playlist or channel, which is read in the background.",
        examples=[1],
    )
    duplicates: Sequence[DuplicateRow] = Field(description=f"At most the first {MAX_SHOWN_ROWS}.")
    invalid: Sequence[InvalidRow] = Field(description=f"At most the first {MAX_SHOWN_ROWS}.")


class TranscriptionEstimate(BaseModel):
    """The transcription that is expected."""

    enabled: bool = Field(description="Whether transcription is on.")
    videos: int = Field(description="New videos that are expected to have no captions on YouTube.", examples=[4])
    audio_seconds: Seconds = Field(description="Length of their audio.", examples=[3056.0])
    estimated_usd: Usd = Field(description="In US dollars, at the current price.", examples=[0.0942])


class PreviewWarning(BaseModel):
    """A pause that delays the import."""

    upstream: Upstream = Field(description="The upstream that is paused.")
    code: PauseReason
    message: str = Field(
        description="`code` as a sentence in the language of the request.", examples=[text("pause.rate_limited")]
    )


class Preview(BaseModel):
    """What an import would add, and how long it would take."""

    kind: BatchKind = Field(examples=["file"])
    tab: ChannelTab | None = Field(description="Which of a channel's lists; otherwise null.", examples=[None])
    title: str | None = Field(description="Title of the playlist or channel.", examples=[None])
    total: int = Field(
        description="Rows, or entries of the playlist as YouTube announces them. With `at_least`: of the first page.",
        examples=[52],
    )
    new: int = Field(
        description="Entries on further pages count as new; with `at_least`, they are not counted.", examples=[40]
    )
    duplicates: int = Field(description="Already on the list, or repeated.", examples=[11])
    invalid: int = Field(description="Rows without a video.", examples=[1])
    unavailable: int = Field(description="Entries of a playlist that are deleted or private.", examples=[0])
    members_only: int = Field(description="Videos for the channel's members, which are not imported.", examples=[0])
    filtered: int = Field(description="Videos that `filter` leaves out.", examples=[0])
    is_estimate: bool = Field(
        description="Whether only the first page of a playlist or channel was read: "
        "duplicates and unavailable entries are counted on that page only.",
        examples=[False],
    )
    at_least: bool = Field(
        description="Whether there are more than `total` and `new`, by an unknown number: "
        "YouTube has not announced the size of the channel. There is no estimate then.",
        examples=[False],
    )
    estimated_seconds: int | None = Field(
        description="Time until the import is complete at the current rate limits, after all running imports; "
        "null during a pause without a known end, and with `at_least`.",
        examples=[168],
    )
    estimated_finish_at: datetime | None = Field(
        description="When the import is complete; null if `estimated_seconds` is.", examples=["2026-11-23T08:03:48Z"]
    )
    speech_to_text: TranscriptionEstimate | None = Field(
        description="Estimated from the newest videos of this installation; null if there are too few, "
        "and with `at_least`."
    )
    warnings: Sequence[PreviewWarning] = Field(description="Pauses that delay the import.", examples=[[]])


class BatchOutput(BaseModel):
    """The status of a bulk import."""

    batch_id: UUID
    list_id: UUID
    kind: BatchKind = Field(examples=["channel"])
    source: str = Field(
        description="URL of the playlist or channel, or name of the file; empty for `urls`.",
        examples=["https://www.youtube.com/@lamp-room/videos"],
    )
    title: str | None = Field(description="Title of the playlist or channel.", examples=["The Lamp Room"])
    state: BatchState
    progress: int = Field(ge=0, le=100, description="Percent of its videos whose import has ended.", examples=[24])
    total: int = Field(description="Videos that it added to the list and that are still there.", examples=[409])
    queued: int = Field(description="Videos that wait for a slot.", examples=[288])
    running: int = Field(description="Videos whose import is running.", examples=[20])
    waiting: int = Field(
        description="Videos that wait for something of their own, such as a premiere, and leave their slot to others.",
        examples=[1],
    )
    imported: int = Field(description="Complete videos, with or without captions.", examples=[98])
    without_captions: int = Field(description="Videos of `imported` without captions.", examples=[7])
    failed: int = Field(description="Videos whose import failed; `retry-failed` retries them.", examples=[2])
    cancelled: int = Field(
        description="Videos that were queued when it was cancelled; `retry-failed` imports them.", examples=[0]
    )
    duplicates: int = Field(description="Already on the list, or repeated.", examples=[11])
    invalid: int = Field(description="Rows without a video.", examples=[0])
    unavailable: int = Field(description="Entries of the playlist that are deleted or private.", examples=[0])
    members_only: int = Field(description="Videos for the channel's members, which are not imported.", examples=[0])
    filtered: int = Field(description="Videos that `filter` leaves out.", examples=[0])
    listing: ListingState | None = Field(
        description="Progress of the listing of a playlist or channel; null for `urls` and `file`. "
        "`short`: YouTube returned fewer entries than it announced, each time. "
        "`cancelled`: cancelled during the listing; `retry-failed` continues it.",
        examples=["done"],
    )
    announced: int | None = Field(
        description="Number of entries that YouTube announces; null for channels of one page.", examples=[412]
    )
    error_code: ErrorType | None = Field(description="Why the listing failed.", examples=[None])
    error_message: str | None = Field(
        description="`error_code` as a sentence in the language of the request.",
        examples=[None],
    )
    created_at: datetime
    completed_at: datetime | None = Field(examples=[None])

    @classmethod
    def of(cls, summary: BatchSummary, language: Language) -> "BatchOutput":
        """The response for a batch."""
        error_code = summary.error_code
        message = import_error_text(error_code, language) if error_code else None
        return cls(**summary.model_dump(), progress=summary.progress, error_message=message)


class BatchPage(BaseModel):
    """A page of bulk imports, newest first."""

    items: Sequence[BatchOutput]
    next_cursor: NextCursor
