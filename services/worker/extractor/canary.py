"""A few public videos and lists that show whether YouTube can be read: what is expected of them, and the verdict. Pure.

A subject may be deleted or changed by its owner. That must neither stop an update nor look like a failure: of the three
videos, two have to be fine. Of the first of them, the first bytes of its audio are downloaded as well.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum

from pydantic import BaseModel

from shared.contracts.errors import ErrorType
from shared.contracts.youtube_requests import RequestRecord
from shared.settings import Settings

ENOUGH_VIDEOS = 2


class SubjectKind(StrEnum):
    """What a subject is there for."""

    MANUAL = "manual"
    AUTOMATIC = "automatic"
    KIDS = "kids"
    AUDIO = "audio"
    """The audio of one of the videos above."""
    PLAYLIST = "playlist"
    CHANNEL = "channel"


VIDEOS = (SubjectKind.MANUAL, SubjectKind.AUTOMATIC, SubjectKind.KIDS)
LISTS = (SubjectKind.PLAYLIST, SubjectKind.CHANNEL)
WITH_AUDIO = (SubjectKind.MANUAL, SubjectKind.AUTOMATIC)
"""Kinds of videos whose audio guests get without JavaScript."""


class Subject(BaseModel):
    """A video or list, and what is known about it."""

    kind: SubjectKind
    youtube_id: str
    duration_seconds: int | None = None
    published_on: date | None = None


class Found(StrEnum):
    """What asking for a subject has shown."""

    FINE = "fine"
    GONE = "gone"
    """It is deleted, private or not what it was: it needs replacing."""
    FAILED = "failed"
    """The answer could not be read."""
    NOT_ASKED = "not_asked"
    """YouTube refuses all calls just now, or could not be reached: that says nothing."""


class CanaryAnswer(BaseModel):
    """What came of asking for one subject."""

    kind: SubjectKind
    youtube_id: str
    found: Found
    detail: str = ""
    requests: int = 0


class Verdict(StrEnum):
    """What all answers together say."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


class CanaryReport(BaseModel):
    """All answers."""

    answers: list[CanaryAnswer]
    records: list[RequestRecord] = []
    """For the request log."""
    yt_dlp_version: str = ""
    """Which version sent them."""

    @property
    def requests(self) -> int:
        """How many requests they took."""
        return sum(answer.requests for answer in self.answers)

    @property
    def verdict(self) -> Verdict:
        """Failed: something could not be read, or fewer than two videos are there."""
        return evaluate(self.answers)

    @property
    def fine(self) -> set[SubjectKind]:
        """What could be read."""
        return {answer.kind for answer in self.answers if answer.found is Found.FINE}

    @property
    def gone(self) -> list[CanaryAnswer]:
        """The subjects that need replacing."""
        return [answer for answer in self.answers if answer.found is Found.GONE]


_REFUSED = frozenset(
    {
        ErrorType.BOT_CHECK,
        ErrorType.RATE_LIMITED,
        ErrorType.CERTIFICATE_UNTRUSTED,
        ErrorType.UPSTREAM_UNAVAILABLE,
    }
)
_GONE = frozenset(
    {
        ErrorType.VIDEO_UNAVAILABLE,
        ErrorType.VIDEO_PRIVATE,
        ErrorType.LIST_UNAVAILABLE,
        ErrorType.AGE_RESTRICTED,
        ErrorType.GEO_BLOCKED,
        ErrorType.MEMBERS_ONLY,
        ErrorType.PAYMENT_REQUIRED,
        ErrorType.LIVE_NOW,
        ErrorType.UPCOMING,
        ErrorType.RECORDING_UNAVAILABLE,
    }
)


def subjects(settings: Settings) -> list[Subject]:
    """The subjects of this installation, in the order in which they are asked for."""
    videos = {
        SubjectKind.MANUAL: settings.canary_manual,
        SubjectKind.AUTOMATIC: settings.canary_automatic,
        SubjectKind.KIDS: settings.canary_kids,
    }
    return [
        *(_video(kind, text) for kind, text in videos.items()),
        Subject(kind=SubjectKind.PLAYLIST, youtube_id=settings.canary_playlist),
        Subject(kind=SubjectKind.CHANNEL, youtube_id=settings.canary_channel),
    ]


def _video(kind: SubjectKind, text: str) -> Subject:
    youtube_id, seconds, day = [*text.split(":"), "", ""][:3]
    return Subject(
        kind=kind,
        youtube_id=youtube_id,
        duration_seconds=int(seconds) if seconds else None,
        published_on=date.fromisoformat(day) if day else None,
    )


def found_for(kind: SubjectKind, error_type: ErrorType) -> Found:
    """What an error says about a subject. Audio cannot be gone: its video is there."""
    if error_type in _REFUSED:
        return Found.NOT_ASKED
    return Found.GONE if error_type in _GONE and kind is not SubjectKind.AUDIO else Found.FAILED


def evaluate(answers: Sequence[CanaryAnswer]) -> Verdict:
    """The verdict on these answers; unknown where YouTube could not be asked."""
    if any(answer.found is Found.FAILED for answer in answers):
        return Verdict.FAILED
    if any(answer.found is Found.NOT_ASKED for answer in answers) or not answers:
        return Verdict.UNKNOWN
    videos = [answer for answer in answers if answer.kind in VIDEOS]
    return Verdict.PASSED if not videos or has_enough(videos) else Verdict.FAILED


def has_enough(answers: Iterable[CanaryAnswer]) -> bool:
    """Whether enough videos are fine, so that the rest needs no requests."""
    return sum(answer.found is Found.FINE and answer.kind in VIDEOS for answer in answers) >= ENOUGH_VIDEOS


def environment(settings: Settings) -> Mapping[str, str]:
    """What a process that asks for the subjects has to know."""
    proxy, ca_file = settings.youtube_proxy, settings.youtube_ca_file
    given = {
        "YOUTUBE_PROXY": proxy.get_secret_value() if proxy else "",
        "YOUTUBE_CA_FILE": str(ca_file) if ca_file else "",
        "YOUTUBE_CANARY_MANUAL": settings.canary_manual,
        "YOUTUBE_CANARY_AUTOMATIC": settings.canary_automatic,
        "YOUTUBE_CANARY_KIDS": settings.canary_kids,
        "YOUTUBE_CANARY_PLAYLIST": settings.canary_playlist,
        "YOUTUBE_CANARY_CHANNEL": settings.canary_channel,
    }
    return {name: value for name, value in given.items() if value}
