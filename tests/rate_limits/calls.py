"""The fake YouTube's log read as calls, which is what a rate limit counts: one call is one step of an import."""

from collections.abc import Iterable
from datetime import UTC, datetime

from fakes.youtube import FakeVideo, FakeYoutube, Kind, LoggedRequest, captions
from fakes.youtube.model import YOUTUBE_ID_LENGTH

REQUESTS = {Kind.WATCH: 1, Kind.PLAYER: 1, Kind.TIMEDTEXT: 1}
"""What a video costs while all is well, in two calls: metadata (the first two) and captions."""
CALLS = 2
_FIRST_OF_A_CALL = {Kind.WATCH, Kind.TIMEDTEXT}


def videos(fake_youtube: FakeYoutube, name: str, count: int) -> list[str]:
    """Ids of videos with captions that begin with a `name` (up to seven letters)."""
    youtube_ids = [f"{name}{number:0{YOUTUBE_ID_LENGTH - len(name)}}" for number in range(count)]
    fake_youtube.library.add(*(FakeVideo(each, captions=(captions("en", "Hello", "world"),)) for each in youtube_ids))
    return youtube_ids


def calls(fake_youtube: FakeYoutube) -> list[LoggedRequest]:
    """The first request of every call, oldest first, as long as no captions were refused."""
    return [request for request in fake_youtube.requests if request.kind in _FIRST_OF_A_CALL]


def between(requests: Iterable[LoggedRequest], begin: datetime, end: datetime) -> list[LoggedRequest]:
    """The requests of a time."""
    return [request for request in requests if begin <= time_of(request) < end]


def time_of(request: LoggedRequest) -> datetime:
    """When the request came."""
    return datetime.fromtimestamp(request.at, UTC)
