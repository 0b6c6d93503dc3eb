"""Clients see batches grow, progress and end: each end once, and never a message for every video."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier import batches
from services.notifier.batches import ENDED_SECONDS, Batches
from services.notifier.store import DatabaseUnavailableError, Store
from shared.contracts.batches import BatchChange, BatchKind, BatchSummary
from shared.contracts.errors import ErrorType
from shared.db import batch_window
from shared.db.batches import enqueue_videos, requeue_failed
from shared.db.connection import transaction
from shared.db.models import LOCAL_USER_ID
from shared.i18n.languages import Language
from shared.i18n.messages import import_error_text
from tests.notifier.support import Library, RecordingListener, other_library
from tests.support.waiting import eventually

PLAYLIST = "https://www.youtube.com/playlist?list=PLaaaaaaaaaaaaaaaa"


@dataclass
class Desk:
    """`Batches` on the real database, with a clock and polls by hand."""

    engine: AsyncEngine
    seconds: float = 1000.0
    reads: int = 0
    fault: Exception | None = None

    def __post_init__(self) -> None:
        self._store = Store(self.engine)
        self.batches = Batches(self._read, lambda: self.seconds)

    async def poll(self, after_seconds: float = 0.25) -> None:
        self.seconds += after_seconds
        await self.batches.poll()

    async def subscribe(self, language: Language = Language.EN, user_id: UUID = LOCAL_USER_ID) -> RecordingListener:
        listener = RecordingListener(language)
        await self.batches.subscribe(user_id, listener)
        return listener

    async def _read(
        self, user_ids: Sequence[UUID], also: Sequence[UUID], ended: float
    ) -> list[tuple[UUID, BatchSummary]]:
        self.reads += 1
        if self.fault:
            await asyncio.sleep(0)
            raise self.fault
        return await self._store.batches(user_ids, also, ended)

    async def end(self, batch_id: UUID, count: int, stage: str = "complete", error_code: str | None = None) -> None:
        """So many videos of the batch come to their end, and so does the batch if that was all."""
        statement = text(
            "UPDATE videos SET import_stage = :stage, error_code = :error_code WHERE id IN (SELECT id FROM videos "
            "WHERE batch_id = :batch_id AND import_stage NOT IN ('complete', 'error') ORDER BY id LIMIT :count)"
        )
        values = {"batch_id": batch_id, "count": count, "stage": stage, "error_code": error_code}
        async with self.engine.begin() as connection:
            await connection.execute(statement, values)
        async with transaction(self.engine) as connection:
            await batch_window.complete_if_done(connection, batch_id)

    async def ask(self, batch_id: UUID, change: BatchChange) -> None:
        async with transaction(self.engine) as connection:
            await batch_window.change(connection, batch_id, change)

    async def write(self, batch_id: UUID, changes: str) -> None:
        """Change the batch's row."""
        async with self.engine.begin() as connection:
            await connection.execute(text(f"UPDATE import_batches SET {changes} WHERE id = :id"), {"id": batch_id})


@pytest.fixture
def desk(engine: AsyncEngine) -> Desk:
    """Everything but the sockets."""
    return Desk(engine)


def ids(count: int) -> list[str]:
    return [f"video{number:06}" for number in range(count)]


