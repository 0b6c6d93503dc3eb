"""A video that is imported: chapters, transcript, search, how it came here, and how it comes again."""

import re
from urllib.parse import unquote

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Invite
from tests.browser.handling import card, list_with, youtube_paused
from tests.e2e.clients import Api, Json, new_ids

PLAYER = re.compile(r"^https://www\.youtube-nocookie\.com/embed/demoCaption\?.*")


async def imported(api: Api, youtube_id: str) -> Json:
    """A video on a new list, once it is imported."""
    (video,) = (await api.get(f"/lists/{await list_with(api, youtube_id)}/videos"))["items"]
    return dict(video)


async def test_chapters_and_lines_lead_to_their_moment(invite: Invite, api: Api) -> None:
    person = await invite()
    page = await person.open(f"/lists/{await list_with(api, 'demoCaption')}")
    await card(page, "The first ferry").get_by_role("link").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("The first ferry")
    await expect(page.locator("iframe")).to_have_count(0)

    await page.get_by_role("button", name="Open water").click()
    player = page.locator("iframe")
    await expect(player).to_have_attribute("src", PLAYER)
    await expect(player).to_have_attribute("src", re.compile(r"[?&]start=60(&|$)"))

    await page.reload()
    await page.get_by_role("button", name="The captain knows every wave by name").click()
    await expect(page.locator("iframe")).to_have_attribute("src", re.compile(r"[?&]start=\d+(&|$)"))


async def test_the_transcript_is_searched(invite: Invite, api: Api) -> None:
    video = await imported(api, "demoCaption")
    person = await invite()
    page = await person.open(f"/videos/{video['id']}")
    found = page.get_by_role("search").get_by_role("status")  # there before it has anything to say
    await expect(found).to_be_empty()
    await page.get_by_role("searchbox", name="Search in the transcript").fill("every")
    await expect(found).to_have_text("1 of 2")
    await expect(page.locator("mark")).to_have_text(["Every", "every"])
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("2 of 2")).to_be_visible()
    await page.get_by_role("searchbox").fill("submarine")
    await expect(page.get_by_text("No matches")).to_be_visible()


async def test_captions_say_where_they_are_from_and_in_which_language(invite: Invite, api: Api) -> None:
    page = await (await invite()).open(f"/videos/{(await imported(api, 'demoGerman_'))['id']}")
    await expect(page.get_by_text("Captions: from YouTube, created manually, German")).to_be_visible()
    transcript = page.get_by_role("region", name="Transcript", exact=True)
    await expect(transcript.get_by_role("paragraph").first).to_have_attribute("lang", "de")


async def test_a_line_is_copied_with_its_moment(invite: Invite, api: Api) -> None:
    page = await (await invite()).open(f"/videos/{(await imported(api, 'demoCaption'))['id']}")
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    line = page.get_by_role("listitem").filter(has_text="The captain knows every wave by name")
    await line.get_by_role("button", name="Copy the line").click()
    await expect(page.get_by_role("region", name="Notifications")).to_contain_text("Line copied.")
    copied = await page.evaluate("navigator.clipboard.readText()")
    words, address = copied.splitlines()
    assert re.fullmatch(r"\d+:\d\d The captain knows every wave by name.*", words)
    minutes, seconds = words.split()[0].split(":")
    assert address == f"https://www.youtube.com/watch?v=demoCaption&t={int(minutes) * 60 + int(seconds)}s"


async def test_the_way_of_an_import_has_its_times_whenever_it_is_looked_at(invite: Invite, api: Api) -> None:
    (youtube_id,) = new_ids(1)
    video = await imported(api, youtube_id)
    times = (await api.get(f"/videos/{video['id']}"))["stage_times"]
    expected = [video["created_at"], *(times[stage] for stage in ("metadata", "captions", "chapters", "complete"))]
    page = await (await invite()).open(f"/videos/{video['id']}")
    for _ in range(2):
        steps = page.get_by_role("region", name="Import steps").get_by_role("listitem")
        await expect(steps).to_have_count(len(expected))
        await expect(steps.first).to_contain_text("Added to the list")
        await expect(steps.last).to_contain_text("Complete")
        assert [await step.get_by_role("time").get_attribute("datetime") for step in await steps.all()] == expected
        await page.reload()


async def test_people_at_this_machine_are_led_to_the_record_of_the_import(invite: Invite, api: Api) -> None:
    (youtube_id,) = new_ids(1)
    page = await (await invite()).open(f"/videos/{(await imported(api, youtube_id))['id']}")
    link = page.get_by_role("link", name="Import details in Temporal")
    address = await link.get_attribute("href")
    assert address is not None
    root, path = address.split("/namespaces/")
    assert root == (await api.get("/config"))["temporal_ui_url"]
    assert path.endswith(f"import-video%3A{youtube_id}")
    assert (await api.http.get(address)).status_code == 200
    recorded = await api.http.get(f"{root}/api/v1/namespaces/{path}")
    assert recorded.status_code == 200, recorded.text
    execution = recorded.json()["workflowExecutionInfo"]["execution"]
    assert execution["workflowId"] == unquote(path).rpartition("/")[2]


@pytest.mark.usefixtures("fake_youtube")
async def test_importing_again_keeps_what_is_here_and_tells_how_it_goes(invite: Invite, api: Api) -> None:
    (youtube_id,) = new_ids(1)
    page = await (await invite()).open(f"/videos/{(await imported(api, youtube_id))['id']}")
    line = page.get_by_role("region", name="Transcript lines").get_by_role("button").first
    await line.click()
    await page.locator("iframe").evaluate("frame => { frame.isWatched = true }")
    words = page.get_by_role("status").filter(has_text="Importing this video")
    async with youtube_paused(api):
        await page.get_by_role("button", name="Import again").click()
        await expect(words).to_contain_text("Imports are paused")
        await expect(page.get_by_role("button", name="Import running")).to_be_focused()
        await expect(page.get_by_text("Captions: from YouTube")).to_be_visible()
        await expect(line).to_be_visible()
        assert await page.locator("iframe").evaluate("frame => frame.isWatched")
        await page.reload()
        await expect(words).to_contain_text("Imports are paused")
        await expect(line).to_be_visible()
        await line.click()
        await page.locator("iframe").evaluate("frame => { frame.isWatched = true }")
    await expect(page.get_by_text("Captions: from YouTube")).to_be_visible()
    await expect(page.get_by_role("button", name="Import again")).to_be_visible()
    await expect(words).to_have_count(0)
    await expect(line).to_be_visible()
    assert await page.locator("iframe").evaluate("frame => frame.isWatched")
