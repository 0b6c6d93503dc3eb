"""Playlists and channels of the stand-in, page by page, with the real yt-dlp."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from services.worker.adapters.connection import Connection
from services.worker.adapters.listing import ListingAdapter
from services.worker.adapters.models import ListingPage, YoutubeError
from shared.contracts.errors import ErrorType
from tests import recordings
from tests.standin import Fault, Kind, Standin, StandinList
from tests.worker.adapters.conftest import HASTY_SECONDS

PLAYLIST_ID, CHANNEL_ID = "PLharbours-and-ferries", "UCharbourfilms_________1"
PLAYLIST = f"https://www.youtube.com/playlist?list={PLAYLIST_ID}"
CHANNEL = f"https://www.youtube.com/channel/{CHANNEL_ID}/videos"
HANDLE = "https://www.youtube.com/@HarbourFilms/videos"
IDS = tuple(f"harbour-{number:03}" for number in range(250))

HEAD_OF_PLAYLIST = [Kind.RESOLVE, Kind.BROWSE, Kind.BROWSE]
HEAD_OF_CHANNEL = [Kind.RESOLVE, Kind.BROWSE]


def adapter(standin: Standin, **options: Any) -> ListingAdapter:
    return ListingAdapter(Connection(standin.proxy_url, standin.ca_file, **options))


def kinds(standin: Standin) -> list[Kind]:
    return [request.kind for request in standin.requests]


def walk(standin: Standin, source: str) -> list[ListingPage]:
    """Every page, each by an adapter of its own, as if the worker were started anew in between."""
    pages = [adapter(standin).page(source, None)]
    while pages[-1].cursor is not None:
        stored = json.loads(json.dumps(pages[-1].cursor))
        pages.append(adapter(standin).page(source, stored))
    return pages


def ids(pages: list[ListingPage]) -> list[str]:
    return [youtube_id for page in pages for youtube_id in page.youtube_ids]


def refusal(ask: Callable[[], ListingPage]) -> YoutubeError:
    with pytest.raises(YoutubeError) as caught:
        ask()
    return caught.value


def test_a_playlist_is_listed_page_by_page(standin: Standin) -> None:
    standin.library.lists.add(StandinList(PLAYLIST_ID, "Harbours & <ferries>", IDS))
    pages = walk(standin, PLAYLIST)
    assert [(page.title, page.announced, len(page.youtube_ids)) for page in pages] == [
        ("Harbours & <ferries>", 250, 100),
        (None, None, 100),
        (None, None, 50),
    ]
    assert tuple(ids(pages)) == IDS
    assert kinds(standin) == [*HEAD_OF_PLAYLIST, Kind.BROWSE, Kind.BROWSE]


@pytest.mark.parametrize("name", [f"channel/{CHANNEL_ID}", "@HarbourFilms", "c/HarbourFilms", "user/harbourfilms"])
def test_a_channel_is_listed_page_by_page(standin: Standin, name: str) -> None:
    standin.library.lists.add(StandinList(CHANNEL_ID, "Harbour Films", IDS[:70], handle="HarbourFilms"))
    pages = walk(standin, f"https://www.youtube.com/{name}/videos")
    assert [(page.title, page.announced, len(page.youtube_ids)) for page in pages] == [
        ("Harbour Films", None, 30),
        (None, None, 30),
        (None, None, 10),
    ]
    assert tuple(ids(pages)) == IDS[:70]
    assert kinds(standin) == [*HEAD_OF_CHANNEL, Kind.BROWSE, Kind.BROWSE]


@pytest.mark.parametrize("source", [PLAYLIST, CHANNEL])
def test_every_page_is_one_call(standin: Standin, source: str) -> None:
    standin.library.lists.add(
        StandinList(PLAYLIST_ID, youtube_ids=IDS[:5], page_size=2),
        StandinList(CHANNEL_ID, youtube_ids=IDS[:5], page_size=2),
    )
    sent: list[None] = []
    listing = adapter(standin, on_request=lambda: sent.append(None))
    first = listing.page(source, None)
    assert len(sent) == len(HEAD_OF_PLAYLIST if source == PLAYLIST else HEAD_OF_CHANNEL)
    sent.clear()
    second, second_again = listing.page(source, first.cursor), listing.page(source, first.cursor)
    assert second == second_again
    last = listing.page(source, second.cursor)
    assert (len(sent), second.youtube_ids, last.youtube_ids) == (3, [*IDS[2:4]], [IDS[4]])
    assert last.cursor is None


def test_the_next_page_belongs_to_the_same_visitor(standin: Standin) -> None:
    standin.library.lists.add(StandinList(PLAYLIST_ID, youtube_ids=IDS[:5], page_size=2))
    for page in walk(standin, PLAYLIST)[:-1]:
        assert page.cursor is not None
        assert page.cursor["visitor_data"] == "standin"


def test_what_is_not_there_is_counted_and_left_out(standin: Standin) -> None:
    deleted, private = frozenset({IDS[0], IDS[3]}), frozenset({IDS[2]})
    with_gaps = StandinList(PLAYLIST_ID, youtube_ids=IDS[:7], page_size=3, deleted=deleted, private=private)
    standin.library.lists.add(with_gaps)
    pages = walk(standin, PLAYLIST)
    assert [(page.youtube_ids, page.unavailable) for page in pages] == [
        ([IDS[1]], 2),
        ([IDS[4], IDS[5]], 1),
        ([IDS[6]], 0),
    ]
    assert pages[0].announced == 7


def test_a_changed_list_goes_on_where_the_page_ended(standin: Standin) -> None:
    shown = StandinList(PLAYLIST_ID, youtube_ids=IDS[1:7], page_size=3)
    standin.library.lists.add(shown)
    first = adapter(standin).page(PLAYLIST, None)
    standin.library.lists.add(replace(shown, youtube_ids=IDS[:7]))
    second = adapter(standin).page(PLAYLIST, first.cursor)
    assert second.youtube_ids == [*IDS[3:6]]
    assert second.cursor is not None
    assert adapter(standin).page(PLAYLIST, None).youtube_ids == [*IDS[:3]]


def test_a_throttled_listing_ends_without_an_error_and_before_the_announced_number(standin: Standin) -> None:
    standin.library.lists.add(StandinList(PLAYLIST_ID, youtube_ids=IDS, short_after=100, short_times=1))
    throttled, calm = walk(standin, PLAYLIST), walk(standin, PLAYLIST)
    assert (throttled[0].announced, len(ids(throttled))) == (250, 100)
    assert (calm[0].announced, len(ids(calm))) == (250, 250)


def test_more_than_was_announced_is_listed_all_the_same(standin: Standin) -> None:
    standin.library.lists.add(StandinList(PLAYLIST_ID, youtube_ids=IDS, announced=90))
    assert tuple(ids(walk(standin, PLAYLIST))) == IDS


def test_a_handle_may_be_in_any_script(standin: Standin) -> None:
    standin.library.lists.add(StandinList(CHANNEL_ID, "Fährfilm", IDS[:3], handle="FährFilm"))
    assert tuple(ids(walk(standin, "https://www.youtube.com/@F%C3%A4hrFilm/videos"))) == IDS[:3]


def test_an_empty_playlist(standin: Standin) -> None:
    standin.library.lists.add(StandinList(PLAYLIST_ID, "Nothing yet"))
    (page,) = walk(standin, PLAYLIST)
    assert (page.title, page.youtube_ids, page.unavailable) == ("Nothing yet", [], 0)


def test_a_channel_without_videos(standin: Standin) -> None:
    standin.library.lists.add(StandinList(CHANNEL_ID, "New here", handle="HarbourFilms"))
    assert walk(standin, HANDLE) == [ListingPage("New here", None, [], 0, None)]


def test_a_channel_that_only_has_an_uploads_playlist(standin: Standin) -> None:
    topic = StandinList(CHANNEL_ID, "Pier - Topic", IDS[:5], page_size=3, has_videos_tab=False, handle="HarbourFilms")
    standin.library.lists.add(topic)
    pages = walk(standin, HANDLE)
    assert (pages[0].announced, tuple(ids(pages))) == (5, IDS[:5])
    assert kinds(standin) == [*HEAD_OF_CHANNEL, *HEAD_OF_PLAYLIST, Kind.BROWSE]


@pytest.mark.parametrize("requests_before", range(5))
def test_a_failure_is_not_taken_for_a_channel_without_videos(standin: Standin, requests_before: int) -> None:
    standin.library.lists.add(StandinList(CHANNEL_ID, youtube_ids=IDS[:5], has_videos_tab=False))
    if requests_before:
        standin.faults.add(Fault(stall_seconds=0.001, times=requests_before))
    standin.faults.add(Fault(status=503))
    assert refusal(lambda: adapter(standin).page(CHANNEL, None)).error_type is ErrorType.UPSTREAM_UNAVAILABLE
    assert len(standin.requests) == requests_before + 1


@pytest.mark.parametrize(
    "source",
    [PLAYLIST, CHANNEL, HANDLE, "https://www.youtube.com/c/nobody/videos", "https://www.youtube.com/playlist?list=UUx"],
)
def test_a_list_that_is_not_there(standin: Standin, source: str) -> None:
    error = refusal(lambda: adapter(standin).page(source, None))
    assert error.error_type is ErrorType.LIST_UNAVAILABLE
    assert len(standin.requests) <= 2


def alert(words: str) -> str:
    return json.dumps({"alerts": [{"alertRenderer": {"type": "ERROR", "text": {"simpleText": words}}}]})


ERRORS = [
    (Fault(status=429, headers={"Retry-After": "30"}), ErrorType.RATE_LIMITED),
    (Fault(status=403), ErrorType.UPSTREAM_UNAVAILABLE),
    (Fault(status=500), ErrorType.UPSTREAM_UNAVAILABLE),
    (Fault(status=503, body="<html>busy</html>"), ErrorType.UPSTREAM_UNAVAILABLE),
    (Fault(cut_after_bytes=20), ErrorType.UPSTREAM_UNAVAILABLE),
    (Fault(stall_seconds=3600), ErrorType.UPSTREAM_UNAVAILABLE),
    (Fault(status=400), ErrorType.UNEXPECTED_ANSWER),
    (Fault(body="<html>Sorry</html>"), ErrorType.UNEXPECTED_ANSWER),
    (Fault(body='{"half": '), ErrorType.UNEXPECTED_ANSWER),
    (Fault(body="[]"), ErrorType.UNEXPECTED_ANSWER),
    (Fault(body="{}"), ErrorType.UNEXPECTED_ANSWER),
    (Fault(body=alert("Unknown error.")), ErrorType.UNEXPECTED_ANSWER),
    (Fault(body='<div class="g-recaptcha"></div>'), ErrorType.BOT_CHECK),
    (Fault(body=alert("Sign in to confirm you’re not a bot")), ErrorType.BOT_CHECK),
    (Fault(body=alert("The playlist does not exist.")), ErrorType.LIST_UNAVAILABLE),
    (Fault(body=alert("This playlist is private.")), ErrorType.LIST_UNAVAILABLE),
    (Fault(body=alert("This playlist type is unviewable.")), ErrorType.LIST_UNAVAILABLE),
    (Fault(body=alert("This channel is not available in your country.")), ErrorType.LIST_UNAVAILABLE),
    (Fault(body=alert("This account has been terminated for a violation")), ErrorType.LIST_UNAVAILABLE),
    (Fault(body=alert("This channel was removed because it violated")), ErrorType.LIST_UNAVAILABLE),
]


@pytest.mark.parametrize(("fault", "error_type"), ERRORS)
@pytest.mark.parametrize("page", ["first", "reloaded", "further"])
def test_every_failure_has_its_type_on_every_page(
    standin: Standin, page: str, fault: Fault, error_type: ErrorType
) -> None:
    standin.library.lists.add(StandinList(PLAYLIST_ID, youtube_ids=IDS[:5], page_size=2))
    cursor = adapter(standin).page(PLAYLIST, None).cursor if page == "further" else None
    before = len(standin.requests)
    if page == "reloaded":
        standin.faults.add(Fault(kind=Kind.BROWSE, stall_seconds=0.001, times=1))
    standin.faults.add(replace(fault, kind=Kind.BROWSE))
    hasty = adapter(standin, timeout_seconds=HASTY_SECONDS / 2)
    error = refusal(lambda: hasty.page(PLAYLIST, cursor))
    assert error.error_type is error_type, error.detail
    assert error.retry_after_seconds == (30 if fault.headers else None)
    assert len(standin.requests) - before == {"first": 2, "reloaded": 3, "further": 1}[page], (
        "nothing is tried again in here"
    )


def test_a_list_that_is_not_found(standin: Standin) -> None:
    standin.library.lists.add(StandinList(PLAYLIST_ID, youtube_ids=IDS[:5], page_size=2))
    cursor = adapter(standin).page(PLAYLIST, None).cursor
    for kind in (Kind.BROWSE, Kind.RESOLVE):
        standin.faults.add(Fault(kind=kind, status=404, times=1))
        assert refusal(lambda: adapter(standin).page(PLAYLIST, None)).error_type is ErrorType.LIST_UNAVAILABLE
    standin.faults.clear()
    standin.faults.add(Fault(kind=Kind.BROWSE, status=404, times=1))
    late = refusal(lambda: adapter(standin).page(PLAYLIST, cursor))
    assert late.error_type is ErrorType.UNEXPECTED_ANSWER, "the list was there a moment ago"
    assert adapter(standin).page(PLAYLIST, cursor).youtube_ids == [*IDS[2:4]]


def test_an_address_that_leads_nowhere(standin: Standin) -> None:
    standin.faults.add(Fault(kind=Kind.RESOLVE, body='{"endpoint": {"urlEndpoint": {"url": "https://example.org"}}}'))
    assert refusal(lambda: adapter(standin).page(PLAYLIST, None)).error_type is ErrorType.LIST_UNAVAILABLE


def test_an_endless_mix_is_refused(standin: Standin) -> None:
    watch = {"videoId": IDS[0], "playlistId": f"RD{IDS[0]}"}
    items = [{"playlistPanelVideoRenderer": {"videoId": each, "title": {"simpleText": each}}} for each in IDS[:25]]
    panel = {"playlist": {"playlistId": f"RD{IDS[0]}", "title": "Mix", "isInfinite": True, "contents": items}}
    mix = {"contents": {"twoColumnWatchNextResults": {"playlist": panel}}}
    standin.faults.add(Fault(kind=Kind.RESOLVE, body=json.dumps({"endpoint": {"watchEndpoint": watch}})))
    standin.faults.add(Fault(kind=Kind.NEXT, body=json.dumps(mix)))
    error = refusal(lambda: adapter(standin).page(PLAYLIST, None))
    assert (error.error_type, error.detail) == (ErrorType.LIST_UNAVAILABLE, "an endless mix")
    assert kinds(standin) == [Kind.RESOLVE, Kind.NEXT]


def lockup(content_id: str, title: str, content_type: str = "VIDEO") -> dict[str, Any]:
    metadata = {"lockupMetadataViewModel": {"title": {"content": title}}}
    return {
        "lockupViewModel": {
            "contentId": content_id,
            "contentType": f"LOCKUP_CONTENT_TYPE_{content_type}",
            "metadata": metadata,
        }
    }


def test_only_videos_are_listed_whatever_they_are_shown_as(standin: Standin) -> None:
    shorts = {"onTap": {"innertubeCommand": {"reelWatchEndpoint": {"videoId": IDS[2]}}}, "entityId": "shorts-shelf"}
    items = [
        {"richItemRenderer": {"content": lockup(IDS[0], "A video")}},
        {"richItemRenderer": {"content": lockup("PLanother_playlist_of_it", "A playlist", "PLAYLIST")}},
        {"richItemRenderer": {"content": lockup(IDS[1], "[Deleted video]")}},
        {"richItemRenderer": {"content": {"shortsLockupViewModel": shorts}}},
        {"richItemRenderer": {"content": {"videoRenderer": {"videoId": IDS[3], "title": {"simpleText": "A video"}}}}},
    ]
    standin.library.lists.add(StandinList(CHANNEL_ID, youtube_ids=IDS[:5], page_size=2))
    cursor = adapter(standin).page(CHANNEL, None).cursor
    action = {"appendContinuationItemsAction": {"continuationItems": items}}
    standin.faults.add(Fault(kind=Kind.BROWSE, body=json.dumps({"onResponseReceivedActions": [action]})))
    page = adapter(standin).page(CHANNEL, cursor)
    assert (page.youtube_ids, page.unavailable, page.cursor) == ([IDS[0], IDS[2], IDS[3]], 1, None)


def test_an_untrusted_certificate_is_a_matter_of_configuration(standin: Standin) -> None:
    error = refusal(lambda: ListingAdapter(Connection(standin.proxy_url, None)).page(PLAYLIST, None))
    assert error.error_type is ErrorType.CERTIFICATE_UNTRUSTED


def test_a_cursor_that_was_damaged_is_an_error_like_any_other(standin: Standin) -> None:
    error = refusal(lambda: adapter(standin).page(PLAYLIST, {"what": "is this?"}))
    assert error.error_type is ErrorType.UNEXPECTED_ANSWER
    assert standin.requests == []


@recordings.needs_recordings
def test_a_recorded_captcha_is_a_bot_check(standin: Standin) -> None:
    standin.faults.add(Fault(kind=Kind.RESOLVE, body=recordings.page("recaptcha_429")))
    assert refusal(lambda: adapter(standin).page(PLAYLIST, None)).error_type is ErrorType.BOT_CHECK
