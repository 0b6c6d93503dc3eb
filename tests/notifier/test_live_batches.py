"""Batches on their way to the browser: what comes first, what comes soon, and what a break leaves out."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from websockets.exceptions import ConnectionClosed

from services.notifier import batches, feed, store
from services.notifier.connection import Connection
from services.notifier.server import Notifier
from services.notifier.store import Store
from shared.contracts.stages import ImportStage
from shared.contracts.upstreams import PauseReason, UpstreamState
from shared.db import imports
from shared.db.batch_window import complete_if_done
from shared.db.connection import transaction
from shared.settings import Settings
from shared.temporal.feed import FeedPublisher
from tests.notifier.support import Browser, Library, until_feed_is_read, youtube
from tests.support.upstreams import write_down
from tests.support.waiting import PATIENCE_SECONDS

VIDEO, OTHER = "aaaaaaaaaaa", "bbbbbbbbbbb"


@pytest.fixture
def quick_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes seconds takes fractions of one."""
    monkeypatch.setattr(feed, "POLL_SECONDS", 0.1)
    monkeypatch.setattr(batches, "POLL_SECONDS", 0.1)
    monkeypatch.setattr(batches, "MIN_POLL_SECONDS", 0.05)
    monkeypatch.setattr(batches, "QUIET_SECONDS", 0)


async def receive_types(browser: Browser, count: int) -> list[str]:
    return [(await browser.receive())["type"] for _ in range(count)]


async def receive_until(browser: Browser, last: str) -> list[dict[str, Any]]:
    """Messages up to the first of a type."""
    messages = [await browser.receive()]
    while messages[-1]["type"] != last:
        messages.append(await browser.receive())
    return messages


async def told_before_the_pong(browser: Browser) -> list[dict[str, Any]]:
    """What a client does after a break: everything that is under way was told before the answer."""
    assert (await browser.receive())["type"] == "snapshot"
    await browser.send(type="ping")
    return (await receive_until(browser, "pong"))[:-1]


async def complete(library: Library, youtube_id: str, batch_id: UUID) -> None:
    """The last video of a batch ends and with it the batch; nobody publishes it."""
    async with transaction(library.engine) as connection:
        await imports.advance(connection, youtube_id, ImportStage.COMPLETE)
        await complete_if_done(connection, batch_id)


@pytest.mark.usefixtures("quick_polls")
async def test_a_batch_from_its_beginning_to_its_end(notifier: Notifier, library: Library) -> None:
    async with Browser(notifier.port) as browser:
        await browser.receive()
        batch_id = await library.add_batch(VIDEO, OTHER)
        told = await browser.receive()
        assert (told["type"], told["batch_id"], told["total"]) == ("batch_progress", str(batch_id), 2)
        await library.advance(VIDEO, ImportStage.COMPLETE)
        news = [await browser.receive() for _ in range(2)]
        assert {(message["type"], message["progress"]) for message in news} == {
            ("import_progress", 100),
            ("batch_progress", 50),
        }
        await complete(library, OTHER, batch_id)
        last = await receive_until(browser, "batch_complete")
        assert (last[-1]["imported"], last[-1]["waiting"]) == (2, 0)


async def test_an_import_that_ends_is_looked_at_without_waiting_for_the_next_look(
    any_port: Settings,
    engine: AsyncEngine,
    client: Client,
    publisher: FeedPublisher,
    library: Library,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batches, "POLL_SECONDS", 3600.0)
    await library.add(VIDEO)
    async with Notifier(any_port, engine, client) as notifier, Browser(notifier.port) as browser:
        await browser.receive()
        await until_feed_is_read(browser, publisher, library, VIDEO)
        await library.add_batch(OTHER)
        publisher.publish([await library.advance(OTHER, ImportStage.COMPLETE)])
        assert await receive_types(browser, 2) == ["import_progress", "batch_progress"]


@pytest.mark.usefixtures("quick_polls")
async def test_batches_and_pauses_follow_the_snapshot_before_any_event(
    any_port: Settings, engine: AsyncEngine, client: Client, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_ends, delivered = asyncio.Event(), asyncio.Event()
    read, deliver = Store.batches, Connection.deliver

    async def read_slowly(store: Store, *values: Any) -> Any:
        await look_ends.wait()
        return await read(store, *values)

    def note_delivered(connection: Connection, seq: int | None, text: bytes) -> None:
        deliver(connection, seq, text)
        delivered.set()

    monkeypatch.setattr(Store, "batches", read_slowly)
    monkeypatch.setattr(Connection, "deliver", note_delivered)
    await write_down(engine, youtube(UpstreamState.PAUSED, PauseReason.OPERATOR))
    await library.add_batch(OTHER)
    async with Notifier(any_port, engine, client) as notifier, Browser(notifier.port) as browser:
        assert await receive_types(browser, 1) == ["snapshot"]
        await browser.send(type="ping")
        await library.add(VIDEO)
        await asyncio.wait_for(delivered.wait(), PATIENCE_SECONDS)
        look_ends.set()
        assert await receive_types(browser, 4) == ["batch_progress", "upstream_paused", "import_progress", "pong"]


async def test_after_a_break_what_is_not_told_before_the_answer_is_over(
    any_port: Settings, engine: AsyncEngine, client: Client, library: Library
) -> None:
    batch_ids = [await library.add_batch(youtube_id) for youtube_id in (VIDEO, OTHER)]
    async with Notifier(any_port, engine, client) as notifier, Browser(notifier.port) as browser:
        told = await told_before_the_pong(browser)
        assert [message["batch_id"] for message in told] == [str(batch_id) for batch_id in batch_ids]
    await complete(library, VIDEO, batch_ids[0])
    async with Notifier(any_port, engine, client) as notifier, Browser(notifier.port) as browser:
        told = await told_before_the_pong(browser)
        assert [(message["type"], message["batch_id"]) for message in told] == [("batch_progress", str(batch_ids[1]))]


@pytest.mark.usefixtures("quick_polls")
async def test_every_notifier_tells_its_own_clients(
    any_port: Settings, engine: AsyncEngine, client: Client, library: Library
) -> None:
    batch_id = await library.add_batch(VIDEO)
    async with (
        Notifier(any_port, engine, client) as one,
        Notifier(any_port, engine, client) as other,
        Browser(one.port) as browser,
        Browser(other.port, "?lang=de") as second_browser,
    ):
        for each in (browser, second_browser):
            assert len(await told_before_the_pong(each)) == 1
        await complete(library, VIDEO, batch_id)
        for each in (browser, second_browser):
            told = {"import_progress", "batch_complete", "batch_ended"}
            assert {*await receive_types(each, len(told))} == told
            await each.assert_silent()


async def test_who_comes_while_batches_cannot_be_read_is_to_come_back(
    notifier: Notifier, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "READ_SECONDS", 2.0)
    async with library.engine.connect() as locking:
        await locking.execute(text("LOCK TABLE import_batches IN ACCESS EXCLUSIVE MODE"))
        async with Browser(notifier.port) as browser:
            assert await receive_types(browser, 1) == ["snapshot"]
            with pytest.raises(ConnectionClosed) as closed:
                await browser.receive()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1013
