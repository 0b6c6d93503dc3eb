"""The notifier as a process."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator

import pytest
from websockets.exceptions import ConnectionClosed

from shared.settings import Settings
from tests.notifier.support import Browser
from tests.support.servers import free_port
from tests.support.waiting import PATIENCE_SECONDS, eventually


@pytest.fixture
async def process(settings: Settings) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """A notifier process and its port."""
    port = free_port()
    environment = os.environ | {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "TEMPORAL_ADDRESS": settings.temporal_address,
        "VIDFERRY_NOTIFIER_PORT": str(port),
    }
    started = await asyncio.create_subprocess_exec(sys.executable, "-m", "services.notifier", env=environment)
    yield started, port
    if started.returncode is None:
        started.kill()
        await started.wait()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
async def test_ends_gracefully(process: tuple[asyncio.subprocess.Process, int], stop: signal.Signals) -> None:
    notifier, port = process
    browser = await eventually(lambda: _connected(port))
    await browser.receive()
    notifier.send_signal(stop)
    with pytest.raises(ConnectionClosed) as closed:
        await browser.receive()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1001
    assert await asyncio.wait_for(notifier.wait(), timeout=PATIENCE_SECONDS) == 0


async def _connected(port: int) -> Browser:
    try:
        return await Browser(port).__aenter__()
    except OSError as error:
        raise AssertionError("not listening yet") from error
