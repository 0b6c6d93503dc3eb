"""Reads the playlist or channel of a batch: saves a page and the cursor of the next one in one transaction."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from shared.contracts.batches import BatchKind, ListedPage, ListingState, VideoFilter
from shared.contracts.errors import ErrorType
from shared.db.batch_window import lock
from shared.db.batches import enqueue_videos
from shared.db.connection import AsyncpgConnection
from shared.db.lists import NOT_DELETED
from shared.text import sanitize_text
from shared.youtube.filters import ListedVideo, is_too_old, left_out
from shared.youtube.following import NEWEST_FIRST_LISTINGS, WHOLE_LISTING_PAGES, is_newest_first

MAX_PAGES = 1000
"""Per attempt, 30,000 videos or more: YouTube's pages may form a circle."""
MAX_LISTING_ATTEMPTS = 3
"""How often a list is read that ends before the announced number of entries."""


@dataclass(frozen=True, slots=True)
class ListingCursor:
    """Where the next page of a batch's list begins."""

    source: str
    page: int
    attempt: int
    cursor: dict[str, Any] | None
    """None: at the list's beginning."""
    is_whole: bool = True
    """Whether the list is read below what a subscription has seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingPage:
    """What YouTube listed on one page."""

    title: str | None
    announced: int | None
    youtube_ids: list[str]
    unavailable: int
    cursor: dict[str, Any] | None
    """None: the list ends here."""
    members_only: int = 0
    feed_id: str | None = None
    """The playlist whose feed has the first of these videos; on the first page only."""
    videos: Sequence[ListedVideo] = ()
    """What the page says about those of `youtube_ids`."""


_CURSOR = f"""
    SELECT source, listing_pages AS page, listing_attempts AS attempt, listing_cursor AS cursor, is_whole
    FROM import_batches
    WHERE id = $1 AND listing = 'under_way' AND {NOT_DELETED}
    """  # noqa: S608 - a constant
_STATE = f"""
    SELECT b.kind, b.listed, b.unavailable, b.members_only, b.filtered, b.announced, b.is_whole, b.filter,
           b.subscription_id, s.has_baseline, s.import_existing, s.error_code IS NULL AS was_read_to_its_end
    FROM import_batches b LEFT JOIN subscriptions s ON s.id = b.subscription_id
    WHERE b.id = $1 AND b.listing = 'under_way' AND b.listing_pages = $2 AND b.listing_attempts = $3 AND b.{NOT_DELETED}
    FOR UPDATE OF b
    """  # noqa: S608 - a constant
_SEE = """
    INSERT INTO subscription_videos (subscription_id, youtube_id) SELECT DISTINCT $1::uuid, unnest($2::text[])
    ON CONFLICT DO NOTHING RETURNING youtube_id
    """
_COUNT = """
    UPDATE import_batches
    SET listed = listed + $2, unavailable = unavailable + $3, listing_pages = listing_pages + 1,
        listing_cursor = $4::jsonb, title = coalesce($5, title), announced = coalesce($6, announced),
        members_only = members_only + $7, filtered = filtered + $8
    WHERE id = $1
    """
_RESTART = """
    UPDATE import_batches
    SET listed = 0, unavailable = 0, members_only = 0, filtered = 0, listing_pages = 0,
        listing_attempts = listing_attempts + 1, listing_cursor = NULL
    WHERE id = $1
    """
# Does nothing where the batch was cancelled meanwhile.
_END = """
    WITH b AS (
        UPDATE import_batches SET listing = $2, error_code = $3, listing_cursor = NULL
        WHERE id = $1 AND listing = 'under_way' RETURNING *
    )
    UPDATE subscriptions s
    SET checked_at = now(), last_new = b.created, last_members_only = b.members_only, error_code = b.error_code,
        title = coalesce(b.title, s.title), has_baseline = s.has_baseline OR b.listing <> 'failed',
        is_listing_requested = false, newest_id = NULL,
        heard_at = CASE WHEN b.listing <> 'failed' THEN now() ELSE s.heard_at END,
        wholly_listed_at = CASE WHEN b.listing <> 'failed' AND b.is_whole THEN now() ELSE s.wholly_listed_at END
    FROM b WHERE s.id = b.subscription_id
    """
_SAVE_FEED = "UPDATE subscriptions SET feed_id = $2 WHERE id = $1"
_SAVE_ORDER = """
    UPDATE subscriptions SET newest_first_listings = CASE WHEN $2 THEN least(newest_first_listings + 1, $3) ELSE 0 END
    WHERE id = $1
    """


async def current_cursor(connection: AsyncpgConnection, batch_id: UUID) -> ListingCursor | None:
    """The cursor of the next page; None where nothing is left to read."""
    row = await connection.fetchrow(_CURSOR, batch_id)
    return ListingCursor(**row) if row else None


async def add_page(connection: AsyncpgConnection, batch_id: UUID, at: ListingCursor, page: ListingPage) -> ListedPage:
    """Queue a page's videos and save the cursor of the next page. A page that was added before changes nothing."""
    await lock(connection, batch_id)
    batch = await connection.fetchrow(_STATE, batch_id, at.page, at.attempt)
    if batch is None:
        now_at = await current_cursor(connection, batch_id)
        return ListedPage(has_more=now_at is not None, page=now_at.page if now_at else at.page)
    above = batch["listed"] + batch["unavailable"] + batch["members_only"] + batch["filtered"]
    rejected, is_beyond = _filtered(batch, page)
    wanted, is_known = await _wanted(connection, batch, at, page)
    wanted, is_known = [each for each in wanted if each not in rejected], is_known or is_beyond
    await enqueue_videos(connection, batch_id, wanted, above=above)
    cursor = json.dumps(sanitize_text(page.cursor)) if page.cursor else None
    title = cast("str | None", sanitize_text(page.title))
    filtered = sum(youtube_id in rejected for youtube_id in page.youtube_ids)
    listed, skipped = len(page.youtube_ids) - filtered, page.unavailable + page.members_only + filtered
    counts = page.unavailable, cursor, title, page.announced, page.members_only, filtered
    await connection.execute(_COUNT, batch_id, listed, *counts)
    pages = at.page + 1
    if cursor and not is_known and pages < MAX_PAGES:
        return ListedPage(has_more=True, page=pages)
    entries = above + listed + skipped
    # Channels announce nothing that can be relied on, but their last page is never empty.
    was_cut_off = at.page > 0 and not listed + skipped
    announced = 0 if batch["kind"] == BatchKind.CHANNEL else page.announced or batch["announced"] or 0
    is_short = not is_known and (was_cut_off or entries < announced)
    is_checked_again_soon = batch["has_baseline"]  # a check of a subscription
    if is_short and at.attempt < MAX_LISTING_ATTEMPTS and not is_checked_again_soon:
        await connection.execute(_RESTART, batch_id)
        return ListedPage(has_more=True, restarts=True)
    if is_short or (cursor and not is_known):
        await connection.execute(_END, batch_id, ListingState.SHORT, ErrorType.LIST_SHORT)
    else:
        await connection.execute(_END, batch_id, ListingState.DONE, None)
    return ListedPage(has_more=False, page=pages)


