"""Migrations: up, down, up again; and they say the same as the models."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic import SecretStr
from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import SQLModel

from services.stack.postgres import EmbeddedPostgres
from shared.db.engine import create_engine
from shared.db.migrate import alembic_config, downgrade, is_current, upgrade
from shared.settings import Settings

SCRIPTS = ScriptDirectory.from_config(alembic_config())
REVISIONS = [script.revision for script in reversed(list(SCRIPTS.walk_revisions()))]


@pytest.fixture
async def empty(postgres: EmbeddedPostgres) -> AsyncIterator[AsyncEngine]:
    """A database without a single table."""
    admin = create_engine(Settings(database_url=SecretStr(postgres.url("postgres"))), pool_size=1)
    in_autocommit = admin.execution_options(isolation_level="AUTOCOMMIT")
    async with in_autocommit.connect() as connection:
        await connection.execute(text("CREATE DATABASE empty"))
    engine = create_engine(Settings(database_url=SecretStr(postgres.url("empty"))))
    yield engine
    await engine.dispose()
    async with in_autocommit.connect() as connection:
        await connection.execute(text("DROP DATABASE empty WITH (FORCE)"))
    await admin.dispose()


async def tables(engine: AsyncEngine) -> set[str]:
    async with engine.connect() as connection:
        return set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))


async def test_every_step_up_can_be_taken_back(empty: AsyncEngine) -> None:
    for revision in REVISIONS:
        before = await tables(empty)
        await upgrade(empty, revision)
        await downgrade(empty, "-1")
        assert await tables(empty) == before | {"alembic_version"}
        await upgrade(empty, revision)
    assert await is_current(empty)
    await downgrade(empty, "base")
    assert await tables(empty) == {"alembic_version"}
    async with empty.connect() as connection:
        left = await connection.scalar(text("SELECT count(*) FROM pg_proc WHERE proname = 'chain_import_event'"))
    assert left == 0


async def test_it_is_safe_to_migrate_twice_and_at_once(empty: AsyncEngine) -> None:
    assert not await is_current(empty)
    await asyncio.gather(upgrade(empty), upgrade(empty), upgrade(empty))
    await upgrade(empty)
    assert await is_current(empty)


async def test_the_models_are_what_the_migrations_make(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), SQLModel.metadata)
        )
    assert differences == []


async def test_new_columns_of_videos_do_not_have_to_be_given(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        required = await connection.scalars(
            text(
                "SELECT column_name FROM information_schema.columns "
                "WHERE table_name = 'videos' AND is_nullable = 'NO' AND column_default IS NULL"
            )
        )
        assert set(required) == {"id", "list_id", "user_id", "youtube_id", "thumbnail_url"}
