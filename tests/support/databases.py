"""One database for many tests: emptied after each, and replaced where a test has changed more than rows."""

import itertools

import asyncpg

from services.stack.postgres import EmbeddedPostgres

TEMPLATE = "template_vidferry"
"""A migrated database that nobody writes to."""
END_MILLISECONDS = 30_000
"""How long a connection that a test has left open may take to end."""
FIRST_OF_OURS = 16_384
"""The smallest OID that is not PostgreSQL's own."""
DEFINITIONS = f"""
    SELECT md5(string_agg(entry, ',' ORDER BY entry)) FROM (
        SELECT concat_ws(' ', oid, relname) FROM pg_class WHERE oid >= {FIRST_OF_OURS}
        UNION ALL SELECT concat_ws(' ', attrelid, attnum, xmin) FROM pg_attribute WHERE attrelid >= {FIRST_OF_OURS}
        UNION ALL SELECT concat_ws(' ', oid, xmin) FROM pg_constraint WHERE oid >= {FIRST_OF_OURS}
        UNION ALL SELECT concat_ws(' ', oid, xmin) FROM pg_trigger WHERE oid >= {FIRST_OF_OURS}
        UNION ALL SELECT concat_ws(' ', oid, xmin) FROM pg_proc WHERE oid >= {FIRST_OF_OURS}
        UNION ALL SELECT concat_ws(' ', setconfig) FROM pg_db_role_setting
            WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
    ) AS definition(entry)
"""
"""A checksum of tables, columns, constraints, triggers, functions and settings: TRUNCATE changes none of it."""
TABLES = """
    SELECT string_agg(quote_ident(relname), ', ') FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'
"""
USERS = "SELECT id, name FROM users"

_numbers = itertools.count(1)


class Databases:
    """Databases of one PostgreSQL with every migration and nothing else."""

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        self._postgres = postgres
        self._name: str | None = None
        self._definitions = ""
        self._empty = ""
        self._users: list[tuple[object, ...]] = []

    async def take(self) -> str:
        """The URL of an empty database; the same one as last time if it was as good as new then."""
        if self._name is None:
            name = f"test_{next(_numbers)}"
            await execute(self._postgres.url("postgres"), f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
            await self._look_at(name)
            self._name = name
        return self._postgres.url(self._name)

    async def give_back(self) -> None:
        """End what is still connected, and empty the database or drop it."""
        name, self._name = self._name, None
        assert name is not None
        if await self._is_emptied(name):
            self._name = name
        else:
            await execute(self._postgres.url("postgres"), f"DROP DATABASE {name} WITH (FORCE)")

    async def _look_at(self, name: str) -> None:
        connection = await asyncpg.connect(self._postgres.url(name))
        try:
            self._definitions = await connection.fetchval(DEFINITIONS)
            self._empty = f"TRUNCATE {await connection.fetchval(TABLES)} RESTART IDENTITY"
            self._users = [tuple(user) for user in await connection.fetch(USERS)]
        finally:
            await connection.close()

    async def _is_emptied(self, name: str) -> bool:
        try:
            connection = await asyncpg.connect(self._postgres.url(name))
        except asyncpg.PostgresError:  # the test has closed the database to everybody
            return False
        try:
            await connection.execute(
                f"SELECT pg_terminate_backend(pid, {END_MILLISECONDS}) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            if await connection.fetchval(DEFINITIONS) != self._definitions:
                return False
            await connection.execute(self._empty)
            await connection.executemany("INSERT INTO users (id, name) VALUES ($1, $2)", self._users)
        finally:
            await connection.close()
        return True


async def execute(url: str, statement: str) -> None:
    """Run one statement on a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
