"""Adding many URLs, and reading the batch."""

import asyncio
from dataclasses import replace
from functools import partial
from typing import Any, NoReturn
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from services.api.app import create_app
from services.api.batches.files.problems import MAX_ROWS
from services.api.batches.schemas import MAX_URLS
from services.api.http.database import Database
from services.api.http.problem_codes import ProblemCode
from services.api.http.problems import Problem
from shared.contracts.errors import ErrorType
from shared.i18n.catalog import sentences
from shared.i18n.languages import Language
from shared.i18n.messages import import_error_text
from shared.settings import Settings
from shared.temporal.names import import_batch_id
from shared.youtube.video_urls import InvalidUrlReason
from tests.api.batches import CHANGES, added, fail_all, items_of, post_urls
from tests.api.support import BASE_URL, NOBODY, Api, problem, youtube_id
from tests.support.servers import free_port
from tests.support.waiting import eventually


async def test_all_of_them_are_in_the_list_at_once_in_the_order_of_the_request(api_without_temporal: Api) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    wanted = [youtube_id(number) for number in range(MAX_URLS)]

    response = await post_urls(api, list_id, wanted)

    assert response.status_code == 201
    answer = response.json()
    assert response.headers["Location"] == f"/api/batches/{answer['batch_id']}"
    assert (answer["created"], answer["duplicate_count"], answer["invalid_count"]) == (MAX_URLS, 0, 0)
    assert [video["youtube_id"] for video in answer["videos"]] == wanted
    assert await items_of(api, list_id) == wanted
    assert (await api.get(f"/videos/{answer['videos'][0]['id']}")).items() >= answer["videos"][0].items()
    told = {event["type"] for event in (await api.get("/events"))["items"]}
    assert told == {"list_changed"}, "of the videos, the batch tells"


async def test_every_valid_row_gets_in_whatever_the_others_are(api_without_temporal: Api) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    there = await api.add(list_id, 1)
    urls = [youtube_id(2), "", f"youtu.be/{youtube_id(1)}", "https://vimeo.com/1", youtube_id(3), youtube_id(2)]

    answer = await added(api, list_id, *urls)

    new = {video["youtube_id"]: video["id"] for video in answer["videos"]}
    assert [*new] == [youtube_id(2), youtube_id(3)]
    assert answer["duplicates"] == [
        {"row": 3, "url": urls[2], "youtube_id": youtube_id(1), "video_id": there["id"]},
        {"row": 6, "url": urls[5], "youtube_id": youtube_id(2), "video_id": new[youtube_id(2)]},
    ]
    assert [(row["row"], row["reason"]) for row in answer["invalid"]] == [(2, "empty"), (4, "not_youtube")]
    assert (answer["created"], answer["duplicate_count"], answer["invalid_count"]) == (2, 2, 2)
    assert await items_of(api, list_id) == [youtube_id(2), youtube_id(3), youtube_id(1)]
    batch = await api.get(f"/batches/{answer['batch_id']}")
    assert (batch["kind"], batch["source"], batch["total"], batch["queued"]) == ("urls", "", 2, 2)
    assert (batch["duplicates"], batch["invalid"], batch["progress"], batch["state"]) == (2, 2, 0, "open")


@pytest.mark.parametrize("reason", [InvalidUrlReason.PLAYLIST, InvalidUrlReason.TOO_LONG])
async def test_a_row_is_refused_in_the_language_of_the_request(
    api_without_temporal: Api, reason: InvalidUrlReason
) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    url = {
        InvalidUrlReason.PLAYLIST: "https://www.youtube.com/playlist?list=PLabcdefghijkl",
        InvalidUrlReason.TOO_LONG: "x" * 3000,
    }[reason]

    for language in Language:
        response = await post_urls(api, list_id, [url], **{"Accept-Language": language})
        assert response.status_code == 200
        [row] = response.json()["invalid"]
        assert (row["row"], row["reason"]) == (1, reason)
        assert row["message"] == sentences(language)[f"invalid_url.{reason}"]
        assert len(row["url"]) <= 200


@pytest.mark.parametrize("again", [[youtube_id(1), youtube_id(1)], ["nothing"], [youtube_id(1), "nothing"]])
async def test_where_nothing_is_new_there_is_no_batch(api_without_temporal: Api, again: list[str]) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    there = await api.add(list_id, 1)

    response = await post_urls(api, list_id, again)

    answer = response.json()
    assert (response.status_code, answer["batch_id"], answer["created"], answer["videos"]) == (200, None, 0, [])
    assert "Location" not in response.headers
    assert answer["duplicate_count"] == len(answer["duplicates"]) == again.count(youtube_id(1))
    assert {row["video_id"] for row in answer["duplicates"]} <= {there["id"]}
    assert answer["invalid_count"] == again.count("nothing")
    assert (await api.get("/batches"))["items"] == []


