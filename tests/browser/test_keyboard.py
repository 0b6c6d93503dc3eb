"""Everything by keyboard alone: adding, opening, removing. The focus is never lost on the way."""

import re

from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import Invite
from tests.browser.handling import address_of, card, cards, list_with
from tests.e2e.clients import Api, new_ids

MAX_STEPS = 60
MANY = 40
FEW_STEPS = 6


async def tab_to(page: Page, wanted: Locator, key: str = "Tab", steps: int = MAX_STEPS) -> None:
    """Press a key until something has the focus."""
    for _ in range(steps):
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
    await expect(cards(page)).to_have_count(1)
    await expect(card(page, "Die erste Fähre").get_by_role("link")).to_be_focused()
    await page.get_by_role("button", name="Undo").click()
    await expect(cards(page, "complete")).to_have_count(2)
    for title in ("The first ferry", "Die erste Fähre"):
        await card(page, title).get_by_role("link").focus()
        await page.keyboard.press("Delete")
    await expect(page.get_by_role("heading", name="No videos yet")).to_be_visible()
    await expect(page.get_by_role("main")).to_be_focused()


async def test_a_grid_of_many_is_one_stop(invite: Invite, api: Api) -> None:
    page = await (await invite()).open(f"/lists/{await api.create_list()}")
    field = page.get_by_role("textbox", name="Add videos")
    await tab_to(page, field)
    await page.keyboard.insert_text(" ".join(address_of(each) for each in new_ids(MANY)))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog").get_by_role("button", name=f"Import {MANY} videos")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(field).to_be_focused()
    in_grid = page.locator("[data-index] :focus")
    await tab_to(page, cards(page).get_by_role("link").first)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await expect(in_grid).to_have_count(1)
    for _ in range(FEW_STEPS):
        await page.keyboard.press("Tab")
        if await in_grid.count() == 0:
            break
    await expect(in_grid).to_have_count(0)
    await page.keyboard.press("Shift+Tab")
    await expect(in_grid).to_have_count(1)


async def test_a_failed_video_is_tried_again(invite: Invite, api: Api) -> None:
    page = await (await invite()).open(f"/lists/{await list_with(api, 'demoPrivate')}")
    failed = cards(page, "error")
    await tab_to(page, failed.get_by_role("button", name="Try again"))
    async with page.expect_response(re.compile("/retry$")):
        await page.keyboard.press("Enter")
    await expect(cards(page).get_by_role("link")).to_be_focused()


async def test_the_button_of_a_notice_is_reached(invite: Invite, api: Api) -> None:
    page = await (await invite()).open(f"/lists/{await list_with(api, 'demoCaption')}")
    field = page.get_by_role("textbox", name="Add videos")
    await tab_to(page, field)
    await page.keyboard.insert_text(address_of("demoCaption"))
    await page.keyboard.press("Enter")
    show = page.get_by_role("region", name="Notifications").get_by_role("button", name="Show")
    await expect(show).to_be_visible()
    await tab_to(page, show, "Shift+Tab", steps=FEW_STEPS)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("The first ferry")


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
    pencil = lists.get_by_role("button", name="Rename “Pier”")
    await expect(pencil).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(lists.get_by_role("textbox")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(pencil).to_be_focused()
    await tab_to(page, lists.get_by_role("button", name="Delete “Pier”"))
    await page.keyboard.press("Enter")
    await tab_to(page, page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True))
    await page.keyboard.press("Enter")
    await expect(lists.get_by_role("link", name=re.compile("^Pier"))).to_have_count(0)
    await expect(page.get_by_role("main")).to_be_focused()


async def test_the_focus_stays_near_where_nothing_comes_of_it(invite: Invite, api: Api) -> None:
    await api.create_list("Mole")
    page = await (await invite()).open(f"/lists/{await api.create_list('Harbour')}")
    lists = page.get_by_role("navigation", name="Lists")
    new = lists.get_by_role("button", name="New list")
    await tab_to(page, new)
    await page.keyboard.press("Enter")
    await expect(lists.get_by_role("textbox")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(new).to_be_focused()
    await tab_to(page, lists.get_by_role("button", name="Delete “Mole”").first, "Shift+Tab")
    await page.keyboard.press("Enter")
    await tab_to(page, page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.get_by_role("main")).to_be_focused()


async def test_the_menu_of_a_card(invite: Invite, api: Api) -> None:
    page = await (await invite()).open(f"/lists/{await list_with(api, 'demoCaption')}")
    more = page.get_by_role("button", name="More actions: The first ferry")
    await tab_to(page, more)
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("menuitem").first).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("menuitem")).to_have_count(0)
    await expect(more).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowUp")
    await expect(page.get_by_role("menuitem", name="Remove")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(more).to_be_focused()
