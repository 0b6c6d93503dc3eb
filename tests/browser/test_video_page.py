"""A video that is imported: chapters, transcript, search."""

import re

from playwright.async_api import expect

from tests.browser.conftest import Invite
from tests.browser.handling import card, list_with
from tests.e2e.clients import Api

PLAYER = re.compile(r"^https://www\.youtube-nocookie\.com/embed/demoCaption\?.*")


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
    list_id = await list_with(api, "demoCaption")
    (video,) = (await api.get(f"/lists/{list_id}/videos"))["items"]
    person = await invite()
    page = await person.open(f"/videos/{video['id']}")
    await page.get_by_role("searchbox", name="Search in the transcript").fill("every")
    await expect(page.get_by_text("1 of 2")).to_be_visible()
    await expect(page.locator("mark")).to_have_text(["Every", "every"])
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("2 of 2")).to_be_visible()
    await page.get_by_role("searchbox").fill("submarine")
    await expect(page.get_by_text("Nothing found")).to_be_visible()
