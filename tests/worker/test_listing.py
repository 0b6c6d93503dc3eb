"""Playlists and channels by the production worker: real Temporal, PostgreSQL and yt-dlp."""

from collections.abc import AsyncIterator
from functools import partial
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from fakes.youtube import FakeList, FakeVideo, FakeYoutube, Fault, Kind
from services.worker.activities.listing import ListingActivities
from services.worker.dependencies import dependencies
from shared.contracts.batches import BatchKind, BatchRef, BatchSummary, ListedPage, ListingState
from shared.contracts.errors import ErrorType
from shared.db.batches import requeue_failed
from shared.db.connection import transaction
from shared.db.models import LOCAL_USER_ID
from shared.settings import Settings
from tests.support.batches import add_batch, add_list, add_listed_batch, entries, how_it_stands, when_over
from tests.support.waiting import eventually
from tests.support.worker import worker_at_work
from workflows.batches.client import preview_source, start_batch
from workflows.batches.workflow import ImportBatch
from workflows.common.errors import UpstreamError

PLAYLIST = "PLharboursoftheworld0"
PLAYLIST_URL = f"https://www.youtube.com/playlist?list={PLAYLIST}"
CHANNEL = "UCharboursoftheworld0000"
CHANNEL_URL = f"https://www.youtube.com/channel/{CHANNEL}/videos"
IDS = tuple(f"listvideo{number:02}" for number in range(8))


