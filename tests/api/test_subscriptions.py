"""Subscriptions: add, get, list, change, pause, resume, run, delete."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client, ScheduleDescription
from temporalio.service import RPCError, RPCStatusCode

from services.api.subscriptions import endpoints as subscriptions
from shared.i18n.catalog import text
from shared.i18n.languages import Language
from shared.settings import Settings
from shared.temporal.names import subscription_schedule_id
from tests.api.batches import JSON
from tests.api.support import NOBODY, Api, problem, serving
from tests.support.subscriptions import remove_schedules
from tests.support.waiting import eventually

PLAYLIST = "https://www.youtube.com/playlist?list=PL8dPuuaLjXtOAKed_MxxWBNaPno5h3Zs8"
CHANNEL = "https://www.youtube.com/@lamp-room"


@pytest.fixture(autouse=True)
async def no_schedule_is_left(client: Client, engine: AsyncEngine) -> AsyncIterator[None]:
    yield
    await remove_schedules(engine, client)


async def post(api: Api, list_id: str, source: object = CHANNEL, language: str = "en", **more: Any) -> httpx.Response:
    return await api.http.post(
        "/api/subscriptions",
        json={"list_id": list_id, "source": source, **more},
        headers={"Accept-Language": language},
    )


async def follow(api: Api, list_id: str | None = None, source: str = CHANNEL, **more: Any) -> dict[str, Any]:
    """A subscription, on a list of its own unless one is named."""
    response = await post(api, list_id or await api.new_list(), source, **more)
    assert response.status_code == 201, response.text
    return dict(response.json())


async def schedule(client: Client, subscription: dict[str, Any]) -> ScheduleDescription:
    """The subscription's schedule; an AssertionError while there is none."""
    try:
        return await client.get_schedule_handle(subscription_schedule_id(UUID(subscription["id"]))).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        raise AssertionError("there is no schedule") from error


async def test_a_subscription_whose_schedule_does_not_exist_yet_has_no_next_check(
    api: Api, client: Client, engine: AsyncEngine
) -> None:
    created = await follow(api)
    await eventually(lambda: schedule(client, created))
    await client.get_schedule_handle(subscription_schedule_id(UUID(created["id"]))).delete()
    assert (await api.get(f"/subscriptions/{created['id']}"))["next_check_at"] is None


async def test_subscribe_to_a_channel(api: Api, client: Client) -> None:
    list_id = await api.new_list()
    response = await post(api, list_id)

    assert response.status_code == 201
    created = response.json()
    assert created == {
        "id": created["id"],
        "list_id": list_id,
        "kind": "channel",
        "source": f"{CHANNEL}/videos",
        "tab": "videos",
        "title": None,
        "interval_seconds": 21_600,
        "paused": False,
        "import_existing": False,
        "filter": None,
        "created_at": created["created_at"],
        "next_check_at": None,
        "last_result": None,
        "checking": False,
    }
    described = await eventually(partial(schedule, client, created))
    await eventually(partial(has_begun, client, created, 1))  # the first look

    async def found_with_the_time_of_its_next_check() -> dict[str, Any]:
        found = (await api.http.get(response.headers["Location"])).json()
        assert found["next_check_at"] is not None
        return dict(found)

    found = await eventually(found_with_the_time_of_its_next_check)
    assert datetime.fromisoformat(found["next_check_at"]) == described.info.next_action_times[0]
    assert found | {"next_check_at": None} == created


async def test_one_subscription_per_source_and_list(api_without_temporal: Api) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    first = await follow(api, list_id, interval_seconds=900, import_existing=True)
    assert (first["interval_seconds"], first["import_existing"]) == (900, True)

    for language in Language:
        details = problem(await post(api, list_id, f"{CHANNEL}/featured", language), 409, "already_subscribed")
        assert details["detail"] == text("problem.already_subscribed", language)
        assert (details["subscription_id"], details["subscription"]) == (first["id"], first)
    await follow(api, list_id, PLAYLIST)
    await follow(api)


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("", "empty"),
        ("https://example.com/", "not_youtube"),
        ("https://youtu.be/aB3-_9xYz01", "single_video"),
        ("https://www.youtube.com/watch?v=aB3-_9xYz01&list=RDaB3-_9xYz01", "mix"),
        ("https://www.youtube.com/playlist?list=WL", "private_list"),
        ("https://www.youtube.com/about", "not_a_list"),
    ],
)
async def test_an_invalid_source_is_refused_with_the_reason(api_without_temporal: Api, source: str, code: str) -> None:
    list_id = await api_without_temporal.new_list()
    for language in Language:
        details = problem(await post(api_without_temporal, list_id, source, language), 422, "validation_failed")
        [error] = details["errors"]
        assert (error["field"], error["code"]) == ("source", code)
        assert error["message"] == text(f"invalid_source.{code}", language)


