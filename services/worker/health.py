"""Checks that the worker works, reports it, and ends a worker that only a new process can replace."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import NoReturn

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from services.worker.adapters.youtube.version import extractor_version
from services.worker.extractor.activation import active_origin
from shared.db.connection import transaction
from shared.db.installation import find_generation, lock_generation, record_extractor
from shared.db.workers import REPORT_SECONDS, report
from shared.logs import get_logger
from shared.temporal.errors import is_temporal_unavailable
from shared.temporal.names import WORKFLOW_GENERATION
from shared.temporal.pollers import POLLED_WITHIN, last_polled

RETRY_SECONDS = 0.5
"""Between two checks while the worker is not healthy."""
WRITE_SECONDS = 5.0
"""How long writing the report may take."""
UNPOLLED_SECONDS = 130.0
"""A worker whose polls do not arrive for so long ends. An idle poll arrives once a minute; a Temporal that was just
restarted receives the first one within ten seconds, the SDK's longest pause."""

logger = get_logger(__name__)


class WorkerStatus(StrEnum):
    """The worker's status, as `/healthz` shows it."""

    STARTING = "starting"
    OK = "ok"
    NOT_POLLING = "not polling"
    TEMPORAL_AWAY = "temporal away"
    DATABASE_AWAY = "database away"
    DRAINING = "draining"


class NotPolledError(Exception):
    """Temporal answers, but has received no poll of this worker for too long."""


class OtherGenerationError(Exception):
    """The installation runs another workflow generation than this worker, or set-up is replacing one."""

    def __init__(self, permitted: int | None) -> None:
        installed = "is being set up" if permitted is None else f"runs generation {permitted}"
        super().__init__(f"this worker has workflow generation {WORKFLOW_GENERATION}, the installation {installed}")


async def check_generation(engine: AsyncEngine) -> None:
    """Raises OtherGenerationError unless this worker's workflows may run, and what asyncpg and SQLAlchemy raise."""
    async with asyncio.timeout(WRITE_SECONDS), transaction(engine) as connection:
        _require(await find_generation(connection))


async def record_extractor_version(engine: AsyncEngine) -> None:
    """Record the extractor of this worker. Raises what asyncpg and SQLAlchemy raise."""
    version = extractor_version()
    async with asyncio.timeout(WRITE_SECONDS), transaction(engine) as connection:
        if await record_extractor(connection, version, active_origin()):
            logger.info("extractor_changed", version=version)


def _require(permitted: int | None) -> None:
    if permitted != WORKFLOW_GENERATION:
        raise OtherGenerationError(permitted)


class WorkerHealth:
    """Checks at intervals whether this worker works, and reports it to PostgreSQL if so."""

    def __init__(self) -> None:
        self.status = WorkerStatus.STARTING
        self._polled_at: tuple[datetime | None, float] = (None, 0.0)
        """The latest poll by the server's clock, and by our clock the time since which it is the latest."""

    @asynccontextmanager
    async def served(self, port: int) -> AsyncIterator[None]:
        """Answer every GET on 127.0.0.1:`port` while the context lasts: 200 if healthy. 0: do not listen.

        The answer is the latest check's, so it comes at once while the process is alive.
        """
        if port == 0:
            yield
            return
        async with serve(_never_reached, "127.0.0.1", port, process_request=self._answer):
            yield

    async def begin(self, client: Client, engine: AsyncEngine, stop: asyncio.Event) -> None:
        """Report for the first time, before the first poll: set-up waits for whoever has reported.

        Returns without it on `stop`. Raises OtherGenerationError when this worker must not poll.
        """
        while not stop.is_set() and not await self._has_reported(client, engine):
            self.status = WorkerStatus.DATABASE_AWAY
            await asyncio.sleep(RETRY_SECONDS)

    async def watch(self, client: Client, engine: AsyncEngine) -> NoReturn:
        """Check until cancelled.

        Raises NotPolledError when only a new process can help, OtherGenerationError when this worker must stop.
        """
        clock = asyncio.get_running_loop().time
        polled_at = clock()
        while True:
            self.status = await self._examine(client, engine)
            if self.status is not WorkerStatus.NOT_POLLING:
                polled_at = clock()
            elif clock() - polled_at > UNPOLLED_SECONDS:
                raise NotPolledError(f"Temporal answers, but has not heard this worker for {UNPOLLED_SECONDS:g} s")
            await asyncio.sleep(REPORT_SECONDS if self.status is WorkerStatus.OK else RETRY_SECONDS)

    async def _examine(self, client: Client, engine: AsyncEngine) -> WorkerStatus:
        try:
            is_polled = self._is_polled(await last_polled(client, by=client.identity))
        except Exception as error:
            if not is_temporal_unavailable(error):
                raise
            await self._stop_if_superseded(engine)
            return WorkerStatus.TEMPORAL_AWAY
        if not is_polled:
            await self._stop_if_superseded(engine)
            return WorkerStatus.NOT_POLLING
        return WorkerStatus.OK if await self._has_reported(client, engine) else WorkerStatus.DATABASE_AWAY

    async def _has_reported(self, client: Client, engine: AsyncEngine) -> bool:
        """Report, unless another generation may run. The lock makes set-up see the report, or this worker set-up."""
        try:
            async with asyncio.timeout(WRITE_SECONDS), transaction(engine) as connection:
                _require(await lock_generation(connection))
                await report(connection, client.identity)
        except OtherGenerationError:
            raise
        except Exception as error:  # any failure: a worker that cannot report does not work
            logger.warning("worker_report_not_written", error=error)
            return False
        return True

    async def _stop_if_superseded(self, engine: AsyncEngine) -> None:
        """A worker that does not report must not poll again once set-up has stopped waiting for it."""
        try:
            await check_generation(engine)
        except OtherGenerationError:
            raise
        except Exception as error:  # any failure: it is checked again
            logger.warning("generation_not_checked", error=error)

    def _is_polled(self, latest: datetime | None) -> bool:
        """Whether Temporal keeps receiving polls. Its clock need not agree with ours."""
        now = asyncio.get_running_loop().time()
        if latest != self._polled_at[0]:
            self._polled_at = latest, now
        return latest is not None and now - self._polled_at[1] <= POLLED_WITHIN.total_seconds()

    async def _answer(self, connection: ServerConnection, request: Request) -> Response:
        is_healthy = self.status is WorkerStatus.OK
        status = HTTPStatus.OK if is_healthy else HTTPStatus.SERVICE_UNAVAILABLE
        response = connection.respond(status, json.dumps({"status": self.status}))
        del response.headers["Content-Type"]
        response.headers["Content-Type"] = "application/json"
        return response


async def _never_reached(connection: ServerConnection) -> None:
    """Never called: every request is answered before."""
