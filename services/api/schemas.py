"""What goes in and out of the API."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from services.api import examples
from shared.contracts.errors import ErrorType
from shared.contracts.messages import ImportProgress
from shared.contracts.stages import ImportStage
from shared.contracts.texts import Language, import_error_text
from shared.contracts.upstreams import PauseReason
from shared.contracts.youtube import CaptionsKind, CaptionsSource
from shared.db.lists import ListRecord
from shared.db.videos import ChapterRecord, SegmentRecord, VideoDetails, VideoRecord

ListName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
]
Seconds = Annotated[float, AfterValidator(lambda seconds: round(seconds, 3))]
"""As exact as sound is cut."""
Usd = Annotated[float, AfterValidator(lambda usd: round(usd, 4))]


def with_examples(*shown: dict[str, Any]) -> ConfigDict:
    """The configuration of a model that the OpenAPI page shows by these examples."""
    return ConfigDict(json_schema_extra={"examples": [*shown]}, from_attributes=True)


class ListInput(BaseModel):
    """A list's name."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.LIST_INPUT]}, extra="forbid")

    name: ListName


class ListOutput(BaseModel):
    """A list of videos."""

    model_config = with_examples(examples.LIST)

    id: UUID
    name: str
    video_count: int
    created_at: datetime

    @classmethod
    def of(cls, record: ListRecord) -> "ListOutput":
        """The API's form of a list."""
        return cls.model_validate(record)


class ListPage(BaseModel):
    """A page of lists, newest first."""

    model_config = with_examples({"items": [examples.LIST], "next_cursor": examples.NULL})

    items: Sequence[ListOutput]
    next_cursor: str | None = Field(description="Where the next page begins; null at the end.")


class VideoInput(BaseModel):
    """The video to add."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.VIDEO_INPUT]}, extra="forbid")

    url: str = Field(description="Any address of a YouTube video that people paste, or its bare 11-character id.")


class VideoOutput(BaseModel):
    """A video on a list. What YouTube knows of it is null until the import has brought it."""

    model_config = with_examples(examples.VIDEO)

    id: UUID
    list_id: UUID
    youtube_id: str
    url: str
    title: str | None
    channel: str | None
    duration_seconds: int | None
    published_at: datetime | None
    thumbnail_url: str
    import_stage: ImportStage = Field(
        description="The last stage reached; `/progress` and the WebSocket name the one under way."
    )
    import_progress: int = Field(
        ge=0, le=100, description="Percent; between 25 and 60 while captions are made from speech."
    )
    captions_source: CaptionsSource | None = Field(
        description="Null until captions have been looked for; `whisper`: made from the speech."
    )
    captions_language: str | None = Field(description="Null while there are none, and where nobody could name it.")
    captions_missing: ErrorType | None = Field(description="With `none`: why there are no captions.")
    captions_missing_message: str | None = Field(
        description="That in a plain sentence, in the language of the request."
    )
    error_code: ErrorType | None
    error_message: str | None = Field(description="The error in a plain sentence, in the language of the request.")
    created_at: datetime

    @classmethod
    def of(cls, record: VideoRecord, language: Language) -> "VideoOutput":
        """The API's form of a list's entry."""
        return cls.model_validate(_video_fields(record, language))


class VideoDetailsOutput(VideoOutput):
    """A video on a list, with everything that is known about it."""

    model_config = with_examples(examples.VIDEO_DETAILS)

    description: str | None
    tags: list[str]
    categories: list[str]
    view_count: int | None
    like_count: int | None
    transcribed_seconds: Seconds | None = Field(
        description="How much of its audio was ever recognised, wherever its captions are from now; null: none."
    )
    estimated_usd: Usd | None = Field(
        description="What that cost, in US dollars, each request counted as ten seconds at least; "
        "null where nothing was recognised."
    )
    stage_times: dict[ImportStage, datetime] = Field(
        description="When its import reached each stage since it last began. A stage that was skipped because the "
        "video was known already, or that its whole batch reached at once, has none."
    )

    @classmethod
    def of_details(
        cls, details: VideoDetails, stage_times: Mapping[ImportStage, datetime], language: Language
    ) -> "VideoDetailsOutput":
        """The API's form of a list's entry with its details."""
        return cls.model_validate(
            {
                **_video_fields(details, language),
                "description": details.description,
                "tags": details.tags,
                "categories": details.categories,
                "view_count": details.view_count,
                "like_count": details.like_count,
                "transcribed_seconds": details.transcribed_seconds,
                "estimated_usd": details.estimated_usd,
                "stage_times": stage_times,
            }
        )


class VideoPage(BaseModel):
    """A page of a list's videos, newest first."""

    model_config = with_examples({"items": [examples.VIDEO], "next_cursor": examples.CURSOR})

    items: Sequence[VideoOutput]
    next_cursor: str | None = Field(description="Where the next page begins; null at the end.")


