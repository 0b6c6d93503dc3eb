"""The stand-in's log read as calls, which is what a pace is about: one call is one step of an import."""

from collections.abc import Iterable
from datetime import UTC, datetime

from tests.standin import Kind, LoggedRequest, Standin, StandinVideo, captions
from tests.standin.model import YOUTUBE_ID_LENGTH

REQUESTS = {Kind.WATCH: 1, Kind.PLAYER: 1, Kind.TIMEDTEXT: 1}
"""What a video costs while all is well, in two calls: metadata (the first two) and captions."""
CALLS = 2
_FIRST_OF_A_CALL = {Kind.WATCH, Kind.TIMEDTEXT}


def videos(standin: Standin, name: str, count: int) -> list[str]:
    """Ids of videos with captions that begin with a `name` (up to seven letters)."""
    youtube_ids = [f"{name}{number:0{YOUTUBE_ID_LENGTH - len(name)}}" for number in range(count)]
    standin.library.add(*(StandinVideo(each, captions=(captions("en", "Hello", "world"),)) for each in youtube_ids))
    return youtube_ids


def calls(standin: Standin) -> list[LoggedRequest]:
    """The first request of every call, oldest first, as long as no captions were refused."""
    return [request for request in standin.requests if request.kind in _FIRST_OF_A_CALL]


def between(requests: Iterable[LoggedRequest], begin: datetime, end: datetime) -> list[LoggedRequest]:
    """The requests of a time."""
    return [request for request in requests if begin <= time_of(request) < end]


def time_of(request: LoggedRequest) -> datetime:
    """When the request came."""
    return datetime.fromtimestamp(request.at, UTC)