async def test_a_message_has_every_field_of_the_batch(desk: Desk, library: Library) -> None:
    batch_id = await library.add_batch(*ids(3), kind=BatchKind.FILE, source="watched.csv")
    listener = await desk.subscribe()
    counted = {"total": 3, "imported": 0, "without_captions": 0, "failed": 0, "cancelled": 0}
    skipped = {"duplicates": 0, "invalid": 0, "unavailable": 0, "members_only": 0, "filtered": 0}
    row = {"batch_id": str(batch_id), "list_id": str(library.list_id), "kind": "file", "source": "watched.csv"}
    listing = {"title": None, "listing": None, "announced": None, "error_code": None, "message": None}
    known = row | listing | skipped
    under_way = {"type": "batch_progress", "state": "open", "progress": 0, "queued": 3, "running": 0, "waiting": 0}
    assert listener.take() == [known | counted | under_way]
    async with desk.engine.begin() as connection:
        silent = "INSERT INTO video_enrichments (youtube_id, title, captions_source, {}) VALUES (:id, '', 'none', {})"
        columns = "description, tags, categories, youtube_chapters"
        await connection.execute(text(silent.format(columns, "'', '{}', '{}', '[]'")), {"id": ids(1)[0]})
        aside = text("UPDATE videos SET batch_slot = 'parked' WHERE youtube_id = :id")
        await connection.execute(aside, {"id": ids(3)[2]})
        await connection.execute(
            text("UPDATE videos SET import_stage = 'complete' WHERE youtube_id <> :id"), {"id": ids(3)[2]}
        )
    await desk.end(batch_id, 0)
    await desk.poll()
    over = {"type": "batch_complete", "state": "complete", "waiting": 1, "imported": 2, "without_captions": 1}
    assert listener.take() == [known | counted | over]


async def test_small_steps_wait_and_large_ones_do_not(desk: Desk, library: Library) -> None:
    batch_id = await library.add_batch(*ids(100))
    listener = await desk.subscribe()
    assert listener.take_fields("progress") == [(0,)]
    await desk.end(batch_id, 4)
    await desk.poll()
    assert listener.take() == []
    await desk.end(batch_id, 1)
    await desk.poll()
    assert listener.take_fields("progress") == [(5,)]
    await desk.end(batch_id, 1)
    await desk.poll(1.75)
    assert listener.take() == []
    await desk.poll(0.25)
    assert listener.take_fields("progress", "imported") == [(6, 6)]
    await desk.poll(3600)
    assert listener.take() == []


async def test_a_hundred_videos_in_a_second_are_a_few_messages(desk: Desk, library: Library) -> None:
    batch_id = await library.add_batch(*ids(100))
    listener = await desk.subscribe()
    for _ in range(100):
        await desk.end(batch_id, 1)
        await desk.poll(0.01)
    told = listener.take_fields("type", "imported")
    assert told == [*(("batch_progress", imported) for imported in range(0, 100, 5)), ("batch_complete", 100)]


async def test_the_end_is_sent_once(desk: Desk, library: Library) -> None:
    batch_id = await library.add_batch(*ids(2))
    listener = await desk.subscribe()
    await desk.end(batch_id, 1)
    await desk.end(batch_id, 1, "error", "video_private")
    for seconds in (0.25, 2, ENDED_SECONDS, 3600):
        await desk.poll(seconds)
    assert listener.take_fields("type", "state")[1:] == [("batch_complete", "complete")]
    assert (await desk.subscribe()).take() == []


async def test_a_batch_that_begins_and_ends_between_two_polls_is_sent(desk: Desk, library: Library) -> None:
    listener = await desk.subscribe()
    unreadable = await library.add_batch(kind=BatchKind.PLAYLIST, source=PLAYLIST)
    await desk.write(unreadable, "listing = 'failed', error_code = 'list_unavailable'")
    await desk.end(unreadable, 0)
    await desk.poll()
    await desk.poll()
    assert listener.take_fields("type", "total", "error_code") == [("batch_complete", 0, "list_unavailable")]


async def test_what_ended_while_postgres_was_unavailable_is_sent(desk: Desk, library: Library) -> None:
    running = await library.add_batch("video000001")
    listener = await desk.subscribe()
    listener.take()
    unseen = await library.add_batch("video000002")
    for batch_id in (running, unseen):
        await desk.end(batch_id, 1)
        await desk.write(batch_id, "completed_at = now() - interval '50 s'")
    desk.fault = DatabaseUnavailableError("refused")
    with pytest.raises(DatabaseUnavailableError):
        await desk.poll()
    desk.fault = None
    await desk.poll(60)
    told = [("batch_complete", str(batch_id)) for batch_id in (running, unseen)]
    assert listener.take_fields("type", "batch_id") == told
    await desk.poll()
    assert listener.take() == []


