"""Missed events, asked for by a client that comes back."""

import pytest

from services.notifier import store
from services.notifier.server import Notifier
from shared.contracts.stages import ImportStage
from tests.notifier.support import Browser, Library, other_library

VIDEO = "aaaaaaaaaaa"


async def test_brings_exactly_what_was_missed(notifier: Notifier, library: Library) -> None:
    seen = await library.add(VIDEO)
    stranger = await other_library(library.engine)
    await stranger.add(VIDEO)
    missed = [await library.add(f"missed-{number:04}") for number in range(3)]
    async with Browser(notifier.port) as browser:
        assert (await browser.receive())["seq"] == missed[-1].message.seq
        await browser.send(type="resume", since=seen.message.seq)
        assert await browser.receive_seqs(3) == [event.message.seq for event in missed]
        live = await library.add("live-000001")
        assert await browser.receive_seqs(1) == [live.message.seq]
        await browser.assert_silent()


async def test_never_repeats_what_was_sent_live(notifier: Notifier, library: Library) -> None:
    missed = await library.add(VIDEO)
    async with Browser(notifier.port) as browser:
        await browser.receive()
        live = await library.advance(VIDEO, ImportStage.METADATA)
        assert await browser.receive_seqs(1) == [live.message.seq]
        await browser.send(type="resume", since=0)
        assert await browser.receive_seqs(1) == [missed.message.seq]
        await browser.assert_silent()


@pytest.mark.parametrize("ahead", [0, 1000])
async def test_nothing_missed_brings_nothing(notifier: Notifier, library: Library, ahead: int) -> None:
    newest = (await library.add(VIDEO)).message.seq or 0
    async with Browser(notifier.port) as browser:
        await browser.receive()
        await browser.send(type="resume", since=newest + ahead)
        await browser.assert_silent()


async def test_a_long_absence_comes_in_pages_with_live_events_after_it(notifier: Notifier, library: Library) -> None:
    """The client stops reading within the first page; a live event comes meanwhile and has to wait."""
    first = (await library.add(VIDEO)).message.seq or 0
    await library.write_events(VIDEO, 3 * store.PAGE_EVENTS, message="x" * 800)
    async with Browser(notifier.port, max_queue=1) as returning, Browser(notifier.port) as other:
        newest = (await returning.receive())["seq"]
        await other.receive()
        await returning.send(type="resume", since=first)
        begun = await returning.receive_seqs(1)
        live = await library.advance(VIDEO, ImportStage.METADATA)
        assert await other.receive_seqs(1) == [live.message.seq]
        seqs = begun + await returning.receive_seqs(3 * store.PAGE_EVENTS)
    assert seqs == [*range(first + 1, newest + 1), live.message.seq]