@pytest.mark.parametrize(
    ("changed", "code"),
    [({"interval_seconds": 899}, "greater_than_equal"), ({"interval_seconds": 2_592_001}, "less_than_equal"),
     ({"interval_seconds": "often"}, "int_parsing"), ({"interval_seconds": 900.5}, "int_from_float"),
     ({"interval_seconds": []}, "int_type"), ({"interval_seconds": 1e400}, "finite_number"),
     ({"import_existing": "perhaps"}, "bool_parsing"), ({"import_existing": []}, "bool_type"),
     ({"source": 7}, "string_type"), ({"list_id": "mine"}, "uuid_parsing"), ({"list_id": 7}, "uuid_type"),
     ({"every": 900}, "extra_forbidden")],
)  # fmt: skip
async def test_a_subscription_needs_sensible_values(
    api_without_temporal: Api, changed: dict[str, Any], code: str
) -> None:
    body = json.dumps({"list_id": NOBODY, "source": CHANNEL} | changed)
    for language in Language:
        response = await api_without_temporal.http.post(
            "/api/subscriptions", content=body, headers=JSON | {"Accept-Language": language}
        )
        [error] = problem(response, 422, "validation_failed")["errors"]
        assert (error["field"], error["code"]) == (next(iter(changed)), code)
        assert error["message"] != text("field.other", language)


async def test_lists_and_subscriptions_that_are_not_there(api_without_temporal: Api) -> None:
    api = api_without_temporal
    problem(await post(api, NOBODY), 404, "list_not_found")
    stranger = await follow(api)
    await api.execute("INSERT INTO users (id, name) VALUES (:id, 'somebody else')", id=NOBODY)
    await api.execute("UPDATE subscriptions SET user_id = :id", id=NOBODY)

    assert (await api.get("/subscriptions"))["items"] == []
    for subscription_id in (NOBODY, stranger["id"]):
        path = f"/api/subscriptions/{subscription_id}"
        responses = await asyncio.gather(
            api.http.get(path),
            api.http.delete(path),
            api.http.patch(path, json={"interval_seconds": 900}),
            *(api.http.post(f"{path}/{change}") for change in ("pause", "resume", "run")),
        )
        for response in responses:
            assert problem(response, 404, "subscription_not_found")["detail"] == text("problem.subscription_not_found")
    german = await api.http.get(f"/api/subscriptions/{NOBODY}", headers={"Accept-Language": "de"})
    assert problem(german, 404, "subscription_not_found")["detail"] == text(
        "problem.subscription_not_found", Language.DE
    )


async def test_pages_hold_every_subscription_once_newest_first(api_without_temporal: Api) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    made = [await follow(api, list_id, f"@lamp-room{number}") for number in range(3)]
    made.append(await follow(api))

    assert await api.all_pages("/subscriptions", limit=2) == made[::-1]
    assert (await api.get("/subscriptions", list_id=list_id))["items"] == made[2::-1]
    assert (await api.get("/subscriptions", list_id=NOBODY))["items"] == []
    problem(await api.http.get("/api/subscriptions", params={"cursor": "?"}), 422, "validation_failed")


