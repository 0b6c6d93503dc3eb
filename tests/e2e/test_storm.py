"""Every process dies in turn while imports run."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from tests.e2e.clients import IMPORT_SECONDS, Api, FakeYoutubeControl, Json, OpenTab, new_ids
from tests.e2e.stack import Stack
from tests.support.waiting import eventually

IMPORTS = 6
"""For each process that dies, so that some are under way however long it takes."""
ANSWER_SECONDS = 1.0
"""Three requests each and three at a time: the first of them moves on long before the last is done."""
VICTIMS = ("worker", "notifier", "api", "temporal", "postgres")
STAGES = ("created", "metadata", "captions", "chapters", "complete")


async def test_all_imports_complete_and_none_twice(stack: Stack, api: Api, fake_youtube: FakeYoutubeControl) -> None:
    list_id, videos = await api.create_list(), list[Json]()
    await fake_youtube.slow_down(ANSWER_SECONDS)
    async with OpenTab.opened(stack.progress_url) as tab:
        for name in VICTIMS:
            added = await asyncio.gather(*(api.add(list_id, youtube_id) for youtube_id in new_ids(IMPORTS)))
            await until_one_moves_on(api, added)
            videos += added
            await stack.until_back(stack.kill(name))
            await tab.until_current()
        await fake_youtube.clear_faults()
        await api.until_complete(list_id)
        events = await api.events(since=tab.first_seq)
        await tab.until_received(len(events))
    told = [(event["video_id"], event["stage"]) for event in events if event["type"] == "import_progress"]
    assert Counter(told) == Counter((video["id"], stage) for video in videos for stage in STAGES)
    assert Counter(event["seq"] for event in tab.events) == Counter(event["seq"] for event in events)
    assert tab.connections > 1


async def until_one_moves_on(api: Api, added: Sequence[Json]) -> None:
    """Wait until one of the imports reaches a stage: whoever was killed before does not keep it from that."""

    async def has_moved_on() -> bool:
        videos = [await api.get(f"/videos/{video['id']}") for video in added]
        return any(video["import_stage"] != "created" for video in videos)

    await eventually(has_moved_on, within_seconds=IMPORT_SECONDS)
