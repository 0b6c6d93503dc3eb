"""YouTube ids, URLs and captions as every part of the product names them."""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, StringConstraints

YOUTUBE_ID_PATTERN = r"^[0-9A-Za-z_-]{11}$"
YoutubeId = Annotated[str, StringConstraints(pattern=YOUTUBE_ID_PATTERN)]


def thumbnail_url(youtube_id: str) -> str:
    """The 320 x 180 preview picture that YouTube's CDN serves for every id, without an API call."""
    return f"https://img.youtube.com/vi/{youtube_id}/mqdefault.jpg"


class CaptionsSource(StrEnum):
    """Where a video's captions came from."""

    YOUTUBE = "youtube"
    WHISPER = "whisper"
    NONE = "none"


class CaptionsKind(StrEnum):
    """Who made a caption track."""

    MANUAL = "manual"
    AUTOMATIC = "automatic"


class CaptionsAnswer(StrEnum):
    """What one client of YouTube was told about a video's captions."""

    NAMED = "named"
    """Tracks that can be fetched."""
    GATED = "gated"
    """Tracks that need a token of a browser."""
    NONE = "none"
    REFUSED = "refused"
    """Nothing: the client may not play the video."""


class CaptionTrack(BaseModel):
    """One caption track as YouTube names it; `url` is signed and expires after some hours."""

    language: str
    kind: CaptionsKind
    url: str
    client: str | None = None
    """The client that it was named to."""
