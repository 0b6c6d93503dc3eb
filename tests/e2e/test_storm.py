"""Every process dies in turn while imports run."""

import asyncio
from collections import Counter

from tests.e2e.clients import Api, OpenTab, StandinControl, new_ids
from tests.e2e.stack import Stack

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
            assert (await api.stages(list_id))["complete"] < IMPORTS, "the storm is longer than the imports"
            await stack.until_back(stack.kill(name))
            await tab.until_current()
        await standin.clear_faults()
        await api.until_complete(list_id)
        events = await api.events(since=tab.first_seq)
        await tab.until_received(len(events))
    assert Counter((event["video_id"], event["stage"]) for event in events) == Counter(
        (video["id"], stage) for video in videos for stage in STAGES
    )
    assert Counter(event["seq"] for event in tab.events) == Counter(event["seq"] for event in events)
    assert tab.connections > 1
    requests = await standin.requests()
    print({k: sum(requests[k].values()) for k in youtube_ids}, sum((requests[k] for k in youtube_ids), Counter()))
