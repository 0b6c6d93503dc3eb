"""How DATABASE_URL is understood."""

import pytest
from pydantic import SecretStr

from shared.db.engine import create_engine, ping
from shared.settings import Settings


async def ping_with(database_url: str) -> None:
    engine = create_engine(Settings(database_url=SecretStr(database_url)), pool_size=1)
    try:
        await ping(engine)
    finally:
        await engine.dispose()


async def test_sslmode_means_what_it_means_elsewhere(database_url: str) -> None:
    await ping_with(f"{database_url}?sslmode=prefer")
    with pytest.raises(ConnectionError, match="SSL"):  # the embedded server has no certificate
        await ping_with(f"{database_url}?sslmode=require")
