"""Adding in bulk: 1,000 addresses, a CSV of 10,000 rows beside the bare INSERT of the same rows, and 10,000 queued.

The API, a worker and the servers run as processes of their own. The fake YouTube answers so slowly meanwhile
that a batch stays queued.
"""

import asyncio
import statistics
import time
from collections.abc import Sequence
from uuid import UUID

import asyncpg
import httpx
import psutil
from temporalio.client import Client

from benchmarks.installation import way_to
from benchmarks.machine import Machine, answers, machine, percentile, print_machine
from benchmarks.videos import new_ids, watch_url
from fakes.youtube import FakeYoutube, Fault
from fakes.youtube.library import Library
from shared.contracts.youtube import thumbnail_url
from shared.db.models import LOCAL_USER_ID
from shared.temporal.client import connect
from shared.temporal.names import IMPORT_VIDEO
from tests.support.waiting import eventually

URLS, ROWS, QUEUED = 1_000, 10_000, 10_000
ROUNDS = 7
SAMPLES = 40
SAMPLE_SECONDS = 0.5
MAX_URLS_SECONDS, MAX_ROWS_SECONDS, MAX_GROWTH_MB = 1, 5, 50

_BARE_INSERT = """
    INSERT INTO videos (id, list_id, user_id, youtube_id, thumbnail_url, import_stage)
    SELECT gen_random_uuid(), $1, $2, w.youtube_id, w.thumbnail_url, 'complete'
    FROM unnest($3::text[], $4::text[]) AS w (youtube_id, thumbnail_url)
    """


