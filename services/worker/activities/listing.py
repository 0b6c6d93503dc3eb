"""Activities that read playlists and channels: a blocking adapter on a thread, then one transaction."""

from concurrent.futures import Executor
from typing import Any, Protocol

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity

from services.worker.activities.support.errors import Answer, find_stored_answer, save_answer
from services.worker.activities.support.heartbeats import heartbeats
from services.worker.activities.support.shielding import shield_from_cancellation
from services.worker.activities.support.youtube_calls import YoutubeCalls
from services.worker.adapters.models import ListingPage
from services.worker.background.usage_reports import UpstreamReporter
from shared.contracts.batches import BatchRef, ListedPage, SourcePreview, SourceRef
from shared.contracts.upstreams import Upstream
from shared.contracts.youtube_requests import CallStage
from shared.db import batch_listing
from shared.db.connection import AsyncpgConnection, transaction
from shared.db.upstream_answers import AnswerKey
from shared.db.upstreams import find_status
from shared.youtube.filters import left_out
from workflows.batches import activities as contract

_PAGE = TypeAdapter(ListingPage)


class ListingClient(Protocol):
    """Lists playlists and channels: `services.worker.adapters.youtube.listing.ListingAdapter`."""

    def page(self, source: str, cursor: dict[str, Any] | None, *, is_whole: bool) -> ListingPage:
        """One page of the list. Raises YoutubeError; blocks."""


class ListingActivities(contract.ListingActivities):
    """The contract on the real YouTube."""

    def __init__(
        self, engine: AsyncEngine, *, source: ListingClient, reporter: UpstreamReporter, threads: Executor
    ) -> None:
        self._engine = engine
        self._source = source
        self._calls = YoutubeCalls(reporter, threads)

    @activity.defn
    async def list_next_page(self, batch: BatchRef) -> ListedPage:
        """Queue the videos of the next page: its cursor is saved with the videos of the previous page."""
        async with heartbeats():
            return await shield_from_cancellation(self._list_next_page(batch))

    @activity.defn
    async def list_first_page(self, source: SourceRef) -> SourcePreview:
        """Return the first page; nothing is saved."""
        async with heartbeats():
            page = await shield_from_cancellation(self._page(source.url, None, is_whole=True))
        rejected = left_out(source.filter, page.videos) if source.filter else set()
        wanted = [youtube_id for youtube_id in page.youtube_ids if youtube_id not in rejected]
        return SourcePreview(
            title=page.title,
            announced=page.announced,
            youtube_ids=wanted,
            filtered=len(page.youtube_ids) - len(wanted),
            unavailable=page.unavailable,
            members_only=page.members_only,
            has_more=page.cursor is not None,
        )

    async def _list_next_page(self, batch: BatchRef) -> ListedPage:
        async with transaction(self._engine) as connection:
            current = await batch_listing.current_cursor(connection, batch.batch_id)
            if current is None:  # cancelled, or deleted with its list
                return ListedPage(has_more=False)
            key = AnswerKey(str(batch.batch_id), f"list_next_page {current.attempt}.{current.page}")
            stored = await find_stored_answer(connection, key)
        answer = stored or Answer(await self._page(current.source, current.cursor, is_whole=current.is_whole))

        async def save(connection: AsyncpgConnection, found: ListingPage) -> ListedPage:
            page = batch_listing.ListingPage(
                title=found.title,
                announced=found.announced,
                youtube_ids=found.youtube_ids,
                unavailable=found.unavailable,
                cursor=found.cursor,
                members_only=found.members_only,
                feed_id=found.feed_id,
                videos=found.videos,
            )
            return await batch_listing.add_page(connection, batch.batch_id, current, page)

        return await save_answer(self._engine, key, answer, _PAGE.validate_python, save)

    async def _page(self, source: str, cursor: dict[str, Any] | None, *, is_whole: bool) -> ListingPage:
        async with transaction(self._engine) as connection:
            youtube = await find_status(connection, Upstream.YOUTUBE)
        return await self._calls.run(
            youtube, source, CallStage.LISTING, lambda: self._source.page(source, cursor, is_whole=is_whole)
        )