class VideoProgress(BaseModel):
    """How far the import of a video is."""

    model_config = with_examples(examples.PROGRESS, examples.PROGRESS_PAUSED)

    video_id: UUID
    youtube_id: str
    stage: ImportStage = Field(
        description="The last stage reached, or the one under way where `progress` is above that: as the messages say."
    )
    progress: int = Field(ge=0, le=100, description="Percent.")
    attempt: int | None = Field(default=None, description="Which attempt the stage under way is at; null if unknown.")
    retry_at: datetime | None = Field(default=None, description="When it goes on, while it waits; null if unknown.")
    waiting_for: ErrorType | PauseReason | None = Field(
        default=None,
        description="Why it waits: an error of its own, or a pause of all calls to YouTube or speech-to-text.",
    )
    error_code: ErrorType | None = Field(default=None, description="Why it ended in `error`.")
    message: str | None = Field(default=None, description="Why it waits or ended, in a plain sentence.")
    source: Literal["workflow", "database"] = Field(
        description="Whether the running import answered itself, or what was last saved."
    )


class SegmentOutput(BaseModel):
    """One timed line of captions."""

    model_config = ConfigDict(from_attributes=True)

    start_seconds: float
    end_seconds: float
    text: str


class TranscriptPage(BaseModel):
    """A page of a video's captions, from the beginning."""

    model_config = with_examples(examples.TRANSCRIPT)

    captions_source: CaptionsSource | None = Field(
        description="`none`: the video has no captions; null: they have not been looked for yet."
    )
    captions_language: str | None = Field(description="Null while there are none, and where nobody could name it.")
    captions_kind: CaptionsKind | None
    segments: Sequence[SegmentOutput]
    next_cursor: str | None = Field(description="Where the next page begins; null at the end.")

    @classmethod
    def of(cls, video: VideoDetails, segments: Sequence[SegmentRecord], next_cursor: str | None) -> "TranscriptPage":
        """The API's form of a part of a video's captions."""
        return cls.model_validate(
            {
                "captions_source": video.captions_source,
                "captions_language": video.captions_language,
                "captions_kind": video.captions_kind,
                "segments": segments,
                "next_cursor": next_cursor,
            }
        )


class ChapterOutput(BaseModel):
    """One chapter of a video."""

    model_config = ConfigDict(from_attributes=True)

    title: str
    start_seconds: float
    end_seconds: float | None


class Chapters(BaseModel):
    """A video's chapters in order; empty where it has none."""

    model_config = with_examples(examples.CHAPTERS)

    chapters: Sequence[ChapterOutput]

    @classmethod
    def of(cls, chapters: Sequence[ChapterRecord]) -> "Chapters":
        """The API's form of a video's chapters."""
        return cls.model_validate({"chapters": chapters})


class EventPage(BaseModel):
    """Progress events that somebody missed, oldest first."""

    model_config = with_examples(examples.EVENTS)

    items: Sequence[ImportProgress]
    next_since: int = Field(description="The `since` of the next request.")
    has_more: bool = Field(description="Whether there are more events right now.")


def _video_fields(record: VideoRecord, language: Language) -> dict[str, Any]:
    error_code = ErrorType(record.error_code) if record.error_code else None
    captions_missing = ErrorType(record.captions_missing) if record.captions_missing else None
    return {
        "id": record.id,
        "list_id": record.list_id,
        "youtube_id": record.youtube_id,
        "url": f"https://www.youtube.com/watch?v={record.youtube_id}",
        "title": record.title,
        "channel": record.channel,
        "duration_seconds": record.duration_seconds,
        "published_at": record.published_at,
        "thumbnail_url": record.thumbnail_url,
        "import_stage": record.import_stage,
        "import_progress": record.import_progress,
        "captions_source": record.captions_source,
        "captions_language": record.captions_language,
        "captions_missing": captions_missing,
        "captions_missing_message": import_error_text(captions_missing, language) if captions_missing else None,
        "error_code": error_code,
        "error_message": import_error_text(error_code, language) if error_code else None,
        "created_at": record.created_at,
    }