@pytest.fixture
async def worker(
    client: Client, settings: Settings, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> AsyncIterator[None]:
    """The production worker; no throttle makes its governor pause."""
    patient = settings.model_copy(update={"youtube_throttles_to_pause": 1000})
    async with worker_at_work(client, patient, engine, fake_youtube):
        yield


@pytest.fixture(autouse=True)
def lists(fake_youtube: FakeYoutube) -> None:
    """A playlist with a deleted and a private entry, and a channel, both of several pages."""
    fake_youtube.library.add(*(FakeVideo(youtube_id) for youtube_id in IDS))
    deleted, private = frozenset({IDS[2]}), frozenset({IDS[5]})
    fake_youtube.library.lists.add(
        FakeList(PLAYLIST, "Harbours", IDS, page_size=3, deleted=deleted, private=private),
        FakeList(CHANNEL, "Harbour Films", IDS, page_size=3),
    )


def fail_second_page(fake_youtube: FakeYoutube, times: int | None = None, stall_seconds: float = 0) -> None:
    """Let YouTube fail after the two requests of a playlist's head."""
    fake_youtube.faults.add(Fault(kind=Kind.BROWSE, times=2))
    fake_youtube.faults.add(Fault(kind=Kind.BROWSE, status=503, times=times, stall_seconds=stall_seconds))


async def begin(client: Client, batch_id: UUID) -> None:
    await start_batch(client, batch_id, LOCAL_USER_ID)


@pytest.mark.usefixtures("worker")
async def test_a_playlist_is_listed_and_imported(client: Client, engine: AsyncEngine) -> None:
    batch_id = await add_listed_batch(engine, PLAYLIST_URL)
    await begin(client, batch_id)
    over = await when_over(engine, batch_id)
    assert (over.title, over.announced, over.listing) == ("Harbours", 8, ListingState.DONE)
    assert (over.imported, over.unavailable, over.duplicates, over.failed) == (6, 2, 0, 0)
    there = [youtube_id for youtube_id in IDS if youtube_id not in {IDS[2], IDS[5]}]
    assert await entries(engine, batch_id) == [(youtube_id, "complete") for youtube_id in there]


@pytest.mark.usefixtures("worker")
async def test_a_channel_is_listed_and_existing_videos_are_counted(client: Client, engine: AsyncEngine) -> None:
    list_id = await add_list(engine)
    earlier = await add_batch(engine, IDS[:2], list_id=list_id)
    batch_id = await add_listed_batch(engine, CHANNEL_URL, kind=BatchKind.CHANNEL, list_id=list_id)
    await begin(client, earlier)
    await begin(client, batch_id)
    over = await when_over(engine, batch_id)
    assert (over.title, over.imported, over.duplicates) == ("Harbour Films", 6, 2)


@pytest.mark.usefixtures("worker")
async def test_videos_appear_while_the_list_is_read_and_a_failed_page_is_read_again(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    fail_second_page(fake_youtube, times=1, stall_seconds=18)
    batch_id = await add_listed_batch(engine, PLAYLIST_URL)
    await begin(client, batch_id)

    async def first_page_is_there() -> BatchSummary:
        summary = await how_it_stands(engine, batch_id)
        assert (summary.listing, summary.total) == (ListingState.UNDER_WAY, 2), summary
        return summary

    async def second_page_is_requested() -> bool:
        return [request.kind for request in fake_youtube.requests].count(Kind.BROWSE) == 3

    await eventually(second_page_is_requested)
    await eventually(first_page_is_there)
    fake_youtube.faults.clear()  # the held request fails now
    fake_youtube.faults.add(Fault(kind=Kind.BROWSE, status=503, times=1))
    assert (await when_over(engine, batch_id)).imported == 6
    kinds = [request.kind for request in fake_youtube.requests if request.kind in {Kind.BROWSE, Kind.RESOLVE}]
    assert kinds == [Kind.RESOLVE, *[Kind.BROWSE] * 6], "two for the head, three tries of page 2, page 3"


@pytest.mark.usefixtures("worker")
async def test_a_playlist_that_is_not_there_says_so(client: Client, engine: AsyncEngine) -> None:
    batch_id = await add_listed_batch(engine, "https://www.youtube.com/playlist?list=PLnowherenowherenow")
    await begin(client, batch_id)
    over = await when_over(engine, batch_id)
    assert (over.total, over.listing, over.error_code) == (0, ListingState.FAILED, ErrorType.LIST_UNAVAILABLE)


@pytest.mark.usefixtures("worker")
async def test_a_batch_is_cancelled_while_its_list_is_read(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    fail_second_page(fake_youtube)
    batch_id = await add_listed_batch(engine, PLAYLIST_URL)
    handle = await start_batch(client, batch_id, LOCAL_USER_ID)

    async def has_videos() -> bool:
        return (await how_it_stands(engine, batch_id)).total > 0

    await eventually(has_videos)
    await handle.signal(ImportBatch.cancel)
    over = await when_over(engine, batch_id)
    assert (over.listing, over.total) == (ListingState.CANCELLED, 2)
    fake_youtube.faults.clear()
    async with transaction(engine) as connection:
        assert await requeue_failed(connection, LOCAL_USER_ID, batch_id)
    await begin(client, batch_id)
    over = await when_over(engine, batch_id)
    assert (over.listing, over.imported) == (ListingState.DONE, 6)


@pytest.mark.usefixtures("worker")
async def test_a_preview_writes_nothing(client: Client, engine: AsyncEngine) -> None:
    preview = await preview_source(client, PLAYLIST_URL, LOCAL_USER_ID, seconds=20)
    assert (preview.title, preview.announced, preview.has_more) == ("Harbours", 8, True)
    assert (preview.youtube_ids, preview.unavailable) == ([IDS[0], IDS[1]], 1)
    with pytest.raises(UpstreamError):
        await preview_source(client, PLAYLIST_URL.replace("PLh", "PLx"), LOCAL_USER_ID, seconds=20)


async def test_a_list_that_comes_short_is_read_again_and_then_said(
    client: Client, settings: Settings, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    throttled = FakeList(PLAYLIST, "Harbours", IDS, page_size=3, short_after=3)
    fake_youtube.library.lists.add(throttled)
    batch_id = await add_listed_batch(engine, PLAYLIST_URL)
    pages = [page async for page in read(client, settings, engine, fake_youtube, batch_id)]
    assert [page.restarts for page in pages] == [False, True, False, True, False, False]
    summary = await how_it_stands(engine, batch_id)
    assert (summary.listing, summary.announced, summary.total) == (ListingState.SHORT, 8, 3)


async def test_a_list_that_was_short_once_is_complete_in_the_end(
    client: Client, settings: Settings, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    fake_youtube.library.lists.add(FakeList(PLAYLIST, "Harbours", IDS, page_size=3, short_after=3, short_times=1))
    batch_id = await add_listed_batch(engine, PLAYLIST_URL)
    pages = [page async for page in read(client, settings, engine, fake_youtube, batch_id)]
    assert [page.restarts for page in pages] == [False, True, False, False, False]
    summary = await how_it_stands(engine, batch_id)
    assert (summary.listing, summary.total, summary.duplicates) == (ListingState.DONE, 8, 0)
    assert [youtube_id for youtube_id, _ in await entries(engine, batch_id)] == list(IDS)


async def test_a_channel_that_breaks_off_is_not_taken_for_complete(
    client: Client, settings: Settings, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    """Channels announce no number, but their last page is never empty."""
    fake_youtube.library.lists.add(FakeList(CHANNEL, "Harbour Films", IDS, page_size=3, short_after=3, short_times=1))
    batch_id = await add_listed_batch(engine, CHANNEL_URL, kind=BatchKind.CHANNEL)
    pages = [page async for page in read(client, settings, engine, fake_youtube, batch_id)]
    assert [page.restarts for page in pages] == [False, True, False, False, False]
    summary = await how_it_stands(engine, batch_id)
    assert (summary.listing, summary.total) == (ListingState.DONE, 8)


async def read(
    client: Client, settings: Settings, engine: AsyncEngine, fake_youtube: FakeYoutube, batch_id: UUID
) -> AsyncIterator[ListedPage]:
    """The steps of the workflow without its pauses, each by a worker that knows nothing of the one before."""
    place = {"youtube_proxy": SecretStr(fake_youtube.proxy_url), "youtube_ca_file": fake_youtube.ca_file}
    settings = settings.model_copy(update=place)
    page = ListedPage(has_more=True)
    while page.has_more:
        async with dependencies(client, settings, engine) as needs:
            listing = ListingActivities(
                engine, source=needs.lists, reporter=needs.youtube_reporter, threads=needs.threads
            )
            page = await ActivityEnvironment().run(partial(listing.list_next_page, BatchRef(batch_id=batch_id)))
        yield page
