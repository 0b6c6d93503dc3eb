"""Playlists and channels of the fake YouTube, page by page, with the real yt-dlp."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fakes import recordings
from fakes.youtube import FakeList, FakeYoutube, Fault, Kind
from services.worker.adapters.models import ListingPage, YoutubeError
from services.worker.adapters.youtube.connection import TIMEOUT_SECONDS, Connection
from services.worker.adapters.youtube.listing import ListingAdapter
from services.worker.adapters.youtube.sent_requests import Call, calling
from shared.contracts.errors import ErrorType
from shared.contracts.youtube_requests import CallStage
from tests.support.recordings import needs_recordings
from tests.worker.adapters.conftest import HASTY_SECONDS

PLAYLIST_ID, CHANNEL_ID = "PLharbours-and-ferries", "UCharbourfilms_________1"
PLAYLIST = f"https://www.youtube.com/playlist?list={PLAYLIST_ID}"
CHANNEL = f"https://www.youtube.com/channel/{CHANNEL_ID}/videos"
HANDLE = "https://www.youtube.com/@HarbourFilms/videos"
IDS = tuple(f"harbour-{number:03}" for number in range(250))

HEAD_OF_PLAYLIST = [Kind.RESOLVE, Kind.BROWSE, Kind.BROWSE]
HEAD_OF_CHANNEL = [Kind.RESOLVE, Kind.BROWSE]


def adapter(fake_youtube: FakeYoutube, **options: Any) -> ListingAdapter:
    return ListingAdapter(Connection(fake_youtube.proxy_url, fake_youtube.ca_file, **options))


def kinds(fake_youtube: FakeYoutube) -> list[Kind]:
    return [request.kind for request in fake_youtube.requests]


def walk(fake_youtube: FakeYoutube, source: str) -> list[ListingPage]:
    """Every page, each by an adapter of its own, as if the worker were started again in between."""
    pages = [adapter(fake_youtube).page(source, None)]
    while pages[-1].cursor is not None:
        stored = json.loads(json.dumps(pages[-1].cursor))
        pages.append(adapter(fake_youtube).page(source, stored))
    return pages


def ids(pages: list[ListingPage]) -> list[str]:
    return [youtube_id for page in pages for youtube_id in page.youtube_ids]


def refusal(ask: Callable[[], ListingPage]) -> YoutubeError:
    with pytest.raises(YoutubeError) as caught:
        ask()
    return caught.value


def test_a_playlist_is_listed_page_by_page(fake_youtube: FakeYoutube) -> None:
    fake_youtube.library.lists.add(FakeList(PLAYLIST_ID, "Harbours & <ferries>", IDS))
    pages = walk(fake_youtube, PLAYLIST)
    assert [(page.title, page.announced, len(page.youtube_ids)) for page in pages] == [
        ("Harbours & <ferries>", 250, 100),
        (None, None, 100),
        (None, None, 50),
    ]
    assert tuple(ids(pages)) == IDS
    assert kinds(fake_youtube) == [*HEAD_OF_PLAYLIST, Kind.BROWSE, Kind.BROWSE]


@pytest.mark.parametrize("name", [f"channel/{CHANNEL_ID}", "@HarbourFilms", "c/HarbourFilms", "user/harbourfilms"])
def test_a_channel_is_listed_page_by_page(fake_youtube: FakeYoutube, name: str) -> None:
    fake_youtube.library.lists.add(FakeList(CHANNEL_ID, "Harbour Films", IDS[:70], handle="HarbourFilms"))
    pages = walk(fake_youtube, f"https://www.youtube.com/{name}/videos")
    assert [(page.title, page.announced, len(page.youtube_ids)) for page in pages] == [
        ("Harbour Films", None, 30),
        (None, None, 30),
        (None, None, 10),
    ]
    assert tuple(ids(pages)) == IDS[:70]
    assert kinds(fake_youtube) == [*HEAD_OF_CHANNEL, Kind.BROWSE, Kind.BROWSE]


@pytest.mark.parametrize("source", [PLAYLIST, CHANNEL])
def test_every_page_is_one_call(fake_youtube: FakeYoutube, source: str) -> None:
    fake_youtube.library.lists.add(
        FakeList(PLAYLIST_ID, youtube_ids=IDS[:5], page_size=2),
        FakeList(CHANNEL_ID, youtube_ids=IDS[:5], page_size=2),
    )
    sent: list[None] = []
    listing = adapter(fake_youtube, on_request=lambda _: sent.append(None))
    first = listing.page(source, None)
    assert len(sent) == len(HEAD_OF_PLAYLIST if source == PLAYLIST else HEAD_OF_CHANNEL)
    sent.clear()
    second, second_again = listing.page(source, first.cursor), listing.page(source, first.cursor)
    assert second == second_again
    last = listing.page(source, second.cursor)
    assert (len(sent), second.youtube_ids, last.youtube_ids) == (3, [*IDS[2:4]], [IDS[4]])
    assert last.cursor is None


def test_the_next_page_belongs_to_the_same_visitor(fake_youtube: FakeYoutube) -> None:
    fake_youtube.library.lists.add(FakeList(PLAYLIST_ID, youtube_ids=IDS[:5], page_size=2))
    for page in walk(fake_youtube, PLAYLIST)[:-1]:
        assert page.cursor is not None
        assert page.cursor["visitor_data"] == "fake_youtube"


@pytest.mark.parametrize(
    ("page_before", "needs_new_guest", "visitor_data"),
    [("same exit", False, "fake_youtube"), ("another exit", False, None), ("same exit", True, None)],
)
def test_the_visitor_of_another_address_or_of_before_a_bot_check_does_not_come_again(
    fake_youtube: FakeYoutube, page_before: str, needs_new_guest: bool, visitor_data: str | None
) -> None:
    fake_youtube.library.lists.add(FakeList(PLAYLIST_ID, youtube_ids=IDS[:5], page_size=2))
    proxy = fake_youtube.proxy_url if page_before == "same exit" else f"{fake_youtube.proxy_url}/"
    first = ListingAdapter(Connection(proxy, fake_youtube.ca_file)).page(PLAYLIST, None)
    with calling(Call(PLAYLIST, CallStage.LISTING, needs_new_guest=needs_new_guest)):
        following = adapter(fake_youtube).page(PLAYLIST, first.cursor)
    assert (following.youtube_ids, fake_youtube.requests[-1].visitor_data) == ([*IDS[2:4]], visitor_data)


def test_unavailable_videos_are_counted_and_left_out(fake_youtube: FakeYoutube) -> None:
    deleted, private = frozenset({IDS[0], IDS[3]}), frozenset({IDS[2]})
    with_gaps = FakeList(PLAYLIST_ID, youtube_ids=IDS[:7], page_size=3, deleted=deleted, private=private)
    fake_youtube.library.lists.add(with_gaps)
    pages = walk(fake_youtube, PLAYLIST)
    assert [(page.youtube_ids, page.unavailable) for page in pages] == [
        ([IDS[1]], 2),
        ([IDS[4], IDS[5]], 1),
        ([IDS[6]], 0),
    ]
    assert pages[0].announced == 7


@pytest.mark.parametrize("source", [PLAYLIST, CHANNEL])
def test_videos_for_members_are_counted_and_left_out(fake_youtube: FakeYoutube, source: str) -> None:
    members_only = frozenset({IDS[0], IDS[2]})
    for list_id in (PLAYLIST_ID, CHANNEL_ID):
        fake_youtube.library.lists.add(FakeList(list_id, youtube_ids=IDS[:4], members_only=members_only))
    (page,) = walk(fake_youtube, source)
    assert (page.youtube_ids, page.members_only, page.unavailable) == ([IDS[1], IDS[3]], 2, 0)


def test_a_list_names_its_feed(fake_youtube: FakeYoutube) -> None:
    fake_youtube.library.lists.add(
        FakeList(PLAYLIST_ID, youtube_ids=IDS[:3], page_size=2),
        FakeList(CHANNEL_ID, youtube_ids=IDS[:3], page_size=2, handle="HarbourFilms"),
    )
    for source, feed_id in ((PLAYLIST, PLAYLIST_ID), (HANDLE, f"UULF{CHANNEL_ID[2:]}")):
        assert [page.feed_id for page in walk(fake_youtube, source)] == [feed_id, None]


@pytest.mark.parametrize("source", [PLAYLIST, CHANNEL])
def test_an_entry_says_title_length_and_age(fake_youtube: FakeYoutube, source: str) -> None:
    for list_id in (PLAYLIST_ID, CHANNEL_ID):
        shown = FakeList(list_id, youtube_ids=IDS[:2], titles={IDS[0]: "Tides"}, seconds={IDS[0]: 61})
        fake_youtube.library.lists.add(replace(shown, ages={IDS[0]: "2 years ago"}))
    (page,) = walk(fake_youtube, source)
    told, silent = page.videos
    assert (told.youtube_id, told.title, told.duration_seconds) == (IDS[0], "Tides", 61)
    assert told.published_by is not None
    assert datetime.now(UTC) - told.published_by > timedelta(days=2 * 365 - 1)
    assert silent.published_by is None


def test_a_changed_list_goes_on_where_the_page_ended(fake_youtube: FakeYoutube) -> None:
    shown = FakeList(PLAYLIST_ID, youtube_ids=IDS[1:7], page_size=3)
    fake_youtube.library.lists.add(shown)
    first = adapter(fake_youtube).page(PLAYLIST, None)
    fake_youtube.library.lists.add(replace(shown, youtube_ids=IDS[:7]))
    second = adapter(fake_youtube).page(PLAYLIST, first.cursor)
    assert second.youtube_ids == [*IDS[3:6]]
    assert second.cursor is not None
    assert adapter(fake_youtube).page(PLAYLIST, None).youtube_ids == [*IDS[:3]]


def test_a_throttled_listing_ends_without_an_error_and_before_the_announced_number(fake_youtube: FakeYoutube) -> None:
    fake_youtube.library.lists.add(FakeList(PLAYLIST_ID, youtube_ids=IDS, short_after=100, short_times=1))
    throttled, calm = walk(fake_youtube, PLAYLIST), walk(fake_youtube, PLAYLIST)
    assert (throttled[0].announced, len(ids(throttled))) == (250, 100)
    assert (calm[0].announced, len(ids(calm))) == (250, 250)


def test_more_than_was_announced_is_listed_all_the_same(fake_youtube: FakeYoutube) -> None:
    fake_youtube.library.lists.add(FakeList(PLAYLIST_ID, youtube_ids=IDS, announced=90))
    assert tuple(ids(walk(fake_youtube, PLAYLIST))) == IDS


def test_a_handle_may_be_in_any_script(fake_youtube: FakeYoutube) -> None:
    fake_youtube.library.lists.add(FakeList(CHANNEL_ID, "Fährfilm", IDS[:3], handle="FährFilm"))
    assert tuple(ids(walk(fake_youtube, "https://www.youtube.com/@F%C3%A4hrFilm/videos"))) == IDS[:3]


def test_an_empty_playlist(fake_youtube: FakeYoutube) -> None:
    fake_youtube.library.lists.add(FakeList(PLAYLIST_ID, "Nothing yet"))
    (page,) = walk(fake_youtube, PLAYLIST)
    assert (page.title, page.youtube_ids, page.unavailable) == ("Nothing yet", [], 0)


def test_a_channel_without_videos(fake_youtube: FakeYoutube) -> None:
    fake_youtube.library.lists.add(FakeList(CHANNEL_ID, "New here", handle="HarbourFilms"))
    [page] = walk(fake_youtube, HANDLE)
    assert page == ListingPage("New here", None, [], 0, None, feed_id=f"UULF{CHANNEL_ID[2:]}")


@pytest.mark.parametrize(("tab", "prefix"), [("videos", "UULF"), ("shorts", "UUSH"), ("streams", "UULV")])
def test_a_whole_tab_is_read_in_pages_of_a_hundred(fake_youtube: FakeYoutube, tab: str, prefix: str) -> None:
    channel = FakeList(CHANNEL_ID, "Harbour Films", IDS, shorts=IDS, streams=IDS, handle="HarbourFilms")
    fake_youtube.library.lists.add(replace(channel, members_only=frozenset(IDS[:1])))
    page = adapter(fake_youtube).page(f"https://www.youtube.com/@HarbourFilms/{tab}", None, is_whole=True)
    assert (page.title, page.announced, page.feed_id) == ("Harbour Films", 250, prefix + CHANNEL_ID[2:])
    assert (page.youtube_ids, page.members_only) == ([*IDS[1:100]], 1)
    assert kinds(fake_youtube) == [*HEAD_OF_CHANNEL, *HEAD_OF_PLAYLIST]
    assert adapter(fake_youtube).page(HANDLE, page.cursor, is_whole=True).youtube_ids == [*IDS[100:200]]


@pytest.mark.parametrize("count", [30, 31])
def test_a_tab_that_is_no_playlist_is_read_itself(fake_youtube: FakeYoutube, count: int) -> None:
    fake_youtube.library.lists.add(FakeList(CHANNEL_ID, youtube_ids=IDS[:count]))
    fake_youtube.faults.add(Fault(kind=Kind.RESOLVE, stall_seconds=0.001, times=1))
    fake_youtube.faults.add(Fault(kind=Kind.RESOLVE, status=404))
    page = adapter(fake_youtube).page(CHANNEL, None, is_whole=True)
    assert (page.announced, page.youtube_ids) == (None, [*IDS[:30]])
    assert kinds(fake_youtube) == [*HEAD_OF_CHANNEL, *[Kind.RESOLVE] * (count - 30)]


def test_a_channel_that_only_has_an_uploads_playlist(fake_youtube: FakeYoutube) -> None:
    topic = FakeList(CHANNEL_ID, "Pier - Topic", IDS[:5], page_size=3, has_videos_tab=False, handle="HarbourFilms")
    fake_youtube.library.lists.add(topic)
    pages = walk(fake_youtube, HANDLE)
    assert (pages[0].announced, pages[0].feed_id, tuple(ids(pages))) == (5, f"UU{CHANNEL_ID[2:]}", IDS[:5])
    assert kinds(fake_youtube) == [*HEAD_OF_CHANNEL, *HEAD_OF_PLAYLIST, Kind.BROWSE]


@pytest.mark.parametrize(("tab", "prefix", "found"), [("shorts", "UUSH", IDS[5:7]), ("streams", "UULV", IDS[7:8])])
def test_a_tab_of_a_channel_is_listed(fake_youtube: FakeYoutube, tab: str, prefix: str, found: tuple[str, ...]) -> None:
    channel = FakeList(CHANNEL_ID, "Harbour Films", IDS[:5], handle="HarbourFilms", shorts=IDS[5:7], streams=IDS[7:8])
    fake_youtube.library.lists.add(channel)
    (page,) = walk(fake_youtube, f"https://www.youtube.com/@HarbourFilms/{tab}")
    assert (page.title, page.youtube_ids, page.cursor) == ("Harbour Films", [*found], None)
    assert page.feed_id == prefix + CHANNEL_ID[2:]
    fake_youtube.library.lists.add(replace(channel, shorts=(), streams=()))
    (page,) = walk(fake_youtube, f"https://www.youtube.com/@HarbourFilms/{tab}")
    assert (page.title, page.youtube_ids, page.cursor) == ("Harbour Films", [], None)


@pytest.mark.parametrize("requests_before", range(5))
def test_a_failure_is_not_taken_for_a_channel_without_videos(fake_youtube: FakeYoutube, requests_before: int) -> None:
    fake_youtube.library.lists.add(FakeList(CHANNEL_ID, youtube_ids=IDS[:5], has_videos_tab=False))
    if requests_before:
        fake_youtube.faults.add(Fault(stall_seconds=0.001, times=requests_before))
    fake_youtube.faults.add(Fault(status=503))
    assert refusal(lambda: adapter(fake_youtube).page(CHANNEL, None)).error_type is ErrorType.UPSTREAM_UNAVAILABLE
    assert len(fake_youtube.requests) == requests_before + 1


@pytest.mark.parametrize(
    "source",
    [PLAYLIST, CHANNEL, HANDLE, "https://www.youtube.com/c/nobody/videos", "https://www.youtube.com/playlist?list=UUx"],
)
def test_a_list_that_is_not_there(fake_youtube: FakeYoutube, source: str) -> None:
    error = refusal(lambda: adapter(fake_youtube).page(source, None))
    assert error.error_type is ErrorType.LIST_UNAVAILABLE
    assert len(fake_youtube.requests) <= 2


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


SOME_ERRORS = [ERRORS[0], ERRORS[1], ERRORS[8], ERRORS[14]]
"""On other pages than the first: throttled, refused, cut off, and gone."""


@pytest.mark.parametrize(
    ("page", "fault", "error_type"),
    [
        *(("first", *error) for error in ERRORS),
        *((page, *error) for page in ("reloaded", "further") for error in SOME_ERRORS),
    ],
)
def test_every_failure_has_its_type(fake_youtube: FakeYoutube, page: str, fault: Fault, error_type: ErrorType) -> None:
    fake_youtube.library.lists.add(FakeList(PLAYLIST_ID, youtube_ids=IDS[:5], page_size=2))
    cursor = adapter(fake_youtube).page(PLAYLIST, None).cursor if page == "further" else None
    before = len(fake_youtube.requests)
    if page == "reloaded":
        fake_youtube.faults.add(Fault(kind=Kind.BROWSE, stall_seconds=0.001, times=1))
    fake_youtube.faults.add(replace(fault, kind=Kind.BROWSE))
    timeout_seconds = HASTY_SECONDS if fault.stall_seconds else TIMEOUT_SECONDS
    error = refusal(lambda: adapter(fake_youtube, timeout_seconds=timeout_seconds).page(PLAYLIST, cursor))
    assert error.error_type is error_type, error.detail
    assert error.retry_after_seconds == (30 if fault.headers else None)
    assert len(fake_youtube.requests) - before == {"first": 2, "reloaded": 3, "further": 1}[page], (
        "nothing is tried again in here"
    )


def test_a_list_that_is_not_found(fake_youtube: FakeYoutube) -> None:
    fake_youtube.library.lists.add(FakeList(PLAYLIST_ID, youtube_ids=IDS[:5], page_size=2))
    cursor = adapter(fake_youtube).page(PLAYLIST, None).cursor
    for kind in (Kind.BROWSE, Kind.RESOLVE):
        fake_youtube.faults.add(Fault(kind=kind, status=404, times=1))
        assert refusal(lambda: adapter(fake_youtube).page(PLAYLIST, None)).error_type is ErrorType.LIST_UNAVAILABLE
    fake_youtube.faults.clear()
    fake_youtube.faults.add(Fault(kind=Kind.BROWSE, status=404, times=1))
    late = refusal(lambda: adapter(fake_youtube).page(PLAYLIST, cursor))
    assert late.error_type is ErrorType.UNEXPECTED_ANSWER, "the list was there a moment ago"
    assert adapter(fake_youtube).page(PLAYLIST, cursor).youtube_ids == [*IDS[2:4]]


def test_an_address_that_leads_nowhere(fake_youtube: FakeYoutube) -> None:
    fake_youtube.faults.add(
        Fault(kind=Kind.RESOLVE, body='{"endpoint": {"urlEndpoint": {"url": "https://example.org"}}}')
    )
    assert refusal(lambda: adapter(fake_youtube).page(PLAYLIST, None)).error_type is ErrorType.LIST_UNAVAILABLE


def test_an_endless_mix_is_refused(fake_youtube: FakeYoutube) -> None:
    watch = {"videoId": IDS[0], "playlistId": f"RD{IDS[0]}"}
    items = [{"playlistPanelVideoRenderer": {"videoId": each, "title": {"simpleText": each}}} for each in IDS[:25]]
    panel = {"playlist": {"playlistId": f"RD{IDS[0]}", "title": "Mix", "isInfinite": True, "contents": items}}
    mix = {"contents": {"twoColumnWatchNextResults": {"playlist": panel}}}
    fake_youtube.faults.add(Fault(kind=Kind.RESOLVE, body=json.dumps({"endpoint": {"watchEndpoint": watch}})))
    fake_youtube.faults.add(Fault(kind=Kind.NEXT, body=json.dumps(mix)))
    error = refusal(lambda: adapter(fake_youtube).page(PLAYLIST, None))
    assert (error.error_type, error.detail) == (ErrorType.LIST_UNAVAILABLE, "an endless mix")
    assert kinds(fake_youtube) == [Kind.RESOLVE, Kind.NEXT]


def lockup(content_id: str, title: str, content_type: str = "VIDEO") -> dict[str, Any]:
    metadata = {"lockupMetadataViewModel": {"title": {"content": title}}}
    return {
        "lockupViewModel": {
            "contentId": content_id,
            "contentType": f"LOCKUP_CONTENT_TYPE_{content_type}",
            "metadata": metadata,
        }
    }


def test_only_videos_are_listed_in_any_form(fake_youtube: FakeYoutube) -> None:
    shorts = {"onTap": {"innertubeCommand": {"reelWatchEndpoint": {"videoId": IDS[2]}}}, "entityId": "shorts-shelf"}
    items = [
        {"richItemRenderer": {"content": lockup(IDS[0], "A video")}},
        {"richItemRenderer": {"content": lockup("PLanother_playlist_of_it", "A playlist", "PLAYLIST")}},
        {"richItemRenderer": {"content": lockup(IDS[1], "[Deleted video]")}},
        {"richItemRenderer": {"content": {"shortsLockupViewModel": shorts}}},
        {"richItemRenderer": {"content": {"videoRenderer": {"videoId": IDS[3], "title": {"simpleText": "A video"}}}}},
    ]
    fake_youtube.library.lists.add(FakeList(CHANNEL_ID, youtube_ids=IDS[:5], page_size=2))
    cursor = adapter(fake_youtube).page(CHANNEL, None).cursor
    action = {"appendContinuationItemsAction": {"continuationItems": items}}
    fake_youtube.faults.add(Fault(kind=Kind.BROWSE, body=json.dumps({"onResponseReceivedActions": [action]})))
    page = adapter(fake_youtube).page(CHANNEL, cursor)
    assert (page.youtube_ids, page.unavailable, page.cursor) == ([IDS[0], IDS[2], IDS[3]], 1, None)


def test_an_untrusted_certificate_is_a_matter_of_configuration(fake_youtube: FakeYoutube) -> None:
    error = refusal(lambda: ListingAdapter(Connection(fake_youtube.proxy_url, None)).page(PLAYLIST, None))
    assert error.error_type is ErrorType.CERTIFICATE_UNTRUSTED


def test_a_cursor_that_was_damaged_is_an_error_like_any_other(fake_youtube: FakeYoutube) -> None:
    error = refusal(lambda: adapter(fake_youtube).page(PLAYLIST, {"what": "is this?"}))
    assert error.error_type is ErrorType.UNEXPECTED_ANSWER
    assert fake_youtube.requests == []


@needs_recordings
def test_a_recorded_captcha_is_a_bot_check(fake_youtube: FakeYoutube) -> None:
    fake_youtube.faults.add(Fault(kind=Kind.RESOLVE, body=recordings.page("recaptcha_429")))
    assert refusal(lambda: adapter(fake_youtube).page(PLAYLIST, None)).error_type is ErrorType.BOT_CHECK
