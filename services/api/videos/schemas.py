"""Schemas of the video endpoints."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.api.http.problem_codes import ProblemCode
from services.api.http.problems import ProblemDetails
from services.api.http.schemas import NextCursor, Seconds, Usd, YoutubeIdOutput
from shared.contracts.errors import ErrorType
from shared.contracts.stages import ImportStage
from shared.contracts.upstreams import PauseReason
from shared.contracts.youtube import CaptionsKind, CaptionsSource
from shared.db.content import ChapterRecord, SegmentRecord
from shared.db.videos import VideoDetails, VideoRecord
from shared.i18n.catalog import text
from shared.i18n.languages import Language
from shared.i18n.messages import import_error_text

CaptionsLanguage = Annotated[
    str | None,
    Field(description="Null while there are no captions, and if the language is unknown.", examples=["en"]),
]


class VideoInput(BaseModel):
    """The video to add."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(
        description="Any URL of a YouTube video, or its 11-character id.",
        examples=["https://www.youtube.com/watch?v=Q7mZ2k-x9Lw&t=42s"],
    )


class VideoOutput(BaseModel):
    """A video on a list. Metadata is null until the import has fetched it."""

    id: UUID
    list_id: UUID
    youtube_id: YoutubeIdOutput
    url: str = Field(examples=["https://www.youtube.com/watch?v=Q7mZ2k-x9Lw"])
    title: str | None = Field(examples=["How a Fresnel lens is ground"])
    channel: str | None = Field(examples=["The Lamp Room"])
    duration_seconds: int | None = Field(examples=[754])
    published_at: datetime | None = Field(examples=["2025-03-09T17:30:00Z"])
    starts_at: datetime | None = Field(
        description="When a live stream or premiere starts, or has started; null once its metadata is there.",
        examples=[None],
    )
    thumbnail_url: str = Field(examples=["https://img.youtube.com/vi/Q7mZ2k-x9Lw/mqdefault.jpg"])
    import_stage: ImportStage = Field(
        description="The last stage reached. `/progress` and the WebSocket name the stage in progress.",
        examples=["complete"],
    )
    import_progress: int = Field(
        ge=0, le=100, description="Percent; between 25 and 60 during transcription.", examples=[100]
    )
    captions_source: CaptionsSource | None = Field(
        description="Null before the captions stage; `whisper`: transcribed from the audio.", examples=["youtube"]
    )
    captions_language: CaptionsLanguage
    captions_missing: ErrorType | None = Field(
        description="Why there are no captions, if `captions_source` is `none`.", examples=[None]
    )
    captions_missing_message: str | None = Field(
        description="`captions_missing` as a sentence in the language of the request.",
        examples=[None],
    )
    error_code: ErrorType | None = Field(description="Why the import failed.", examples=[None])
    error_message: str | None = Field(
        description="`error_code` as a sentence in the language of the request.",
        examples=[None],
    )
    waiting_for: ErrorType | None = Field(
        description="What the import waits for, if it waits for something of its own. `/progress` knows pauses, too.",
        examples=[None],
    )
    waiting_message: str | None = Field(
        description="`waiting_for` as a sentence in the language of the request.",
        examples=[None],
    )
    retry_at: datetime | None = Field(description="When a waiting import continues.", examples=[None])
    created_at: datetime

    @classmethod
    def of(cls, record: VideoRecord, language: Language) -> "VideoOutput":
        """The response for a list entry."""
        return cls.model_validate(_video_fields(record, language))


class VideoConflict(ProblemDetails):
    """The problem `video_already_in_list`."""

    detail: str = Field(examples=[text("problem.video_already_in_list")])
    code: Literal[ProblemCode.VIDEO_ALREADY_IN_LIST]
    video_id: UUID = Field(description="The video that is on the list.")
    video: VideoOutput


class VideoDetailsOutput(VideoOutput):
    """A video on a list, with all its metadata."""

    description: str | None = Field(examples=["From the first cut to the finished lens."])
    tags: list[str] = Field(examples=[["lighthouse", "optics"]])
    categories: list[str] = Field(examples=[["Education"]])
    view_count: int | None = Field(examples=[48210])
    like_count: int | None = Field(examples=[1930])
    transcribed_seconds: Seconds | None = Field(
        description="Seconds of its audio that were ever transcribed, even if its captions come from YouTube now; "
        "null: none.",
        examples=[None],
    )
    estimated_usd: Usd | None = Field(
        description="Estimated cost of the transcription in US dollars, at least ten seconds per request; null: none.",
        examples=[None],
    )
    stage_times: dict[ImportStage, datetime] = Field(
        description="When the current import reached each stage. Stages that were skipped have no time: those of a "
        "video that was imported before, and those that a whole batch reached at once.",
        examples=[{"created": "2026-11-23T08:01:00Z", "metadata": "2026-11-23T08:01:02Z"}],
    )

    @classmethod
    def of_details(
        cls, details: VideoDetails, stage_times: Mapping[ImportStage, datetime], language: Language
    ) -> "VideoDetailsOutput":
        """The response for a list entry with its details."""
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

    items: Sequence[VideoOutput]
    next_cursor: NextCursor