async def test_pausing_resuming_and_a_new_interval_reach_temporal(api: Api, client: Client) -> None:
    subscription = await follow(api)
    path = f"/api/subscriptions/{subscription['id']}"

    paused = await api.http.post(f"{path}/pause")
    assert (paused.status_code, paused.json()["paused"]) == (200, True)
    await eventually(partial(says, client, subscription, paused=True))
    assert (await api.http.get(path)).json()["next_check_at"] is None

    resumed = await api.http.post(f"{path}/resume")
    assert (resumed.status_code, resumed.json()["paused"]) == (200, False)
    await eventually(partial(says, client, subscription, paused=False))

    changed = await api.http.patch(path, json={"interval_seconds": 86_400})
    assert (changed.status_code, changed.json()["interval_seconds"]) == (200, 86_400)
    await eventually(partial(says, client, subscription, every_seconds=86_400))

    [error] = problem(await api.http.patch(path, json={"interval_seconds": 1}), 422, "validation_failed")["errors"]
    assert (error["field"], error["message"]) == ("interval_seconds", "This must be at least 900.")


async def test_run_starts_a_check(api: Api, client: Client) -> None:
    subscription = await follow(api)
    await eventually(partial(has_begun, client, subscription, 1))
    running = (await schedule(client, subscription)).info.running_actions[0]
    await client.get_workflow_handle(running.workflow_id).terminate()  # type: ignore[attr-defined]  # the only kind

    async def begins_another() -> bool:
        response = await api.http.post(f"/api/subscriptions/{subscription['id']}/run")
        assert (response.status_code, response.json()) == (202, subscription)
        return await has_begun(client, subscription, 2)

    await eventually(begins_another)


async def test_run_during_a_check_reports_checking(api: Api) -> None:
    subscription = await follow(api)
    await api.execute(
        "INSERT INTO import_batches (id, user_id, list_id, subscription_id, kind, source, listing) "
        "SELECT gen_random_uuid(), user_id, list_id, id, kind, source, 'under_way' FROM subscriptions"
    )
    response = await api.http.post(f"/api/subscriptions/{subscription['id']}/run")
    assert (response.status_code, response.json()["checking"]) == (202, True)


async def test_deleted_subscription_has_no_schedule_and_keeps_its_videos(api: Api, client: Client) -> None:
    list_id = await api.new_list()
    await api.add(list_id)
    subscription = await follow(api, list_id)
    await eventually(partial(schedule, client, subscription))

    response = await api.http.delete(f"/api/subscriptions/{subscription['id']}")
    assert (response.status_code, response.content) == (204, b"")
    problem(await api.http.get(f"/api/subscriptions/{subscription['id']}"), 404, "subscription_not_found")
    await eventually(partial(is_unscheduled, client, subscription))
    assert (await api.get(f"/lists/{list_id}"))["video_count"] == 1


async def test_last_check_in_the_language_of_the_request(api_without_temporal: Api) -> None:
    api = api_without_temporal
    subscription = await follow(api)
    await api.execute("UPDATE subscriptions SET checked_at = '2026-11-23T14:00:00Z', last_new = 2, title = 'Lamps'")
    found = await api.get(f"/subscriptions/{subscription['id']}")
    assert found["title"] == "Lamps"
    assert found["last_result"] == {
        "checked_at": "2026-11-23T14:00:00Z",
        "new": 2,
        "members_only": 0,
        "error_code": None,
        "error_message": None,
    }

    await api.execute("UPDATE subscriptions SET last_new = 0, error_code = 'list_unavailable'")
    for language in Language:
        response = await api.http.get("/api/subscriptions", headers={"Accept-Language": language})
        result = response.json()["items"][0]["last_result"]
        assert (result["new"], result["error_code"]) == (0, "list_unavailable")
        assert result["error_message"] == text("import_error.list_unavailable", language)


async def test_without_temporal_everything_works(api_without_temporal: Api) -> None:
    api = api_without_temporal
    subscription = await follow(api)
    path = f"/api/subscriptions/{subscription['id']}"

    assert (await api.http.get(path)).json() == subscription
    assert (await api.http.post(f"{path}/pause")).json()["paused"]
    assert (await api.http.post(f"{path}/run")).status_code == 202
    assert (await api.http.delete(path)).status_code == 204


