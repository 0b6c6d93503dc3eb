"""What the adapters return: plain values, and one exception per upstream for every failure."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.contracts.errors import ErrorType
from shared.contracts.youtube import CaptionsAnswer, CaptionsKind, CaptionTrack
from shared.youtube.filters import ListedVideo

MAX_DETAIL_CHARACTERS = 300

_QUERY = re.compile(r"(/[^\s?#]*)[?#]\S*")
"""Of absolute and of relative addresses: errors quote both."""


@dataclass(frozen=True, slots=True)
class ExtractedChapter:
    """A named part of a video; `end_seconds` is None where neither a next chapter nor the duration gives it."""

    title: str
    start_seconds: float
    end_seconds: float | None


@dataclass(frozen=True, slots=True)
class ExtractedVideo:
    """The metadata of one video. None: YouTube did not say."""

    youtube_id: str
    title: str
    channel: str | None
    channel_id: str | None
    duration_seconds: int | None
    published_at: datetime | None
    """In UTC."""
    description: str
    tags: list[str]
    categories: list[str]
    view_count: int | None
    like_count: int | None
    language: str | None
    """The language that is spoken."""
    live_status: str | None
    """yt-dlp's value: not_live or was_live; live and upcoming videos are errors."""
    chapters: list[ExtractedChapter]
    """YouTube's own chapters, none read from the description."""
    caption_track: CaptionTrack | None
    """The best one."""
    captions_answers: dict[str, CaptionsAnswer]
    """What each client that was asked was told about captions."""


@dataclass(frozen=True, slots=True)
class EarlyMetadata:
    """What YouTube says about a video that it does not play: it is live, upcoming, for members …"""

    title: str
    channel: str | None
    starts_at: datetime | None


@dataclass(frozen=True, slots=True)
class TranscriptLine:
    """One timed line of captions. Times are whole milliseconds, as YouTube's are: sums of them are not."""

    start_seconds: float
    end_seconds: float
    text: str

    def __post_init__(self) -> None:
        """Round the times."""
        object.__setattr__(self, "start_seconds", round(self.start_seconds, 3))
        object.__setattr__(self, "end_seconds", round(self.end_seconds, 3))


@dataclass(frozen=True, slots=True)
class Transcript:
    """All lines of one caption track, by time; never empty."""

    language: str
    kind: CaptionsKind
    lines: list[TranscriptLine]


@dataclass(frozen=True, slots=True)
class TrackCounts:
    """How many caption tracks one client was named, and how many of them need a token of a browser."""

    client: str
    named: int
    gated: int


@dataclass(frozen=True, slots=True)
class ListingPage:
    """One page of a playlist or channel. Title and announced count are on its first page only."""

    title: str | None
    announced: int | None
    """How many entries YouTube says there are. None: it does not say, as for every channel's videos."""
    youtube_ids: list[str]
    """In YouTube's order; a playlist may hold a video more than once."""
    unavailable: int
    """Entries without a playable video: deleted or private."""
    cursor: dict[str, Any] | None
    """Where the next page begins, as JSON (up to about 5 kB, most of it YouTube's token); None: this was the last."""
    members_only: int = 0
    """Entries for a channel's members; they are not in `youtube_ids`."""
    feed_id: str | None = None
    """The playlist whose feed has the first of these videos; on the first page only."""
    videos: list[ListedVideo] = field(default_factory=list)
    """What the page says about those of `youtube_ids`."""


class UpstreamError(Exception):
    """Raised by adapters, as the class of the upstream; callers decide on `error_type` alone."""

    def __init__(
        self,
        error_type: ErrorType,
        detail: str,
        *,
        retry_after_seconds: float | None = None,
        not_before: datetime | None = None,
    ) -> None:
        self.error_type = error_type
        self.detail = _QUERY.sub(r"\1", detail)[:MAX_DETAIL_CHARACTERS]
        """For logs only: bounded, and without the signatures in URLs."""
        self.retry_after_seconds = retry_after_seconds
        """As the answer's `Retry-After` said."""
        self.not_before = not_before
        """When a live stream or premiere starts."""
        super().__init__(f"{error_type}: {self.detail}")


class YoutubeError(UpstreamError):
    """The one exception of the YouTube adapters."""

    def __init__(
        self,
        error_type: ErrorType,
        detail: str,
        *,
        retry_after_seconds: float | None = None,
        not_before: datetime | None = None,
        early_metadata: EarlyMetadata | None = None,
        are_clients_retired: bool = False,
    ) -> None:
        super().__init__(error_type, detail, retry_after_seconds=retry_after_seconds, not_before=not_before)
        self.early_metadata = early_metadata
        """What the answer says about the video all the same."""
        self.are_clients_retired = are_clients_retired
        """Whether YouTube no longer answers any client's version, which says nothing about the video."""


class AccessError(Exception):
    """What the operator permits besides guest requests cannot be used; the text says why and what to do."""


class TranscriptionError(UpstreamError):
    """The one exception of the transcription adapter."""
