"""POST of one video as a ratio to a bare FastAPI + asyncpg INSERT, both measured in turn in one run.

The product's side includes everything a POST does: validation, the entry and its event in one transaction, and the
start of its workflow in the background (Temporal runs; no worker does, so that imports do not compete for the cores).
Before it is the other side's turn, every workflow of the round has been started.
"""

import asyncio
import itertools
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import uuid4

import httpx
from temporalio.client import Client

from benchmarks.machine import Machine, answers, machine, milliseconds, print_machine
from benchmarks.videos import watch_url
from shared.temporal.client import connect
from shared.temporal.names import IMPORT_VIDEO
from tests.support.servers import free_port
from tests.support.waiting import eventually

WARM_UP = 100
ROUNDS = 5
SEQUENTIAL = 150
CLIENTS = 16
CONCURRENT = 320


@dataclass
class Side:
    """One of the two endpoints and what was measured."""

    name: str
    url: str
    ids: Iterator[int]
    latencies: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)

    async def post(self, http: httpx.AsyncClient) -> float:
        """One request; returns how long it took, in seconds."""
        body = {"url": watch_url(f"b{next(self.ids):010}")}
        begun = time.perf_counter()
        response = await http.post(self.url, json=body)
        took = time.perf_counter() - begun
        response.raise_for_status()
        return took

    async def measure(self, http: httpx.AsyncClient) -> None:
        """One round: requests one after the other, then from many clients at once."""
        self.latencies += [await self.post(http) for _ in range(SEQUENTIAL)]
        begun = time.perf_counter()
        await asyncio.gather(*(self._client(http) for _ in range(CLIENTS)))
        self.rates.append(CONCURRENT / (time.perf_counter() - begun))

    async def _client(self, http: httpx.AsyncClient) -> None:
        for _ in range(CONCURRENT // CLIENTS):
            await self.post(http)


async def sides(running: Machine, http: httpx.AsyncClient, bare_port: int) -> tuple[Side, Side]:
    """The bare endpoint and the product's, warmed up."""
    created = await http.post(f"{running.api_url}/lists", json={"name": "benchmark"})
    ids = itertools.count()
    bare = Side("bare INSERT", f"http://127.0.0.1:{bare_port}/lists/{uuid4()}/videos", ids)
    product = Side("Vidferry", f"{running.api_url}/lists/{created.json()['id']}/videos", ids)
    for _ in range(WARM_UP):
        await bare.post(http)
        await product.post(http)
    return bare, product


async def all_are_started(temporal: Client, count: int) -> float:
    """Wait until `count` imports have been started; returns how long that took, in seconds."""
    begun = time.perf_counter()

    async def started() -> bool:
        return (await temporal.count_workflows(f"WorkflowType = '{IMPORT_VIDEO}'")).count >= count

    await eventually(started, within_seconds=120)
    return time.perf_counter() - begun


async def main() -> None:
    """Measure and print."""
    print_machine()
    catching_up: list[float] = []
    bare_port = free_port()
    async with machine() as running, httpx.AsyncClient(limits=httpx.Limits(max_connections=CLIENTS)) as http:
        with (
            running.process("services.api"),
            running.process("benchmarks.bare_insert", BARE_PORT=str(bare_port)),
        ):
            await asyncio.gather(answers(running.settings.api_port), answers(bare_port))
            bare, product = await sides(running, http, bare_port)
            temporal = await connect(running.settings, lazy=False)
            for number in range(1, ROUNDS + 1):
                await bare.measure(http)
                await product.measure(http)
                catching_up.append(await all_are_started(temporal, WARM_UP + number * (SEQUENTIAL + CONCURRENT)))
    for side in (bare, product):
        rate = statistics.median(side.rates)
        print(f"{side.name:12} {milliseconds(side.latencies)}; {rate:.0f} requests/s from {CLIENTS} clients")
    lag_seconds = statistics.median(catching_up)
    print(f"the last workflow of {SEQUENTIAL + CONCURRENT} POSTs had started {lag_seconds:.1f} s after the last answer")
    latency_ratio = statistics.median(product.latencies) / statistics.median(bare.latencies)
    rate_ratio = statistics.median(product.rates) / statistics.median(bare.rates)
    print(f"ratio of p50: {latency_ratio:.2f} (aim: at most 2); ratio of throughput: {rate_ratio:.2f}")


if __name__ == "__main__":
    asyncio.run(main())
