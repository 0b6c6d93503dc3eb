"""A deleted list is gone at once, although no worker removes its rows here."""

import httpx
import pytest

from tests.api.batches import CHANGES, added, items_of, post_file, post_urls
from tests.api.support import Api, problem, youtube_id

SOURCE = "https://www.youtube.com/playlist?list=PL8dPuuaLjXtOAKed_MxxWBNaPno5h3Zs8"


class Deleted:
    """The content of a deleted list, and another list."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.list_id = self.other = self.batch_id = self.subscription_id = ""
        self.video_ids: list[str] = []

    async def fill(self) -> None:
        """A complete, a failed and a waiting video, a batch and a subscription; then the list is deleted."""
        self.list_id, self.other = await self.api.new_list(), await self.api.new_list("Other")
        self.video_ids = [(await self.api.add(self.list_id, number))["id"] for number in range(3)]
        await self.api.execute(
            "UPDATE videos SET import_stage = 'complete', import_progress = 100 WHERE youtube_id = :youtube_id",
            youtube_id=youtube_id(0),
        )
        await self.api.fail(self.video_ids[1])
        self.batch_id = (await added(self.api, self.list_id, youtube_id(10), youtube_id(11)))["batch_id"]
        self.subscription_id = (await self.follow(self.list_id)).raise_for_status().json()["id"]
        assert (await self.api.http.delete(f"/api/lists/{self.list_id}")).status_code == 204

    async def follow(self, list_id: str) -> httpx.Response:
        """The answer to an attempt to follow the source on a list."""
        return await self.api.http.post("/api/subscriptions", json={"list_id": list_id, "source": SOURCE})


@pytest.fixture
async def deleted(api_without_temporal: Api) -> Deleted:
    """A list that was deleted."""
    deleted = Deleted(api_without_temporal)
    await deleted.fill()
    return deleted


async def test_other_users_cannot_see_it(deleted: Deleted) -> None:
    api = deleted.api

    assert [found["id"] for found in (await api.get("/lists"))["items"]] == [deleted.other]
    assert (await api.get("/batches"))["items"] == (await api.get("/subscriptions"))["items"] == []
    assert (await api.get("/batches", list_id=deleted.list_id))["items"] == []
    told = [(event["type"], event["list_id"]) for event in (await api.get("/events"))["items"]]
    assert told == [("list_changed", deleted.other), ("list_deleted", deleted.list_id)]
    for path in ("", "/videos", "/export"):
        problem(await api.http.get(f"/api/lists/{deleted.list_id}{path}"), 404, "list_not_found")
    for video_id in deleted.video_ids:
        for path in ("", "/progress", "/transcript", "/chapters"):
            problem(await api.http.get(f"/api/videos/{video_id}{path}"), 404, "video_not_found")
    problem(await api.http.get(f"/api/batches/{deleted.batch_id}"), 404, "batch_not_found")
    problem(await api.http.get(f"/api/subscriptions/{deleted.subscription_id}"), 404, "subscription_not_found")


async def test_other_users_cannot_change_it(deleted: Deleted) -> None:
    api, list_path = deleted.api, f"/api/lists/{deleted.list_id}"

    problem(await api.http.delete(list_path), 404, "list_not_found")
    problem(await api.http.patch(list_path, json={"name": "Back"}), 404, "list_not_found")
    problem(await api.post_url(deleted.list_id, youtube_id(0)), 404, "list_not_found")
    problem(await post_urls(api, deleted.list_id, [youtube_id(20)]), 404, "list_not_found")
    problem(await post_file(api, f"{deleted.list_id}/imports", youtube_id(20)), 404, "list_not_found")
    problem(await post_file(api, f"{deleted.list_id}/imports/preview", youtube_id(20)), 404, "list_not_found")
    problem(await deleted.follow(deleted.list_id), 404, "list_not_found")
    for video_id in deleted.video_ids:
        for path in ("retry", "reimport"):
            problem(await api.http.post(f"/api/videos/{video_id}/{path}"), 404, "video_not_found")
        problem(await api.http.delete(f"/api/videos/{video_id}"), 404, "video_not_found")
    for change in CHANGES:
        problem(await api.http.post(f"/api/batches/{deleted.batch_id}/{change}"), 404, "batch_not_found")
    subscription = f"/api/subscriptions/{deleted.subscription_id}"
    for change in ("pause", "resume", "run"):
        problem(await api.http.post(f"{subscription}/{change}"), 404, "subscription_not_found")
    problem(await api.http.patch(subscription, json={"interval_seconds": 7200}), 404, "subscription_not_found")
    problem(await api.http.delete(subscription), 404, "subscription_not_found")


async def test_same_source_on_another_list(deleted: Deleted) -> None:
    api = deleted.api
    same_name = await api.new_list("Lighthouses")

    for list_id in (same_name, deleted.other):
        assert (await api.add(list_id, 0))["import_stage"] == "created"
        assert (await added(api, list_id, youtube_id(10)))["created"] == 1
        assert (await deleted.follow(list_id)).status_code == 201
        assert await items_of(api, list_id) == [youtube_id(10), youtube_id(0)]