async def test_a_video_known_from_another_list_has_its_title_at_once(api_without_temporal: Api) -> None:
    api = api_without_temporal
    await api.add(await api.new_list())
    await api.complete()

    known, new = (await added(api, await api.new_list(), youtube_id(1), youtube_id(2)))["videos"]

    assert (known["title"], known["import_stage"], new["title"]) == ("A lens", "created", None)


@pytest.mark.parametrize(
    ("urls", "field", "code"),
    [
        ([], "urls", "too_short"),
        ([youtube_id(1)] * (MAX_URLS + 1), "urls", "too_many_urls"),
        ([youtube_id(1), 7], "urls.1", "string_type"),
        ("youtu.be/x", "urls", "list_type"),
        (None, "urls", "list_type"),
    ],
)
async def test_invalid_list_of_urls_is_rejected(api_without_temporal: Api, urls: Any, field: str, code: str) -> None:
    messages = set()
    for language in Language:
        response = await api_without_temporal.http.post(
            f"/api/lists/{NOBODY}/videos/batch", json={"urls": urls}, headers={"Accept-Language": language}
        )
        [error] = problem(response, 422, "validation_failed")["errors"]
        assert (error["field"], error["code"]) == (field, code)
        messages.add(error["message"])
    assert len(messages) == len(Language)


async def test_too_many_urls_suggest_a_file(api_without_temporal: Api) -> None:
    response = await post_urls(api_without_temporal, NOBODY, [""] * (MAX_URLS + 1))

    [error] = problem(response, 422, "validation_failed")["errors"]
    assert error["message"] == sentences(Language.EN)["field.too_many_urls"].format(
        max_urls="1,000", max_rows=f"{MAX_ROWS:,}"
    )


@pytest.mark.parametrize("urls", [[youtube_id(1)], ["nothing"]])
async def test_an_unknown_list_takes_no_videos(api_without_temporal: Api, urls: list[str]) -> None:
    problem(await post_urls(api_without_temporal, NOBODY, urls), 404, "list_not_found")


async def test_of_many_requests_at_once_each_video_is_added_by_exactly_one(api_without_temporal: Api) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    wanted = [youtube_id(number) for number in range(50)]

    responses = await asyncio.gather(
        *(post_urls(api, list_id, wanted[::direction]) for direction in (1, -1) for _ in range(4)),
        *(api.post_url(list_id, wanted[number]) for number in (0, 25, 49)),
    )

    assert {response.status_code for response in responses} <= {200, 201, 409}
    batches = [response.json() for response in responses[:8]]
    singles = [response for response in responses[8:] if response.status_code == 201]
    assert sum(batch["created"] for batch in batches) + len(singles) == 50
    assert sorted(await items_of(api, list_id)) == wanted
    for batch in batches:
        assert batch["created"] + batch["duplicate_count"] == 50
        assert all(row["video_id"] for row in batch["duplicates"])


async def test_deadlock_victim_is_retried(api_without_temporal: Api, engine: AsyncEngine) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    insert = text(
        "INSERT INTO videos (id, list_id, user_id, youtube_id, thumbnail_url) "
        "SELECT gen_random_uuid(), id, user_id, :youtube_id, '' FROM lists"
    )
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )

    async def are_waiting(count: int) -> bool:
        async with engine.connect() as connection:
            return (await connection.execute(waiting)).scalar() == count

    async with engine.connect() as first, engine.connect() as other:
        await first.execute(insert, {"youtube_id": youtube_id(1)})
        # The batch is the victim: it looks for a deadlock when it has waited for a second, the other one never.
        await other.execute(text("SET LOCAL deadlock_timeout = '1h'"))
        await other.execute(text("SET LOCAL lock_timeout = 0"))
        await other.execute(insert, {"youtube_id": youtube_id(2)})
        adding = asyncio.create_task(added(api, list_id, youtube_id(1), youtube_id(2)))
        await eventually(partial(are_waiting, 1))
        locking = asyncio.create_task(other.execute(text("LOCK TABLE videos")))
        await eventually(partial(are_waiting, 2))
        await first.rollback()  # now the batch waits for the other's row, and the other one for the batch
        await locking
        await other.rollback()

    assert (await adding)["created"] == 2


async def test_the_workflow_of_a_batch_begins(api: Api, client: Client) -> None:
    batch_id = (await added(api, await api.new_list(), youtube_id(1)))["batch_id"]

    async def is_started() -> bool:
        found = client.list_workflows(f"WorkflowId = '{import_batch_id(batch_id)}'")
        return [execution.workflow_type async for execution in found] == ["ImportBatch"]

    await eventually(is_started)


