"""Everything by keyboard alone: adding, opening, removing."""

import re

from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import Invite
from tests.browser.handling import address_of, card, cards, list_with
from tests.e2e.clients import Api

MAX_STEPS = 60


async def tab_to(page: Page, wanted: Locator, key: str = "Tab") -> None:
    """Press a key until something has the focus."""
    for _ in range(MAX_STEPS):
        if await wanted.evaluate("element => element === document.activeElement"):
            return
        await page.keyboard.press(key)
    raise AssertionError(f"{wanted} is not reached with {key}")


async def test_a_video_is_added_opened_and_removed(invite: Invite, api: Api) -> None:
    page = await (await invite()).open(f"/lists/{await list_with(api, 'demoGerman_')}")
    await expect(cards(page)).to_have_count(1)
    await tab_to(page, page.get_by_role("textbox", name="Add videos"))
    await page.keyboard.type(address_of("demoCaption"))
    await page.keyboard.press("Enter")
    added = card(page, "The first ferry").get_by_role("link")
    await expect(cards(page, "complete")).to_have_count(2)

    await tab_to(page, added)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("The first ferry")
    await tab_to(page, page.get_by_role("button", name="Open water"))
    await page.keyboard.press("Enter")
    await expect(page.locator("iframe")).to_have_count(1)
    await tab_to(page, page.get_by_role("link", name="Back to the list"), "Shift+Tab")
    await page.keyboard.press("Enter")

    await expect(cards(page)).to_have_count(2)
    await tab_to(page, added)
    await page.keyboard.press("ArrowRight")
    await expect(card(page, "Die erste Fähre").get_by_role("link")).to_be_focused()
    await page.keyboard.press("ArrowLeft")
    await expect(added).to_be_focused()
    await page.keyboard.press("Delete")
    await expect(page.get_by_role("dialog")).to_contain_text("The first ferry")
    await page.keyboard.press("Escape")
    await expect(added).to_be_focused()
    await page.keyboard.press("Delete")
    await expect(page.get_by_role("dialog").get_by_role("button", name="Remove")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(cards(page)).to_have_count(1)
    await expect(card(page, "Die erste Fähre").get_by_role("link")).to_be_focused()


async def test_lists_are_made_renamed_and_deleted(invite: Invite, api: Api) -> None:
    await api.create_list()
    page = await (await invite()).open("/")
    lists = page.get_by_role("navigation", name="Lists")
    await tab_to(page, lists.get_by_role("button", name="New list"))
    await page.keyboard.press("Enter")
    await page.keyboard.type("Quay")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Quay")
    await tab_to(page, lists.get_by_role("button", name="Rename “Quay”"))
    await page.keyboard.press("Enter")
    await page.keyboard.press("ControlOrMeta+a")
    await page.keyboard.type("Pier")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Pier")
    await tab_to(page, lists.get_by_role("button", name="Delete “Pier”"))
    await page.keyboard.press("Enter")
    await tab_to(page, page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True))
    await page.keyboard.press("Enter")
    await expect(lists.get_by_role("link", name=re.compile("^Pier"))).to_have_count(0)


async def test_the_menu_of_a_card(invite: Invite, api: Api) -> None:
    page = await (await invite()).open(f"/lists/{await list_with(api, 'demoCaption')}")
    more = page.get_by_role("button", name="More about The first ferry")
    await tab_to(page, more)
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("menuitem").first).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("menuitem")).to_have_count(0)
    await expect(more).to_be_focused()
