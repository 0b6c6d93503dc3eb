"""Playlists and channels that users follow. What a look for new videos brings is a batch.

`is_scheduled` says whether Temporal's schedule says the same as the row: every change takes it back in the same
statement, and only who has the schedule's lock may claim it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.contracts.batches import BatchKind, SourceKind
from shared.contracts.errors import ErrorType
from shared.contracts.subscriptions import Look
from shared.db.batches import NewBatch, create_batch
from shared.db.driver import DriverConnection
from shared.db.lists import FIRST_PAGE, PageStart

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


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionRecord:
    """A subscription, and what its last look found."""

    id: UUID
    user_id: UUID
    list_id: UUID
    kind: SourceKind
    source: str
    title: str | None
    interval_seconds: int
    is_paused: bool
    import_existing: bool
    is_scheduled: bool
    checked_at: datetime | None
    last_new: int | None
    error_code: ErrorType | None
    created_at: datetime
    is_checking: bool
    """Whether a look, and the import of what it brought, is under way."""


@dataclass(frozen=True, slots=True)
class AddedSubscription:
    """The subscription to a source on a list, and whether it was there before."""

    subscription: SubscriptionRecord
    is_new: bool


_COLUMNS = """
    s.id, s.user_id, s.list_id, s.kind, s.source, s.title, s.interval_seconds, s.is_paused, s.import_existing,
    s.is_scheduled, s.checked_at, s.last_new, s.error_code, s.created_at,
    EXISTS (SELECT FROM import_batches b WHERE b.subscription_id = s.id AND b.completed_at IS NULL) AS is_checking
    """
# The list is locked as the foreign key would lock it: one that is being deleted is "no such list" and not an error.
_ADD = f"""
    INSERT INTO subscriptions AS s (id, user_id, list_id, kind, source, interval_seconds, import_existing)
    SELECT gen_random_uuid(), l.user_id, l.id, $3, $4, $5, $6
    FROM (SELECT id, user_id FROM lists WHERE id = $2 AND user_id = $1 FOR KEY SHARE) l
    ON CONFLICT (list_id, source) DO NOTHING
    RETURNING {_COLUMNS}
    """  # noqa: S608 - a constant
_SUBSCRIPTION = f"SELECT {_COLUMNS} FROM subscriptions s"  # noqa: S608 - a constant
_PRESENT = f"{_SUBSCRIPTION} WHERE user_id = $1 AND list_id = $2 AND source = $3"
_FIND = f"{_SUBSCRIPTION} WHERE id = $1"
_FIND_OWN = f"{_FIND} AND user_id = $2"
_PAGE = f"""
    {_SUBSCRIPTION}
    WHERE user_id = $1 AND (created_at, id) < ($2, $3) AND ($4::uuid IS NULL OR list_id = $4)
    ORDER BY created_at DESC, id DESC LIMIT $5
    """
_CHANGE_INTERVAL = f"""
    UPDATE subscriptions s SET interval_seconds = $3, is_scheduled = is_scheduled AND interval_seconds = $3
    WHERE id = $1 AND user_id = $2 RETURNING {_COLUMNS}
    """  # noqa: S608 - a constant
_SET_PAUSED = f"""
    UPDATE subscriptions s SET is_paused = $3, is_scheduled = is_scheduled AND is_paused = $3
    WHERE id = $1 AND user_id = $2 RETURNING {_COLUMNS}
    """  # noqa: S608 - a constant
# No look begins while its list is locked: whoever deletes a subscription has seen all of its batches.
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
_LOOK_UNDER_WAY = """
    SELECT id FROM import_batches WHERE id = $2 OR (subscription_id = $1 AND completed_at IS NULL)
    ORDER BY id = $2 DESC LIMIT 1
    """
_LOCK_SCHEDULE = "SELECT pg_advisory_xact_lock($1, hashtext($2))"
_NOTE_SCHEDULED = """
    UPDATE subscriptions SET is_scheduled = true WHERE id = $1 AND interval_seconds = $2 AND is_paused = $3
    """
_DOUBT_SCHEDULES = """
    WITH told AS (SELECT id FROM subscriptions WHERE is_scheduled ORDER BY id FOR UPDATE)
    UPDATE subscriptions s SET is_scheduled = false FROM told WHERE s.id = told.id
    """
_UNSCHEDULED = "SELECT id FROM subscriptions WHERE NOT is_scheduled ORDER BY created_at"


async def add_subscription(connection: DriverConnection, new: NewSubscription) -> AddedSubscription | None:
    """Follow a source, unless the list does already; None where the user has no such list."""
    values = (new.kind, new.source, new.interval_seconds, new.import_existing)
    if row := await connection.fetchrow(_ADD, new.user_id, new.list_id, *values):
        return AddedSubscription(_record(row), is_new=True)
    row = await connection.fetchrow(_PRESENT, new.user_id, new.list_id, new.source)
    return AddedSubscription(_record(row), is_new=False) if row else None


async def get_subscription(
    connection: DriverConnection, user_id: UUID, subscription_id: UUID
) -> SubscriptionRecord | None:
    """One subscription, None where the user has none with this id."""
    return _record_or_none(await connection.fetchrow(_FIND_OWN, subscription_id, user_id))


async def page_of_subscriptions(
    connection: DriverConnection,
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
    connection: DriverConnection, user_id: UUID, subscription_id: UUID, interval_seconds: int
) -> SubscriptionRecord | None:
    """Look so often from now on; None where the user has no such subscription."""
    return _record_or_none(await connection.fetchrow(_CHANGE_INTERVAL, subscription_id, user_id, interval_seconds))


async def set_paused(
    connection: DriverConnection, user_id: UUID, subscription_id: UUID, *, is_paused: bool
) -> SubscriptionRecord | None:
    """Let looks rest, or go on; None where the user has no such subscription."""
    return _record_or_none(await connection.fetchrow(_SET_PAUSED, subscription_id, user_id, is_paused))


async def delete_subscription(connection: DriverConnection, user_id: UUID, subscription_id: UUID) -> bool:
    """Follow no longer; False where the user has no such subscription. What it has brought stays.

    A look under way reads no further: without its subscription it would import all that is not new.
    """
    await connection.fetchval(_LOCK_LIST, subscription_id)
    if await connection.fetchrow(_FIND_OWN, subscription_id, user_id) is None:
        return False
    for statement in (_FORGET_FRUITLESS_LOOKS, _STOP_LISTING, _DELETE):
        await connection.execute(statement, subscription_id)
    return True


async def begin_look(connection: DriverConnection, subscription_id: UUID, batch_id: UUID) -> Look:
    """Write the batch of a look, unless an earlier one is under way."""
    await connection.fetchval(_LOCK_LIST, subscription_id)
    subscription = _record_or_none(await connection.fetchrow(_FIND, subscription_id))
    if subscription is None:
        return Look(is_followed=False)
    under_way = await connection.fetchval(_LOOK_UNDER_WAY, subscription_id, batch_id)
    if under_way is None:
        await create_batch(
            connection,
            NewBatch(
                user_id=subscription.user_id,
                list_id=subscription.list_id,
                kind=BatchKind(subscription.kind),
                source=subscription.source,
            ),
            subscription_id=subscription_id,
            batch_id=batch_id,
        )
    return Look(is_followed=True, batch_id=batch_id if under_way in {None, batch_id} else None)


async def lock_schedule(connection: DriverConnection, subscription_id: UUID) -> SubscriptionRecord | None:
    """Be the only one to work on a subscription's schedule until the transaction ends.

    Returns what it has to say, None where there must not be one. The row itself stays free for everybody.
    """
    await connection.execute(_LOCK_SCHEDULE, SCHEDULE_LOCK, str(subscription_id))
    return _record_or_none(await connection.fetchrow(_FIND, subscription_id))


async def note_scheduled(connection: DriverConnection, told: SubscriptionRecord) -> None:
    """Remember that Temporal was told, unless the subscription has changed meanwhile."""
    await connection.execute(_NOTE_SCHEDULED, told.id, told.interval_seconds, told.is_paused)


async def doubt_schedules(connection: DriverConnection) -> None:
    """Have Temporal told of every subscription once more: it may be another one, or have lost its data."""
    await connection.execute(_DOUBT_SCHEDULES)


async def subscription_ids(connection: DriverConnection) -> set[UUID]:
    """All of them, whoever's they are."""
    return {row["id"] for row in await connection.fetch("SELECT id FROM subscriptions")}


async def unscheduled(connection: DriverConnection) -> list[UUID]:
    """Subscriptions that Temporal has yet to be told of, oldest first."""
    return [row["id"] for row in await connection.fetch(_UNSCHEDULED)]


def _record(row: Mapping[str, Any]) -> SubscriptionRecord:
    error_code = ErrorType(row["error_code"]) if row["error_code"] else None
    return SubscriptionRecord(**{**row, "kind": SourceKind(row["kind"]), "error_code": error_code})


def _record_or_none(row: Mapping[str, Any] | None) -> SubscriptionRecord | None:
    return _record(row) if row else None
