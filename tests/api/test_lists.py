"""Lists: create, get, rename, delete, list."""

import asyncio
import json

import pytest

from tests.api.support import NOBODY, Api, problem, youtube_id


async def test_a_new_list_is_empty_and_can_be_read(api_without_temporal: Api) -> None:
    response = await api_without_temporal.http.post("/api/lists", json={"name": "  Lighthouses "})

    assert response.status_code == 201
    created = response.json()
    assert (created["name"], created["video_count"]) == ("Lighthouses", 0)
    assert (await api_without_temporal.http.get(response.headers["Location"])).json() == created


async def test_a_list_counts_its_own_videos(api_without_temporal: Api) -> None:
    api = api_without_temporal
    full, empty = await api.new_list(), await api.new_list()
    await api.add(full, 1)
    await api.add(full, 2)

    assert (await api.get(f"/lists/{full}"))["video_count"] == 2
    assert (await api.get(f"/lists/{empty}"))["video_count"] == 0


@pytest.mark.parametrize(
    ("name", "code"),
    [("", "string_too_short"), ("   ", "string_too_short"), ("x" * 201, "string_too_long"), (7, "string_type"),
     ("a\x00b", "string_pattern_mismatch"), ("a\x9fb", "string_pattern_mismatch"),
     ("a\u2028b", "string_pattern_mismatch"),
     ("\u200b", "string_too_short"), ("\u3164 \u2800\ufe0f", "string_too_short"), ("\u202e", "string_too_short"),
     ("\ud800", "string_unicode")],
)  # fmt: skip
async def test_a_list_needs_a_sensible_name(api_without_temporal: Api, name: object, code: str) -> None:
    response = await api_without_temporal.http.post(
        "/api/lists", content=json.dumps({"name": name}), headers={"Content-Type": "application/json"}
    )

    [error] = problem(response, 422, "validation_failed")["errors"]
    assert (error["field"], error["code"]) == ("name", code)


async def test_a_list_gets_a_new_name(api_without_temporal: Api) -> None:
    list_id = await api_without_temporal.new_list("Lighthouses")

    response = await api_without_temporal.http.patch(f"/api/lists/{list_id}", json={"name": "Lamps"})

    assert response.status_code == 200
    assert (await api_without_temporal.get(f"/lists/{list_id}"))["name"] == response.json()["name"] == "Lamps"


async def test_a_deleted_list_is_gone_with_its_videos(api_without_temporal: Api) -> None:
    list_id = await api_without_temporal.new_list()
    video = await api_without_temporal.add(list_id)

    response = await api_without_temporal.http.delete(f"/api/lists/{list_id}")

    assert (response.status_code, response.content) == (204, b"")
    problem(await api_without_temporal.http.get(f"/api/lists/{list_id}"), 404, "list_not_found")
    problem(await api_without_temporal.http.get(f"/api/videos/{video['id']}"), 404, "video_not_found")


async def test_pages_hold_every_list_once_newest_first(api_without_temporal: Api) -> None:
    names = [f"List {number}" for number in range(5)]
    for name in names:
        await api_without_temporal.new_list(name)

    assert [item["name"] for item in await api_without_temporal.all_pages("/lists", limit=2)] == names[::-1]
    assert (await api_without_temporal.get("/lists", limit=5))["next_cursor"] is None


async def test_another_users_list_does_not_exist(api_without_temporal: Api) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    video = await api.add(list_id)
    await api.execute("INSERT INTO users (id, name) VALUES (:id, 'somebody else')", id=NOBODY)
    await api.execute("UPDATE lists SET user_id = :id", id=NOBODY)
    await api.execute("UPDATE videos SET user_id = :id", id=NOBODY)

    responses = await asyncio.gather(
        api.http.get(f"/api/lists/{list_id}"),
        api.http.patch(f"/api/lists/{list_id}", json={"name": "Mine"}),
        api.http.delete(f"/api/lists/{list_id}"),
        api.http.get(f"/api/lists/{list_id}/videos"),
        api.post_url(list_id, youtube_id(2)),
    )

    for response in responses:
        problem(response, 404, "list_not_found")
    assert (await api.get("/lists"))["items"] == []
    for path in ("", "/progress", "/transcript", "/chapters"):
        problem(await api.http.get(f"/api/videos/{video['id']}{path}"), 404, "video_not_found")
    problem(await api.http.delete(f"/api/videos/{video['id']}"), 404, "video_not_found")
    problem(await api.http.post(f"/api/videos/{video['id']}/retry"), 404, "video_not_found")
