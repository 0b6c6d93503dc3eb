"""Every process dies in turn while imports run."""

import asyncio
from collections import Counter

from tests.e2e.clients import IMPORT_SECONDS, Api, OpenTab, StandinControl, new_ids
from tests.e2e.stack import Stack
from tests.support.waiting import eventually

IMPORTS = 30
ANSWER_SECONDS = 1.5
"""Three requests each and three at a time: the imports outlast the storm."""
VICTIMS = ("worker", "notifier", "api", "temporal", "postgres")
STAGES = ("created", "metadata", "captions", "chapters", "complete")


async def test_all_imports_complete_and_none_twice(stack: Stack, api: Api, standin: StandinControl) -> None:
    youtube_ids = new_ids(IMPORTS)
    list_id = await api.create_list()
    await standin.slow_down(ANSWER_SECONDS)
    async with OpenTab.opened(stack.progress_url) as tab:
        videos = await asyncio.gather(*(api.add(list_id, youtube_id) for youtube_id in youtube_ids))
        for name in VICTIMS:
            await until_imports_move_on(api, list_id)
            await stack.until_back(stack.kill(name))
            await tab.until_current()
        assert (await api.stages(list_id))["complete"] < IMPORTS, "the imports were over before the storm"
        await standin.clear_faults()
        await api.until_complete(list_id)
        events = await api.events(since=tab.first_seq)
        await tab.until_received(len(events))
    assert Counter((event["video_id"], event["stage"]) for event in events) == Counter(
        (video["id"], stage) for video in videos for stage in STAGES
    )
    assert Counter(event["seq"] for event in tab.events) == Counter(event["seq"] for event in events)
    assert tab.connections > 1


async def until_imports_move_on(api: Api, list_id: str) -> None:
    """Wait until an import reaches a stage: whoever was killed before does not keep them from it."""
    before = await api.stages(list_id)

    async def have_moved_on() -> bool:
        return await api.stages(list_id) != before

    await eventually(have_moved_on, within_seconds=IMPORT_SECONDS)
