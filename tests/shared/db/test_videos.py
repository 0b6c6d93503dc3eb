"""Adding and retrying: one statement each, whose event is part of it."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.contracts.errors import ErrorType
from shared.contracts.messages import ImportProgress
from shared.db import videos
from shared.db.connection import raw_connection, transaction
from shared.db.events import events_since
from shared.db.imports import fail
from shared.db.lists import create_list
from shared.db.video_inserts import NewVideo, add_video, add_videos
from tests.support.entries import messages_of
from tests.support.waiting import eventually

YOUTUBE_ID = "abcdefghijk"


@pytest.fixture
async def connection(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection that commits each statement."""
    async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        yield connection


@pytest.fixture
async def list_id(connection: AsyncConnection, local_user_id: UUID) -> UUID:
    """An empty list."""
    return (await create_list(connection, local_user_id, "Lighthouses")).id


async def test_adding_writes_the_entry_and_its_event_together(
    connection: AsyncConnection, local_user_id: UUID, list_id: UUID
) -> None:
    added = await add_video(raw_connection(connection), local_user_id, list_id, YOUTUBE_ID)

    assert added is not None
    assert (await events_since(connection, local_user_id, 0))[1:] == [added.event]  # after the list's
    saved = await videos.get_video(connection, local_user_id, added.video.id)
    assert saved is not None
    for field in ("id", "list_id", "youtube_id", "import_stage", "import_progress", "created_at"):
        assert getattr(saved, field) == getattr(added.video, field)


async def test_each_of_many_gets_its_own_answer(
    connection: AsyncConnection, local_user_id: UUID, list_id: UUID
) -> None:
    there = await add_video(raw_connection(connection), local_user_id, list_id, YOUTUBE_ID)
    other_list = (await create_list(connection, local_user_id, "Lamps")).id
    wanted = [
        (local_user_id, list_id, "video000001"),
        (local_user_id, list_id, YOUTUBE_ID),
        (local_user_id, other_list, YOUTUBE_ID),
        (local_user_id, uuid4(), "video000001"),
        (uuid4(), list_id, "video000001"),
        (local_user_id, list_id, "video000001"),
    ]

    new, old, other, *nowhere, again = await add_videos(raw_connection(connection), [NewVideo(*one) for one in wanted])

    assert there is not None
    assert old == videos.ChangedVideo(there.video, None)
    assert nowhere == [None, None]
    assert isinstance(new, videos.ChangedVideo)
    assert isinstance(other, videos.ChangedVideo)
    assert again == videos.ChangedVideo(new.video, None)
    assert [(one.video.list_id, one.video.youtube_id) for one in (new, other)] == [
        (list_id, "video000001"),
        (other_list, YOUTUBE_ID),
    ]
    events = await events_since(connection, local_user_id, 0)
    told = [event for event in events if isinstance(event.message, ImportProgress)]
    assert told[0] == there.event
    assert sorted(told[1:], key=str) == sorted([event for event in (new.event, other.event) if event], key=str)
    assert [event.prev_seq for event in events] == [None, *(event.message.seq for event in events[:-1])]


async def test_events_of_concurrent_additions_form_one_chain(
    engine: AsyncEngine, connection: AsyncConnection, local_user_id: UUID, list_id: UUID
) -> None:
    async def add(number: int) -> None:
        async with engine.connect() as own:
            await add_video(raw_connection(own), local_user_id, list_id, f"video{number:06d}")

    await asyncio.gather(*(add(number) for number in range(20)))

    events = await events_since(connection, local_user_id, 0)
    assert len(events) == 1 + 20
    assert [event.prev_seq for event in events] == [None, *(event.message.seq for event in events[:-1])]