async def fail(connection: AsyncpgConnection, batch_id: UUID, error_code: ErrorType) -> None:
    """Record that the list cannot be read further; the videos that were read stay."""
    await lock(connection, batch_id)
    await connection.execute(_END, batch_id, ListingState.FAILED, error_code)


def _filtered(batch: Mapping[str, Any], page: ListingPage) -> tuple[set[str], bool]:
    """The videos of a page that the filter leaves out, and whether all older ones are too old."""
    if batch["filter"] is None:
        return set(), False
    wanted = VideoFilter.model_validate(batch["filter"])
    # Only a channel is in the order of time.
    is_beyond = batch["kind"] == BatchKind.CHANNEL and all(is_too_old(wanted, video) for video in page.videos)
    return left_out(wanted, page.videos), is_beyond and bool(page.videos)


async def _wanted(
    connection: AsyncpgConnection, batch: Mapping[str, Any], at: ListingCursor, page: ListingPage
) -> tuple[list[str], bool]:
    """The videos of a page to import, and whether a subscription has seen all of them, and so all older ones."""
    subscription_id, youtube_ids = batch["subscription_id"], page.youtube_ids
    if subscription_id is None:
        return youtube_ids, False
    if page.feed_id is not None:
        await connection.execute(_SAVE_FEED, subscription_id, page.feed_id)
    unseen = {row["youtube_id"] for row in await connection.fetch(_SEE, subscription_id, youtube_ids)}
    order = is_newest_first([each in unseen for each in youtube_ids], is_first_page=at.page == 0)
    if batch["has_baseline"] and order is not None:
        await connection.execute(_SAVE_ORDER, subscription_id, order, NEWEST_FIRST_LISTINGS)
    # A channel's newest videos come first; if the last check failed, unseen videos may be below seen ones.
    may_end = batch["kind"] == BatchKind.CHANNEL and batch["has_baseline"] and batch["was_read_to_its_end"]
    is_below = not batch["is_whole"] or at.page + 1 >= WHOLE_LISTING_PAGES
    is_known = may_end and is_below and bool(youtube_ids) and not unseen
    if batch["has_baseline"] or batch["import_existing"]:
        return [youtube_id for youtube_id in youtube_ids if youtube_id in unseen], is_known
    return [], is_known
