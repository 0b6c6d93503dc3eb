"""Pauses of YouTube and of speech-to-text: every client knows of them, whenever it came, and nobody is told twice."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier import feed
from services.notifier.app import Notifier
from services.notifier.pauses import Pauses
from services.stack.postgres import EmbeddedPostgres
from shared.contracts.texts import Language
from shared.contracts.upstreams import PauseReason, Upstream, UpstreamState, UpstreamStatus
from shared.db.upstreams import UpstreamRow
from tests.notifier.support import Browser, Library, youtube
from tests.support import upstreams
from tests.support.upstreams import SPEECH_GOING, write_down
from tests.support.waiting import eventually

RESUME_AT = datetime(2040, 1, 2, 3, 4, 5, tzinfo=UTC)
BEGINNING = datetime(2026, 1, 2, tzinfo=UTC)
RESUMED = {"type": "upstream_resumed", "upstream": "youtube"}


@pytest.fixture(autouse=True)
def quick_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes seconds takes fractions of one."""
    monkeypatch.setattr(feed, "SWEEP_SECONDS", 0.1)


def paused(
    resume_at: str | None,
    reason: str = "rate_limited",
    message: str = "YouTube asks for a pause. Imports go on by themselves.",
) -> dict[str, Any]:
    return {
        "type": "upstream_paused",
        "upstream": "youtube",
        "reason": reason,
        "resume_at": resume_at,
        "message": message,
    }


def rate_limited(resume_at: datetime = RESUME_AT) -> UpstreamStatus:
    return youtube(UpstreamState.OPEN, PauseReason.RATE_LIMITED, resume_at)


def budget_spent(*, but: float = 0) -> UpstreamStatus:
    return youtube(UpstreamState.CLOSED, PauseReason.HOURLY_REQUESTS, RESUME_AT, calls_per_second=but)


async def nothing_but_events_in_a_whole_sweep(browser: Browser, library: Library) -> None:
    """Nobody publishes these events: two sweeps bring them, and the first is over when the second begins."""
    for _ in range(2):
        event = await library.add(uuid4().hex[:11])
        assert await browser.receive_seqs(1) == [event.message.seq]


async def test_who_comes_during_a_pause_is_told_after_the_snapshot(
    notifier: Notifier, engine: AsyncEngine, library: Library
) -> None:
    await write_down(engine, rate_limited())
    async with Browser(notifier.port) as browser:
        assert (await browser.receive())["type"] == "snapshot"
        assert await browser.receive() == paused("2040-01-02T03:04:05Z")
        await nothing_but_events_in_a_whole_sweep(browser, library)
        await browser.assert_silent()


async def test_who_comes_while_calls_go_is_told_nothing(
    notifier: Notifier, engine: AsyncEngine, library: Library
) -> None:
    await write_down(engine, youtube(UpstreamState.CLOSED))
    async with Browser(notifier.port) as browser:
        assert (await browser.receive())["type"] == "snapshot"
        await nothing_but_events_in_a_whole_sweep(browser, library)
        await browser.assert_silent()


async def test_a_pause_that_ended_while_nobody_was_here_is_not_told(notifier: Notifier, engine: AsyncEngine) -> None:
    await write_down(engine, rate_limited())
    async with Browser(notifier.port) as browser:
        await browser.receive()
        assert await browser.receive() == paused("2040-01-02T03:04:05Z")
    await write_down(engine, youtube(UpstreamState.CLOSED))
    async with Browser(notifier.port) as browser:
        assert (await browser.receive())["type"] == "snapshot"
        await browser.assert_silent()


async def test_a_pause_from_its_beginning_to_its_end(notifier: Notifier, engine: AsyncEngine, library: Library) -> None:
    async with Browser(notifier.port) as browser:
        await browser.receive()
        await write_down(engine, rate_limited())
        assert await browser.receive() == paused("2040-01-02T03:04:05Z")
        await write_down(engine, rate_limited())  # said again: nothing has changed
        await nothing_but_events_in_a_whole_sweep(browser, library)
        await write_down(engine, rate_limited(RESUME_AT + timedelta(hours=1)))
        assert await browser.receive() == paused("2040-01-02T04:04:05Z")
        await write_down(engine, youtube(UpstreamState.HALF_OPEN, PauseReason.RATE_LIMITED))
        assert await browser.receive() == paused(None)
        await write_down(engine, youtube(UpstreamState.PAUSED, PauseReason.OPERATOR))
        assert await browser.receive() == paused(None, "operator", "The operator has paused imports.")
        await write_down(engine, youtube(UpstreamState.CLOSED))
        assert await browser.receive() == RESUMED
        await nothing_but_events_in_a_whole_sweep(browser, library)
        await browser.assert_silent()


