"""The versions in use: what a worker records of yt-dlp."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from shared import VERSION
from shared.contracts.upstreams import ExtractorOrigin
from shared.db.connection import transaction
from shared.db.installation import record_extractor
from tests.api.support import Api, problem


async def recorded(api: Api, engine: AsyncEngine, version: str, origin: ExtractorOrigin) -> dict[str, Any]:
    """The response after a worker with this version has started."""
    async with transaction(engine) as connection:
        await record_extractor(connection, version, origin)
    return dict((await api.get("/versions"))["extractor"])


async def test_before_the_first_worker_only_vidferry_has_a_version(api: Api) -> None:
    assert await api.get("/versions") == {"vidferry": VERSION, "extractor": None}


async def test_a_version_is_in_use_since_its_first_worker(api: Api, engine: AsyncEngine) -> None:
    bundled = await recorded(api, engine, "2026.10.26", ExtractorOrigin.BUNDLED)
    assert (bundled["version"], bundled["origin"]) == ("2026.10.26", "bundled")

    update = await recorded(api, engine, "2026.11.23", ExtractorOrigin.STABLE)
    assert (update["version"], update["origin"]) == ("2026.11.23", "stable")
    assert datetime.fromisoformat(update["since"]) > datetime.fromisoformat(bundled["since"])

    upgraded = await recorded(api, engine, "2026.11.23", ExtractorOrigin.BUNDLED)  # a Vidferry that brings it along
    assert upgraded == {**update, "origin": "bundled"}


async def test_what_an_earlier_vidferry_recorded_has_no_origin(api: Api) -> None:
    since = "2026-10-27T10:00:00+00:00"
    value = f'{{"version": "2026.10.26", "since": "{since}"}}'
    await api.execute(f"INSERT INTO installation (name, value) VALUES ('extractor', '{value}')")
    extractor = (await api.get("/versions"))["extractor"]
    assert (extractor["version"], extractor["origin"]) == ("2026.10.26", None)
    assert datetime.fromisoformat(extractor["since"]) == datetime.fromisoformat(since)


async def test_versions_need_the_database(api_without_postgres: Api) -> None:
    problem(await api_without_postgres.http.get("/api/versions"), 503, "database_away")
