"""The API as a process of its own."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from shared.settings import Settings
from tests.api.support import youtube_id
from tests.support.servers import free_port
from tests.support.waiting import PATIENCE_SECONDS, eventually


@asynccontextmanager
async def _process(settings: Settings, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m services.api` on a port; killed at the end unless it has ended."""
    environment = os.environ | {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "TEMPORAL_ADDRESS": settings.temporal_address,
        "VIDFERRY_API_PORT": str(port),
        "VIDFERRY_DRAIN_SECONDS": "5",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.api", env=environment, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def _client(port: int) -> httpx.AsyncClient:
    """A client with the patience that the first requests of a process need on a busy machine."""
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_SECONDS)


async def _is_healthy(http: httpx.AsyncClient) -> bool:
    try:
        return (await http.get("/api/health")).status_code == 200
    except httpx.TransportError as error:
        raise AssertionError("it does not answer yet") from error


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
async def test_serves_until_a_signal_and_stops_gracefully(settings: Settings, stop: signal.Signals) -> None:
    port = free_port()
    away = settings.model_copy(update={"temporal_address": f"127.0.0.1:{free_port()}"})
    async with _process(away, port) as process, _client(port) as http:
        await eventually(lambda: _is_healthy(http))
        created = await http.post("/api/lists", json={"name": "Lighthouses"})
        added = await http.post(f"{created.headers['Location']}/videos", json={"url": youtube_id(1)})
        process.send_signal(stop)
        _, log = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)

    assert (created.status_code, added.status_code) == (201, 201)
    assert process.returncode == 0, log.decode()
    assert b"Traceback" not in log
    assert log.count(b"task=workflow_commands") == 1


async def test_port_in_use_is_one_clear_sentence(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with _process(settings, port) as process:
            _, log = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)

    assert process.returncode == 1
    [line] = log.decode().strip().splitlines()
    assert f"listen_failed host=127.0.0.1 port={port}" in line
