"""Progress events that a client has missed."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.errors import ErrorType
from shared.contracts.stages import ImportStage
from shared.db.connection import transaction
from shared.db.imports import advance, fail
from shared.i18n.catalog import text
from shared.i18n.languages import Language
from tests.api.support import Api, problem, youtube_id


async def test_every_addition_is_an_event_and_they_form_a_chain(api_without_temporal: Api) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    videos = [await api.add(list_id, number) for number in range(3)]

    page = await api.get("/events")

    [_list, *added] = page["items"]
    assert [event["video_id"] for event in added] == [video["id"] for video in videos]
    for event in added:
        assert (event["type"], event["stage"], event["progress"]) == ("import_progress", "created", 0)
        assert (event["message"], event["list_id"]) == (None, list_id)
    numbers = [event["seq"] for event in page["items"]]
    assert numbers == sorted(set(numbers))
    assert (page["next_since"], page["has_more"]) == (numbers[-1], False)


async def test_missed_events_come_in_pages(api_without_temporal: Api, engine: AsyncEngine) -> None:
    api = api_without_temporal
    await api.add(await api.new_list())
    [*_, seen] = (await api.get("/events"))["items"]
    for stage in (ImportStage.METADATA, ImportStage.CAPTIONS, ImportStage.CHAPTERS):
        async with transaction(engine) as connection:
            await advance(connection, youtube_id(1), stage)

    first = await api.get("/events", since=seen["seq"], limit=2)
    second = await api.get("/events", since=first["next_since"], limit=2)
    third = await api.get("/events", since=second["next_since"], limit=2)

    assert [(event["stage"], event["progress"]) for event in first["items"] + second["items"]] == [
        ("metadata", 25),
        ("captions", 60),
        ("chapters", 90),
    ]
    assert (first["has_more"], second["has_more"]) == (True, False)
    assert third == {"items": [], "next_since": second["next_since"], "has_more": False}


async def test_without_events_there_is_nothing_to_catch_up_on(api_without_temporal: Api) -> None:
    assert await api_without_temporal.get("/events") == {"items": [], "next_since": 0, "has_more": False}


async def test_every_change_is_an_event(api_without_temporal: Api) -> None:
    api = api_without_temporal
    list_id = await api.new_list("Lighthouses")
    await api.http.patch(f"/api/lists/{list_id}", json={"name": "Lenses"})
    video = await api.add(list_id)
    await api.http.delete(f"/api/videos/{video['id']}")
    body = {"list_id": list_id, "source": "https://www.youtube.com/@lamp-room/videos"}
    subscription = (await api.http.post("/api/subscriptions", json=body)).json()
    await api.http.post(f"/api/subscriptions/{subscription['id']}/pause")
    await api.http.delete(f"/api/subscriptions/{subscription['id']}")

    events = (await api.get("/events"))["items"]

    assert [event["type"] for event in events] == [
        "list_changed",
        "list_changed",
        "video_deleted",
        "subscription_changed",
        "subscription_changed",
        "subscription_deleted",
    ], "the events of a video go with it"
    assert {event["list_id"] for event in events} == {list_id}
    assert [event.get("name") for event in events[:2]] == ["Lighthouses", "Lenses"]
    assert (events[2]["video_id"], events[2]["youtube_id"]) == (video["id"], video["youtube_id"])
    assert {event["subscription_id"] for event in events[3:]} == {subscription["id"]}


async def test_of_a_deleted_list_only_its_deletion_is_told(api_without_temporal: Api) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    await api.add(list_id)
    await api.http.delete(f"/api/lists/{list_id}")

    [event] = (await api.get("/events"))["items"]

    assert (event["type"], event["list_id"]) == ("list_deleted", list_id)


async def test_error_in_the_language_of_the_request(api_without_temporal: Api, engine: AsyncEngine) -> None:
    api = api_without_temporal
    await api.add(await api.new_list())
    async with transaction(engine) as connection:
        await fail(connection, youtube_id(1), ErrorType.GEO_BLOCKED)

    english = (await api.get("/events"))["items"][-1]
    german = (await api.http.get("/api/events", headers={"Accept-Language": "de"})).json()["items"][-1]

    assert (english["error_code"], german["error_code"]) == ("geo_blocked", "geo_blocked")
    assert english["message"] == text("import_error.geo_blocked")
    assert german["message"] == text("import_error.geo_blocked", Language.DE)


@pytest.mark.parametrize(
    ("parameters", "field"),
    [({"since": -1}, "since"), ({"since": 2**63}, "since"), ({"since": "x"}, "since"), ({"limit": 0}, "limit")],
)
async def test_invalid_parameters_are_rejected(
    api_without_temporal: Api, parameters: dict[str, int | str], field: str
) -> None:
    response = await api_without_temporal.http.get("/api/events", params=parameters)

    [error] = problem(response, 422, "validation_failed")["errors"]
    assert error["field"] == field
