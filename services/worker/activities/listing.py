"""The steps that read YouTube's lists: a blocking adapter on a thread, then one transaction."""

from concurrent.futures import Executor
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from services.worker.activities.answers import keep_answer
from services.worker.activities.cancellation import to_the_end
from services.worker.activities.heartbeats import heartbeats
from services.worker.activities.youtube_calls import YoutubeCalls
from services.worker.adapters.models import ListingPage
from services.worker.reporting import UpstreamReporter
from shared.contracts.batches import BatchRef, ListedPage, SourcePreview, SourceRef
from shared.contracts.upstreams import Upstream
from shared.db import batch_listing
from shared.db.driver import DriverConnection, transaction
from shared.db.upstreams import find_status
from workflows.activities import ListingSteps


class ListingSource(Protocol):
    """Where lists come from: `services.worker.adapters.listing.ListingAdapter`."""

    def page(self, source: str, cursor: dict[str, Any] | None) -> ListingPage:
        """One page of the list. Raises YoutubeError; blocks."""


class ListingActivities(ListingSteps):
    """`ListingSteps` on the real YouTube."""

    def __init__(
        self, engine: AsyncEngine, *, source: ListingSource, reporter: UpstreamReporter, threads: Executor
    ) -> None:
        self._engine = engine
        self._source = source
        self._calls = YoutubeCalls(reporter, threads)

    @activity.defn
    async def list_next_page(self, batch: BatchRef) -> ListedPage:
        """Queue the videos of the next page: where it begins is kept with the videos of the page before."""
        async with heartbeats():
            return await to_the_end(self._list_next_page(batch))

    @activity.defn
    async def list_first_page(self, source: SourceRef) -> SourcePreview:
        """Say what is on the first page; nothing is written."""
        async with heartbeats():
            page = await to_the_end(self._page(source.url, None))
        return SourcePreview(
            title=page.title,
            announced=page.announced,
            youtube_ids=page.youtube_ids,
            unavailable=page.unavailable,
            has_more=page.cursor is not None,
        )

    async def _list_next_page(self, batch: BatchRef) -> ListedPage:
        async with transaction(self._engine) as connection:
            place = await batch_listing.next_place(connection, batch.batch_id)
        if place is None:  # cancelled, or deleted with its list
            return ListedPage(has_more=False)
        found = await self._page(place.source, place.cursor)
        page = batch_listing.NewPage(
            title=found.title,
            announced=found.announced,
            youtube_ids=found.youtube_ids,
            unavailable=found.unavailable,
            cursor=found.cursor,
        )

        async def save(connection: DriverConnection) -> ListedPage:
            return await batch_listing.add_page(connection, batch.batch_id, place, page)

        return await keep_answer(self._engine, save)

    async def _page(self, source: str, cursor: dict[str, Any] | None) -> ListingPage:
        async with transaction(self._engine) as connection:
            youtube = await find_status(connection, Upstream.YOUTUBE)
        return await self._calls.ask(youtube, source, lambda: self._source.page(source, cursor))