async def test_a_batch_that_is_retried_ends_again(desk: Desk, library: Library) -> None:
    batch_id = await library.add_batch(*ids(2))
    await desk.end(batch_id, 1)
    listener = await desk.subscribe()
    await desk.end(batch_id, 1, "error", "upstream_unavailable")
    await desk.poll()
    for is_seen in (True, False):
        async with transaction(desk.engine) as connection:
            assert await requeue_failed(connection, library.user_id, batch_id)
        if is_seen:
            await desk.poll()
        await desk.end(batch_id, 1, "error", "upstream_unavailable")
        await desk.poll()
    halfway, over = ("batch_progress", 0), ("batch_complete", 1)
    assert listener.take_fields("type", "failed") == [halfway, over, halfway, over, over]


async def test_pause_resume_and_cancel_are_sent_at_once(desk: Desk, library: Library) -> None:
    batch_id = await library.add_batch(*ids(50))
    listener = await desk.subscribe()
    async with transaction(desk.engine) as connection:
        assert len(await batch_window.claim_next(connection, batch_id, 1)) == 1
    for change in (BatchChange.PAUSE, BatchChange.RESUME, BatchChange.CANCEL):
        await desk.ask(batch_id, change)
        await desk.poll(0.01)
    await desk.end(batch_id, 1)
    await desk.poll(0.01)
    assert listener.take_fields("type", "state", "imported", "cancelled") == [
        ("batch_progress", "open", 0, 0),
        ("batch_progress", "paused", 0, 0),
        ("batch_progress", "open", 0, 0),
        ("batch_progress", "cancelled", 0, 49),
        ("batch_complete", "cancelled", 1, 49),
    ]


async def test_a_playlist_grows_while_it_is_listed(desk: Desk, library: Library) -> None:
    batch_id = await library.add_batch(kind=BatchKind.PLAYLIST, source=PLAYLIST)
    listener = await desk.subscribe()
    await desk.write(batch_id, "title = 'Lectures', announced = 4")
    await desk.poll(2)
    async with transaction(desk.engine) as connection:
        await enqueue_videos(connection, batch_id, ids(3))
    await desk.poll(2)
    await desk.write(batch_id, "listing = 'short'")
    await desk.poll(0.01)
    assert listener.take_fields("title", "announced", "total", "listing") == [
        (None, None, 0, "under_way"),
        ("Lectures", 4, 0, "under_way"),
        ("Lectures", 4, 3, "under_way"),
        ("Lectures", 4, 3, "short"),
    ]


async def test_why_a_list_could_not_be_read_is_sent_in_every_language(desk: Desk, library: Library) -> None:
    batch_id = await library.add_batch(kind=BatchKind.CHANNEL, source="https://www.youtube.com/@channel")
    english, german = await desk.subscribe(), await desk.subscribe(Language.DE)
    english.take(), german.take()
    await desk.write(batch_id, "listing = 'failed', error_code = 'list_unavailable'")
    await desk.poll()
    for listener in (english, german, await desk.subscribe(Language.DE)):
        message = import_error_text(ErrorType.LIST_UNAVAILABLE, listener.language)
        assert listener.take_fields("error_code", "message") == [("list_unavailable", message)]


async def test_a_batch_that_is_deleted_with_its_list_sends_nothing(desk: Desk, library: Library) -> None:
    await library.add_batch(*ids(2))
    listener = await desk.subscribe()
    listener.take()
    async with desk.engine.begin() as connection:
        await connection.execute(text("UPDATE lists SET deleted_at = now()"))
    await desk.poll(2)
    assert listener.take() == []
    assert (await desk.subscribe()).take() == []


