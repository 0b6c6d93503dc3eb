"""A list of 50,000 videos is deleted while another client adds videos to another list.

The API, a worker and the servers run as processes of their own. The list is imported as a file through the API; every
video gets the five events of a complete import. The fake YouTube answers at once, so what the other
client adds is imported meanwhile.
"""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import asyncpg
import httpx

from benchmarks.installation import say, way_to
from benchmarks.machine import Machine, answers, machine, milliseconds, print_machine
from benchmarks.videos import new_ids, watch_url
from fakes.youtube import FakeYoutube
from fakes.youtube.library import Library
from tests.support.waiting import eventually

VIDEOS = 50_000
RATES = (1, 5)
"""Additions per second; the second one has more samples."""
BEFORE_SECONDS = 20
WARM_UP = 30
MAX_ADD_SECONDS = 0.2

# As a complete import leaves them.
_COMPLETE = "UPDATE videos SET import_stage = 'complete', import_progress = 100 WHERE list_id = $1::uuid"
_EVENTS = """
    INSERT INTO import_events (user_id, video_id, list_id, batch_id, youtube_id, stage, progress)
    SELECT v.user_id, v.id, v.list_id, v.batch_id, v.youtube_id, s.stage, s.progress
    FROM videos v, (VALUES ('created', 0), ('metadata', 25), ('captions', 60), ('chapters', 90), ('complete', 100))
        AS s (stage, progress)
    WHERE v.list_id = $1::uuid
    """
_LEFT = "SELECT count(*) FROM lists WHERE id = $1::uuid"


@dataclass
class Additions:
    """A client that adds a video at every beat, whether the one before was answered or not."""

    http: httpx.AsyncClient
    list_id: str
    ids: Iterator[str]
    latencies: list[float] = field(default_factory=list)
    refused: int = 0

    async def add(self) -> None:
        """One request."""
        body = {"url": watch_url(next(self.ids))}
        begun = time.perf_counter()
        answer = await self.http.post(f"/lists/{self.list_id}/videos", json=body)
        self.latencies.append(time.perf_counter() - begun)
        self.refused += answer.status_code != httpx.codes.CREATED

    async def add_until(self, is_over: asyncio.Event, per_second: float) -> None:
        """Add at this rate."""
        async with asyncio.TaskGroup() as requests:
            while not is_over.is_set():
                requests.create_task(self.add())
                await asyncio.sleep(1 / per_second)

    def figures(self) -> str:
        """What came of them, and nothing of those before."""
        text = f"{len(self.latencies)} adds: {milliseconds(self.latencies)}, max {max(self.latencies) * 1000:.1f} ms"
        text += f" (aim: under {MAX_ADD_SECONDS * 1000:.0f}), {self.refused} refused (aim: 0)"
        self.latencies, self.refused = [], 0
        return text


async def full_list(http: httpx.AsyncClient, database: asyncpg.Connection) -> str:
    """The id of a list of complete videos."""
    list_id = str((await http.post("/lists", json={"name": "long"})).raise_for_status().json()["id"])
    files = {"file": ("videos.txt", "\n".join(new_ids(VIDEOS)).encode(), "text/plain")}
    begun = time.perf_counter()
    (await http.post(f"/lists/{list_id}/imports", files=files)).raise_for_status()
    say(f"{VIDEOS} rows imported in {time.perf_counter() - begun:.1f} s; now their events")
    await database.execute(_COMPLETE, list_id)
    await database.execute(_EVENTS, list_id)
    return list_id


async def delete(http: httpx.AsyncClient, database: asyncpg.Connection, list_id: str) -> str:
    """Delete a list and wait until its rows are gone; says how long each took."""
    begun = time.perf_counter()
    (await http.delete(f"/lists/{list_id}")).raise_for_status()
    answered = time.perf_counter()

    async def is_gone() -> bool:
        return not await database.fetchval(_LEFT, list_id)

    await eventually(is_gone, within_seconds=600)
    return (
        f"DELETE answered after {(answered - begun) * 1000:.1f} ms, "
        f"the last row was gone {time.perf_counter() - begun:.1f} s after the request"
    )


async def measure(running: Machine, http: httpx.AsyncClient, additions: Additions, per_second: float) -> None:
    """One deletion, and the same rate without one."""
    database = await asyncpg.connect(running.settings.database_url.get_secret_value())
    list_id = await full_list(http, database)
    is_over = asyncio.Event()
    adding = asyncio.create_task(additions.add_until(is_over, per_second))
    await asyncio.sleep(BEFORE_SECONDS)
    print(f"{per_second}/s before:   {additions.figures()}")
    deleted = await delete(http, database, list_id)
    is_over.set()
    await adding
    print(f"{per_second}/s meanwhile: {additions.figures()}")
    print(deleted, flush=True)
    await database.close()


async def main() -> None:
    """Measure and print."""
    print_machine()
    async with machine() as running, FakeYoutube.start(library=Library(generate=True)) as youtube:
        with running.process("services.api"), running.process("services.worker", **way_to(youtube)):
            await answers(running.settings.api_port)
            async with httpx.AsyncClient(base_url=running.api_url, timeout=120) as http:
                other = (await http.post("/lists", json={"name": "short"})).raise_for_status().json()["id"]
                additions = Additions(http, other, iter(new_ids(10_000)))
                for _ in range(WARM_UP):
                    await additions.add()
                additions.figures()
                for per_second in RATES:
                    await measure(running, http, additions, per_second)


if __name__ == "__main__":
    asyncio.run(main())
