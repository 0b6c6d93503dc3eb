"""A batch of 10,000 while YouTube refuses every client: what it costs, that nothing is lost, and how it goes on.

Two kinds of outage: HTTP 400, which proves it at once, and players that give no reason, which takes five videos. The
pauses between probes are shortened, so that the probes of six hours take four minutes; all else has its default. How it
goes on is measured without a rate limit: at the default one, 10,000 videos take eleven hours.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.bulk import Lists
from benchmarks.installation import Installation, installation, say, seconds, youtube
from benchmarks.machine import Machine, answers, machine, print_machine
from benchmarks.videos import new_ids
from fakes.youtube import FakeYoutube, Fault, Kind, LoggedRequest, refuse_client, retire_client
from shared.contracts.upstreams import PauseReason, UpstreamState
from shared.settings import Settings

ROWS = 10_000
AIM_REQUESTS = 50
OUTAGES = {
    "HTTP 400 from every player": retire_client(None),
    "every player says “The page needs to be reloaded”": refuse_client(None, "page reload"),
}
"""The watch page names captions for clients with a token only, so every video needs a player."""
SHORTENED = 60
"""A second of a pause stands for a minute."""
PROBES_IN_AN_HOUR, PROBES = 2, 4
"""After 15 and 45 minutes, and after 1:45 and 3:45 hours; the next one comes after six hours."""
LIMITS = Settings().youtube_rate_limits
DURING = {
    "YOUTUBE_BOT_CHECK_PAUSE_SECONDS": str(LIMITS.bot_check_pause_seconds / SHORTENED),
    "YOUTUBE_MAX_PAUSE_SECONDS": str(LIMITS.max_pause_seconds / SHORTENED),
}
AFTERWARDS = {"YOUTUBE_CALLS_PER_SECOND": "1000", "YOUTUBE_HOURLY_REQUESTS": "1000000"}
PROGRESS_SECONDS = 60


async def measure_outage(here: Installation, lists: Lists, name: str, fault: Fault) -> None:
    """From the batch to the last probe; measure and print."""
    say(f"{name}: waiting for a quiet spell, after which calls may come in a burst")
    await here.until(lambda status: status.is_burst)
    here.fake_youtube.faults.add(fault)
    begun = time.time()
    await lists.post_csv(new_ids(ROWS))
    paused = await here.until(lambda status: status.state is UpstreamState.OPEN, begun)
    if paused.reason is not PauseReason.EXTRACTOR_OUTDATED:
        raise RuntimeError(f"paused for another reason: {paused.reason}")
    say(f"{ROWS} rows; calls pause {seconds(paused) - begun:.1f} s after the request")
    probes, last = list[float](), paused
    for _ in range(PROBES):
        since = last.since
        probe = await here.until(lambda status: status.state is UpstreamState.HALF_OPEN, seconds(last))
        last = await here.until(lambda status: status.state is UpstreamState.OPEN and status.since > since)  # noqa: B023 - awaited in the same round
        probes.append(probe.since.timestamp())
    print_requests([request for request in here.fake_youtube.requests if request.at >= begun], probes)
    await print_rows(here.engine)


def print_requests(requests: Iterable[LoggedRequest], probes: list[float]) -> None:
    """Before each probe and in all; `probes`: when each began."""
    parts = [Counter[Kind]() for _ in range(len(probes) + 1)]
    for request in requests:
        parts[sum(begun <= request.at for begun in probes)][request.kind] += 1
    first, *others = [part.total() for part in parts]
    hour = first + sum(others[:PROBES_IN_AN_HOUR])
    say(f"{first} requests until no more came, then {', '.join(map(str, others))} for the probes")
    say(f"in the first hour {hour} requests (aim: at most {AIM_REQUESTS}), in six hours {first + sum(others)}")
    kinds = sum(parts, Counter[Kind]())
    say(f"by kind: {', '.join(f'{kind} {count}' for kind, count in sorted(kinds.items()))}")


async def measure_afterwards(running: Machine, fake_youtube: FakeYoutube) -> None:
    """YouTube answers again, and workers start; measure and print."""
    before, begun = len(fake_youtube.requests), time.time()
    fake_youtube.faults.clear()
    async with installation(running, fake_youtube, **AFTERWARDS) as here:
        say("YouTube answers again")
        while (await stages(here.engine))["complete"] < ROWS:
            await asyncio.sleep(PROGRESS_SECONDS)
            await print_rows(here.engine)
        took, requests = time.time() - begun, len(fake_youtube.requests) - before
        say(f"all complete after {took / 60:.0f} min, {ROWS / took:.1f} videos/s, {requests / ROWS:.2f} requests each")


async def print_rows(engine: AsyncEngine) -> None:
    """How many rows are at each stage."""
    say(f"rows: {', '.join(f'{count} {stage}' for stage, count in sorted((await stages(engine)).items()))}")


async def stages(engine: AsyncEngine) -> Counter[str]:
    """How many rows are at each stage; raises RuntimeError if one has failed or is missing."""
    async with engine.connect() as connection:
        found = await connection.execute(text("SELECT import_stage, count(*) AS rows FROM videos GROUP BY 1"))
        counted = Counter({row.import_stage: row.rows for row in found})
    if counted.total() != ROWS or counted["error"]:
        raise RuntimeError(f"a row is lost or has failed: {counted}")
    return counted


async def main() -> None:
    """Measure and print."""
    print_machine()
    for name, fault in OUTAGES.items():
        async with (
            machine() as running,
            youtube() as fake_youtube,
            httpx.AsyncClient(base_url=running.api_url, timeout=60) as http,
        ):
            with running.process("services.api"):
                await answers(running.settings.api_port)
                async with installation(running, fake_youtube, **DURING) as here:
                    await measure_outage(here, Lists(http), name, fault)
                if fault == [*OUTAGES.values()][-1]:
                    await measure_afterwards(running, fake_youtube)


if __name__ == "__main__":
    asyncio.run(main())