async def test_a_budget_that_is_spent_is_a_pause(notifier: Notifier, engine: AsyncEngine, library: Library) -> None:
    async with Browser(notifier.port) as browser:
        await browser.receive()
        await write_down(engine, budget_spent(but=0.1))  # slowed down only
        await nothing_but_events_in_a_whole_sweep(browser, library)
        await write_down(engine, budget_spent())
        message = "YouTube has been asked often enough for this hour. Imports go on by themselves."
        assert await browser.receive() == paused("2040-01-02T03:04:05Z", "hourly_requests", message)


async def test_a_pause_of_speech_to_text_is_one_of_its_own(notifier: Notifier, engine: AsyncEngine) -> None:
    now = SPEECH_GOING.model_copy(update={"at": datetime.now(UTC)})
    await write_down(engine, upstreams.paused(PauseReason.TRANSCRIPTION_LIMITED, of=now, resume_at=RESUME_AT))
    async with Browser(notifier.port) as browser:
        await browser.receive()
        message = "Speech recognition asks for a pause. Imports go on by themselves."
        speech = {"upstream": "transcription", "reason": "transcription_limited", "message": message}
        assert await browser.receive() == paused("2040-01-02T03:04:05Z") | speech
        await write_down(engine, rate_limited())
        assert await browser.receive() == paused("2040-01-02T03:04:05Z")
        held = upstreams.paused(PauseReason.OPERATOR, UpstreamState.PAUSED, of=SPEECH_GOING, at=datetime.now(UTC))
        await write_down(engine, held)
        message = "The operator has paused speech recognition."
        assert await browser.receive() == paused(None, "operator", message) | {"upstream": "transcription"}
        await write_down(engine, SPEECH_GOING.model_copy(update={"at": datetime.now(UTC)}))
        assert await browser.receive() == RESUMED | {"upstream": "transcription"}
        await write_down(engine, youtube(UpstreamState.CLOSED))
        assert await browser.receive() == RESUMED


async def test_a_pause_that_a_newer_version_changes_is_over_for_this_one(
    notifier: Notifier, engine: AsyncEngine
) -> None:
    async with Browser(notifier.port) as browser:
        await browser.receive()
        await write_down(engine, rate_limited())
        assert await browser.receive() == paused("2040-01-02T03:04:05Z")
        async with engine.begin() as writing:
            newer = """'{"reason": "moon_phase"}'::jsonb"""
            await writing.execute(text(f"UPDATE upstreams SET status = status || {newer}, at = now()"))
        assert await browser.receive() == RESUMED
        async with Browser(notifier.port) as late:
            assert (await late.receive())["type"] == "snapshot"
            await late.assert_silent()
        await write_down(engine, rate_limited())
        assert await browser.receive() == paused("2040-01-02T03:04:05Z")


async def test_a_clock_that_is_set_right_hides_nothing(notifier: Notifier, engine: AsyncEngine) -> None:
    async with Browser(notifier.port) as browser:
        await browser.receive()
        fast = datetime.now(UTC) + timedelta(hours=2)
        await write_down(engine, youtube(UpstreamState.OPEN, PauseReason.RATE_LIMITED, RESUME_AT, at=fast))
        assert await browser.receive() == paused("2040-01-02T03:04:05Z")
        await write_down(engine, youtube(UpstreamState.CLOSED))
        assert await browser.receive() == RESUMED


async def test_everybody_is_told_in_their_language(notifier: Notifier, engine: AsyncEngine) -> None:
    async with Browser(notifier.port) as early, Browser(notifier.port, "?lang=de") as german:
        await early.receive()
        await german.receive()
        await write_down(engine, rate_limited())
        assert await early.receive() == paused("2040-01-02T03:04:05Z")
        message = "YouTube bittet um eine Pause. Importe gehen von selbst weiter."
        assert await german.receive() == paused("2040-01-02T03:04:05Z", message=message)
        async with Browser(notifier.port) as late:
            await late.receive()
            assert await late.receive() == paused("2040-01-02T03:04:05Z")
            await write_down(engine, youtube(UpstreamState.CLOSED))
            for browser in (early, german, late):
                assert await browser.receive() == RESUMED
                await browser.assert_silent()


