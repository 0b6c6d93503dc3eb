"""The API in this process, with and without its servers."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from shared.settings import Settings
from tests.api.support import Api, serving
from tests.support.servers import free_port


@pytest.fixture
async def api(settings: Settings, engine: AsyncEngine, client: Client) -> AsyncIterator[Api]:
    """The API with Postgres and Temporal."""
    async with serving(settings, engine) as api:
        yield api


@pytest.fixture
async def api_without_temporal(settings: Settings, engine: AsyncEngine) -> AsyncIterator[Api]:
    """The API without Temporal."""
    away = settings.model_copy(update={"temporal_address": f"127.0.0.1:{free_port()}"})
    async with serving(away, engine) as api:
        yield api


@pytest.fixture
async def api_without_postgres(settings: Settings, engine: AsyncEngine) -> AsyncIterator[Api]:
    """The API without PostgreSQL."""
    url = SecretStr(f"postgresql://vidferry@127.0.0.1:{free_port()}/vidferry")
    async with serving(settings.model_copy(update={"database_url": url}), engine) as api:
        yield api
