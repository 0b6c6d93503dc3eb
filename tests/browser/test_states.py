"""What became of a video, in words for people: not available, waiting, without captions."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Invite
from tests.browser.handling import card, cards, list_with, youtube_paused
from tests.e2e.clients import Api, FakeYoutubeControl, new_ids
from tests.support.waiting import eventually

TIME = re.compile(r"at \d\d:\d\d")


async def test_a_private_video_says_so_and_is_tried_again_or_removed(invite: Invite, api: Api) -> None:
    list_id = await list_with(api, "demoPrivate")
    page = await (await invite()).open(f"/lists/{list_id}")
    failed = cards(page, "error")
    await expect(failed).to_contain_text("private")
    await expect(failed).not_to_contain_text(re.compile(r"error|exception|\b4\d\d\b|yt-dlp|HTTP", re.IGNORECASE))

    await failed.get_by_role("button", name="Try again").click()
    (video,) = (await api.get(f"/lists/{list_id}/videos"))["items"]

    async def has_failed_again() -> bool:
        events = [event["stage"] for event in await api.events() if event.get("video_id") == video["id"]]
        assert events.count("error") == 2, events
        return True

    await eventually(has_failed_again)
    await expect(failed).to_contain_text("private")

    await failed.get_by_role("button", name="Remove").click()
    await expect(cards(page)).to_have_count(0)
    await expect(page.get_by_text("No videos yet")).to_be_visible()


async def test_a_video_without_captions_is_there_with_a_small_mark(invite: Invite, api: Api) -> None:
    page = await (await invite()).open(f"/lists/{await list_with(api, 'demoNoCaps_')}")
    partial = cards(page, "partial")
    await expect(partial.get_by_role("img", name=re.compile("caption|speech|said", re.IGNORECASE))).to_be_visible()
    await partial.get_by_role("link").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("A ferry without words")


async def test_live_and_coming_videos_say_when_they_are_imported(invite: Invite, api: Api) -> None:
    list_id = await api.create_list()
    for youtube_id in ("demoUpNext_", "demoLiveNow"):
        await api.add(list_id, youtube_id)
    page = await (await invite()).open(f"/lists/{list_id}")
    await expect(cards(page, "upcoming")).to_contain_text(re.compile(r"Starts .*\d\d:\d\d"))
    await expect(cards(page, "live")).to_contain_text("Live now")
    await api.http.delete(f"/lists/{list_id}")


@pytest.mark.usefixtures("fake_youtube")
async def test_imports_wait_while_the_operator_pauses(invite: Invite, api: Api) -> None:
    async with youtube_paused(api):
        list_id = await api.create_list()
        (youtube_id,) = new_ids(1)
        await api.add(list_id, youtube_id)
        page = await (await invite()).open(f"/lists/{list_id}")
        await expect(cards(page, "waiting")).to_contain_text("Imports are paused")
        await expect(page.get_by_role("status", name="Imports are waiting")).not_to_be_empty()
    await expect(cards(page, "complete")).to_have_count(1)
    await expect(page.get_by_role("status", name="Imports are waiting")).to_be_empty()


async def test_youtubes_own_pause_is_told_with_its_end(
    invite: Invite, api: Api, fake_youtube: FakeYoutubeControl
) -> None:
    limited = {"kind": "watch", "status": 429, "headers": {"Retry-After": "600"}}
    (await fake_youtube.http.post("/faults", json=limited)).raise_for_status()
    list_id = await api.create_list()
    page = await (await invite()).open(f"/lists/{list_id}")
    youtube_ids = new_ids(4)
    for youtube_id in youtube_ids:
        await api.add(list_id, youtube_id)
    await page.reload()
    waiting = cards(page, "waiting")
    await expect(waiting).to_have_count(len(youtube_ids))
    await expect(waiting.first).to_contain_text("YouTube is limiting requests")
    await expect(waiting.first).to_contain_text(TIME)
    await expect(page.get_by_role("status", name="Imports are waiting")).to_contain_text(TIME)
    await expect(waiting.first.get_by_role("progressbar")).to_have_attribute("aria-valuetext", TIME)

    await fake_youtube.clear_faults()
    (await api.http.post("/upstreams/youtube/resume")).raise_for_status()
    await expect(cards(page, "complete")).to_have_count(len(youtube_ids))
    await expect(page.get_by_role("status", name="Imports are waiting")).to_be_empty()


async def test_a_picture_that_cannot_be_had_is_replaced(invite: Invite, api: Api) -> None:
    person = await invite(has_pictures=False)
    page = await person.open(f"/lists/{await list_with(api, 'demoCaption')}")
    await expect(card(page, "The first ferry").get_by_test_id("no-thumbnail")).to_be_visible()
    await expect(page.locator("article img")).to_have_count(0)
