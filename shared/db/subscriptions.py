"""Playlists and channels that users follow. A check for new videos creates a batch.

`schedule_in_sync` says whether Temporal's schedule says the same as the row: every change takes it back in the same
statement, and only who has the schedule's lock may claim it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.contracts.batches import BatchKind, SourceKind, VideoFilter
from shared.contracts.errors import ErrorType
from shared.contracts.subscriptions import CheckPlan, CheckStarted
from shared.db import feeds, following
from shared.db.batches import CreatedBatch, NewBatch, as_json, create_batch
from shared.db.connection import AsyncpgConnection
from shared.db.lists import FIRST_PAGE, NOT_DELETED, PageStart
from shared.youtube.following import CheckStep

SCHEDULE_LOCK = 7_233
"""First half of the key of the lock on a subscription's schedule; the second is made from its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubscription:
    """What a user wants to follow."""

    user_id: UUID
    list_id: UUID
    kind: SourceKind
    source: str
    interval_seconds: int
    import_existing: bool
    filter: VideoFilter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionRecord:
    """A subscription, and the result of its last check."""

    id: UUID
    user_id: UUID
    list_id: UUID
    kind: SourceKind
    source: str
    title: str | None
    interval_seconds: int
    is_paused: bool
    import_existing: bool
    filter: VideoFilter | None
    schedule_in_sync: bool
    is_listing_requested: bool
    """Whether somebody wants a check that reads the list; it begins when the schedule is synced."""
    checked_at: datetime | None
    last_new: int | None
    last_members_only: int | None
    error_code: ErrorType | None
    created_at: datetime
    is_checking: bool
    """Whether a look, and the import of what it brought, is under way."""


@dataclass(frozen=True, slots=True)
class AddedSubscription:
    """The subscription to a source on a list, and whether it was there before."""

    subscription: SubscriptionRecord
    is_new: bool


# What waits for its transcription, however long, holds up no look.
_IS_UNDER_WAY = """
    b.completed_at IS NULL AND (b.listing = 'under_way' OR EXISTS (
        SELECT FROM videos v
        WHERE v.batch_id = b.id AND v.batch_slot IN ('queued', 'running')
          AND v.import_stage NOT IN ('complete', 'error')
    ))
    """
_COLUMNS = f"""
    s.id, s.user_id, s.list_id, s.kind, s.source, s.title, s.interval_seconds, s.is_paused, s.import_existing, s.filter,
    s.schedule_in_sync, s.is_listing_requested, s.checked_at, s.last_new, s.last_members_only, s.error_code,
    s.created_at,
    EXISTS (SELECT FROM import_batches b WHERE b.subscription_id = s.id AND {_IS_UNDER_WAY}) AS is_checking
    """
# The list is locked as the foreign key would lock it: one that is being deleted is "no such list" and not an error.
_ADD = f"""
    INSERT INTO subscriptions AS s (id, user_id, list_id, kind, source, interval_seconds, import_existing, filter)
    SELECT gen_random_uuid(), l.user_id, l.id, $3, $4, $5, $6, $7::jsonb
    FROM (SELECT id, user_id FROM lists WHERE id = $2 AND user_id = $1 AND deleted_at IS NULL FOR KEY SHARE) l
    ON CONFLICT (list_id, source) DO NOTHING
    RETURNING {_COLUMNS}
    """  # noqa: S608 - a constant
_SUBSCRIPTION = f"SELECT {_COLUMNS} FROM subscriptions s WHERE s.{NOT_DELETED}"  # noqa: S608 - constants
_PRESENT = f"{_SUBSCRIPTION} AND user_id = $1 AND list_id = $2 AND source = $3"
_FIND = f"{_SUBSCRIPTION} AND id = $1"
_FIND_OWN = f"{_FIND} AND user_id = $2"
_PAGE = f"""
    {_SUBSCRIPTION}
      AND user_id = $1 AND (created_at, id) < ($2, $3) AND ($4::uuid IS NULL OR list_id = $4)
    ORDER BY created_at DESC, id DESC LIMIT $5
    """
_CHANGE_INTERVAL = f"""
    UPDATE subscriptions s SET interval_seconds = $3, schedule_in_sync = schedule_in_sync AND interval_seconds = $3
    WHERE id = $1 AND user_id = $2 AND {NOT_DELETED} RETURNING {_COLUMNS}
    """  # noqa: S608 - constants
_SET_PAUSED = f"""
    UPDATE subscriptions s SET is_paused = $3, schedule_in_sync = schedule_in_sync AND is_paused = $3
    WHERE id = $1 AND user_id = $2 AND {NOT_DELETED} RETURNING {_COLUMNS}
    """  # noqa: S608 - constants
