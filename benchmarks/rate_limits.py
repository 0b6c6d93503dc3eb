"""What YouTube sees of two worker processes with default settings: burst, sustained rate, and a block. 12 minutes.

First five single adds after a quiet spell, then 60 bulk imports behind them, then three answers of "too many requests"
in a row while imports wait. A call is one step that asks YouTube: metadata or captions.
"""

import asyncio
import time
from collections.abc import Sequence

from benchmarks.installation import (
    Call,
    Installation,
    all_complete,
    calls_of,
    installation,
    most_within,
    say,
    seconds,
    youtube,
)
from benchmarks.machine import machine, print_machine
from fakes.youtube.faults import Fault
from fakes.youtube.model import Kind
from shared.contracts.upstreams import UpstreamState
from shared.settings import Settings
from shared.temporal.names import PRIORITY_PERSON

SINGLE, BULK, WAITING = 5, 60, 120
AIM_SECONDS = 5
AIM_SHARE = 0.95
WINDOW_SECONDS = 10
GRACE_SECONDS = 1
RATE = Settings().youtube_calls_per_second
MOST_IN_WINDOW = RATE * WINDOW_SECONDS + 1
"""And one second's burst, which is one call."""


async def quiet_spell(here: Installation) -> None:
    """Wait until a burst is available."""
    say(f"waiting for a quiet spell of {Settings().youtube_rate_limits.quiet_seconds:.0f} s")
    await here.until(lambda status: status.is_burst)


async def burst_and_steady(here: Installation) -> None:
    """Single adds, then bulk imports; measure and print both."""
    begun = time.time()
    await all_complete(await here.add(SINGLE, priority=PRIORITY_PERSON))
    took = time.time() - begun
    say(f"{SINGLE} single adds complete after {took:.2f} s (aim: under {AIM_SECONDS})")
    bulk = await here.add(BULK)
    say(f"{BULK} imports queued; they take about {2 * BULK / RATE:.0f} s")
    burst_end = seconds(await here.until(lambda status: not status.is_burst, begun))
    await all_complete(bulk)
    reports = await here.reports()
    burst, steady = calls_of(here.fake_youtube, begun, burst_end), calls_of(here.fake_youtube, burst_end)
    say(f"burst: {len(burst)} calls, {per_second(burst):.2f} calls/s, at most {most_within(1, burst)} in one second")
    say(f"burst: {signals(reports, begun, burst_end, burst)}")
    share = len(steady) / (steady[-1].at - burst_end) / RATE
    most = most_within(WINDOW_SECONDS, steady)
    say(f"then {len(steady)} calls at {share:.1%} of the allowed {RATE}/s (aim: at least {AIM_SHARE:.0%})")
    say(f"at most {most} calls in any {WINDOW_SECONDS} s (aim: at most {MOST_IN_WINDOW:.0f})")
    say(f"steady state: {signals(reports, burst_end, steady[-1].at, steady)}")


async def block(here: Installation) -> None:
    """Three throttles in a row while imports wait, until the full rate is back; measure and print."""
    begun = time.time()
    here.fake_youtube.faults.add(Fault(kind=Kind.WATCH, status=429, times=3))
    await here.add(WAITING)
    say(f"{WAITING} imports queued; three answers will be 429")
    opened = await here.until(lambda status: status.state is UpstreamState.OPEN, begun)
    say(f"the breaker is open after {len(calls_of(here.fake_youtube, begun, seconds(opened)))} calls")
    probing = await here.until(lambda status: status.state is UpstreamState.HALF_OPEN, begun)
    closed = await here.until(lambda status: status.state is UpstreamState.CLOSED, seconds(probing))
    paused = calls_of(here.fake_youtube, seconds(opened) + GRACE_SECONDS, seconds(probing))
    say(f"{len(paused)} calls in {seconds(probing) - seconds(opened):.1f} s of pause (aim: 0)")
    (probe, *more) = calls_of(here.fake_youtube, seconds(probing), seconds(closed))
    say(f"{1 + len(more)} probe (aim: 1), {probe.at - seconds(probing):.1f} s after the pause")
    await recovery(here, probe, seconds(closed))


async def recovery(here: Installation, probe: Call, closed_at: float) -> None:
    """From the probe's answer to the full rate."""
    while not (calls := calls_of(here.fake_youtube, closed_at)):  # noqa: ASYNC110 - the fake YouTube is a thread of its own
        await asyncio.sleep(0.05)
    say(f"answered {closed_at - probe.at:.1f} s later; next call {calls[0].at - closed_at:.1f} s after that")
    full = await here.until(lambda status: status.calls_per_second >= RATE, closed_at)
    passed = len(calls_of(here.fake_youtube, closed_at, seconds(full)))
    say(f"full rate again {seconds(full) - closed_at:.0f} s after the probe's answer; {passed} calls meanwhile")


def per_second(calls: Sequence[Call]) -> float:
    """From the first call to the last."""
    return (len(calls) - 1) / (calls[-1].at - calls[0].at)


def signals(reports: Sequence[float], since: float, until: float, calls: Sequence[Call]) -> str:
    """How often the governor was told of these calls."""
    count = sum(since <= at < until for at in reports)
    return f"{count} signals to the governor, {100 * count / len(calls):.0f} per 100 calls"


async def main() -> None:
    """Measure and print."""
    print_machine()
    async with machine() as running, youtube() as fake_youtube, installation(running, fake_youtube) as here:
        await quiet_spell(here)
        await burst_and_steady(here)
        await block(here)


if __name__ == "__main__":
    asyncio.run(main())
