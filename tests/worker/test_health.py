"""The worker as a process: its health endpoint, its report in PostgreSQL, and its end in time."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import asyncpg
import httpx
import psutil
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from services.stack.temporal import EmbeddedTemporal
from services.worker import health
from services.worker.health import NotPolledError, WorkerHealth, WorkerStatus
from shared.db.connection import transaction
from shared.db.workers import is_any_at_work
from shared.process import NOT_DRAINED
from shared.settings import Settings
from shared.temporal.client import connect
from shared.temporal.namespace import set_up_namespace
from shared.temporal.pollers import last_polled
from tests.support.servers import free_port, server
from tests.support.waiting import eventually
from tests.support.worker import permit_workers

START_SECONDS = 180


class Answer(NamedTuple):
    code: int
    status: str


class RunningWorker(NamedTuple):
    process: asyncio.subprocess.Process
    port: int

    async def health(self) -> Answer:
        async with httpx.AsyncClient(trust_env=False) as http:
            try:
                response = await http.get(f"http://127.0.0.1:{self.port}/healthz")
            except httpx.TransportError as error:
                raise AssertionError("it does not listen yet") from error
        return Answer(response.status_code, response.json()["status"])

    async def until(self, *expected: object) -> None:
        async def is_so() -> bool:
            assert await self.health() == expected
            return True

        await eventually(is_so, within_seconds=START_SECONDS)


@asynccontextmanager
async def running_worker(
    settings: Settings, *, is_permitted: bool = True, environment: Mapping[str, str] | None = None
) -> AsyncIterator[RunningWorker]:
    if is_permitted:
        await permit_workers(settings)
    port = free_port()
    told = {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "TEMPORAL_ADDRESS": settings.temporal_address,
        "VIDFERRY_WORKER_HEALTH_PORT": str(port),
        "VIDFERRY_DRAIN_SECONDS": "60",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.worker"),
        env=os.environ | told | dict(environment or {}),
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield RunningWorker(process, port)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def is_reported(engine: AsyncEngine) -> bool:
    async with transaction(engine) as connection:
        return await is_any_at_work(connection)


@pytest.mark.usefixtures("client")
async def test_a_worker_that_works_says_and_reports_it(settings: Settings, engine: AsyncEngine) -> None:
    assert not await is_reported(engine)
    async with running_worker(settings) as worker:
        await worker.until(200, "ok")
        assert await is_reported(engine)
        worker.process.send_signal(signal.SIGTERM)
        _, log = await asyncio.wait_for(worker.process.communicate(), START_SECONDS)
    assert worker.process.returncode == 0, log.decode()


async def test_a_worker_answers_before_temporal_does(settings: Settings) -> None:
    away = settings.model_copy(update={"temporal_address": f"127.0.0.1:{free_port()}"})
    async with running_worker(away) as worker:
        await worker.until(503, "starting")


@pytest.mark.usefixtures("client")
async def test_a_database_that_refuses_the_report_is_unhealthy(settings: Settings, database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("ALTER TABLE worker_reports RENAME TO elsewhere")
    async with running_worker(settings) as worker:
        await worker.until(503, "database away")
        await connection.execute("ALTER TABLE elsewhere RENAME TO worker_reports")
        await worker.until(200, "ok")
    await connection.close()


async def test_a_worker_that_temporal_does_not_hear_gives_up(
    client: Client, settings: Settings, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await permit_workers(settings)
    monkeypatch.setattr(health, "UNPOLLED_SECONDS", 0.1)
    monkeypatch.setattr(health, "RETRY_SECONDS", 0.05)
    stranger = await Client.connect(client.service_client.config.target_host, identity="stranger")
    deaf = WorkerHealth()
    with pytest.raises(NotPolledError):
        await asyncio.wait_for(deaf.watch(stranger, engine), START_SECONDS)
    assert deaf.status is WorkerStatus.NOT_POLLING


async def test_a_worker_survives_an_outage_of_temporal(
    settings: Settings, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await permit_workers(settings)
    monkeypatch.setattr(health, "UNPOLLED_SECONDS", 0)
    monkeypatch.setattr(health, "RETRY_SECONDS", 0.01)
    away = WorkerHealth()
    watch = asyncio.create_task(away.watch(await connect(Settings(temporal_address="127.0.0.1:1")), engine))

    async def is_noticed() -> bool:
        return away.status is WorkerStatus.TEMPORAL_AWAY

    await eventually(is_noticed)
    assert not watch.done()
    watch.cancel()


async def test_a_worker_that_cannot_drain_ends_anyway(settings: Settings, tmp_path: Path) -> None:
    """Temporal takes its calls and is silent: nothing that has started can be finished."""
    embedded = EmbeddedTemporal(free_port())
    own = settings.model_copy(update={"temporal_address": f"127.0.0.1:{embedded.port}"})
    with server(embedded.argv(), tmp_path / "log") as temporal:
        await eventually(lambda: is_set_up(own), within_seconds=START_SECONDS)
        async with running_worker(own, environment={"VIDFERRY_DRAIN_SECONDS": "1"}) as worker:
            await worker.until(200, "ok")
            psutil.Process(temporal.pid).suspend()
            worker.process.send_signal(signal.SIGTERM)
            _, log = await asyncio.wait_for(worker.process.communicate(), START_SECONDS)
            psutil.Process(temporal.pid).resume()
    assert worker.process.returncode == NOT_DRAINED, log.decode()
    assert b"still not drained after 1 s" in log


async def is_set_up(settings: Settings) -> bool:
    try:
        await set_up_namespace(await connect(settings), reconcile_interval_seconds=3600)
    except Exception as error:
        raise AssertionError("Temporal does not answer yet") from error
    return True


async def test_pollers_are_known_by_their_identity(client: Client) -> None:
    assert await last_polled(client, by="nobody") is None