class VideoProgress(BaseModel):
    """The progress of a video's import."""

    video_id: UUID
    youtube_id: YoutubeIdOutput
    stage: ImportStage = Field(
        description="The last stage reached; if `progress` is above that stage's percentage, the stage in progress.",
        examples=["metadata"],
    )
    progress: int = Field(ge=0, le=100, description="Percent.", examples=[25])
    attempt: int | None = Field(
        default=None, description="Attempt of the stage in progress; null if the import has ended.", examples=[2]
    )
    retry_at: datetime | None = Field(
        default=None,
        description="When a waiting import continues; null if unknown.",
        examples=["2026-11-23T08:01:30Z"],
    )
    waiting_for: ErrorType | PauseReason | None = Field(
        default=None,
        description="Why the import waits: an error of its own, or a pause of YouTube or transcription.",
        examples=["upstream_unavailable"],
    )
    error_code: ErrorType | None = Field(default=None, description="Why the import failed.", examples=[None])
    message: str | None = Field(
        default=None,
        description="Why the import waits or failed, as a sentence in the language of the request.",
        examples=[text("import_retrying.youtube")],
    )


class SegmentOutput(BaseModel):
    """A timed line of a transcript."""

    model_config = ConfigDict(from_attributes=True)

    start_seconds: float = Field(examples=[0.0])
    end_seconds: float = Field(examples=[3.2])
    text: str = Field(examples=["This lens weighs four tons."])


class TranscriptPage(BaseModel):
    """A page of a video's transcript, in order."""

    captions_source: CaptionsSource | None = Field(
        description="`none`: the video has no captions; null: the captions stage is still to come.",
        examples=["youtube"],
    )
    captions_language: CaptionsLanguage
    captions_kind: CaptionsKind | None = Field(examples=["manual"])
    segments: Sequence[SegmentOutput]
    next_cursor: NextCursor

    @classmethod
    def of(cls, video: VideoDetails, segments: Sequence[SegmentRecord], next_cursor: str | None) -> "TranscriptPage":
        """The response for a page of a transcript."""
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
    """A chapter of a video."""

    model_config = ConfigDict(from_attributes=True)

    title: str = Field(examples=["Grinding"])
    start_seconds: float = Field(examples=[95.0])
    end_seconds: float | None = Field(examples=[240.0])


class Chapters(BaseModel):
    """A video's chapters in order; empty if it has none."""

    chapters: Sequence[ChapterOutput]

    @classmethod
    def of(cls, chapters: Sequence[ChapterRecord]) -> "Chapters":
        """The response for a video's chapters."""
        return cls.model_validate({"chapters": chapters})


def _video_fields(record: VideoRecord, language: Language) -> dict[str, Any]:
    error_code = ErrorType(record.error_code) if record.error_code else None
    captions_missing = ErrorType(record.captions_missing) if record.captions_missing else None
    waiting_for = ErrorType(record.waiting_for) if record.waiting_for else None
    return {
        "id": record.id,
        "list_id": record.list_id,
        "youtube_id": record.youtube_id,
        "url": f"https://www.youtube.com/watch?v={record.youtube_id}",
        "title": record.title,
        "channel": record.channel,
        "duration_seconds": record.duration_seconds,
        "published_at": record.published_at,
        "starts_at": record.starts_at,
        "thumbnail_url": record.thumbnail_url,
        "import_stage": record.import_stage,
        "import_progress": record.import_progress,
        "captions_source": record.captions_source,
        "captions_language": record.captions_language,
        "captions_missing": captions_missing,
        "captions_missing_message": import_error_text(captions_missing, language) if captions_missing else None,
        "error_code": error_code,
        "error_message": import_error_text(error_code, language) if error_code else None,
        "waiting_for": waiting_for,
        "waiting_message": import_error_text(waiting_for, language, waiting=True) if waiting_for else None,
        "retry_at": record.retry_at,
        "created_at": record.created_at,
    }
