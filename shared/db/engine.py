"""The one way to reach PostgreSQL."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.db.connection import autocommit
from shared.db.pool import guard_pool
from shared.settings import Settings

CONNECT_SECONDS = 10
"""Also how long to wait for a connection of the pool."""
CLIENT_CHECK_SECONDS = 2
"""How soon a server that works on a statement, or waits for a lock, finds out that its client is gone."""


@dataclass(frozen=True)
class StatementLimits:
    """How long a statement and a transaction may take, in seconds.

    The server's limits come first: what it has given up is certainly not done. The client's own limit is for a server
    that hangs or is unreachable; the outcome of the statement is unknown then.
    """

    lock: float = 5
    """The wait for a lock: five times what PostgreSQL takes to find a deadlock, half of what a local activity may take
    (`workflows.common.activity_options`)."""
    statement: float = 25
    answer: float = 30
    """The client's own limit."""
    idle_in_transaction: float = 15
    """Between two statements. The longest wait that is meant is a call of Temporal that keeps a schedule (10 s)."""

    def server_settings(self) -> dict[str, str]:
        """The settings of the session, in milliseconds."""
        limits = {
            "lock_timeout": self.lock,
            "statement_timeout": self.statement,
            "idle_in_transaction_session_timeout": self.idle_in_transaction,
        }
        return {name: str(round(seconds * 1000)) for name, seconds in limits.items()}


LIMITS = StatementLimits()


def create_engine(settings: Settings, *, pool_size: int = 10, limits: StatementLimits | None = LIMITS) -> AsyncEngine:
    """An engine with a pool of its own; connects on first use. Without `limits`, statements take as long as they take.

    Connections are taken with `shared.db.connection`; the engine's own `connect` and `begin` are for migrations.
    """
    url = make_url(settings.database_url.get_secret_value()).set(drivername="postgresql+asyncpg")
    if sslmode := url.query.get("sslmode"):  # libpq's name for what asyncpg calls ssl
        url = url.difference_update_query(["sslmode"]).update_query_dict({"ssl": sslmode})
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,  # a connection opened for one statement costs more than waiting for a kept one
        pool_timeout=CONNECT_SECONDS,
        pool_recycle=1800,
        connect_args={
            "timeout": CONNECT_SECONDS,
            "command_timeout": limits.answer if limits else None,
            "server_settings": {
                "application_name": "vidferry",
                "timezone": "UTC",
                "client_connection_check_interval": str(CLIENT_CHECK_SECONDS * 1000),
                **(limits.server_settings() if limits else {}),
            },
        },
    )
    guard_pool(engine)
    return engine


async def ping(engine: AsyncEngine) -> None:
    """Return when PostgreSQL answers. Raises OSError or DBAPIError when it does not."""
    async with autocommit(engine) as connection:
        await connection.execute(text("SELECT 1"))