# No check starts while its list is locked, so a deletion sees all batches of the subscription.
_LOCK_LIST = """
    SELECT l.id FROM subscriptions s JOIN lists l ON l.id = s.list_id WHERE s.id = $1 FOR NO KEY UPDATE OF l
    """
_FORGET_FRUITLESS_LOOKS = """
    DELETE FROM import_batches WHERE subscription_id = $1 AND completed_at IS NULL AND created = 0
    """
_STOP_LISTING = """
    UPDATE import_batches SET listing = 'done', listing_cursor = NULL
    WHERE subscription_id = $1 AND listing = 'under_way'
    """
_DELETE = "DELETE FROM subscriptions WHERE id = $1"
_RUNNING_CHECK = f"""
    SELECT b.id FROM import_batches b WHERE b.id = $2 OR (b.subscription_id = $1 AND {_IS_UNDER_WAY})
    ORDER BY b.id = $2 DESC LIMIT 1
    """  # noqa: S608 - constants
_REQUEST_CHECK = f"""
    UPDATE subscriptions s SET is_listing_requested = true, schedule_in_sync = false
    WHERE id = $1 AND user_id = $2 AND {NOT_DELETED} RETURNING {_COLUMNS}
    """  # noqa: S608 - constants
_LOCK_SCHEDULE = "SELECT pg_advisory_xact_lock($1, hashtext($2))"
_MARK_SYNCED = """
    UPDATE subscriptions SET schedule_in_sync = true
    WHERE id = $1 AND interval_seconds = $2 AND is_paused = $3 AND is_listing_requested <= $4
    """
_MARK_SCHEDULES_STALE = """
    WITH synced AS (SELECT id FROM subscriptions WHERE schedule_in_sync ORDER BY id FOR UPDATE)
    UPDATE subscriptions s SET schedule_in_sync = false FROM synced WHERE s.id = synced.id
    """
_IDS = f"SELECT id FROM subscriptions WHERE {NOT_DELETED}"  # noqa: S608 - a constant
_UNSCHEDULED = f"{_IDS} AND NOT schedule_in_sync ORDER BY created_at"


async def add_subscription(connection: AsyncpgConnection, new: NewSubscription) -> AddedSubscription | None:
    """Follow a source, unless the list does already; None where the user has no such list."""
    values = (new.kind, new.source, new.interval_seconds, new.import_existing, as_json(new.filter))
    if row := await connection.fetchrow(_ADD, new.user_id, new.list_id, *values):
        return AddedSubscription(_record(row), is_new=True)
    row = await connection.fetchrow(_PRESENT, new.user_id, new.list_id, new.source)
    return AddedSubscription(_record(row), is_new=False) if row else None


async def get_subscription(
    connection: AsyncpgConnection, user_id: UUID, subscription_id: UUID
) -> SubscriptionRecord | None:
    """One subscription, None where the user has none with this id."""
    return _record_or_none(await connection.fetchrow(_FIND_OWN, subscription_id, user_id))


async def page_of_subscriptions(
    connection: AsyncpgConnection,
    user_id: UUID,
    *,
    list_id: UUID | None = None,
    after: PageStart = FIRST_PAGE,
    limit: int,
) -> Sequence[SubscriptionRecord]:
    """The user's subscriptions, all or those of one list, newest first, at most `limit` of them."""
    rows = await connection.fetch(_PAGE, user_id, after.created_at, after.id, list_id, limit)
    return [_record(row) for row in rows]


async def change_interval(
    connection: AsyncpgConnection, user_id: UUID, subscription_id: UUID, interval_seconds: int
) -> SubscriptionRecord | None:
    """Change how often a subscription is checked; None if the user has no such subscription."""
    return _record_or_none(await connection.fetchrow(_CHANGE_INTERVAL, subscription_id, user_id, interval_seconds))


async def set_paused(
    connection: AsyncpgConnection, user_id: UUID, subscription_id: UUID, *, is_paused: bool
) -> SubscriptionRecord | None:
    """Pause or resume the checks; None where the user has no such subscription."""
    return _record_or_none(await connection.fetchrow(_SET_PAUSED, subscription_id, user_id, is_paused))


async def delete_subscription(connection: AsyncpgConnection, user_id: UUID, subscription_id: UUID) -> bool:
    """Follow no longer; False where the user has no such subscription. What it has brought stays.

    A running check reads no further: without its subscription it would import all that is not new.
    """
    await connection.fetchval(_LOCK_LIST, subscription_id)
    if await connection.fetchrow(_FIND_OWN, subscription_id, user_id) is None:
        return False
    for statement in (_FORGET_FRUITLESS_LOOKS, _STOP_LISTING, _DELETE):
        await connection.execute(statement, subscription_id)
    await feeds.forget_unfollowed(connection)
    return True