async def test_a_blip_is_not_told(notifier: Notifier, engine: AsyncEngine, library: Library) -> None:
    async with Browser(notifier.port) as browser:
        await browser.receive()
        await write_down(engine, rate_limited(), youtube(UpstreamState.CLOSED))
        await nothing_but_events_in_a_whole_sweep(browser, library)
        await browser.assert_silent()


async def test_a_pause_stays_while_postgres_is_away(
    notifier: Notifier,
    engine: AsyncEngine,
    postgres: EmbeddedPostgres,
    database_url: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def a_sweep_failed() -> bool:
        return any("Postgres cannot be read" in record.getMessage() for record in caplog.records)

    name = make_url(database_url).database
    admin = await asyncpg.connect(postgres.url("postgres"))
    await write_down(engine, rate_limited())
    async with Browser(notifier.port) as browser:
        await browser.receive()
        assert await browser.receive() == paused("2040-01-02T03:04:05Z")
        await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        await eventually(a_sweep_failed)
        await browser.assert_silent()
        await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        await engine.dispose()
        await write_down(engine, youtube(UpstreamState.CLOSED))
        assert await browser.receive() == RESUMED
    await admin.close()


@dataclass(eq=False)
class Listener:
    """A connection that keeps what it is told."""

    language: Language = Language.EN
    told: list[dict[str, Any]] = field(default_factory=list)

    def send(self, text: bytes) -> None:
        self.told.append(json.loads(text))

    def told_of(self, upstream: Upstream) -> list[dict[str, Any]]:
        """What it was told of one of them."""
        return [told for told in self.told if told["upstream"] == upstream]


@dataclass
class Story:
    """Reads that begin in one order and end in another, while listeners come and go."""

    pauses: Pauses = field(default_factory=Pauses)
    written: dict[Upstream, UpstreamRow] = field(default_factory=dict)
    minutes: int = 0
    reads: list[list[UpstreamRow]] = field(default_factory=list)
    listeners: list[Listener] = field(default_factory=list)

    def write(self, number: int) -> None:
        """The governor says something: four in seven times that calls are paused. One in eleven cannot be read."""
        self.minutes += 1
        now = BEGINNING + timedelta(minutes=self.minutes)
        resume_at = now.replace(minute=0) if number % 2 else None
        reason = [*PauseReason][number % 3]
        state = [*UpstreamState, UpstreamState.CLOSED, UpstreamState.CLOSED, UpstreamState.OPEN][number % 7]
        upstream = Upstream.TRANSCRIPTION if number % 5 < 2 else Upstream.YOUTUBE
        status = youtube(state, reason, resume_at, at=now).model_copy(update={"upstream": upstream})
        self.written[upstream] = UpstreamRow(upstream, now, None if number % 11 == 10 else status)

    def begin_read(self, _number: int) -> None:
        self.reads.append([*self.written.values()])

    def end_read(self, number: int) -> None:
        if self.reads:
            self.pauses.observe(self.reads.pop(number % len(self.reads)))

    def join(self, _number: int) -> None:
        self.listeners.append(Listener())
        self.pauses.join(self.listeners[-1])

    def leave(self, number: int) -> None:
        if self.listeners:
            self.pauses.leave(self.listeners.pop(number % len(self.listeners)))


STEPS: list[Callable[[Story, int], None]] = [Story.write, Story.begin_read, Story.end_read, Story.join, Story.leave]


@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 20)), max_size=60))
def test_whatever_the_order_nobody_is_told_wrongly(steps: list[tuple[Callable[[Story, int], None], int]]) -> None:
    story = Story()
    for step, number in steps:
        step(story, number)
    story.begin_read(0)
    while story.reads:
        story.end_read(len(story.reads) - 1)  # the newest first
    latecomer = Listener()
    story.pauses.join(latecomer)
    known = {status.upstream: status for status in story.pauses.statuses}
    for upstream in Upstream:
        row, at_last = story.written.get(upstream), latecomer.told_of(upstream)
        status = row.status if row else None
        assert known.get(upstream) == status
        assert [told["type"] for told in at_last] == ["upstream_paused"] * (status is not None and status.is_paused)
        for told in [listener.told_of(upstream) for listener in story.listeners]:
            resumed = RESUMED | {"upstream": upstream}
            assert told[-1:] == [*([resumed] if told else []), *at_last][-1:]
            assert told[:1] != [resumed]
            assert all(earlier != later for earlier, later in pairwise(told))


def test_who_left_is_told_nothing_more() -> None:
    pauses, listener = Pauses(), Listener()
    pauses.join(listener)
    pauses.leave(listener)
    pauses.observe([UpstreamRow("youtube", BEGINNING, rate_limited())])
    assert listener.told == []
