"""Reading YouTube's list of a batch: each page's videos and the place of the next page, in one transaction."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from shared.contracts.batches import BatchKind, ListedPage, ListingState
from shared.contracts.errors import ErrorType
from shared.db.batch_window import lock
from shared.db.batches import put_videos
from shared.db.driver import DriverConnection, storable

MAX_PAGES = 1000
"""Of one way through a list: 30,000 videos of a channel. YouTube's pages may lead in a circle."""
WAYS_THROUGH = 3
"""How often a list is read that comes to its end before the announced number of entries."""


@dataclass(frozen=True, slots=True)
class ListingPlace:
    """Where the next page of a batch's list begins."""

    source: str
    page: int
    way: int
    cursor: dict[str, Any] | None
    """None: at the list's beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPage:
    """What YouTube listed on one page."""

    title: str | None
    announced: int | None
    youtube_ids: list[str]
    unavailable: int
    cursor: dict[str, Any] | None
    """None: the list ends here."""


_PLACE = """
    SELECT source, listing_pages AS page, listing_ways AS way, listing_cursor AS cursor FROM import_batches
    WHERE id = $1 AND listing = 'under_way'
    """
_STATE = """
    SELECT b.kind, b.listed, b.unavailable, b.announced, b.subscription_id, s.is_primed, s.import_existing,
           s.error_code IS NULL AS was_read_to_its_end
    FROM import_batches b LEFT JOIN subscriptions s ON s.id = b.subscription_id
    WHERE b.id = $1 AND b.listing = 'under_way' AND b.listing_pages = $2 AND b.listing_ways = $3
    FOR UPDATE OF b
    """
_SEE = """
    INSERT INTO subscription_videos (subscription_id, youtube_id) SELECT DISTINCT $1::uuid, unnest($2::text[])
    ON CONFLICT DO NOTHING RETURNING youtube_id
    """
_COUNT = """
    UPDATE import_batches
    SET listed = listed + $2, unavailable = unavailable + $3, listing_pages = listing_pages + 1,
        listing_cursor = $4::jsonb, title = coalesce($5, title), announced = coalesce($6, announced)
    WHERE id = $1
    """
_BEGIN_ANEW = """
    UPDATE import_batches
    SET listed = 0, unavailable = 0, listing_pages = 0, listing_ways = listing_ways + 1, listing_cursor = NULL
    WHERE id = $1
    """
# A list that is not read any more, since somebody has cancelled its batch, has no end to be told of.
_END = """
    WITH b AS (
        UPDATE import_batches SET listing = $2, error_code = $3, listing_cursor = NULL
        WHERE id = $1 AND listing = 'under_way' RETURNING *
    )
    UPDATE subscriptions s
    SET checked_at = now(), last_new = b.created, error_code = b.error_code, title = coalesce(b.title, s.title),
        is_primed = s.is_primed OR b.listing <> 'failed'
    FROM b WHERE s.id = b.subscription_id
    """


async def next_place(connection: DriverConnection, batch_id: UUID) -> ListingPlace | None:
    """Where the list is to be read on; None where there is nothing (more) to be read."""
    row = await connection.fetchrow(_PLACE, batch_id)
    return ListingPlace(**row) if row else None


async def add_page(connection: DriverConnection, batch_id: UUID, place: ListingPlace, page: NewPage) -> ListedPage:
    """Queue a page's videos and note where the next one begins. A page that was added before changes nothing."""
    await lock(connection, batch_id)
    batch = await connection.fetchrow(_STATE, batch_id, place.page, place.way)
    if batch is None:
        now_at = await next_place(connection, batch_id)
        return ListedPage(has_more=now_at is not None, page=now_at.page if now_at else place.page)
    wanted, is_known = await _wanted(connection, batch, page.youtube_ids)
    await put_videos(connection, batch_id, wanted, above=batch["listed"] + batch["unavailable"])
    cursor = json.dumps(storable(page.cursor)) if page.cursor else None
    title = cast("str | None", storable(page.title))
    counts = len(page.youtube_ids), page.unavailable
    await connection.execute(_COUNT, batch_id, *counts, cursor, title, page.announced)
    pages = place.page + 1
    if cursor and not is_known and pages < MAX_PAGES:
        return ListedPage(has_more=True, page=pages)
    entries = batch["listed"] + batch["unavailable"] + sum(counts)
    # Channels announce nothing, but their last page is never empty.
    has_broken_off = place.page > 0 and not sum(counts)
    is_short = not is_known and (has_broken_off or entries < (page.announced or batch["announced"] or 0))
    comes_again_soon = batch["is_primed"]  # a look of a subscription
    if is_short and place.way < WAYS_THROUGH and not comes_again_soon:
        await connection.execute(_BEGIN_ANEW, batch_id)
        return ListedPage(has_more=True, begins_anew=True)
    if is_short or (cursor and not is_known):
        await connection.execute(_END, batch_id, ListingState.SHORT, ErrorType.LIST_SHORT)
    else:
        await connection.execute(_END, batch_id, ListingState.DONE, None)
    return ListedPage(has_more=False, page=pages)


async def fail(connection: DriverConnection, batch_id: UUID, error_code: ErrorType) -> None:
    """Note that the list cannot be read (any further); what was read of it stays."""
    await lock(connection, batch_id)
    await connection.execute(_END, batch_id, ListingState.FAILED, error_code)


async def _wanted(
    connection: DriverConnection, batch: Mapping[str, Any], youtube_ids: list[str]
) -> tuple[list[str], bool]:
    """What of a page is to be imported; and whether a subscription knows all of it, and so all that is older."""
    if batch["subscription_id"] is None:
        return youtube_ids, False
    rows = await connection.fetch(_SEE, batch["subscription_id"], youtube_ids)
    unseen = {row["youtube_id"] for row in rows}
    # A channel's newest come first; where the look before was given up, there may be unseen ones below seen ones.
    is_newest_first = batch["kind"] == BatchKind.CHANNEL and batch["is_primed"] and batch["was_read_to_its_end"]
    is_known = is_newest_first and bool(youtube_ids) and not unseen
    if batch["is_primed"] or batch["import_existing"]:
        return [youtube_id for youtube_id in youtube_ids if youtube_id in unseen], is_known
    return [], is_known