async def test_an_addition_that_another_one_outran_tells_the_entry_that_is_there(
    engine: AsyncEngine, connection: AsyncConnection, local_user_id: UUID, list_id: UUID
) -> None:
    async with engine.begin() as other:
        there = (
            await other.execute(
                text(
                    "INSERT INTO videos (id, list_id, user_id, youtube_id, thumbnail_url) "
                    "VALUES (gen_random_uuid(), :list_id, :user_id, :youtube_id, '') RETURNING id"
                ),
                {"list_id": list_id, "user_id": local_user_id, "youtube_id": YOUTUBE_ID},
            )
        ).scalar_one()
        late = asyncio.create_task(add_video(raw_connection(connection), local_user_id, list_id, YOUTUBE_ID))
        await eventually(partial(_somebody_waits_for_a_lock, engine))

    added = await late
    assert added is not None
    assert (added.video.id, added.event) == (there, None)


async def test_an_addition_to_a_list_that_is_being_deleted_finds_no_list(
    engine: AsyncEngine, connection: AsyncConnection, local_user_id: UUID, list_id: UUID
) -> None:
    async with engine.begin() as other:
        await other.execute(text("DELETE FROM lists WHERE id = :id"), {"id": list_id})
        late = asyncio.create_task(add_video(raw_connection(connection), local_user_id, list_id, YOUTUBE_ID))
        await eventually(partial(_somebody_waits_for_a_lock, engine))

    assert await late is None


async def _somebody_waits_for_a_lock(engine: AsyncEngine) -> bool:
    async with engine.connect() as connection:
        waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        return bool((await connection.execute(waiting)).scalar())


async def test_a_retry_moves_failed_entries_only(
    engine: AsyncEngine, connection: AsyncConnection, local_user_id: UUID, list_id: UUID
) -> None:
    added = await add_video(raw_connection(connection), local_user_id, list_id, YOUTUBE_ID)
    assert added is not None
    assert (await videos.retry_video(connection, local_user_id, added.video.id)) == videos.ChangedVideo(
        added.video, None
    )
    async with transaction(engine) as own:
        await fail(own, YOUTUBE_ID, ErrorType.VIDEO_PRIVATE)

    retried, again = [await videos.retry_video(connection, local_user_id, added.video.id) for _ in range(2)]

    assert retried is not None
    assert retried.event is not None
    assert again == videos.ChangedVideo(added.video, None)
    events = await events_since(connection, local_user_id, 0)
    assert [message.stage for message in messages_of(events)] == ["created", "error", "created"]
    assert events[-1] == retried.event


async def test_other_users_are_left_alone(connection: AsyncConnection, local_user_id: UUID, list_id: UUID) -> None:
    added = await add_video(raw_connection(connection), local_user_id, list_id, YOUTUBE_ID)
    assert added is not None
    stranger, video_id = uuid4(), added.video.id

    assert await add_video(raw_connection(connection), stranger, list_id, YOUTUBE_ID) is None
    assert await videos.get_video(connection, stranger, video_id) is None
    assert await videos.retry_video(connection, stranger, video_id) is None
    assert await videos.delete_video(connection, stranger, video_id) is None
    assert await videos.page_of_videos(connection, stranger, list_id, limit=10) == []
    assert await videos.get_video(connection, local_user_id, video_id) is not None


async def test_a_deletion_tells_whose_import_was_waited_for(
    engine: AsyncEngine, connection: AsyncConnection, local_user_id: UUID, list_id: UUID
) -> None:
    waiting = await add_video(raw_connection(connection), local_user_id, list_id, YOUTUBE_ID)
    assert waiting is not None
    assert await videos.delete_video(connection, local_user_id, waiting.video.id) == videos.DeletedVideo(YOUTUBE_ID)

    failed = await add_video(raw_connection(connection), local_user_id, list_id, YOUTUBE_ID)
    assert failed is not None
    async with transaction(engine) as own:
        await fail(own, YOUTUBE_ID, ErrorType.VIDEO_PRIVATE)
    assert await videos.delete_video(connection, local_user_id, failed.video.id) == videos.DeletedVideo(None)
