"""The videos of the fake YouTube, and its log of requests."""

import io
import wave
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

YOUTUBE_ID_LENGTH = 11
ACCOUNT_COOKIE = "LOGIN_INFO"
"""The cookie that names an account."""
ACCOUNT = "fake_account"
"""Its value for the one account that is signed in."""


class VideoState(StrEnum):
    """Whether a video can be played, and why not; the wording of each is in `playability`."""

    OK = "ok"
    PRIVATE = "private"
    UNAVAILABLE = "unavailable"
    REMOVED = "removed"
    TERMINATED = "terminated"
    MEMBERS_ONLY = "members_only"
    MUSIC_PREMIUM = "music_premium"
    PAYMENT_REQUIRED = "payment_required"
    GEO_BLOCKED = "geo_blocked"
    AGE_RESTRICTED = "age_restricted"
    RECORDING_UNAVAILABLE = "recording_unavailable"
    KIDS = "kids"
    """Made for kids: refused to the VISIONOS client only."""
    LIVE_NOW = "live_now"
    UPCOMING = "upcoming"
    """A live event that begins at `starts_at`."""
    PREMIERE = "premiere"
    """A finished video that is shown first at `starts_at`."""
    BOT_CHECK = "bot_check"
    RATE_LIMITED = "rate_limited"
    WRONG_VIDEO = "wrong_video"
    """The player answers for another video: how YouTube treats addresses that it blocks."""


@dataclass(frozen=True)
class Segment:
    """One caption line."""

    start_seconds: float
    duration_seconds: float
    text: str


@dataclass(frozen=True)
class Captions:
    """One caption track of a video."""

    language: str
    segments: tuple[Segment, ...]
    automatic: bool = False
    token_clients: frozenset[str] = frozenset({"WEB"})
    """InnerTube clients (`WEB`, which is the watch page, `VISIONOS`, `ANDROID`, `IOS`) that see the track, but need a
    proof-of-origin token to fetch it. The page is one of them as a rule."""


@dataclass(frozen=True)
class Chapter:
    """One chapter of a video."""

    start_seconds: int
    title: str


def silence(duration_seconds: int = 1) -> bytes:
    """A WAV file of silence: the smallest audio that every decoder detects by its content."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(b"\x80" * 8000 * duration_seconds)
    return file.getvalue()


@dataclass(frozen=True)
class Audio:
    """One audio file of a video; a `mime_type` of `video/…` makes it a file with pictures as well."""

    content: bytes = field(default_factory=silence, repr=False)
    mime_type: str = 'audio/mp4; codecs="mp4a.40.2"'
    itag: int = 140
    bits_per_second: int = 129_000
    dubbed_language: str | None = None
    """Set only for speech that was translated; the original is in the video's `audio_language`."""
    is_protected: bool = False
    """By DRM."""

    @property
    def xtags(self) -> str:
        """What tells tracks with one itag apart in their addresses."""
        return f"acont=dubbed-auto:lang={self.dubbed_language}" if self.dubbed_language else "acont=original"


@dataclass(frozen=True)
class FakeVideo:
    """An invented video."""

    youtube_id: str
    title: str = "A day at the harbour"
    channel: str = "Harbour Films"
    duration_seconds: int = 300
    description: str = "How a small harbour wakes up."
    tags: tuple[str, ...] = ("harbour", "boats")
    category: str = "Education"
    view_count: int = 1234
    published_at: datetime = datetime(2024, 1, 15, 12, 0, tzinfo=UTC)
    captions: tuple[Captions, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    """Chapters of the watch page's panel; chapters in the description need nothing but the description."""
    audio_language: str | None = None
    """Set only for a video with several audio tracks: YouTube names the language for those alone."""
    audios: tuple[Audio, ...] = (Audio(),)
    """Told apart by itag and language."""
    unlisted: bool = False
    state: VideoState = VideoState.OK
    starts_at: datetime | None = None
    """When an `UPCOMING` or `PREMIERE` video begins; None: YouTube does not say."""

    def __post_init__(self) -> None:
        """Refuse an id that no URL could carry."""
        if len(self.youtube_id) != YOUTUBE_ID_LENGTH:
            raise ValueError(f"{self.youtube_id!r} does not have {YOUTUBE_ID_LENGTH} characters")


class Kind(StrEnum):
    """What a request was for."""

    WATCH = "watch"
    PLAYER = "player"
    NEXT = "next"
    BROWSE = "browse"
    RESOLVE = "resolve"
    TIMEDTEXT = "timedtext"
    EMBED = "embed"
    FEED = "feed"
    """`/feeds/videos.xml`: the newest videos of a playlist or channel."""
    SCRIPT = "script"
    """`/iframe_api`, which names the current player."""
    AUDIO = "audio"
    THUMBNAIL = "thumbnail"
    OTHER = "other"


@dataclass(frozen=True)
class LoggedRequest:
    """One request that reached the fake YouTube, whatever it was answered."""

    at: float
    """Seconds since the epoch."""
    host: str
    method: str
    path: str
    query: dict[str, str]
    kind: Kind
    youtube_id: str | None
    client: str | None
    """The InnerTube client of an API call: `VISIONOS` is yt-dlp's first, `ANDROID` its second, and that of
    youtube-transcript-api."""
    visitor_data: str | None
    """Which guest an API call comes from."""
    byte_range: str | None
    """The Range header, such as `bytes=0-999`."""
    account: str | None
    """The value of `ACCOUNT_COOKIE`; None: a guest's request."""
