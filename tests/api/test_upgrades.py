"""Two replicas at work while another version changes the schema beneath them."""

import asyncio
from collections import Counter
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from services.api.system import endpoints
from services.worker.setup import set_up
from shared.db.migrate import downgrade, upgrade
from shared.db.schema import NEWEST_SCHEMA
from shared.settings import Settings
from tests.api.support import Api, serving, youtube_id
from tests.support.migrations import next_version
from tests.support.waiting import eventually
from tests.support.worker import permit_workers

UP = """op.execute("ALTER TABLE videos ADD colour text")
    online.create_index("videos_by_colour", "videos", ["colour"])"""
DOWN = """online.drop_index("videos_by_colour", "videos")
    op.drop_column("videos", "colour")"""


class Load:
    """Clients of both replicas, which add videos and ask for readiness."""

    def __init__(self, replicas: list[Api], list_id: str) -> None:
        self._replicas = replicas
        self._list_id = list_id
        self._numbers = count(1)
        self.answers: Counter[tuple[str, int]] = Counter()

    async def run(self, is_over: asyncio.Event) -> None:
        while not is_over.is_set():
            for replica in self._replicas:
                ready = await replica.http.get("/api/ready")
                added = await replica.post_url(self._list_id, youtube_id(next(self._numbers)))
                self.answers.update([("ready", ready.status_code), ("added", added.status_code)])

    async def goes_on(self) -> None:
        """Wait until both replicas have answered once more."""
        seen = self.answers.total()

        async def has_answered() -> bool:
            return self.answers.total() >= seen + 8

        await eventually(has_answered)


async def test_replicas_stay_ready_during_an_upgrade_and_a_rollback(
    settings: Settings, engine: AsyncEngine, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints, "CHECK_SECONDS", 60)  # a busy machine is not the question
    await permit_workers(settings)  # the workflows are the same
    migrations = next_version(tmp_path, UP, DOWN)
    async with serving(settings, engine) as one, serving(settings, engine) as other:
        load = Load([one, other], await one.new_list())
        is_over = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(load.run(is_over))
            await load.goes_on()
            await upgrade(engine, migrations=migrations)  # the set-up of the next version
            await load.goes_on()
            await set_up(settings)  # that of this version: a rollback
            await load.goes_on()
            await downgrade(engine, NEWEST_SCHEMA, migrations=migrations)
            await load.goes_on()
            is_over.set()
    assert {what for what, status in load.answers} == {"ready", "added"}
    assert {status for _what, status in load.answers} == {200, 201}, load.answers
