"""Batches: who is here sees them grow, move and end, each end once, and never a message for every video."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier import batches
from services.notifier.batches import ENDED_SECONDS, Batches
from services.notifier.store import DatabaseAway, Store
from shared.contracts.batches import BatchChange, BatchKind, BatchSummary
from shared.contracts.texts import Language
from shared.db import batch_window
from shared.db.batches import put_videos, requeue_failed
from shared.db.driver import transaction
from shared.db.models import LOCAL_USER_ID
from tests.notifier.support import Library, other_library
from tests.support.waiting import eventually

PLAYLIST = "https://www.youtube.com/playlist?list=PLaaaaaaaaaaaaaaaa"


@dataclass(eq=False)
class Listener:
    """A connection that keeps what it is told."""

    language: Language = Language.EN
    messages: list[dict[str, Any]] = field(default_factory=list)

    def send(self, text: bytes) -> None:
        self.messages.append(json.loads(text))

    def take(self) -> list[dict[str, Any]]:
        """What it was told since it was asked last."""
        taken, self.messages = self.messages, []
        return taken

    def take_told(self, *names: str) -> list[tuple[Any, ...]]:
        """The same, as far as these fields go."""
        return [tuple(message[name] for name in names) for message in self.take()]


@dataclass
class Desk:
    """`Batches` on the real database, with a clock and looks by hand."""

    engine: AsyncEngine
    seconds: float = 1000.0
    reads: int = 0
    fault: Exception | None = None

    def __post_init__(self) -> None:
        self._store = Store(self.engine)
        self.batches = Batches(self._read, lambda: self.seconds)

    async def look(self, after_seconds: float = 0.25) -> None:
        self.seconds += after_seconds
        await self.batches.look()

    async def join(self, language: Language = Language.EN, user_id: UUID = LOCAL_USER_ID) -> Listener:
        listener = Listener(language)
        await self.batches.join(user_id, listener)
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
        async with transaction(self.engine) as driver:
            await batch_window.close_if_over(driver, batch_id)

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


async def test_says_everything_about_a_batch(desk: Desk, library: Library) -> None:
    batch_id = await library.add_batch(*ids(3), kind=BatchKind.FILE, source="watched.csv")
    listener = await desk.join()
    counted = {"total": 3, "imported": 0, "without_captions": 0, "failed": 0, "cancelled": 0}
    skipped = {"duplicates": 0, "invalid": 0, "unavailable": 0}
    row = {"batch_id": str(batch_id), "list_id": str(library.list_id), "kind": "file", "source": "watched.csv"}
    listing = {"title": None, "listing": None, "announced": None, "error_code": None, "message": None}
    known = row | listing | skipped
    under_way = {"type": "batch_progress", "state": "open", "progress": 0, "queued": 3, "running": 0, "waiting": 0}
    assert listener.take() == [known | counted | under_way]
    async with desk.engine.begin() as connection:
        silent = "INSERT INTO video_enrichments (youtube_id, title, captions_source, {}) VALUES (:id, '', 'none', {})"
        columns = "description, tags, categories, youtube_chapters"
        await connection.execute(text(silent.format(columns, "'', '{}', '{}', '[]'")), {"id": ids(1)[0]})
        aside = text("UPDATE videos SET batch_place = 'aside' WHERE youtube_id = :id")
        await connection.execute(aside, {"id": ids(3)[2]})
        await connection.execute(
            text("UPDATE videos SET import_stage = 'complete' WHERE youtube_id <> :id"), {"id": ids(3)[2]}
        )
    await desk.end(batch_id, 0)
    await desk.look()
    over = {"type": "batch_complete", "state": "complete", "waiting": 1, "imported": 2, "without_captions": 1}
    assert listener.take() == [known | counted | over]


async def test_small_steps_wait_and_large_ones_do_not(desk: Desk, library: Library) -> None:
    batch_id = await library.add_batch(*ids(100))
    listener = await desk.join()
    assert listener.take_told("progress") == [(0,)]
    await desk.end(batch_id, 4)
    await desk.look()
    assert listener.take() == []
    await desk.end(batch_id, 1)
    await desk.look()
    assert listener.take_told("progress") == [(5,)]
    await desk.end(batch_id, 1)
    await desk.look(1.75)
    assert listener.take() == []
    await desk.look(0.25)
    assert listener.take_told("progress", "imported") == [(6, 6)]
    await desk.look(3600)
    assert listener.take() == []


async def test_a_hundred_videos_in_a_second_are_a_few_messages(desk: Desk, library: Library) -> None:
    batch_id = await library.add_batch(*ids(100))
    listener = await desk.join()
    for _ in range(100):
        await desk.end(batch_id, 1)
        await desk.look(0.01)
    told = listener.take_told("type", "imported")
    assert told == [*(("batch_progress", imported) for imported in range(0, 100, 5)), ("batch_complete", 100)]


async def test_the_end_is_told_once(desk: Desk, library: Library) -> None:
    batch_id = await library.add_batch(*ids(2))
    listener = await desk.join()
    await desk.end(batch_id, 1)
    await desk.end(batch_id, 1, "error", "video_private")
    for seconds in (0.25, 2, ENDED_SECONDS, 3600):
        await desk.look(seconds)
    assert listener.take_told("type", "state")[1:] == [("batch_complete", "complete")]
    assert (await desk.join()).take() == []


async def test_a_batch_that_begins_and_ends_between_two_looks_is_told(desk: Desk, library: Library) -> None:
    listener = await desk.join()
    unreadable = await library.add_batch(kind=BatchKind.PLAYLIST, source=PLAYLIST)
    await desk.write(unreadable, "listing = 'failed', error_code = 'list_unavailable'")
    await desk.end(unreadable, 0)
    await desk.look()
    await desk.look()
    assert listener.take_told("type", "total", "error_code") == [("batch_complete", 0, "list_unavailable")]


async def test_what_ended_while_postgres_was_away_is_told(desk: Desk, library: Library) -> None:
    running = await library.add_batch("video000001")
    listener = await desk.join()
    listener.take()
    unseen = await library.add_batch("video000002")
    for batch_id in (running, unseen):
        await desk.end(batch_id, 1)
        await desk.write(batch_id, "completed_at = now() - interval '50 s'")
    desk.fault = DatabaseAway("refused")
    with pytest.raises(DatabaseAway):
        await desk.look()
    desk.fault = None
    await desk.look(60)
    told = [("batch_complete", str(batch_id)) for batch_id in (running, unseen)]
    assert listener.take_told("type", "batch_id") == told
    await desk.look()
    assert listener.take() == []


async def test_a_batch_that_is_taken_up_again_ends_again(desk: Desk, library: Library) -> None:
    batch_id = await library.add_batch(*ids(2))
    await desk.end(batch_id, 1)
    listener = await desk.join()
    await desk.end(batch_id, 1, "error", "upstream_unavailable")
    await desk.look()
    for is_seen in (True, False):
        async with transaction(desk.engine) as connection:
            assert await requeue_failed(connection, library.user_id, batch_id)
        if is_seen:
            await desk.look()
        await desk.end(batch_id, 1, "error", "upstream_unavailable")
        await desk.look()
    halfway, over = ("batch_progress", 0), ("batch_complete", 1)
    assert listener.take_told("type", "failed") == [halfway, over, halfway, over, over]


async def test_pause_resume_and_cancel_are_told_at_once(desk: Desk, library: Library) -> None:
    batch_id = await library.add_batch(*ids(50))
    listener = await desk.join()
    async with transaction(desk.engine) as connection:
        assert len(await batch_window.release(connection, batch_id, 1)) == 1
    for change in (BatchChange.PAUSE, BatchChange.RESUME, BatchChange.CANCEL):
        await desk.ask(batch_id, change)
        await desk.look(0.01)
    await desk.end(batch_id, 1)
    await desk.look(0.01)
    assert listener.take_told("type", "state", "imported", "cancelled") == [
        ("batch_progress", "open", 0, 0),
        ("batch_progress", "paused", 0, 0),
        ("batch_progress", "open", 0, 0),
        ("batch_progress", "cancelled", 0, 49),
        ("batch_complete", "cancelled", 1, 49),
    ]


async def test_a_playlist_grows_while_it_is_listed(desk: Desk, library: Library) -> None:
    batch_id = await library.add_batch(kind=BatchKind.PLAYLIST, source=PLAYLIST)
    listener = await desk.join()
    await desk.write(batch_id, "title = 'Lectures', announced = 4")
    await desk.look(2)
    async with transaction(desk.engine) as connection:
        await put_videos(connection, batch_id, ids(3))
    await desk.look(2)
    await desk.write(batch_id, "listing = 'short'")
    await desk.look(0.01)
    assert listener.take_told("title", "announced", "total", "listing") == [
        (None, None, 0, "under_way"),
        ("Lectures", 4, 0, "under_way"),
        ("Lectures", 4, 3, "under_way"),
        ("Lectures", 4, 3, "short"),
    ]


async def test_why_a_list_could_not_be_read_is_told_in_everybodys_language(desk: Desk, library: Library) -> None:
    batch_id = await library.add_batch(kind=BatchKind.CHANNEL, source="https://www.youtube.com/@channel")
    english, german = await desk.join(), await desk.join(Language.DE)
    english.take(), german.take()
    await desk.write(batch_id, "listing = 'failed', error_code = 'list_unavailable'")
    await desk.look()
    [(code, in_english)] = english.take_told("error_code", "message")
    [(_, in_german)] = german.take_told("error_code", "message")
    assert code == "list_unavailable"
    assert (in_english[:33], in_german[:34]) == (
        "YouTube does not show this playli",
        "YouTube zeigt diese Playlist oder ",
    )
    assert (await desk.join(Language.DE)).take_told("message") == [(in_german,)]


async def test_a_batch_goes_with_its_list_in_silence(desk: Desk, library: Library) -> None:
    await library.add_batch(*ids(2))
    listener = await desk.join()
    listener.take()
    async with desk.engine.begin() as connection:
        await connection.execute(text("DELETE FROM lists"))
    await desk.look(2)
    assert listener.take() == []
    assert (await desk.join()).take() == []


async def test_users_hear_of_their_own_batches_only(desk: Desk, library: Library) -> None:
    stranger = await other_library(desk.engine)
    theirs = await stranger.add_batch(*ids(1))
    mine, other = await desk.join(), await desk.join(user_id=stranger.user_id)
    assert (mine.take(), other.take_told("batch_id")) == ([], [(str(theirs),)])
    await library.add_batch(*ids(1))
    await desk.end(theirs, 1)
    await desk.look()
    assert mine.take_told("type") == [("batch_progress",)]
    assert other.take_told("type", "batch_id") == [("batch_complete", str(theirs))]


async def test_who_comes_later_knows_what_the_others_know(desk: Desk, library: Library) -> None:
    older, newer = [await library.add_batch(youtube_id) for youtube_id in ids(2)]
    early = await desk.join()
    late = await desk.join(Language.DE)
    assert early.take() == late.messages
    assert late.take_told("batch_id") == [(str(older),), (str(newer),)]
    desk.batches.leave(LOCAL_USER_ID, late)
    await desk.end(older, 1)
    await desk.look()
    assert early.take_told("type") == [("batch_complete",)]
    assert late.take() == []


async def test_nobody_is_told_of_what_ended_before_he_came(desk: Desk, library: Library) -> None:
    batch_id = await library.add_batch(*ids(1))
    first = await desk.join()
    desk.batches.leave(LOCAL_USER_ID, first)
    await desk.look()
    assert desk.reads == 1  # there was nobody to look for
    await desk.end(batch_id, 1)
    back = await desk.join()
    await desk.look()
    assert back.take() == []


async def test_everybody_who_comes_at_once_shares_a_look_and_its_failure(desk: Desk, library: Library) -> None:
    await library.add_batch(*ids(1))
    stranger = await other_library(desk.engine)
    desk.fault = DatabaseAway("refused")
    joins = [desk.join(user_id=user_id) for user_id in [LOCAL_USER_ID, stranger.user_id] * 20]
    assert {type(outcome) for outcome in await asyncio.gather(*joins, return_exceptions=True)} == {DatabaseAway}
    assert desk.reads == 1
    desk.fault = None
    listeners = await asyncio.gather(*(desk.join(user_id=user_id) for user_id in [LOCAL_USER_ID] * 20))
    assert [listener.take_told("type") for listener in listeners] == [[("batch_progress",)]] * 20
    assert desk.reads == 2


async def test_a_connection_that_gives_up_does_not_end_the_look_of_the_others(desk: Desk, library: Library) -> None:
    await library.add_batch(*ids(1))
    first, second = Listener(), Listener()
    given_up, other = [asyncio.create_task(desk.batches.join(LOCAL_USER_ID, each)) for each in (first, second)]
    await asyncio.sleep(0)
    given_up.cancel()
    desk.batches.leave(LOCAL_USER_ID, first)
    await other
    assert (first.take(), second.take_told("type")) == ([], [("batch_progress",)])


@pytest.mark.parametrize(
    ("fault", "words"),
    [(DatabaseAway("refused"), "cannot be read"), (ValueError("of a newer version"), "cannot be told")],
)
async def test_a_look_that_fails_is_not_the_last(
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

    monkeypatch.setattr(batches, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(batches, "MIN_LOOK_SECONDS", 0.01)
    listener = await desk.join()
    desk.fault = fault
    running = asyncio.create_task(desk.batches.run())
    await eventually(failed_twice)
    await library.add_batch(*ids(1))
    desk.fault = None
    await eventually(told)
    running.cancel()
    assert listener.take_told("type") == [("batch_progress",)]
