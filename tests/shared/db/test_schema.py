"""Replicas of two versions use one database: which of them work with its schema, and how it changes beneath them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.worker.setup import SchemaError, set_up
from shared.db import migrate
from shared.db.connection import transaction
from shared.db.engine import create_engine
from shared.db.errors import is_database_unavailable
from shared.db.migrate import MigrationError, alembic_config, downgrade, upgrade
from shared.db.models import LOCAL_USER_ID
from shared.db.schema import NEWEST_SCHEMA, OLDEST_SCHEMA, Schema, find_schema, is_compatible
from shared.db.workers import report, withdraw
from shared.settings import Settings
from tests.support.migrations import ADD_COLOUR, DROP_COLOUR, NEXT, next_version
from tests.support.waiting import eventually

BELOW = f"{int(OLDEST_SCHEMA) - 1:04}"


@asynccontextmanager
async def reading(engine: AsyncEngine, table: str) -> AsyncIterator[None]:
    """A transaction that has read from a table and does not end."""
    async with transaction(engine) as connection:
        await connection.execute(f"SELECT FROM {table}")
        yield


async def schema_of(engine: AsyncEngine) -> Schema | None:
    async with transaction(engine) as connection:
        return await find_schema(connection)


def test_the_code_names_its_own_migrations() -> None:
    scripts = ScriptDirectory.from_config(alembic_config())
    revisions = sorted(script.revision for script in scripts.walk_revisions())
    assert revisions == [f"{number:04}" for number in range(1, len(revisions) + 1)]  # they are compared as text
    assert revisions[-1] == NEWEST_SCHEMA
    assert OLDEST_SCHEMA in revisions


@pytest.mark.parametrize(
    ("revision", "oldest_code", "works"),
    [
        (NEWEST_SCHEMA, NEWEST_SCHEMA, True),
        (OLDEST_SCHEMA, "0001", True),
        (BELOW, "0001", False),
        (NEXT, NEWEST_SCHEMA, True),
        (NEXT, "0001", True),
        (NEXT, NEXT, False),
    ],
)
def test_code_works_with_newer_schemas_that_say_so(revision: str, oldest_code: str, works: bool) -> None:
    assert Schema(revision, oldest_code).is_compatible is works


async def test_an_upgrade_and_a_rollback_leave_replicas_ready(
    engine: AsyncEngine, settings: Settings, tmp_path: Path
) -> None:
    migrations = next_version(tmp_path, ADD_COLOUR, DROP_COLOUR)
    await upgrade(engine, migrations=migrations)
    assert await schema_of(engine) == Schema(NEXT, NEWEST_SCHEMA)
    assert await is_compatible(engine)

    await set_up(settings)  # of this code: a rollback

    assert await schema_of(engine) == Schema(NEXT, NEWEST_SCHEMA)
    await downgrade(engine, NEWEST_SCHEMA, migrations=migrations)
    assert await is_compatible(engine)
    assert (await schema_of(engine) or Schema("", "")).revision == NEWEST_SCHEMA


async def test_a_statement_that_was_prepared_before_a_migration_may_be_tried_again(
    engine: AsyncEngine, settings: Settings, tmp_path: Path
) -> None:
    replica = create_engine(settings, pool_size=1)

    async def read() -> None:
        async with transaction(replica) as connection:
            await connection.fetch("SELECT * FROM lists")

    await read()
    await upgrade(engine, migrations=next_version(tmp_path, ADD_COLOUR, DROP_COLOUR))
    with pytest.raises(asyncpg.InvalidCachedStatementError) as raised:
        await read()
    assert is_database_unavailable(raised.value)
    await read()
    await replica.dispose()


async def test_a_schema_that_only_newer_code_works_with_is_refused(
    engine: AsyncEngine, settings: Settings, tmp_path: Path
) -> None:
    await upgrade(
        engine, migrations=next_version(tmp_path, "op.execute('ALTER TABLE lists RENAME name TO title')", "pass", NEXT)
    )
    assert not await is_compatible(engine)
    with pytest.raises(SchemaError, match=f"vidferry downgrade {NEWEST_SCHEMA}"):
        await set_up(settings)
    with pytest.raises(MigrationError):
        await downgrade(engine, OLDEST_SCHEMA)  # this code does not know how


async def test_a_schema_with_which_the_workers_do_not_work_waits_until_they_have_stopped(engine: AsyncEngine) -> None:
    async with transaction(engine) as connection:
        await report(connection, "1@host")
    with pytest.raises(MigrationError, match="1@host"):
        await downgrade(engine, BELOW)
    assert await is_compatible(engine)
    async with transaction(engine) as connection:
        await withdraw(connection, "1@host")
    await downgrade(engine, BELOW)
    assert not await is_compatible(engine)


@pytest.mark.parametrize("revision", ["0815", "nonsense"])
async def test_an_unknown_migration_is_refused(engine: AsyncEngine, revision: str) -> None:
    with pytest.raises(MigrationError):
        await upgrade(engine, revision)
    with pytest.raises(MigrationError):
        await downgrade(engine, revision)


async def test_a_migration_that_waits_for_a_table_lets_others_pass(
    engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(migrate, "LOCK_SECONDS", 0.2)
    monkeypatch.setattr(migrate, "PAUSE_SECONDS", 0.2)
    migrations = next_version(tmp_path, ADD_COLOUR, DROP_COLOUR)

    async def has_waited() -> bool:
        return sum("migration_waits_for_lock" in record.message for record in caplog.records) >= 2

    with caplog.at_level("INFO"):
        async with asyncio.TaskGroup() as tasks:
            async with reading(engine, "lists"):
                migration = tasks.create_task(upgrade(engine, migrations=migrations))
                await eventually(has_waited)
                async with reading(engine, "lists"):
                    pass
            await migration
    assert (await schema_of(engine) or Schema("", "")).revision == NEXT


async def test_a_migration_gives_up_on_a_table_that_is_never_free(
    engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "LOCK_SECONDS", 0.1)
    monkeypatch.setattr(migrate, "PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(migrate, "LOCK_ATTEMPTS", 2)
    migrations = next_version(tmp_path, ADD_COLOUR, DROP_COLOUR)
    async with reading(engine, "lists"):
        with pytest.raises(MigrationError, match=NEXT):
            await upgrade(engine, migrations=migrations)
    assert await is_compatible(engine)
    await upgrade(engine, migrations=migrations)


async def test_an_index_that_fails_leaves_the_limit_for_locks_as_it_was(
    engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "LOCK_SECONDS", 3)
    monkeypatch.setattr(migrate, "PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(migrate, "LOCK_ATTEMPTS", 2)
    async with engine.begin() as connection:
        for statement in (
            "CREATE TABLE limits AS SELECT text '' AS value WHERE false",
            "CREATE FUNCTION deadlock(text) RETURNS text IMMUTABLE LANGUAGE plpgsql "
            "AS $$ BEGIN RAISE SQLSTATE '40P01'; END $$",
            f"INSERT INTO lists (id, user_id, name) VALUES (gen_random_uuid(), '{LOCAL_USER_ID}', '')",
        ):
            await connection.execute(text(statement))
    migrations = next_version(
        tmp_path,
        """op.execute("INSERT INTO limits SELECT current_setting('lock_timeout')")\n"""
        "    online.create_index('lists_by_name', 'lists', [text('deadlock(name)')])",
        "pass",
    )
    with pytest.raises(MigrationError):
        await upgrade(engine, migrations=migrations)
    async with engine.connect() as connection:
        assert list(await connection.scalars(text("SELECT value FROM limits"))) == ["3s", "3s"]


async def test_an_index_is_built_while_others_write(
    engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for older transactions, longer than other migrations wait for a lock."""
    monkeypatch.setattr(migrate, "LOCK_SECONDS", 0.1)
    migrations = next_version(
        tmp_path,
        "online.create_index('lists_by_name', 'lists', ['name'])",
        "online.drop_index('lists_by_name', 'lists')",
    )
    invalid = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'lists_by_name'::regclass"
    async with engine.begin() as connection:
        await connection.execute(text("CREATE INDEX lists_by_name ON lists (id)"))
        await connection.execute(text(invalid))  # as an attempt leaves it that is interrupted

    async def waits_for_older() -> bool:
        async with transaction(engine) as connection:
            waiting = (
                "SELECT true FROM pg_stat_activity WHERE wait_event = 'virtualxid' AND query LIKE '%lists_by_name%'"
            )
            return bool(await connection.fetchval(waiting))

    async with asyncio.TaskGroup() as tasks:
        async with transaction(engine) as older:
            await older.execute("UPDATE lists SET name = name")
            await older.execute("SELECT pg_current_xact_id()")
            migration = tasks.create_task(upgrade(engine, migrations=migrations))
            await eventually(waits_for_older)
            async with transaction(engine) as other:
                await other.execute("UPDATE lists SET name = name")
        await migration
    async with engine.connect() as connection:
        definition = (
            "SELECT indisvalid, pg_get_indexdef(indexrelid) FROM pg_index WHERE indexrelid = 'lists_by_name'::regclass"
        )
        is_valid, described = (await connection.execute(text(definition))).one()
    assert is_valid
    assert "(name)" in described
    await downgrade(engine, NEWEST_SCHEMA, migrations=migrations)
