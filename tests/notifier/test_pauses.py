"""Pauses of YouTube and of transcription: every client is notified of them, whenever it connects, and only once."""

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
from services.notifier.server import Notifier
from services.notifier.upstreams import UpstreamPauses
from services.stack.postgres import EmbeddedPostgres
from shared.contracts.upstreams import PauseReason, Upstream, UpstreamState, UpstreamStatus
from shared.db.models import LOCAL_USER_ID
from shared.db.upstreams import UpstreamRow
from shared.i18n.languages import Language
from shared.i18n.messages import pause_text
from tests.notifier.support import Browser, Library, RecordingListener, youtube
from tests.support import upstreams
from tests.support.upstreams import SPEECH_GOING, write_down
from tests.support.waiting import eventually

RESUME_AT = datetime(2040, 1, 2, 3, 4, 5, tzinfo=UTC)
BEGINNING = datetime(2026, 1, 2, tzinfo=UTC)
RESUMED = {"type": "upstream_resumed", "upstream": "youtube"}


@pytest.fixture(autouse=True)
def quick_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes seconds takes fractions of one."""
    monkeypatch.setattr(feed, "POLL_SECONDS", 0.1)


def paused(
    resume_at: str | None,
    reason: str = "rate_limited",
    upstream: str = "youtube",
    language: Language = Language.EN,
) -> dict[str, Any]:
    return {
        "type": "upstream_paused",
        "upstream": upstream,
        "reason": reason,
        "resume_at": resume_at,
        "message": pause_text(Upstream(upstream), PauseReason(reason), language),
    }


def rate_limited(resume_at: datetime = RESUME_AT) -> UpstreamStatus:
    return youtube(UpstreamState.OPEN, PauseReason.RATE_LIMITED, resume_at)


def budget_spent(*, but: float = 0) -> UpstreamStatus:
    return youtube(UpstreamState.CLOSED, PauseReason.HOURLY_REQUESTS, RESUME_AT, calls_per_second=but)


async def nothing_but_events_in_a_whole_poll(browser: Browser, library: Library) -> None:
    """These events are not published: two polls find them, and the first is over when the second begins."""
    for _ in range(2):
        event = await library.add(uuid4().hex[:11])
        assert await browser.receive_seqs(1) == [event.message.seq]


async def test_a_client_that_connects_during_a_pause_is_notified_after_the_snapshot(
    notifier: Notifier, engine: AsyncEngine, library: Library
) -> None:
    await write_down(engine, rate_limited())
    async with Browser(notifier.port) as browser:
        assert (await browser.receive())["type"] == "snapshot"
        assert await browser.receive() == paused("2040-01-02T03:04:05Z")
        await nothing_but_events_in_a_whole_poll(browser, library)
        await browser.assert_silent()


async def test_a_client_that_connects_while_nothing_is_paused_is_sent_the_snapshot_only(
    notifier: Notifier, engine: AsyncEngine, library: Library
) -> None:
    await write_down(engine, youtube(UpstreamState.CLOSED))
    async with Browser(notifier.port) as browser:
        assert (await browser.receive())["type"] == "snapshot"
        await nothing_but_events_in_a_whole_poll(browser, library)
        await browser.assert_silent()


async def test_a_pause_that_ended_before_a_client_connected_is_not_sent(
    notifier: Notifier, engine: AsyncEngine
) -> None:
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
        await nothing_but_events_in_a_whole_poll(browser, library)
        await write_down(engine, rate_limited(RESUME_AT + timedelta(hours=1)))
        assert await browser.receive() == paused("2040-01-02T04:04:05Z")
        await write_down(engine, youtube(UpstreamState.HALF_OPEN, PauseReason.RATE_LIMITED))
        assert await browser.receive() == paused(None)
        await write_down(engine, youtube(UpstreamState.PAUSED, PauseReason.OPERATOR))
        assert await browser.receive() == paused(None, "operator")
        await write_down(engine, youtube(UpstreamState.CLOSED))
        assert await browser.receive() == RESUMED
        await nothing_but_events_in_a_whole_poll(browser, library)
        await browser.assert_silent()


async def test_a_budget_that_is_spent_is_a_pause(notifier: Notifier, engine: AsyncEngine, library: Library) -> None:
    async with Browser(notifier.port) as browser:
        await browser.receive()
        await write_down(engine, budget_spent(but=0.1))  # slowed down only
        await nothing_but_events_in_a_whole_poll(browser, library)
        await write_down(engine, budget_spent())
        assert await browser.receive() == paused("2040-01-02T03:04:05Z", "hourly_requests")


async def test_transcription_is_paused_on_its_own(notifier: Notifier, engine: AsyncEngine) -> None:
    now = SPEECH_GOING.model_copy(update={"at": datetime.now(UTC)})
    await write_down(engine, upstreams.paused(PauseReason.TRANSCRIPTION_LIMITED, of=now, resume_at=RESUME_AT))
    async with Browser(notifier.port) as browser:
        await browser.receive()
        assert await browser.receive() == paused("2040-01-02T03:04:05Z", "transcription_limited", "transcription")
        await write_down(engine, rate_limited())
        assert await browser.receive() == paused("2040-01-02T03:04:05Z")
        held = upstreams.paused(PauseReason.OPERATOR, UpstreamState.PAUSED, of=SPEECH_GOING, at=datetime.now(UTC))
        await write_down(engine, held)
        assert await browser.receive() == paused(None, "operator", "transcription")
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


async def test_every_client_is_notified_in_its_language(notifier: Notifier, engine: AsyncEngine) -> None:
    async with Browser(notifier.port) as early, Browser(notifier.port, "?lang=de") as german:
        await early.receive()
        await german.receive()
        await write_down(engine, rate_limited())
        assert await early.receive() == paused("2040-01-02T03:04:05Z")
        assert await german.receive() == paused("2040-01-02T03:04:05Z", language=Language.DE)
        async with Browser(notifier.port) as late:
            await late.receive()
            assert await late.receive() == paused("2040-01-02T03:04:05Z")
            await write_down(engine, youtube(UpstreamState.CLOSED))
            for browser in (early, german, late):
                assert await browser.receive() == RESUMED
                await browser.assert_silent()


async def test_a_pause_between_two_polls_is_not_sent(notifier: Notifier, engine: AsyncEngine, library: Library) -> None:
    async with Browser(notifier.port) as browser:
        await browser.receive()
        await write_down(engine, rate_limited(), youtube(UpstreamState.CLOSED))
        await nothing_but_events_in_a_whole_poll(browser, library)
        await browser.assert_silent()


async def test_a_pause_stays_while_postgres_is_unavailable(
    notifier: Notifier,
    engine: AsyncEngine,
    postgres: EmbeddedPostgres,
    database_url: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def a_poll_failed() -> bool:
        return any("database_unavailable" in record.getMessage() for record in caplog.records)

    name = make_url(database_url).database
    admin = await asyncpg.connect(postgres.url("postgres"))
    await write_down(engine, rate_limited())
    async with Browser(notifier.port) as browser:
        await browser.receive()
        assert await browser.receive() == paused("2040-01-02T03:04:05Z")
        await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        await eventually(a_poll_failed)
        await browser.assert_silent()
        await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        await engine.dispose()
        await write_down(engine, youtube(UpstreamState.CLOSED))
        assert await browser.receive() == RESUMED
    await admin.close()


def sent_of(upstream: Upstream, listener: RecordingListener) -> list[dict[str, Any]]:
    """What a listener was sent about an upstream."""
    return [message for message in listener.messages if message["upstream"] == upstream]


@dataclass
class Story:
    """Reads that begin in one order and end in another, while listeners come and go."""

    pauses: UpstreamPauses = field(default_factory=UpstreamPauses)
    written: dict[Upstream, UpstreamRow] = field(default_factory=dict)
    minutes: int = 0
    reads: list[list[UpstreamRow]] = field(default_factory=list)
    listeners: list[RecordingListener] = field(default_factory=list)

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
            self.pauses.update(self.reads.pop(number % len(self.reads)))

    def subscribe(self, _number: int) -> None:
        self.listeners.append(RecordingListener())
        self.pauses.subscribe(LOCAL_USER_ID, self.listeners[-1])

    def unsubscribe(self, number: int) -> None:
        if self.listeners:
            self.pauses.unsubscribe(LOCAL_USER_ID, self.listeners.pop(number % len(self.listeners)))


STEPS: list[Callable[[Story, int], None]] = [
    Story.write,
    Story.begin_read,
    Story.end_read,
    Story.subscribe,
    Story.unsubscribe,
]


@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 20)), max_size=60))
def test_in_any_order_every_client_knows_what_is_paused(steps: list[tuple[Callable[[Story, int], None], int]]) -> None:
    story = Story()
    for step, number in steps:
        step(story, number)
    story.begin_read(0)
    while story.reads:
        story.end_read(len(story.reads) - 1)  # the newest first
    latecomer = RecordingListener()
    story.pauses.subscribe(LOCAL_USER_ID, latecomer)
    known = {status.upstream: status for status in story.pauses.statuses}
    for upstream in Upstream:
        row, at_last = story.written.get(upstream), sent_of(upstream, latecomer)
        status = row.status if row else None
        assert known.get(upstream) == status
        assert [message["type"] for message in at_last] == ["upstream_paused"] * (
            status is not None and status.is_paused
        )
        for sent in [sent_of(upstream, listener) for listener in story.listeners]:
            resumed = RESUMED | {"upstream": upstream}
            assert sent[-1:] == [*([resumed] if sent else []), *at_last][-1:]
            assert sent[:1] != [resumed]
            assert all(earlier != later for earlier, later in pairwise(sent))


def test_a_listener_that_unsubscribes_is_sent_nothing_more() -> None:
    pauses, listener = UpstreamPauses(), RecordingListener()
    pauses.subscribe(LOCAL_USER_ID, listener)
    pauses.unsubscribe(LOCAL_USER_ID, listener)
    pauses.update([UpstreamRow("youtube", BEGINNING, rate_limited())])
    assert listener.messages == []