async def test_a_temporal_that_does_not_answer_is_not_waited_for(
    settings: Settings, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "DESCRIBE_SECONDS", 0.2)
    finished = asyncio.Event()

    async def stay_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await finished.wait()
        writer.close()

    silent = await asyncio.start_server(stay_silent, "127.0.0.1")
    address = f"127.0.0.1:{silent.sockets[0].getsockname()[1]}"
    async with silent, serving(settings.model_copy(update={"temporal_address": address}), engine) as api:
        subscription = await follow(api)
        assert await api.get(f"/subscriptions/{subscription['id']}") == subscription
        assert (await api.http.post(f"/api/subscriptions/{subscription['id']}/run")).status_code == 202
        finished.set()


async def test_without_postgres_nothing_works(api_without_postgres: Api) -> None:
    problem(await post(api_without_postgres, NOBODY), 503, "database_away")
    problem(await api_without_postgres.http.get("/api/subscriptions"), 503, "database_away")


async def has_begun(client: Client, subscription: dict[str, Any], looks: int) -> bool:
    return (await schedule(client, subscription)).info.num_actions == looks


async def says(
    client: Client, subscription: dict[str, Any], *, paused: bool | None = None, every_seconds: int | None = None
) -> bool:
    described = (await schedule(client, subscription)).schedule
    is_paused = paused is None or described.state.paused == paused
    every = described.spec.intervals[0].every.total_seconds()
    return is_paused and (every_seconds is None or every == every_seconds)


async def is_unscheduled(client: Client, subscription: dict[str, Any]) -> bool:
    try:
        await schedule(client, subscription)
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize(
    ("more", "source", "tab"),
    [
        ({}, f"{CHANNEL}/videos", "videos"),
        ({"source": f"{CHANNEL}/shorts"}, f"{CHANNEL}/shorts", "shorts"),
        ({"source": f"{CHANNEL}/shorts", "tab": "streams"}, f"{CHANNEL}/streams", "streams"),
        ({"source": PLAYLIST, "tab": "streams"}, PLAYLIST, None),
    ],
)
async def test_a_tab_of_a_channel_can_be_followed(api: Api, more: dict[str, str], source: str, tab: str | None) -> None:
    subscription = await follow(api, **more)
    assert (subscription["source"], subscription["tab"]) == (source, tab)


async def test_a_filter_is_kept(api: Api) -> None:
    wanted = {"published_after": "2026-01-31", "title_contains": "harbour", "min_seconds": 60, "max_seconds": None}
    subscription = await follow(api, filter=wanted)
    assert subscription["filter"] == wanted
    assert (await follow(api, filter={}))["filter"] is None


TODAY = datetime.now(UTC).date()


@pytest.mark.parametrize(
    "wanted",
    [
        {"min_seconds": 60, "max_seconds": 60},
        {"published_after": "2005-04-23"},
        {"published_after": f"{TODAY + timedelta(days=1)}"},  # it may be tomorrow where the reader is
    ],
)
async def test_a_filter_that_something_can_match_is_accepted(api: Api, wanted: dict[str, Any]) -> None:
    assert (await follow(api, filter=wanted))["filter"].items() >= wanted.items()


@pytest.mark.parametrize(
    ("wanted", "field", "code"),
    [
        ({"min_seconds": -1}, "min_seconds", "greater_than_equal"),
        ({"min_seconds": 61, "max_seconds": 60}, "max_seconds", "max_below_min"),
        ({"published_after": "0024-05-01"}, "published_after", "before_youtube"),
        ({"published_after": "2005-04-22"}, "published_after", "before_youtube"),
        ({"published_after": f"{TODAY + timedelta(days=3)}"}, "published_after", "in_future"),
    ],
)
@pytest.mark.parametrize("path", ["subscriptions", "lists/{}/imports", "lists/{}/imports/preview"])
async def test_a_filter_that_nothing_can_match_is_refused(
    api: Api, path: str, wanted: dict[str, Any], field: str, code: str
) -> None:
    list_id = await api.new_list()
    body = {"source": CHANNEL, "filter": wanted} | ({"list_id": list_id} if path == "subscriptions" else {})
    response = await api.http.post(f"/api/{path.format(list_id)}", json=body)
    [error] = problem(response, 422, "validation_failed")["errors"]
    assert (error["field"], error["code"]) == (f"filter.{field}", code)
