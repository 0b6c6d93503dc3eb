"""Forty videos in one go, undisturbed and while every process dies once."""

from tests.e2e.clients import Api, FakeYoutubeControl, Json, new_ids
from tests.e2e.stack import Stack
from tests.e2e.test_storm import VICTIMS
from tests.support.waiting import eventually

VIDEOS = 40
"""Twice as many as a batch has under way at a time."""
REQUESTS_EACH = 3
IN_FLIGHT = 3 * 2
"""Three calls at a time, of two requests at most: what a process that dies may have begun in vain."""
BATCH_SECONDS = 400
"""For the whole batch on a busy machine; about twenty seconds otherwise."""


async def add_batch(api: Api, list_id: str, youtube_ids: list[str]) -> str:
    """The id of a new batch of all these videos."""
    answer = await api.http.post(f"/lists/{list_id}/videos/batch", json={"urls": youtube_ids})
    assert answer.status_code == 201, answer.text
    assert answer.json()["created"] == len(youtube_ids)
    return str(answer.json()["batch_id"])


async def until_over(api: Api, batch_id: str) -> Json:
    """The batch once nothing of it is left."""

    async def is_over() -> Json:
        batch: Json = await api.get(f"/batches/{batch_id}")
        assert batch["completed_at"] is not None, batch
        return batch

    return await eventually(is_over, within_seconds=BATCH_SECONDS)


async def until_imported(api: Api, batch_id: str, count: int) -> None:
    """Wait until so many of the batch's videos are imported."""

    async def are_imported() -> bool:
        batch = await api.get(f"/batches/{batch_id}")
        assert batch["imported"] >= count, batch
        return True

    await eventually(are_imported, within_seconds=BATCH_SECONDS)


async def requests_for(fake_youtube: FakeYoutubeControl, youtube_ids: list[str]) -> int:
    """How many requests these videos have cost."""
    counted = await fake_youtube.requests()
    return sum(counted[youtube_id].total() for youtube_id in youtube_ids)


async def test_forty_videos(api: Api, fake_youtube: FakeYoutubeControl) -> None:
    youtube_ids = new_ids(VIDEOS)
    list_id = await api.create_list()
    batch = await until_over(api, await add_batch(api, list_id, youtube_ids))
    assert (batch["imported"], batch["failed"], batch["progress"]) == (VIDEOS, 0, 100)
    page = await api.get(f"/lists/{list_id}/videos", limit=200)
    assert [video["youtube_id"] for video in page["items"]] == youtube_ids
    assert await requests_for(fake_youtube, youtube_ids) == VIDEOS * REQUESTS_EACH


async def test_forty_videos_while_every_process_dies_once(
    stack: Stack, api: Api, fake_youtube: FakeYoutubeControl
) -> None:
    youtube_ids = new_ids(VIDEOS)
    list_id = await api.create_list()
    await fake_youtube.slow_down(0.5)
    batch_id = await add_batch(api, list_id, youtube_ids)
    for number, name in enumerate(VICTIMS, start=1):
        await until_imported(api, batch_id, number * 4)
        await stack.until_back(stack.kill(name))
    await fake_youtube.clear_faults()
    batch = await until_over(api, batch_id)
    assert (batch["imported"], batch["failed"], batch["total"]) == (VIDEOS, 0, VIDEOS)
    assert await api.stages(list_id) == {"complete": VIDEOS}
    in_vain = await requests_for(fake_youtube, youtube_ids) - VIDEOS * REQUESTS_EACH
    assert 0 <= in_vain <= len(VICTIMS) * IN_FLIGHT
