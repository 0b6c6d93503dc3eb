"""The one way to reach Postgres."""

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.db.driver import replace_closed_connections
from shared.settings import Settings

STATEMENT_TIMEOUT_SECONDS = 30


def create_engine(
    settings: Settings, *, pool_size: int = 10, statement_seconds: float | None = STATEMENT_TIMEOUT_SECONDS
) -> AsyncEngine:
    """An engine with a pool of its own; connects on first use.

    Statements are cut off after `statement_seconds` (None: never), and connecting fails after 10 s.
    """
    url = make_url(settings.database_url.get_secret_value()).set(drivername="postgresql+asyncpg")
    if sslmode := url.query.get("sslmode"):  # libpq's name for what asyncpg calls ssl
        url = url.difference_update_query(["sslmode"]).update_query_dict({"ssl": sslmode})
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,  # a connection opened for one statement costs more than waiting for a kept one
        pool_timeout=10,
        pool_recycle=1800,
        connect_args={
            "timeout": 10,
            "command_timeout": statement_seconds,
            "server_settings": {"application_name": "vidferry", "timezone": "UTC"},
        },
    )
    replace_closed_connections(engine)
    return engine


async def ping(engine: AsyncEngine) -> None:
    """Return when Postgres answers. Raises OSError or DBAPIError when it does not."""
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
