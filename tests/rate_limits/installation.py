"""An installation on servers of its own: two worker processes; all of it can be killed and started again."""

import asyncio
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import text

from fakes.youtube import FakeYoutube
from services.stack.logs import last_lines
from services.stack.plan import WORKER_COMMAND, python_environment
from services.stack.postgres import EmbeddedPostgres
from services.stack.probes import http_answers
from services.stack.temporal import EmbeddedTemporal
from services.worker.setup import set_up
from shared.contracts.upstreams import Upstream, UpstreamState, UpstreamStatus
from shared.db.connection import transaction
from shared.db.engine import create_engine
from shared.db.models import LOCAL_USER_ID
from shared.db.upstreams import find_status
from shared.settings import Settings
from shared.temporal.client import connect
from shared.temporal.names import PRIORITY_BULK
from tests.rate_limits.processes import Restartable
from tests.support.entries import add_user, add_video
from tests.support.servers import free_port
from tests.support.waiting import eventually
from workflows.imports.client import start_import

WORKERS = 2
PATIENCE_SECONDS = 300
"""For what has to happen at last, on a busy machine."""
LOG_LINES = 30
STAGES = ["created", "metadata", "captions", "chapters", "complete"]
"""What people are told of an import, each once."""


class Installation:
    """Postgres, Temporal and two workers, which ask the fake YouTube in the place of YouTube."""

    def __init__(self, directory: Path, fake_youtube: FakeYoutube, limits: Mapping[str, str]) -> None:
        self._directory = directory
        self._postgres = EmbeddedPostgres(directory / "postgres", free_port(), password="test")
        temporal = EmbeddedTemporal(free_port(), db_file=directory / "temporal.db")
        url, address = self._postgres.url(), f"127.0.0.1:{temporal.port}"
        self._settings = Settings(database_url=SecretStr(url), temporal_address=address)
        self._engine = create_engine(self._settings)
        self._servers = [self._process("postgres", self._postgres.argv()), self._process("temporal", temporal.argv())]
        self._health_ports = [free_port() for _ in range(WORKERS)]
        environment = {"DATABASE_URL": url, "TEMPORAL_ADDRESS": address, "YOUTUBE_HOURLY_REQUESTS": "1000000"}
        environment |= {"YOUTUBE_PROXY": fake_youtube.proxy_url, "YOUTUBE_CA_FILE": str(fake_youtube.ca_file), **limits}
        self._workers = [self._worker(port, environment) for port in self._health_ports]

    def _worker(self, health_port: int, environment: dict[str, str]) -> Restartable:
        environment = environment | {"VIDFERRY_WORKER_HEALTH_PORT": str(health_port)}
        return self._process(f"worker-{health_port}", [sys.executable, *WORKER_COMMAND], environment)

    def _process(self, name: str, argv: list[str], environment: Mapping[str, str] | None = None) -> Restartable:
        return Restartable(argv, self._directory / f"{name}.log", {**python_environment(), **(environment or {})})

    async def start(self) -> None:
        """Run everything; both workers are polling afterwards."""
        await self.start_servers()
        await self.start_workers()

    async def start_servers(self) -> None:
        """Run Postgres and Temporal on the data that are there."""
        await asyncio.to_thread(self._postgres.prepare)
        for server in self._servers:
            server.start()
        await set_up(self._settings)
        self.client = await connect(self._settings, lazy=False)

    async def start_workers(self) -> None:
        """Run both workers; they are polling afterwards."""
        for worker in self._workers:
            worker.start()
        for port in self._health_ports:
            is_healthy = partial(http_answers, f"http://127.0.0.1:{port}/healthz")
            await eventually(is_healthy, within_seconds=PATIENCE_SECONDS)

    def kill_workers(self) -> None:
        """End both workers without warning."""
        for worker in self._workers:
            worker.kill()

    def kill(self) -> None:
        """End all processes at once, as a power cut does."""
        self.kill_workers()
        for server in self._servers:
            server.kill()

    async def close(self) -> None:
        """Leave nothing behind."""
        await self._engine.dispose()
        self.kill()

    async def add_user(self) -> UUID:
        """One more user."""
        return await add_user(self._engine)

    async def add(self, *youtube_ids: str, user_id: UUID = LOCAL_USER_ID, priority: int = PRIORITY_BULK) -> None:
        """Write down a user's videos and start their imports."""
        for youtube_id in youtube_ids:
            await add_video(self._engine, youtube_id, user_id)
            await start_import(self.client, youtube_id, user_id, priority=priority)

    async def youtube(self) -> UpstreamStatus:
        """How YouTube stands, as everybody can read it."""
        async with transaction(self._engine) as connection:
            status = await find_status(connection, Upstream.YOUTUBE)
        assert status, "the governor has not said anything yet"
        return status

    async def until(self, state: UpstreamState, *, after: UpstreamStatus | None = None) -> UpstreamStatus:
        """How YouTube stands once it has come to a state, `after` an earlier one."""

        async def has_come() -> UpstreamStatus:
            youtube = await self.youtube()
            assert youtube.state is state, youtube
            assert after is None or youtube.since > after.since, youtube
            return youtube

        return await eventually(has_come, within_seconds=PATIENCE_SECONDS)

    async def until_complete(self, *youtube_ids: str) -> None:
        """Wait until every entry of the videos is imported."""

        async def are_complete() -> bool:
            rows = await self._select("SELECT youtube_id, import_stage FROM videos")
            stages = Counter(stage for youtube_id, stage in rows if youtube_id in youtube_ids)
            assert set(stages) == {"complete"}, stages
            return True

        await eventually(are_complete, within_seconds=PATIENCE_SECONDS)

    async def told(self) -> dict[str, list[str]]:
        """The stages that people have been told of each video, oldest first."""
        told: dict[str, list[str]] = {}
        for youtube_id, stage in await self._select(
            "SELECT youtube_id, stage FROM import_events WHERE reaches_stage AND stage IS NOT NULL ORDER BY seq"
        ):
            told.setdefault(youtube_id, []).append(stage)
        return told

    async def count(self, table: str) -> int:
        """How many rows a table has."""
        ((count,),) = await self._select(f"SELECT count(*) FROM {table}")
        return int(count)

    def ends_of_logs(self) -> str:
        """The last lines of every process."""
        logs = sorted(self._directory.glob("*.log"))
        return "\n".join(f"--- {path.stem}\n" + "\n".join(last_lines(path, LOG_LINES)) for path in logs)

    async def _select(self, query: str) -> Sequence[Any]:
        async with self._engine.connect() as connection:
            return (await connection.execute(text(query))).all()
