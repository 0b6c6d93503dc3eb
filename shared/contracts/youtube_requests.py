"""What is recorded of a request to YouTube: no URL, and nothing that is signed or secret."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Endpoint(StrEnum):
    """What a request asked YouTube for."""

    WATCH = "watch"
    PLAYER = "player"
    TIMEDTEXT = "timedtext"
    BROWSE = "browse"
    NEXT = "next"
    MEDIA = "media"
    FEED = "feed"
    OTHER = "other"


class CallStage(StrEnum):
    """What the call that sent a request was for."""

    METADATA = "metadata"
    CAPTIONS = "captions"
    AUDIO = "audio"
    LISTING = "listing"
    CANARY = "canary"
    """No import: whether YouTube can be read."""


@dataclass(frozen=True, slots=True)
class SentRequest:
    """One request that was sent, and what came of it."""

    at: datetime
    """When its answer was complete, or failed."""
    endpoint: Endpoint
    milliseconds: int
    """Until the answer was complete; of media, until it began."""
    stage: CallStage | None = None
    youtube_id: str | None = None
    client: str | None = None
    """The client of YouTube's API that the request named, in lower case; of the watch page, `web`."""
    http_status: int | None = None
    """None: no answer."""
    byte_count: int | None = None
    """Of the decoded answer; of media, what YouTube announced."""
    playability: str | None = None
    """YouTube's own word for whether the video can be played, in lower case."""
    reason: str | None = None
    """The `error_code` of a request that failed or was refused."""


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """A request, and the caption tracks that its answer named; None: it is not about tracks."""

    request: SentRequest
    tracks_named: int | None = None
    tracks_gated: int | None = None
