"""The one-shot before the services start."""

import asyncio
import os
import subprocess
import sys

from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from services.stack.postgres import EmbeddedPostgres
from services.worker.setup import set_up
from shared.db import subscriptions
from shared.db.driver import transaction
from shared.db.engine import create_engine
from shared.db.migrate import is_current
from shared.settings import Settings
from shared.temporal.names import RECONCILE_SCHEDULE_ID, subscription_schedule_id
from shared.temporal.subscriptions import delete_schedule, keep_schedule
from tests.support.subscriptions import follow
from tests.support.waiting import eventually


async def test_it_may_run_several_times_at_once(postgres: EmbeddedPostgres, client: Client, settings: Settings) -> None:
    admin = create_engine(Settings(database_url=SecretStr(postgres.url("postgres"))), pool_size=1)
    async with admin.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.execute(text("CREATE DATABASE set_up"))
        try:
            own = settings.model_copy(
                update={"database_url": SecretStr(postgres.url("set_up")), "reconcile_interval_seconds": 3600}
            )
            await asyncio.gather(set_up(own), set_up(own))
            engine = create_engine(own, pool_size=1)
            assert await is_current(engine)
            await engine.dispose()
        finally:
            await connection.execute(text("DROP DATABASE set_up WITH (FORCE)"))
    await admin.dispose()
    assert (await client.get_schedule_handle(RECONCILE_SCHEDULE_ID).describe()).id == RECONCILE_SCHEDULE_ID


async def test_subscriptions_are_told_to_temporal_once_more(settings: Settings, engine: AsyncEngine) -> None:
    """It may be another Temporal than before, or one that has lost its data."""
    subscription = await follow(engine)
    async with transaction(engine) as connection:
        await subscriptions.note_scheduled(connection, subscription)
        assert await subscriptions.unscheduled(connection) == []
    await set_up(settings)
    async with transaction(engine) as connection:
        assert await subscriptions.unscheduled(connection) == [subscription.id]


async def test_schedules_of_subscriptions_that_are_gone_are_deleted(
    settings: Settings, engine: AsyncEngine, client: Client
) -> None:
    kept, gone = await follow(engine), await follow(engine)
    async with transaction(engine) as connection:
        for subscription in (kept, gone):
            await subscriptions.set_paused(connection, subscription.user_id, subscription.id, is_paused=True)
            await keep_schedule(connection, client, subscription.id)
        await subscriptions.delete_subscription(connection, gone.user_id, gone.id)

    async def only_one_is_left() -> bool:
        await set_up(settings)
        listed = {each.id async for each in await client.list_schedules()}  # the list lags a moment behind
        assert subscription_schedule_id(gone.id) not in listed
        return subscription_schedule_id(kept.id) in listed

    await eventually(only_one_is_left)
    await delete_schedule(client, kept.id)


def test_a_wrong_database_url_is_one_sentence(temporal_address: str, postgres: EmbeddedPostgres) -> None:
    url = f"postgresql://vidferry:wrong@127.0.0.1:{postgres.port}/vidferry"
    environment = os.environ | {
        "DATABASE_URL": url,
        "TEMPORAL_ADDRESS": temporal_address,
        "VIDFERRY_SETUP_SECONDS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "services.worker.setup"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "password" in done.stderr
    assert "Traceback" not in done.stderr
    assert "wrong" not in done.stderr