async def test_users_get_their_own_batches_only(desk: Desk, library: Library) -> None:
    stranger = await other_library(desk.engine)
    theirs = await stranger.add_batch(*ids(1))
    mine, other = await desk.subscribe(), await desk.subscribe(user_id=stranger.user_id)
    assert (mine.take(), other.take_fields("batch_id")) == ([], [(str(theirs),)])
    await library.add_batch(*ids(1))
    await desk.end(theirs, 1)
    await desk.poll()
    assert mine.take_fields("type") == [("batch_progress",)]
    assert other.take_fields("type", "batch_id") == [("batch_complete", str(theirs))]


async def test_a_client_that_connects_later_gets_what_the_others_got(desk: Desk, library: Library) -> None:
    older, newer = [await library.add_batch(youtube_id) for youtube_id in ids(2)]
    early = await desk.subscribe()
    late = await desk.subscribe(Language.DE)
    assert early.take() == late.messages
    assert late.take_fields("batch_id") == [(str(older),), (str(newer),)]
    desk.batches.unsubscribe(LOCAL_USER_ID, late)
    await desk.end(older, 1)
    await desk.poll()
    assert early.take_fields("type") == [("batch_complete",)]
    assert late.take() == []


async def test_what_ended_before_the_first_client_connected_is_not_sent(desk: Desk, library: Library) -> None:
    batch_id = await library.add_batch(*ids(1))
    first = await desk.subscribe()
    desk.batches.unsubscribe(LOCAL_USER_ID, first)
    await desk.poll()
    assert desk.reads == 1  # there was no one to poll for
    await desk.end(batch_id, 1)
    back = await desk.subscribe()
    await desk.poll()
    assert back.take() == []


async def test_clients_that_connect_at_once_share_a_poll_and_its_failure(desk: Desk, library: Library) -> None:
    await library.add_batch(*ids(1))
    stranger = await other_library(desk.engine)
    desk.fault = DatabaseUnavailableError("refused")
    subscribing = [desk.subscribe(user_id=user_id) for user_id in [LOCAL_USER_ID, stranger.user_id] * 20]
    assert {type(outcome) for outcome in await asyncio.gather(*subscribing, return_exceptions=True)} == {
        DatabaseUnavailableError
    }
    assert desk.reads == 1
    desk.fault = None
    listeners = await asyncio.gather(*(desk.subscribe(user_id=user_id) for user_id in [LOCAL_USER_ID] * 20))
    assert [listener.take_fields("type") for listener in listeners] == [[("batch_progress",)]] * 20
    assert desk.reads == 2


async def test_a_connection_that_gives_up_does_not_end_the_poll_of_the_others(desk: Desk, library: Library) -> None:
    await library.add_batch(*ids(1))
    first, second = RecordingListener(), RecordingListener()
    given_up, other = [asyncio.create_task(desk.batches.subscribe(LOCAL_USER_ID, each)) for each in (first, second)]
    await asyncio.sleep(0)
    given_up.cancel()
    desk.batches.unsubscribe(LOCAL_USER_ID, first)
    await other
    assert (first.take(), second.take_fields("type")) == ([], [("batch_progress",)])


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (DatabaseUnavailableError("refused"), "database_unavailable"),
        (ValueError("of a newer version"), "batches_not_delivered"),
    ],
)
async def test_a_poll_that_fails_is_not_the_last(
    desk: Desk,
    library: Library,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: Exception,
    words: str,
) -> None:
    async def failed_twice() -> bool:
        return sum(words in record.getMessage() for record in caplog.records) >= 2

    async def told() -> list[dict[str, Any]]:
        return listener.messages

    monkeypatch.setattr(batches, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(batches, "MIN_POLL_SECONDS", 0.01)
    listener = await desk.subscribe()
    desk.fault = fault
    running = asyncio.create_task(desk.batches.run())
    await eventually(failed_twice)
    await library.add_batch(*ids(1))
    desk.fault = None
    await eventually(told)
    running.cancel()
    assert listener.take_fields("type") == [("batch_progress",)]
