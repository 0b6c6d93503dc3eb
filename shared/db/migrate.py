"""Runs the Alembic migrations, from code and without an ini file."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db.connection import autocommit

MIGRATION_LOCK = 7_233_001
"""Advisory lock: two installations of one database migrate one after the other."""


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration for Vidferry's migrations."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


async def upgrade(engine: AsyncEngine, revision: str = "head") -> None:
    """Bring the database to `revision`; safe to run twice and by several processes at once."""
    async with engine.begin() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), revision))


async def downgrade(engine: AsyncEngine, revision: str) -> None:
    """Take the database back to `revision`."""
    async with engine.begin() as connection:
        await connection.run_sync(lambda sync: command.downgrade(alembic_config(sync), revision))


async def is_current(engine: AsyncEngine) -> bool:
    """Whether the database has every migration of this code."""
    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    async with autocommit(engine) as connection:
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision()) == head
