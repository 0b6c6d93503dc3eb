"""What an installation costs that holds 200,000 videos: reads, an added video, and PostgreSQL while nothing happens.

API, notifier, worker and servers run as processes; one WebSocket client is connected. The same requests are measured
before there are any videos and with 200,000 of them, in four batches of which three fifths are complete. The batches
are paused, so that nothing is imported. YouTube is a fake one.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from statistics import median

import asyncpg
import httpx
import psutil
from websockets.asyncio.client import connect as connect_websocket

from benchmarks.installation import say, way_to
from benchmarks.machine import Machine, machine, print_machine
from benchmarks.videos import new_ids, watch_url
from fakes.youtube import FakeYoutube
from fakes.youtube.library import Library

LISTS = 4
VIDEOS_PER_LIST = 50_000
COMPLETE_SHARE = 0.6
WITHOUT_CAPTIONS_SHARE = 0.1
"""Of the complete ones."""
ROUNDS = 60
IDLE_SECONDS = 60

_BATCH = """
    INSERT INTO import_batches (id, user_id, list_id, kind, source, state, listed, created)
    SELECT gen_random_uuid(), user_id, id, 'file', 'videos.csv', 'paused', $2, $2 FROM lists WHERE id = $1
    RETURNING id
    """
_VIDEOS = """
    INSERT INTO videos (
        id, list_id, user_id, batch_id, batch_slot, youtube_id, thumbnail_url, import_stage, import_progress, created_at
    )
    SELECT gen_random_uuid(), b.list_id, b.user_id, b.id, CASE WHEN is_complete THEN 'running' ELSE 'queued' END,
        to_hex($2::int) || lpad(to_hex(n), 10, '0'), 'https://i.ytimg.com/vi/x/mqdefault.jpg',
        CASE WHEN is_complete THEN 'complete' ELSE 'created' END, CASE WHEN is_complete THEN 100 ELSE 0 END,
        b.created_at - n * interval '1 microsecond'
    FROM import_batches b, generate_series(1, $3::int) AS n, LATERAL (SELECT n <= $3::int * $4::float AS is_complete) s
    WHERE b.id = $1
    """
_ENRICHMENTS = """
    INSERT INTO video_enrichments (
        youtube_id, title, channel, duration_seconds, description, tags, categories, youtube_chapters, captions_source,
        captions_missing, completed_at, fetched_at
    )
    SELECT youtube_id, 'Lighthouses of the North', 'Ferries', 600, repeat('A long way. ', 20), '{}', '{}', '[]',
        CASE WHEN is_without THEN 'none' ELSE 'youtube' END, CASE WHEN is_without THEN 'captions_none' END,
        now(), created_at
    FROM videos, LATERAL (SELECT random() < $1::float AS is_without) s WHERE import_stage = 'complete'
    """

Request = Callable[[], Awaitable[httpx.Response]]


@dataclass(frozen=True)
class Figures:
    """Medians in milliseconds by what was requested, and the share of one core that an idle PostgreSQL uses."""

    milliseconds: dict[str, float]
    idle_percent: float


async def fill(database: asyncpg.Connection, http: httpx.AsyncClient) -> None:
    """Write the videos, and let PostgreSQL learn of them as it does by itself a little later."""
    for number in range(LISTS):
        list_id = (await http.post("/lists", json={"name": f"long {number}"})).raise_for_status().json()["id"]
        batch_id = await database.fetchval(_BATCH, list_id, VIDEOS_PER_LIST)
        await database.execute(_VIDEOS, batch_id, number, VIDEOS_PER_LIST, COMPLETE_SHARE)
    await database.execute(_ENRICHMENTS, WITHOUT_CAPTIONS_SHARE)
    await database.execute("VACUUM ANALYZE")
    await database.execute("CHECKPOINT")


async def measure(running: Machine, http: httpx.AsyncClient, list_id: str) -> Figures:
    """Each request in turn, then nothing for a while."""
    ids = iter(new_ids(ROUNDS))
    urls = [watch_url(youtube_id) for youtube_id in new_ids(10)]
    small = (await http.post("/lists", json={"name": "short"})).raise_for_status().json()["id"]
    requests: dict[str, Request] = {
        "GET lists": lambda: http.get("/lists"),
        "GET batches": lambda: http.get("/batches"),
        "GET a list's videos": lambda: http.get(f"/lists/{list_id}/videos"),
        "POST preview": lambda: http.post(f"/lists/{list_id}/imports/preview", json={"urls": urls}),
        "POST video": lambda: http.post(f"/lists/{small}/videos", json={"url": watch_url(next(ids))}),
    }
    taken = {name: [await _milliseconds(request) for _ in range(ROUNDS)] for name, request in requests.items()}
    (await http.delete(f"/lists/{small}")).raise_for_status()
    async with connect_websocket(f"ws://127.0.0.1:{running.settings.notifier_port}/api/ws/progress"):
        await asyncio.sleep(5)  # what the requests have left to do
        before = _cpu_seconds(running)
        await asyncio.sleep(IDLE_SECONDS)
        idle_percent = (_cpu_seconds(running) - before) / IDLE_SECONDS * 100
    return Figures({name: median(values) for name, values in taken.items()}, idle_percent)


async def _milliseconds(request: Request) -> float:
    begun = time.perf_counter()
    (await request()).raise_for_status()
    return (time.perf_counter() - begun) * 1000


def _cpu_seconds(running: Machine) -> float:
    """CPU time of PostgreSQL so far, that of processes which have ended included."""
    server = psutil.Process(int((running.directory / "postgres" / "postmaster.pid").read_text().split()[0]))
    own = server.cpu_times()
    ended = own.children_user + own.children_system
    return own.user + own.system + ended + sum(sum(child.cpu_times()[:2]) for child in server.children())


async def main() -> None:
    """Measure and print."""
    print_machine()
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(machine())
        youtube = await stack.enter_async_context(FakeYoutube.start(library=Library(generate=True)))
        await stack.enter_async_context(running.product(**way_to(youtube)))
        async with httpx.AsyncClient(base_url=running.api_url, timeout=120) as http:
            database = await asyncpg.connect(running.settings.database_url.get_secret_value())
            list_id = (await http.post("/lists", json={"name": "empty"})).raise_for_status().json()["id"]
            empty = await measure(running, http, list_id)
            say(f"writing {LISTS * VIDEOS_PER_LIST} videos")
            await fill(database, http)
            list_id = str(await database.fetchval("SELECT id FROM lists WHERE name = 'long 0'"))
            full = await measure(running, http, list_id)
            await database.close()
    for name, before in empty.milliseconds.items():
        print(f"{name:20} {before:6.1f} ms -> {full.milliseconds[name]:6.1f} ms")
    print(f"{'idle PostgreSQL':20} {empty.idle_percent:6.2f} %  -> {full.idle_percent:6.2f} % of one core")


if __name__ == "__main__":
    asyncio.run(main())
