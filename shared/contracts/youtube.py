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


class CaptionTrack(BaseModel):
    """One caption track as YouTube names it; `url` is signed and expires after some hours."""

    language: str
    kind: CaptionsKind
    url: str
