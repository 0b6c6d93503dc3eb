"""Feeds of the fake YouTube, read as the worker does."""

from collections.abc import Callable
from typing import Any

import pytest

from fakes.youtube import FakeList, FakeYoutube, Fault, Kind
from services.worker.adapters.models import YoutubeError
from services.worker.adapters.youtube.connection import MAX_FEED_BYTES, TIMEOUT_SECONDS, Connection
from services.worker.adapters.youtube.feed import FeedAdapter
from shared.contracts.errors import ErrorType
from tests.worker.adapters.conftest import HASTY_SECONDS

CHANNEL_ID = "UCharbourfilms_________1"
FEED_ID = CHANNEL_ID.replace("UC", "UULF")
IDS = tuple(f"harbour-{number:03}" for number in range(20))


def adapter(fake_youtube: FakeYoutube, **options: Any) -> FeedAdapter:
    return FeedAdapter(Connection(fake_youtube.proxy_url, fake_youtube.ca_file, **options))


def failure(ask: Callable[[], object]) -> YoutubeError:
    with pytest.raises(YoutubeError) as caught:
        ask()
    return caught.value


def test_a_feed_has_the_newest_videos_that_everybody_may_watch(fake_youtube: FakeYoutube) -> None:
    channel = FakeList(
        CHANNEL_ID, "Harbours & <ferries>", IDS, members_only=frozenset(IDS[1:2]), shorts=("short-00001",)
    )
    fake_youtube.library.lists.add(channel)
    assert adapter(fake_youtube).latest(FEED_ID) == [IDS[0], *IDS[2:16]]
    assert adapter(fake_youtube).latest(CHANNEL_ID.replace("UC", "UUSH")) == ["short-00001"]
    assert [request.kind for request in fake_youtube.requests] == [Kind.FEED, Kind.FEED]


@pytest.mark.parametrize(
    ("status", "error_type"),
    [
        (403, ErrorType.RATE_LIMITED),
        (429, ErrorType.RATE_LIMITED),
        (404, ErrorType.UPSTREAM_UNAVAILABLE),
        (500, ErrorType.UPSTREAM_UNAVAILABLE),
    ],
)
def test_only_a_refusal_pauses(fake_youtube: FakeYoutube, status: int, error_type: ErrorType) -> None:
    fake_youtube.library.lists.add(FakeList(CHANNEL_ID, youtube_ids=IDS, feed_status=status))
    assert failure(lambda: adapter(fake_youtube).latest(FEED_ID)).error_type is error_type


BOMB = '<!DOCTYPE feed [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><feed xmlns="http://www.w3.org/2005/Atom">&c;</feed>'


@pytest.mark.parametrize(
    ("fault", "error_type"),
    [
        (Fault(body="<html>Sorry"), ErrorType.UNEXPECTED_ANSWER),
        (Fault(body="<html></html>"), ErrorType.UNEXPECTED_ANSWER),
        (Fault(body=BOMB), ErrorType.UNEXPECTED_ANSWER),
        (Fault(body=" " * 2 * MAX_FEED_BYTES, cut_after_bytes=MAX_FEED_BYTES * 3 // 2), ErrorType.UNEXPECTED_ANSWER),
        (Fault(body='<div class="g-recaptcha"></div>'), ErrorType.BOT_CHECK),
        (Fault(cut_after_bytes=20), ErrorType.UPSTREAM_UNAVAILABLE),
        (Fault(stall_seconds=3600), ErrorType.UPSTREAM_UNAVAILABLE),
    ],
)
def test_every_other_failure_has_its_type(fake_youtube: FakeYoutube, fault: Fault, error_type: ErrorType) -> None:
    fake_youtube.library.lists.add(FakeList(CHANNEL_ID, youtube_ids=IDS))
    fake_youtube.faults.add(fault)
    timeout_seconds = HASTY_SECONDS if fault.stall_seconds else TIMEOUT_SECONDS
    error = failure(lambda: adapter(fake_youtube, timeout_seconds=timeout_seconds).latest(FEED_ID))
    assert error.error_type is error_type, error.detail


def test_retry_after_is_passed_on(fake_youtube: FakeYoutube) -> None:
    fake_youtube.faults.add(Fault(kind=Kind.FEED, status=429, headers={"Retry-After": "7200"}))
    assert failure(lambda: adapter(fake_youtube).latest(FEED_ID)).retry_after_seconds == 7200
