"""What a subscription knows of its feed and its listings, and what its next check does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.contracts.batches import SourceKind
from shared.db import feeds
from shared.db.connection import AsyncpgConnection
from shared.youtube.following import CheckStep, FeedAnswer, Following, due_listing, next_step

_FOLLOWING = """
    SELECT kind, has_baseline, error_code IS NULL AS was_read_to_its_end, is_listing_requested, feed_id,
           newest_first_listings, heard_at, wholly_listed_at, newest_id, filter IS NOT NULL AS has_filter
    FROM subscriptions WHERE id = $1
    """
_SEEN = "SELECT youtube_id FROM subscription_videos WHERE subscription_id = $1 AND youtube_id = ANY($2::text[])"
_SEE = """
    INSERT INTO subscription_videos (subscription_id, youtube_id) SELECT DISTINCT $1::uuid, unnest($2::text[])
    ON CONFLICT DO NOTHING
    """
_SAVE_CHECK = """
    UPDATE subscriptions
    SET checked_at = now(), last_new = $2, last_members_only = 0, heard_at = $3, newest_id = $4
    WHERE id = $1
    """


@dataclass(frozen=True, slots=True)
class News:
    """How a check finds out what is new, and what that is where the feed has said it."""

    step: CheckStep
    feed: FeedAnswer | None = None
    """The answer that the check relies on; None: on none."""
    unseen: Sequence[str] = ()
    """Its videos that the subscription has not seen."""


async def feed_to_ask(connection: AsyncpgConnection, subscription_id: UUID) -> str | None:
    """The feed that a check asks; None: a listing is due, the feed is unknown, or it may not be asked now."""
    known = await _find(connection, subscription_id)
    if known is None or known.feed_id is None or due_listing(known, await _now(connection)):
        return None
    return known.feed_id if await feeds.may_be_asked(connection, known.feed_id) else None


async def find_news(connection: AsyncpgConnection, subscription_id: UUID) -> News:
    """What the check of a subscription does next."""
    known = await _find(connection, subscription_id)
    if known is None:
        return News(CheckStep.NOTHING)
    feed = await feeds.last_answer(connection, known.feed_id)
    shown = [*dict.fromkeys(feed.youtube_ids)] if feed else []
    seen = {row["youtube_id"] for row in await connection.fetch(_SEEN, subscription_id, shown)}
    step = next_step(known, feed, seen, await _now(connection))
    if step is not CheckStep.FEED:
        return News(step)
    return News(step, feed, [youtube_id for youtube_id in shown if youtube_id not in seen])


async def save_feed_check(connection: AsyncpgConnection, subscription_id: UUID, feed: FeedAnswer, *, new: int) -> None:
    """Save the result of a check that has relied on the feed: `new` videos were added to the list."""
    await connection.execute(_SEE, subscription_id, feed.youtube_ids)
    newest_id = next(iter(feed.youtube_ids), None)
    await connection.execute(_SAVE_CHECK, subscription_id, new, feed.answered_at, newest_id)


async def _find(connection: AsyncpgConnection, subscription_id: UUID) -> Following | None:
    row = await connection.fetchrow(_FOLLOWING, subscription_id)
    return Following(**{**row, "kind": SourceKind(row["kind"])}) if row else None


async def _now(connection: AsyncpgConnection) -> datetime:
    """PostgreSQL's time, which all other times of a subscription are of."""
    now: datetime = await connection.fetchval("SELECT now()")
    return now
