"""Migrations: up, down, up again; and they say the same as the models."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic import SecretStr
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import SQLModel

from services.stack.postgres import EmbeddedPostgres
from shared.db.engine import create_engine
from shared.db.migrate import alembic_config, downgrade, upgrade
from shared.db.models import LOCAL_USER_ID
from shared.db.schema import is_compatible
from shared.settings import Settings
from tests.support.entries import add_video
from tests.support.example_rows import fill_all_tables

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
    for below, revision in pairwise(["base", *REVISIONS]):
        before = await tables(empty)
        await upgrade(empty, revision)
        await downgrade(empty, below)
        assert await tables(empty) == before | {"alembic_version"}
        await upgrade(empty, revision)
    assert await is_compatible(empty)
    await downgrade(empty, "base")
    assert await tables(empty) == {"alembic_version"}
    async with empty.connect() as connection:
        left = await connection.scalar(text("SELECT count(*) FROM pg_proc WHERE proname = 'chain_import_event'"))
    assert left == 0


async def row_counts(engine: AsyncEngine) -> dict[str, int]:
    async with engine.connect() as connection:
        return {
            table: await connection.scalar(text(f'SELECT count(*) FROM "{table}"')) or 0
            for table in await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        }


async def test_every_step_can_be_taken_back_and_forth_with_rows_in_every_table(empty: AsyncEngine) -> None:
    await upgrade(empty)
    await fill_all_tables(empty)
    assert all((await row_counts(empty)).values())
    async with empty.begin() as connection:  # beneath a worker, the schema would stay
        await connection.execute(text("UPDATE worker_reports SET at = at - interval '1 hour'"))
        # Older code cannot read these: the way down deletes them.
        await connection.execute(text("DELETE FROM import_events WHERE type <> 'import_progress' OR NOT reaches_stage"))
    for below, revision in reversed([*pairwise(["base", *REVISIONS])]):
        before = await row_counts(empty)
        await downgrade(empty, below)
        left = await row_counts(empty)
        await upgrade(empty, revision)
        again = await row_counts(empty)
        if below != "base":
            kept = {table: before[table] for table in left}
            assert left == kept, revision
            assert {table: again[table] for table in left} == kept, revision
        await downgrade(empty, below)
    assert await tables(empty) == {"alembic_version"}


async def test_it_is_safe_to_migrate_twice_and_at_once(empty: AsyncEngine) -> None:
    assert not await is_compatible(empty)
    await asyncio.gather(upgrade(empty), upgrade(empty), upgrade(empty))
    await upgrade(empty)
    assert await is_compatible(empty)


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


async def test_captions_that_a_reimport_had_moved_aside_are_back(empty: AsyncEngine) -> None:
    await upgrade(empty, "0005")
    columns = "youtube_id, title, description, tags, categories, youtube_chapters, captions_source, completed_at"
    rows = {
        "under_way__": "NULL, NULL, 'youtube'",
        "lost_______": "NULL, now(), NULL",
        "untouched__": "'whisper', now(), NULL",
        "new________": "NULL, NULL, NULL",
    }
    async with empty.begin() as connection:
        for youtube_id, values in rows.items():
            insert = f"INSERT INTO video_enrichments ({columns}, previous_captions_source)"
            await connection.execute(text(f"{insert} VALUES ('{youtube_id}', '', '', '{{}}', '{{}}', '[]', {values})"))
        await connection.execute(
            text(
                "INSERT INTO transcript_segments (youtube_id, position, language, start_seconds, end_seconds, text) "
                "VALUES ('lost_______', 0, 'en', 0, 1, 'Said')"
            )
        )
    await upgrade(empty)
    async with empty.connect() as connection:
        found = await connection.execute(
            text("SELECT youtube_id, captions_source, captions_stale FROM video_enrichments")
        )
        assert {row.youtube_id: (row.captions_source, row.captions_stale) for row in found} == {
            "under_way__": ("youtube", True),
            "lost_______": ("youtube", True),
            "untouched__": ("whisper", False),
            "new________": (None, False),
        }


async def test_slots_of_a_batch_keep_their_meaning_under_their_new_names(empty: AsyncEngine) -> None:
    await upgrade(empty, "0010")
    new = {"queued": "queued", "window": "running", "transcribing": "transcribing", "aside": "parked"}
    async with empty.begin() as connection:
        await connection.execute(
            text("INSERT INTO lists (id, user_id, name) VALUES (gen_random_uuid(), :user, '')"), {"user": LOCAL_USER_ID}
        )
        for slot in new:
            await connection.execute(
                text(
                    "INSERT INTO videos (id, list_id, user_id, youtube_id, thumbnail_url, batch_place) "
                    "SELECT gen_random_uuid(), id, user_id, :slot, '', :slot FROM lists"
                ),
                {"slot": slot},
            )
    await upgrade(empty)
    async with empty.connect() as connection:
        found = await connection.execute(text("SELECT youtube_id, batch_slot FROM videos"))
        assert {row.youtube_id: row.batch_slot for row in found} == new


async def test_a_governor_continues_from_the_state_of_the_version_before(empty: AsyncEngine) -> None:
    await upgrade(empty, "0010")
    paused_since = "2026-11-23T13:55:00Z"
    state = {"held_since": paused_since, "is_on_probation": True, "bot_checked": ["abcdefghijk"], "story": ["a line"]}
    async with empty.begin() as connection:
        await connection.execute(
            text("INSERT INTO upstreams (name, status, state, at) VALUES ('youtube', '{}', :state, now())"),
            {"state": zlib.compress(json.dumps(state | {"rate": 0.25}).encode())},
        )
    await upgrade(empty)
    async with empty.connect() as connection:
        found = await connection.scalar(text("SELECT state FROM upstreams"))
    assert json.loads(zlib.decompress(found)) == {
        "operator_paused_since": paused_since,
        "is_recovering": True,
        "bot_check_video_ids": ["abcdefghijk"],
        "event_log": ["a line"],
        "rate": 0.25,
    }


async def test_a_stage_that_is_none_cannot_be_written(engine: AsyncEngine) -> None:
    await add_video(engine, "video000001")
    async with engine.connect() as connection:
        with pytest.raises(IntegrityError, match="videos_stage_is_known"):
            await connection.execute(text("UPDATE videos SET import_stage = 'done'"))
