"""The product's pace beside the limiter of its first design, which lived in each process. 9 minutes.

Two worker processes on each side, 0.5 calls/s allowed to all together. First 60 calls without trouble, then a minute in
which YouTube answers everything with 429. The first design is run as it was written and as kindly as it can be read
(`benchmarks.seed_worker`).
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager

from benchmarks.installation import (
    WORKERS,
    Call,
    calls_of,
    idle_seconds,
    installation,
    most_within,
    new_ids,
    say,
    way_to,
    youtube,
)
from benchmarks.machine import Machine, machine, print_machine
from benchmarks.seed_worker import READINGS
from shared.settings import Settings
from tests.standin import Standin
from tests.standin.faults import Fault
from tests.support.waiting import eventually

RATE = Settings().youtube_calls_per_second
CALM_CALLS = 60
CALM_VIDEOS = CALM_CALLS // 2
SPELL_VIDEOS = 240
BEFORE_SPELL_CALLS = 12
SPELL_SECONDS = AFTER_SECONDS = 60
WINDOW_SECONDS = 10
MOST_IN_WINDOW = RATE * WINDOW_SECONDS + 1

Work = Callable[[int], AbstractAsyncContextManager[None]]
"""Gives a side so many videos to import."""


async def measure(name: str, standin: Standin, work: Work) -> None:
    """Both situations for one side, printed."""
    begun = time.time()
    async with work(CALM_VIDEOS):
        print_calm(name, await first_calls(standin, begun, CALM_CALLS))
    begun = time.time()
    async with work(SPELL_VIDEOS):
        await first_calls(standin, begun, BEFORE_SPELL_CALLS)
        await measure_spell(name, standin)


async def first_calls(standin: Standin, since: float, count: int) -> list[Call]:
    """The first so many calls since then, when they have been made."""

    async def made() -> list[Call]:
        calls = calls_of(standin, since)
        return calls if len(calls) >= count else []

    return (await eventually(made, within_seconds=2 * count / RATE))[:count]


def print_calm(name: str, calls: list[Call]) -> None:
    """How fast, and how idle."""
    took = calls[-1].at - calls[0].at
    speed = (len(calls) - 1) / took
    idle = idle_seconds(calls, RATE)
    most = most_within(WINDOW_SECONDS, calls)
    say(
        f"{name}: {len(calls)} calls at {speed:.2f}/s, {speed / RATE:.2f} of what is allowed; "
        f"at most {most} in {WINDOW_SECONDS} s (allowed: {MOST_IN_WINDOW:.0f}); idle {idle / took:.1%} of the time"
    )


async def measure_spell(name: str, standin: Standin) -> None:
    """A minute of 429s and the minute after it, printed."""
    standin.faults.add(Fault(status=429))
    begun = time.time()
    await asyncio.sleep(SPELL_SECONDS)
    ended = time.time()
    standin.faults.clear()
    await asyncio.sleep(AFTER_SECONDS)
    refused = sum(begun <= request.at < ended for request in standin.requests)
    after = calls_of(standin, ended)
    most = most_within(WINDOW_SECONDS, after)
    first = f"the first {after[0].at - ended:.0f} s after its end" if after else "none"
    say(
        f"{name}: {refused} requests in {SPELL_SECONDS} s of 429s; in the {AFTER_SECONDS} s after it {len(after)} "
        f"calls ({RATE * AFTER_SECONDS:.0f} are allowed), {first}, at most {most} in {WINDOW_SECONDS} s"
    )


async def measure_ours(running: Machine, standin: Standin) -> None:
    """The product."""
    async with installation(running, standin) as here:

        @asynccontextmanager
        async def work(videos: int) -> AsyncIterator[None]:
            await here.add(videos)
            yield

        await measure("Vidferry", standin, work)


async def measure_seed(running: Machine, standin: Standin, reading: str) -> None:
    """The first design in one of its readings."""

    @asynccontextmanager
    async def work(videos: int) -> AsyncIterator[None]:
        with ExitStack() as processes:
            for _ in range(WORKERS):
                ids = new_ids(videos // WORKERS)
                processes.enter_context(running.process("benchmarks.seed_worker", reading, *ids, **way_to(standin)))
            yield

    await measure(f"first design, {reading}", standin, work)


async def main() -> None:
    """Measure and print."""
    print_machine()
    async with machine() as running:
        async with youtube() as standin:
            await measure_ours(running, standin)
        for reading in READINGS:
            async with youtube() as standin:
                await measure_seed(running, standin, reading)


if __name__ == "__main__":
    asyncio.run(main())
