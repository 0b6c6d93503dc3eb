"""Health, readiness and configuration."""

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.settings import Settings
from tests.api.support import Api, problem, serving


async def test_with_everything_there_it_is_ready(api: Api) -> None:
    assert await api.get("/ready") == {"status": "ready", "database": "ok", "temporal": "ok"}


async def test_without_temporal_it_is_degraded_but_ready(api_without_temporal: Api) -> None:
    assert await api_without_temporal.get("/ready") == {"status": "degraded", "database": "ok", "temporal": "away"}


async def test_without_postgres_it_is_alive_but_not_ready(api_without_postgres: Api) -> None:
    problem(await api_without_postgres.http.get("/api/ready"), 503, "database_away")
    assert await api_without_postgres.get("/health") == {"status": "ok"}


async def test_before_its_migrations_the_database_is_not_ready(api_without_temporal: Api) -> None:
    await api_without_temporal.execute("DELETE FROM alembic_version")

    problem(await api_without_temporal.http.get("/api/ready"), 503, "database_not_migrated")


async def test_the_configuration_names_what_a_user_interface_needs(settings: Settings, engine: AsyncEngine) -> None:
    other = {
        "notifier_url": "wss://vidferry.example",
        "temporal_ui_url": "https://t.example",
        "import_progress_enabled": False,
    }
    async with serving(settings.model_copy(update=other), engine) as api:
        config = await api.get("/config")

    assert config == {
        "websocket_url": "wss://vidferry.example/api/ws/progress",
        "temporal_ui_url": "https://t.example",
        "features": {"import_progress": False},
        "languages": ["en", "de"],
        "version": config["version"],
    }
    assert config["version"][0].isdigit()


async def test_progress_is_shown_by_default(api_without_temporal: Api) -> None:
    assert (await api_without_temporal.get("/config"))["features"] == {"import_progress": True}