async def test_pages_hold_every_batch_once_newest_first(api_without_temporal: Api) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    created = [(await added(api, list_id, youtube_id(number)))["batch_id"] for number in range(5)]

    batches = await api.all_pages("/batches", limit=2)

    assert [batch["batch_id"] for batch in batches] == created[::-1]
    assert batches[0] == await api.get(f"/batches/{created[-1]}")
    assert (await api.get("/batches", limit=5))["next_cursor"] is None
    problem(await api.http.get("/api/batches?cursor=x"), 422, "validation_failed")


async def test_the_batches_of_one_list(api_without_temporal: Api) -> None:
    api = api_without_temporal
    one, other = await api.new_list(), await api.new_list()
    created = [(await added(api, list_id, youtube_id(1)))["batch_id"] for list_id in (one, other)]
    created.append((await added(api, one, youtube_id(2)))["batch_id"])

    async def of_list(list_id: str) -> list[str]:
        return [batch["batch_id"] for batch in await api.all_pages("/batches", limit=1, list_id=list_id)]

    assert await of_list(one) == [created[2], created[0]]
    assert await of_list(other) == [created[1]]
    assert await of_list(NOBODY) == []
    problem(await api.http.get("/api/batches?list_id=7"), 422, "validation_failed")


async def test_batch_reports_progress(api_without_temporal: Api) -> None:
    api = api_without_temporal
    answer = await added(api, await api.new_list(), *(youtube_id(number) for number in range(1, 6)))
    await api.execute("UPDATE videos SET batch_slot = 'running' WHERE youtube_id < :last", last=youtube_id(4))
    await api.execute("UPDATE videos SET batch_slot = 'parked' WHERE youtube_id = :last", last=youtube_id(5))
    await api.fail(answer["videos"][0]["id"])
    await api.fail(answer["videos"][1]["id"], "import_cancelled")

    batch = await api.get(f"/batches/{answer['batch_id']}")

    counts = {"total": 5, "queued": 1, "running": 1, "waiting": 1, "imported": 0, "failed": 1, "cancelled": 1}
    assert batch.items() >= (counts | {"progress": 40}).items()


async def test_failed_listing_in_the_language_of_the_request(api_without_temporal: Api) -> None:
    api = api_without_temporal
    batch_id = (await added(api, await api.new_list(), youtube_id(1)))["batch_id"]
    await api.execute("UPDATE import_batches SET listing = 'failed', error_code = 'list_unavailable'")

    for language in Language:
        for path in ("/api/batches", f"/api/batches/{batch_id}"):
            answer = (await api.http.get(path, headers={"Accept-Language": language})).json()
            [told] = answer.get("items", [answer])
            assert (told["listing"], told["error_code"]) == ("failed", "list_unavailable")
            assert told["error_message"] == import_error_text(ErrorType.LIST_UNAVAILABLE, language)


async def test_another_users_batch_does_not_exist(api_without_temporal: Api) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    batch_id = (await added(api, list_id, youtube_id(1)))["batch_id"]
    await fail_all(api, batch_id)
    await api.execute("INSERT INTO users (id, name) VALUES (:id, 'somebody else')", id=UUID(NOBODY))
    for table in ("lists", "videos", "import_batches"):
        await api.execute(f"UPDATE {table} SET user_id = :id", id=UUID(NOBODY))

    problem(await post_urls(api, list_id, [youtube_id(2)]), 404, "list_not_found")
    assert (await api.get("/batches"))["items"] == []
    problem(await api.http.get(f"/api/batches/{batch_id}"), 404, "batch_not_found")
    for change in CHANGES:
        problem(await api.http.post(f"/api/batches/{batch_id}/{change}"), 404, "batch_not_found")


class _Committing(Database):
    """PostgreSQL is gone as soon as a transaction has been committed."""

    def connection(self) -> NoReturn:
        raise Problem(ProblemCode.DATABASE_AWAY)


async def test_what_was_created_is_answered_although_postgres_has_gone_since(
    settings: Settings, engine: AsyncEngine
) -> None:
    away = settings.model_copy(update={"temporal_address": f"127.0.0.1:{free_port()}"})
    app = create_app(away)
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url=BASE_URL) as http:
        list_id = await Api(http, engine).new_list()
        app.state.resources = replace(app.state.resources, database=_Committing(engine))
        response = await http.post(f"/api/lists/{list_id}/videos/batch", json={"urls": [youtube_id(1), youtube_id(2)]})
    assert response.status_code == 201
    assert [video["youtube_id"] for video in response.json()["videos"]] == [youtube_id(1), youtube_id(2)]


async def test_without_postgres_it_is_a_503(api_without_postgres: Api) -> None:
    http = api_without_postgres.http

    problem(await post_urls(api_without_postgres, NOBODY, [youtube_id(1)]), 503, "database_away")
    problem(await http.get("/api/batches"), 503, "database_away")
    problem(await http.get(f"/api/batches/{NOBODY}"), 503, "database_away")
    for change in CHANGES:
        problem(await http.post(f"/api/batches/{NOBODY}/{change}"), 503, "database_away")
