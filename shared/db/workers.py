"""What the workers report of themselves: each says every few seconds that it works."""

from shared.db.connection import AsyncpgConnection

REPORT_SECONDS = 10.0
"""From one report of a worker to its next."""
SILENT_SECONDS = 35.0
"""A worker whose last report is older does not work: three reports are missing, and a busy machine had five seconds."""

_REPORT = """
WITH gone AS (DELETE FROM worker_reports WHERE identity <> $1 AND at < now() - interval '1 day')
INSERT INTO worker_reports (identity, at) VALUES ($1, now()) ON CONFLICT (identity) DO UPDATE SET at = excluded.at
"""
_WITHDRAW = "DELETE FROM worker_reports WHERE identity = $1"
_AT_WORK = "SELECT identity FROM worker_reports WHERE at > now() - make_interval(secs => $1) ORDER BY identity"


async def report(connection: AsyncpgConnection, identity: str) -> None:
    """Say that the worker of this identity has just asked Temporal for work, and that the database takes writes."""
    await connection.execute(_REPORT, identity)


async def withdraw(connection: AsyncpgConnection, identity: str) -> None:
    """Say that the worker of this identity has stopped."""
    await connection.execute(_WITHDRAW, identity)


async def workers_at_work(connection: AsyncpgConnection) -> list[str]:
    """The identities of the workers that have reported of late and have not stopped."""
    return [row["identity"] for row in await connection.fetch(_AT_WORK, SILENT_SECONDS)]


async def is_any_at_work(connection: AsyncpgConnection) -> bool:
    """Whether a worker has reported of late and has not stopped."""
    return bool(await workers_at_work(connection))
