"""The one way to reach Postgres."""

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.db.driver import replace_closed_connections
from shared.settings import Settings

STATEMENT_TIMEOUT_SECONDS = 30


def create_engine(settings: Settings, *, pool_size: int = 10) -> AsyncEngine:
    """An engine with a pool of its own; connects on first use.

    Statements are cut off after `STATEMENT_TIMEOUT_SECONDS`, and connecting fails after 10 s.
    """
    url = make_url(settings.database_url.get_secret_value()).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,  # a connection opened for one statement costs more than waiting for a kept one
        pool_timeout=10,
        pool_recycle=1800,
        connect_args={
            "timeout": 10,
            "command_timeout": STATEMENT_TIMEOUT_SECONDS,
            "server_settings": {"application_name": "vidferry", "timezone": "UTC"},
        },
    )
    replace_closed_connections(engine)
    return engine


async def ping(engine: AsyncEngine) -> None:
    """Return when Postgres answers. Raises OSError or DBAPIError when it does not."""
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