class Lists:
    """A client of the API that adds to a new list each time."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def new(self) -> str:
        """The id of a new list."""
        created = await self._http.post("/lists", json={"name": "benchmark"})
        return str(created.raise_for_status().json()["id"])

    async def post_urls(self, count: int) -> float:
        """Add addresses; returns how long that took, in seconds. Every row can be read afterwards."""
        urls = [watch_url(youtube_id) for youtube_id in new_ids(count)]
        list_id = await self.new()
        begun = time.perf_counter()
        answer = await self._http.post(f"/lists/{list_id}/videos/batch", json={"urls": urls})
        took = time.perf_counter() - begun
        if len(answer.raise_for_status().json()["videos"]) != count:
            raise RuntimeError("not every row was answered")
        await self._check(list_id, count)
        return took

    async def post_csv(self, youtube_ids: Sequence[str]) -> float:
        """Import a file; returns how long that took, in seconds. Every row can be read afterwards."""
        rows = [f"{watch_url(youtube_id)},A title,2026-11-24" for youtube_id in youtube_ids]
        content = "\n".join(["url,title,added", *rows]).encode()
        list_id = await self.new()
        begun = time.perf_counter()
        files = {"file": ("videos.csv", content, "text/csv")}
        (await self._http.post(f"/lists/{list_id}/imports", files=files)).raise_for_status()
        took = time.perf_counter() - begun
        await self._check(list_id, len(youtube_ids))
        return took

    async def cancel_all(self) -> None:
        """Let no batch of earlier rounds take part in what is measured next."""
        for batch in (await self._http.get("/batches", params={"limit": 200})).raise_for_status().json()["items"]:
            await self._http.post(f"/batches/{batch['batch_id']}/cancel")

    async def _check(self, list_id: str, count: int) -> None:
        found = (await self._http.get(f"/lists/{list_id}")).raise_for_status().json()["video_count"]
        if found != count:
            raise RuntimeError(f"{found} of {count} rows can be read")


async def bare_insert(database: asyncpg.Connection, list_id: str, youtube_ids: Sequence[str]) -> float:
    """The same rows in one statement into the same table, indexes and all; returns seconds."""
    thumbnails = [thumbnail_url(youtube_id) for youtube_id in youtube_ids]
    begun = time.perf_counter()
    await database.execute(_BARE_INSERT, UUID(list_id), LOCAL_USER_ID, list(youtube_ids), thumbnails)
    return time.perf_counter() - begun


async def measure_adding(running: Machine, lists: Lists) -> None:
    """Both sides in turn, after a warm-up."""
    database = await asyncpg.connect(running.settings.database_url.get_secret_value())
    urls, rows, bare = [], [], []
    for number in range(ROUNDS + 1):
        urls.append(await lists.post_urls(URLS))
        rows.append(await lists.post_csv(new_ids(ROWS)))
        bare.append(await bare_insert(database, await lists.new(), new_ids(ROWS)))
        if number == 0:  # the warm-up
            urls, rows, bare = [], [], []
    await database.close()
    print(f"{URLS} addresses: {_seconds(urls)} (aim: under {MAX_URLS_SECONDS})")
    print(f"CSV of {ROWS} rows: {_seconds(rows)} (aim: under {MAX_ROWS_SECONDS})")
    ratio = statistics.median(rows) / statistics.median(bare)
    print(f"bare INSERT of {ROWS} rows: {_seconds(bare)}; ratio of the medians {ratio:.1f}")


async def measure_queue(running: Machine, lists: Lists, worker: psutil.Process) -> None:
    """Memory of the worker and open workflows with a large batch, and with nothing to do."""
    temporal = await connect(running.settings, lazy=False)
    idle = worker.memory_info().rss
    await lists.post_csv(new_ids(QUEUED))
    window = running.settings.batch_window
    await eventually(lambda: _some_run(temporal), within_seconds=60)
    memory, open_workflows = [], []
    for _ in range(SAMPLES):
        memory.append(worker.memory_info().rss)
        open_workflows.append(await _open_imports(temporal))
        await asyncio.sleep(SAMPLE_SECONDS)
    growth = (max(memory) - idle) / 1e6
    print(
        f"worker: {idle / 1e6:.0f} MB idle, at most {max(memory) / 1e6:.0f} MB with {QUEUED} queued "
        f"({growth:+.0f}, aim: under {MAX_GROWTH_MB}); at most {max(open_workflows)} open imports (window {window})"
    )


async def warm_up(running: Machine, lists: Lists) -> None:
    """A first batch: what a worker needs for any work is loaded."""
    temporal = await connect(running.settings, lazy=False)
    await lists.post_urls(20)

    async def all_done() -> bool:
        query = f"WorkflowType = '{IMPORT_VIDEO}' AND ExecutionStatus = 'Completed'"
        return (await temporal.count_workflows(query)).count >= 20

    await eventually(all_done, within_seconds=120)


async def _some_run(temporal: Client) -> bool:
    return await _open_imports(temporal) > 0


async def _open_imports(temporal: Client) -> int:
    query = f"WorkflowType = '{IMPORT_VIDEO}' AND ExecutionStatus = 'Running'"
    return (await temporal.count_workflows(query)).count


def _seconds(values: Sequence[float]) -> str:
    return f"p50 {statistics.median(values):.2f} s, p99 {percentile(values, 99):.2f} s"


async def main() -> None:
    """Measure and print."""
    print_machine()
    async with (
        machine() as running,
        FakeYoutube.start(library=Library(generate=True)) as fake_youtube,
        httpx.AsyncClient(base_url=running.api_url, timeout=60) as http,
    ):
        lists = Lists(http)
        with running.process("services.api"):
            await answers(running.settings.api_port)
            await measure_adding(running, lists)  # without a worker: nobody else is on the cores
            await lists.cancel_all()
            environment = {**way_to(fake_youtube), "YOUTUBE_CALLS_PER_SECOND": "1000"}
            with running.process("services.worker", **environment) as worker:
                await warm_up(running, lists)
                fake_youtube.faults.add(Fault(stall_seconds=5, times=-1))
                await measure_queue(running, lists, psutil.Process(worker.pid))


if __name__ == "__main__":
    asyncio.run(main())
