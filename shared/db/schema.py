"""Which schemas this code works with: replicas of two versions use one database while an upgrade is under way.

A schema is known by its newest migration. What this code needs is in this module. Whether it works with a schema that
is newer than itself, it cannot know: the database says so (`shared.db.migrate` writes it with each migration).
"""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db.connection import AsyncpgConnection, transaction

OLDEST_SCHEMA = "0020"
"""The first migration after which this code works."""
NEWEST_SCHEMA = "0020"
"""The newest migration of this code."""
OLDEST_CODE = "oldest_code"
"""The name of the row of `installation` that says which code the schema works with, by its `NEWEST_SCHEMA`."""

_HAS_TABLES = "SELECT to_regclass('alembic_version') IS NOT NULL AND to_regclass('installation') IS NOT NULL"
_FIND = "SELECT version_num, (SELECT value FROM installation WHERE name = $1) FROM alembic_version"


@dataclass(frozen=True, slots=True)
class Schema:
    """The schema of a database."""

    revision: str
    """Its newest migration."""
    oldest_code: str
    """The `NEWEST_SCHEMA` of the oldest code that works with it."""

    @property
    def is_newer(self) -> bool:
        """Whether this code does not know all of its migrations."""
        return self.revision > NEWEST_SCHEMA

    @property
    def is_compatible(self) -> bool:
        """Whether this code works with it."""
        return self.revision >= OLDEST_SCHEMA and (not self.is_newer or self.oldest_code <= NEWEST_SCHEMA)


async def find_schema(connection: AsyncpgConnection) -> Schema | None:
    """The schema of the database; None before the migration that created `installation`."""
    if not await connection.fetchval(_HAS_TABLES):
        return None
    row = await connection.fetchrow(_FIND, OLDEST_CODE)
    return Schema(row["version_num"], row["value"] or row["version_num"]) if row else None


async def is_compatible(engine: AsyncEngine) -> bool:
    """Whether this code works with the schema of the database. Raises what `transaction` raises."""
    async with transaction(engine) as connection:
        schema = await find_schema(connection)
    return schema is not None and schema.is_compatible
