"""The life cycle of a background task: woken, drained within a bound, not ended by failures."""

import asyncio
import logging
from collections import deque

import pytest

from shared import background, process
from shared.background import BackgroundTask, running
from tests.support.waiting import eventually

LATER = 3600.0
"""Longer than a test lasts."""


class Outbox(BackgroundTask):
    """Delivers items in order; a failed delivery keeps its item."""

    def __init__(
        self,
        *,
        retry_seconds: float | None = None,
        drain_seconds: float = 60,
        pause_seconds: float = 0,
        drains_waiting: bool = True,
    ) -> None:
        super().__init__(
            "outbox",
            pause_seconds=pause_seconds,
            retry_seconds=retry_seconds,
            drain_seconds=drain_seconds,
            drains_waiting=drains_waiting,
        )
        self.waiting: deque[int] = deque()
        self.delivered: list[int] = []
        self.failures: deque[BaseException] = deque()
        """What the next runs raise."""
        self.open = asyncio.Event()
        self.open.set()
        self.runs = 0

    def put(self, item: int, in_seconds: float = 0) -> None:
        self.waiting.append(item)
        self.wake(in_seconds)

    async def run_once(self) -> None:
        self.runs += 1
        await self.open.wait()
        if self.failures:
            raise self.failures.popleft()
        while self.waiting:
            self.delivered.append(self.waiting.popleft())


async def until_delivered(outbox: Outbox, items: list[int]) -> None:
    async def are_delivered() -> bool:
        return outbox.delivered == items

    await eventually(are_delivered)


async def until_failed(outbox: Outbox) -> None:
    async def has_failed() -> bool:
        return not outbox.failures

    await eventually(has_failed)


async def until_running(outbox: Outbox) -> None:
    async def is_running() -> bool:
        return outbox.runs > 0

    await eventually(is_running)


async def test_items_from_before_the_start_and_after_it_are_delivered_in_order() -> None:
    outbox = Outbox()
    outbox.put(1)
    async with outbox:
        await until_delivered(outbox, [1])
        outbox.put(2)
        outbox.put(3)
        await until_delivered(outbox, [1, 2, 3])


async def test_an_earlier_wake_counts() -> None:
    async with Outbox() as outbox:
        outbox.put(1, in_seconds=LATER)
        outbox.put(2)
        await until_delivered(outbox, [1, 2])


async def test_the_drain_delivers_what_is_due_later_and_what_comes_meanwhile() -> None:
    async with Outbox(pause_seconds=LATER) as outbox:
        outbox.put(1)
        await until_delivered(outbox, [1])
        outbox.open.clear()
        outbox.put(2, in_seconds=LATER)
        asyncio.get_running_loop().call_later(0.01, outbox.put, 3)
        asyncio.get_running_loop().call_later(0.02, outbox.open.set)
    assert outbox.delivered == [1, 2, 3]


@pytest.mark.parametrize("drain_seconds", [0, 0.01])
async def test_the_drain_is_bounded(drain_seconds: float) -> None:
    async with Outbox(drain_seconds=drain_seconds) as outbox:
        outbox.open.clear()
        outbox.put(1)
    assert outbox.delivered == []


async def test_the_drain_ends_before_the_process_has_to(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Outbox(drain_seconds=LATER) as outbox:
        outbox.open.clear()
        outbox.put(1)
        await until_running(outbox)
        monkeypatch.setattr(process, "seconds_left", lambda: background.CLOSE_SECONDS + 0.01)
    assert outbox.delivered == []


class Together(BackgroundTask):
    """Its run lasts until the runs of all others have begun."""

    def __init__(self, barrier: asyncio.Barrier) -> None:
        super().__init__("together", drain_seconds=60)
        self._barrier = barrier
        self.is_done = False
        self.wake(LATER)

    async def run_once(self) -> None:
        await self._barrier.wait()
        self.is_done = True


async def test_tasks_that_run_together_are_drained_at_the_same_time() -> None:
    barrier = asyncio.Barrier(2)
    tasks = [Together(barrier), Together(barrier)]
    async with running(*tasks):
        pass
    assert [task.is_done for task in tasks] == [True, True]


async def test_a_task_that_repeats_itself_ends_its_current_run_and_no_other() -> None:
    async with Outbox(drains_waiting=False) as outbox:
        outbox.open.clear()
        outbox.put(1)
        await until_running(outbox)
        outbox.wake()
        asyncio.get_running_loop().call_later(0.01, outbox.open.set)
    assert outbox.delivered == [1]
    assert outbox.runs == 1


async def test_a_failed_run_is_repeated() -> None:
    async with Outbox(retry_seconds=0.001) as outbox:
        outbox.failures.extend([OSError(), KeyError("as scripted")])
        outbox.put(1)
        await until_delivered(outbox, [1])


async def test_a_failed_run_is_repeated_while_draining() -> None:
    async with Outbox(retry_seconds=0.001) as outbox:
        outbox.failures.extend([OSError(), KeyError("as scripted")])
        outbox.put(1)
    assert outbox.delivered == [1]


async def test_an_urgent_run_does_not_wait_for_the_pause_after_a_failed_one() -> None:
    async with Outbox(retry_seconds=LATER) as outbox:
        outbox.failures.append(OSError())
        outbox.put(1)
        await until_failed(outbox)
        outbox.waiting.append(2)
        outbox.wake_now()
        await until_delivered(outbox, [1, 2])


async def test_work_that_becomes_urgent_during_a_run_that_fails_does_not_wait() -> None:
    async with Outbox(retry_seconds=LATER) as outbox:
        outbox.open.clear()
        outbox.failures.append(OSError())
        outbox.put(1)
        await until_running(outbox)
        outbox.wake_now()
        outbox.open.set()
        await until_delivered(outbox, [1])


async def test_a_cancellation_from_within_a_run_does_not_end_the_task() -> None:
    async with Outbox() as outbox:
        outbox.failures.append(asyncio.CancelledError())
        outbox.put(1)
        await until_failed(outbox)
        outbox.put(2)
        await until_delivered(outbox, [1, 2])


async def test_without_retries_the_next_wake_runs_again() -> None:
    async with Outbox() as outbox:
        outbox.failures.append(OSError())
        outbox.put(1)
        await until_failed(outbox)
        assert outbox.delivered == []
        outbox.put(2)
        await until_delivered(outbox, [1, 2])


async def test_an_outage_is_logged_once_and_other_failures_with_tracebacks(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, background.__name__):
        async with Outbox(retry_seconds=0.001) as outbox:
            outbox.failures.extend([OSError(1), OSError(2), KeyError("one"), OSError(3), KeyError("another")])
            outbox.put(1)
            await until_delivered(outbox, [1])
    assert [bool(record.exc_info) for record in caplog.records] == [False, True, True]
