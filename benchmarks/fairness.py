"""Whose turn it is behind 200 bulk imports: another user's three videos, and single adds. 4 minutes.

At 2 calls/s instead of 0.5, so that it ends; turns are counted in calls, whatever their pace. The other side, in the
same run, is first come, first served: the same imports, all of one user and of one priority. On both sides an import
that has begun goes before those that have not.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass

from benchmarks.installation import Import, Installation, all_complete, calls_of, installation, say, youtube
from benchmarks.machine import machine, print_machine
from shared.temporal.names import PRIORITY_PERSON, import_video_id
from tests.support.entries import add_user

CALLS_PER_SECOND = 2
PACE = {
    "YOUTUBE_CALLS_PER_SECOND": str(CALLS_PER_SECOND),
    "YOUTUBE_HOURLY_REQUESTS": "1000000",
    "YOUTUBE_BURST_CALLS": "0",
}
IN_FRONT, VIDEOS, SINGLE_ADDS = 200, 3, 10
CALLS_PER_VIDEO = 2


@dataclass(frozen=True)
class Turns:
    """Which of the calls since they were added were the first and the last one for some imports."""

    first: int
    last: int


@asynccontextmanager
async def behind_many() -> AsyncIterator[Installation]:
    """An installation with 200 imports in line."""
    async with machine() as running, youtube() as fake_youtube, installation(running, fake_youtube, **PACE) as here:
        await here.add(IN_FRONT)
        say(f"{IN_FRONT} imports queued")
        yield here


async def turns(here: Installation, since: float, imports: Collection[Import]) -> Turns:
    """Whose calls YouTube got from then on until the imports were complete."""
    await all_complete(imports)
    ids = [import_video_id(call.youtube_id or "") for call in calls_of(here.fake_youtube, since)]
    wanted = {each.id for each in imports}
    numbers = [number for number, each in enumerate(ids, 1) if each in wanted]
    return Turns(numbers[0], numbers[-1])


async def measure_ours() -> None:
    """Another user's bulk videos, then single adds of the first user, one after the other; printed."""
    async with behind_many() as here:
        user_id, added_at = await add_user(here.engine), time.time()
        bulk = await turns(here, added_at, await here.add(VIDEOS, user_id))
        single = []
        for _ in range(SINGLE_ADDS):
            added_at = time.time()
            single.append(await turns(here, added_at, await here.add(1, priority=PRIORITY_PERSON)))
    say(f"Vidferry: the {VIDEOS} videos' calls are number {bulk.first} to {bulk.last} from the add")
    say(f"Vidferry: of {SINGLE_ADDS} single adds the first calls are number {sorted(each.first for each in single)}")


async def measure_first_come() -> None:
    """The same without user and priority, the single add at the same time as the three; printed."""
    async with behind_many() as here:
        added_at = time.time()
        imports, single = await here.add(VIDEOS), await here.add(1)
        bulk_turns, single_turns = await turns(here, added_at, imports), await turns(here, added_at, single)
    say(f"first come: the {VIDEOS} videos' calls are number {bulk_turns.first} to {bulk_turns.last}")
    say(f"first come: the single add's first call is number {single_turns.first}")


async def main() -> None:
    """Measure and print."""
    print_machine()
    print(f"at {CALLS_PER_SECOND} calls/s, {CALLS_PER_VIDEO} calls per video")
    await measure_ours()
    await measure_first_come()
    calls = VIDEOS * CALLS_PER_VIDEO
    print(
        f"aims: the three videos' {calls} calls among the next {2 * calls}; a single add's first call is the next one"
    )


if __name__ == "__main__":
    asyncio.run(main())
