"""Changes that triggers write: ended batches, checks of subscriptions, and what is deleted in the background."""

from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.messages import Change, ChangeType
from shared.db import subscriptions
from shared.db.batch_window import complete_if_done
from shared.db.connection import transaction
from shared.db.event_retention import forget_old_changes
from shared.db.events import events_since
from shared.db.list_deletion import delete_piece
from shared.db.lists import delete_list
from shared.db.models import LOCAL_USER_ID
from tests.support.batches import add_batch, add_list
from tests.support.entries import add_video
from tests.support.subscriptions import follow


async def changes(engine: AsyncEngine) -> list[Change]:
    """Everything that was told, besides imports and the making of lists."""
    async with engine.connect() as connection:
        items = await events_since(connection, LOCAL_USER_ID, 0)
    told = [item.message for item in items if isinstance(item.message, Change)]
    return [change for change in told if change.type is not ChangeType.LIST_CHANGED]


async def end(engine: AsyncEngine, batch_id: UUID) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE videos SET import_stage = 'complete', import_progress = 100"))
    async with transaction(engine) as connection:
        await complete_if_done(connection, batch_id)
        await complete_if_done(connection, batch_id)


async def test_the_end_of_a_batch_is_an_event(engine: AsyncEngine) -> None:
    batch_id = await add_batch(engine, ["abcdefghijk"])
    assert await changes(engine) == []

    await end(engine, batch_id)

    [ended] = await changes(engine)
    assert (ended.type, ended.batch_id) == (ChangeType.BATCH_ENDED, batch_id)


async def test_a_check_is_an_event_when_it_begins_and_when_it_ends(engine: AsyncEngine) -> None:
    subscription = await follow(engine)
    [added] = await changes(engine)
    batch_id = UUID(int=7)
    async with transaction(engine) as connection:
        await subscriptions.start_check(connection, subscription.id, batch_id)
    *_, begun = await changes(engine)
    async with transaction(engine) as connection:
        await connection.execute("UPDATE import_batches SET listing = 'done'")
        await connection.execute("UPDATE subscriptions SET checked_at = now(), last_new = 0")
        await complete_if_done(connection, batch_id)  # which deletes it: it has found nothing
    ended = (await changes(engine))[2:]

    assert {change.type for change in (added, begun, *ended)} == {ChangeType.SUBSCRIPTION_CHANGED}
    assert {change.subscription_id for change in (added, begun, *ended)} == {subscription.id}
    assert ended


async def test_what_nobody_sees_is_no_event(engine: AsyncEngine) -> None:
    subscription = await follow(engine)
    before = await changes(engine)
    async with transaction(engine) as connection:
        await subscriptions.mark_schedule_synced(connection, subscription)
    assert await changes(engine) == before


async def test_a_list_that_is_deleted_in_the_background_is_one_event(engine: AsyncEngine) -> None:
    video = await add_video(engine, "abcdefghijk")
    await follow(engine, list_id=video.list_id)
    async with engine.begin() as connection:
        await delete_list(connection, LOCAL_USER_ID, video.list_id)
    while True:
        async with transaction(engine) as connection:
            if (await delete_piece(connection, video.list_id, 100)).is_last:
                break

    assert [change.type for change in await changes(engine)] == [ChangeType.LIST_DELETED]


async def test_old_changes_are_forgotten_and_imports_are_not(engine: AsyncEngine) -> None:
    await add_video(engine, "abcdefghijk")
    await add_list(engine)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE import_events SET at = at - interval '31 days'"))
    await add_list(engine)
    async with transaction(engine) as connection:
        await forget_old_changes(connection)
    async with engine.connect() as connection:
        left = await events_since(connection, LOCAL_USER_ID, 0)
    assert [item.message.type for item in left] == ["import_progress", ChangeType.LIST_CHANGED]