async def request_check(
    connection: AsyncpgConnection, user_id: UUID, subscription_id: UUID
) -> SubscriptionRecord | None:
    """Have a check begin soon, paused or not, which reads the list whatever the feed says.

    Returns None if the user has no such subscription.
    """
    return _record_or_none(await connection.fetchrow(_REQUEST_CHECK, subscription_id, user_id))


async def plan_check(connection: AsyncpgConnection, subscription_id: UUID) -> CheckPlan:
    """Whether the check that begins asks the feed first."""
    subscription = _record_or_none(await connection.fetchrow(_FIND, subscription_id))
    if subscription is None or subscription.is_checking:
        return CheckPlan()
    return CheckPlan(feed_id=await following.feed_to_ask(connection, subscription_id))


async def start_check(connection: AsyncpgConnection, subscription_id: UUID, batch_id: UUID) -> CheckStarted:
    """Create the batch of a check, unless an earlier check is running, or there is nothing to import or to list."""
    await connection.fetchval(_LOCK_LIST, subscription_id)
    subscription = _record_or_none(await connection.fetchrow(_FIND, subscription_id))
    if subscription is None:
        return CheckStarted(is_subscribed=False)
    under_way = await connection.fetchval(_RUNNING_CHECK, subscription_id, batch_id)
    if under_way is None:
        under_way = await _check(connection, subscription, batch_id)
    return CheckStarted(is_subscribed=True, batch_id=batch_id if under_way == batch_id else None)


async def _check(connection: AsyncpgConnection, subscription: SubscriptionRecord, batch_id: UUID) -> UUID | None:
    """Create what the check needs; returns the batch, None where none is needed."""
    news = await following.find_news(connection, subscription.id)
    if news.step is CheckStep.NOTHING:
        return None
    new = NewBatch(
        user_id=subscription.user_id,
        list_id=subscription.list_id,
        kind=BatchKind(subscription.kind),
        source=subscription.source,
        title=subscription.title,
        youtube_ids=news.unseen,
        filter=subscription.filter,
        is_whole=news.step is CheckStep.WHOLE_LISTING,
    )
    is_needed = news.step is not CheckStep.FEED or bool(news.unseen)
    created: CreatedBatch | None = None
    if is_needed:
        created = await create_batch(connection, new, subscription_id=subscription.id, batch_id=batch_id)
    if news.feed is not None:
        await following.save_feed_check(
            connection, subscription.id, news.feed, new=len(created.created) if created else 0
        )
    return created.batch_id if created else None


async def lock_schedule(connection: AsyncpgConnection, subscription_id: UUID) -> SubscriptionRecord | None:
    """Be the only one to work on a subscription's schedule until the transaction ends.

    Returns what it has to say, None where there must not be one. The row itself stays free for everybody.
    """
    await connection.execute(_LOCK_SCHEDULE, SCHEDULE_LOCK, str(subscription_id))
    return _record_or_none(await connection.fetchrow(_FIND, subscription_id))


async def mark_schedule_synced(connection: AsyncpgConnection, synced: SubscriptionRecord) -> None:
    """Record that the schedule is up to date, unless the subscription has changed meanwhile."""
    said = (synced.interval_seconds, synced.is_paused, synced.is_listing_requested)
    await connection.execute(_MARK_SYNCED, synced.id, *said)


async def mark_schedules_stale(connection: AsyncpgConnection) -> None:
    """Mark all schedules as stale: Temporal may be another server, or have lost its data."""
    await connection.execute(_MARK_SCHEDULES_STALE)


async def subscription_ids(connection: AsyncpgConnection) -> set[UUID]:
    """The subscriptions of all users."""
    return {row["id"] for row in await connection.fetch(_IDS)}


async def stale_schedules(connection: AsyncpgConnection) -> list[UUID]:
    """Subscriptions with a stale schedule, oldest first."""
    return [row["id"] for row in await connection.fetch(_UNSCHEDULED)]


def _record(row: Mapping[str, Any]) -> SubscriptionRecord:
    error_code = ErrorType(row["error_code"]) if row["error_code"] else None
    wanted = VideoFilter.model_validate(row["filter"]) if row["filter"] else None
    return SubscriptionRecord(**{**row, "kind": SourceKind(row["kind"]), "error_code": error_code, "filter": wanted})


def _record_or_none(row: Mapping[str, Any] | None) -> SubscriptionRecord | None:
    return _record(row) if row else None
