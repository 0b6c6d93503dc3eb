"""From a pasted address to an enriched video, through every process of the product."""

import asyncio
from urllib.parse import urlsplit

from fakes.youtube import Kind
from tests.e2e.clients import Api, FakeYoutubeControl, new_ids
from tests.e2e.stack import Stack
from tests.notifier.support import Browser

VIDEO = "demoCaption"
ONE_SET_OF_REQUESTS = {Kind.WATCH: 1, Kind.PLAYER: 1, Kind.TIMEDTEXT: 1}
STAGES = [("created", 0), ("metadata", 25), ("captions", 60), ("chapters", 90), ("complete", 100)]
LISTS = 6


async def test_one_import_live_and_afterwards(stack: Stack, api: Api, fake_youtube: FakeYoutubeControl) -> None:
    list_id = await api.create_list()
    async with Browser(urlsplit(stack.progress_url).port or 0) as browser:
        assert (await browser.receive())["type"] == "snapshot"
        added = await api.add(list_id, VIDEO)
        messages = [await browser.receive() for _ in STAGES]
        await browser.assert_silent()
    assert [list(message.items())[:6] for message in messages] == [
        [
            ("type", "import_progress"),
            ("video_id", added["id"]),
            ("youtube_id", VIDEO),
            ("stage", stage),
            ("progress", progress),
            ("message", None),
        ]
        for stage, progress in STAGES
    ]
    await assert_everything_is_there(api, added["id"])
    assert (await fake_youtube.requests())[VIDEO] == ONE_SET_OF_REQUESTS


async def assert_everything_is_there(api: Api, video_id: str) -> None:
    video = await api.get(f"/videos/{video_id}")
    assert (video["title"], video["captions_source"]) == ("The first ferry", "youtube")
    assert (video["import_stage"], video["import_progress"]) == ("complete", 100)
    progress = await api.get(f"/videos/{video_id}/progress")
    assert (progress["stage"], progress["progress"]) == ("complete", 100)
    transcript = await api.get(f"/videos/{video_id}/transcript")
    assert (transcript["captions_language"], len(transcript["segments"])) == ("en", 5)
    assert transcript["segments"][0]["text"].startswith("Every morning at six")
    chapters = (await api.get(f"/videos/{video_id}/chapters"))["chapters"]
    assert [(chapter["start_seconds"], chapter["title"]) for chapter in chapters] == [
        (0, "Casting off"),
        (60, "Open water"),
        (150, "The far shore"),
    ]


async def test_many_lists_share_one_import(api: Api, fake_youtube: FakeYoutubeControl) -> None:
    [youtube_id] = new_ids(1)
    list_ids = [await api.create_list() for _ in range(LISTS)]
    await asyncio.gather(*(api.add(list_id, youtube_id) for list_id in list_ids))
    await api.until_complete(*list_ids)
    late = await api.create_list()
    await api.add(late, youtube_id)
    await api.until_complete(late)
    assert (await fake_youtube.requests())[youtube_id] == ONE_SET_OF_REQUESTS
