"""What is in the database, asked over a connection of the harness's own, beside the proxies."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg

from services.stack.home import Home
from services.stack.postgres import EmbeddedPostgres, stored_password

Row = Mapping[str, Any]
ANSWER_SECONDS = 10
LONG_SECONDS = 5
"""A transaction that is idle for so long, or a lock that is waited for so long, is forgotten rather than busy."""

# Events go with their video. What was deleted is remembered here, so that gaps in the chain can be told apart.
_REMEMBER_DELETED = """
    CREATE SCHEMA IF NOT EXISTS chaos;
    CREATE TABLE IF NOT EXISTS chaos.deleted_events (seq bigint PRIMARY KEY, prev_seq bigint, video_id uuid);
    CREATE OR REPLACE FUNCTION chaos.remember() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO chaos.deleted_events SELECT seq, prev_seq, video_id FROM gone;
            RETURN NULL;
        END $$;
    CREATE OR REPLACE TRIGGER remember AFTER DELETE ON import_events
        REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION chaos.remember();
    """
_QUERIES = {
    "lists": "SELECT id::text, name FROM lists",
    "videos": """
        SELECT id::text, list_id::text, youtube_id, batch_id::text, batch_slot,
               import_stage, import_progress, error_code
        FROM videos ORDER BY youtube_id
        """,
    "batches": "SELECT id::text, list_id::text, kind, state, listing, completed_at FROM import_batches",
    "events": "SELECT seq, prev_seq, video_id::text, stage, reaches_stage FROM import_events ORDER BY seq",
    "deleted_events": "SELECT seq, prev_seq, video_id::text FROM chaos.deleted_events ORDER BY seq",
    "enrichments": "SELECT youtube_id, captions_source, captions_missing, completed_at FROM video_enrichments",
    "transcripts": """
        SELECT youtube_id, count(*) AS lines, min(position) AS first, max(position) AS last
        FROM transcript_segments GROUP BY youtube_id
        """,
    "chapters": """
        SELECT youtube_id, count(*) AS lines, min(position) AS first, max(position) AS last
        FROM chapters GROUP BY youtube_id
        """,
    "upstreams": "SELECT name, status->>'state' AS state FROM upstreams",
}
_FORGOTTEN = """
    SELECT pid, state, wait_event_type, extract(epoch FROM now() - state_change)::int AS seconds,
           left(query, 120) AS query
    FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND (
        (state LIKE 'idle in transaction%' AND state_change < now() - make_interval(secs => $1))
        OR (wait_event_type = 'Lock' AND query_start < now() - make_interval(secs => $1))
    )
    """


@dataclass(frozen=True)
class Contents:
    """Rows of one moment."""

    lists: list[Row]
    videos: list[Row]
    batches: list[Row]
    events: list[Row]
    deleted_events: list[Row]
    enrichments: list[Row]
    transcripts: list[Row]
    chapters: list[Row]
    upstreams: list[Row]


@dataclass(frozen=True)
class ChaosDatabase:
    """The embedded PostgreSQL of a home."""

    home: Home
    port: int

    async def remember_deleted_events(self) -> None:
        """Note from now on which events are deleted."""
        async with self._connected() as connection:
            await connection.execute(_REMEMBER_DELETED)

    async def contents(self) -> Contents:
        """Everything that the checks look at. Raises OSError, asyncpg's errors and TimeoutError."""
        async with self._connected() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            return Contents(**{name: await connection.fetch(query) for name, query in _QUERIES.items()})

    async def forgotten(self) -> list[Row]:
        """Connections that are left in a transaction, or that wait for a lock."""
        async with self._connected() as connection:
            rows: list[Row] = await connection.fetch(_FORGOTTEN, LONG_SECONDS)
        return rows

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Any]:
        password = stored_password(self.home.path / "postgres-password")
        url = EmbeddedPostgres(self.home.path / "postgres", self.port, password).url()
        connection = await asyncpg.connect(url, timeout=ANSWER_SECONDS, command_timeout=ANSWER_SECONDS)
        try:
            yield connection
        finally:
            connection.terminate()
