"""A PostgreSQL that stalls for some seconds: acknowledged videos are in the database."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from services.api.app import create_app
from services.api.background.video_inserts import GroupCommit
from services.api.http.database import Database
from shared.db.engine import StatementLimits, create_engine
from tests.api.support import BASE_URL, NOBODY, Api, youtube_id
from tests.support.servers import free_port
from tests.support.standstill import StoppablePostgres, nothing_is_left_open, observer

LIMITS = StatementLimits(lock=1, answer=3)
"""Also for each statement afterwards, when forty requests come at once."""
CONNECTIONS = 10


@pytest.fixture
async def hasty(stoppable_postgres: StoppablePostgres) -> AsyncIterator[Api]:
    """The API without Temporal, and with little patience for PostgreSQL."""
    settings = stoppable_postgres.settings.model_copy(update={"temporal_address": f"127.0.0.1:{free_port()}"})
    engine = create_engine(settings, pool_size=CONNECTIONS, limits=LIMITS)
    app = create_app(settings)
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url=BASE_URL) as http:
        database = Database(engine)
        app.state.resources = replace(app.state.resources, database=database, inserts=GroupCommit(database))
        yield Api(http, engine)
    await engine.dispose()


async def test_acknowledged_videos_are_in_the_database_after_an_outage(
    hasty: Api, stoppable_postgres: StoppablePostgres
) -> None:
    list_id = await hasty.new_list("before")
    await asyncio.gather(*(hasty.new_list("warm") for _ in range(CONNECTIONS)))  # each has a connection

    with stoppable_postgres.standing_still():
        refused = await asyncio.gather(
            *(delete_subscription(hasty) for _ in range(CONNECTIONS - 1)), add(hasty, list_id, 0)
        )
        assert {response.json()["code"] for response in refused} == {"database_away"}

    created = await asyncio.gather(*(hasty.http.post("/api/lists", json={"name": "after"}) for _ in range(40)))
    added = await asyncio.gather(*(add(hasty, list_id, number) for number in range(1, 41)))
    removed = await asyncio.gather(*(delete_subscription(hasty) for _ in range(CONNECTIONS)))

    assert Counter(response.status_code for response in [*created, *added]) == {201: 80}
    assert {response.status_code for response in removed} == {404}
    async with observer(stoppable_postgres.url) as connection:
        lists = {str(row["id"]) for row in await connection.fetch("SELECT id FROM lists")}
        videos = {str(row["id"]) for row in await connection.fetch("SELECT id FROM videos")}
    assert {response.json()["id"] for response in created} <= lists
    assert {response.json()["id"] for response in added} <= videos
    await nothing_is_left_open(stoppable_postgres.url)


async def test_a_request_behind_a_locked_row_is_refused_and_the_next_one_is_not(
    hasty: Api, stoppable_postgres: StoppablePostgres
) -> None:
    list_id = await hasty.new_list("locked")
    async with observer(stoppable_postgres.url) as connection, connection.transaction():
        await connection.execute("SELECT 1 FROM lists WHERE id = $1::text::uuid FOR UPDATE", list_id)
        refused = await add(hasty, list_id, 1)
        assert (refused.status_code, refused.json()["code"]) == (503, "database_away")
    assert (await add(hasty, list_id, 2)).status_code == 201
    await nothing_is_left_open(stoppable_postgres.url)


async def add(api: Api, list_id: str, number: int) -> httpx.Response:
    return await api.post_url(list_id, youtube_id(number))


async def delete_subscription(api: Api) -> httpx.Response:
    """A request with a transaction of several statements that changes nothing."""
    return await api.http.delete(f"/api/subscriptions/{NOBODY}")
