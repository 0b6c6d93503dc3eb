"""Lists: what is on them, what is asked about them, and everything that brings videos onto them."""

import re
from collections.abc import AsyncIterator

from playwright.async_api import Locator, Page, expect

from tests.browser.chromium import Person
from tests.browser.handling import cards, csv_of, drag_link, drop_file, enter
from tests.browser.stage import FILMS, Props, open_list, phone_scene, scene
from tests.e2e.clients import new_ids

PATIENCE_MS = 6_000
"""Nothing is said about shorter breaks."""


@scene
async def _first_run(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await person.open("/manifest.webmanifest")
    await page.route("**/api/lists*", lambda route: route.fulfill(json={"items": [], "next_cursor": None}))
    await page.goto("/")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    yield page


@scene
async def _list(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await open_list(person, props)  # first: the import is held for so long only
    async with props.one_more(kind="timedtext"):
        for state in ("upcoming", "live"):
            await expect(cards(page, state)).to_be_visible()
        await expect(cards(page, "importing")).to_contain_text("Fetching captions")
        yield page


@scene
async def _list_empty(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await person.open(f"/lists/{props.empty_id}")
    await expect(page.get_by_text("No videos yet")).to_be_visible()
    yield page


@scene
async def _list_gone(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await person.open("/lists/00000000-0000-0000-0000-000000000000")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    yield page


@scene
async def _card_menu(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await open_list(person, props)
    await page.get_by_role("button", name="More actions: The first ferry").click()
    await expect(page.get_by_role("menuitem").first).to_be_visible()
    yield page


@scene
async def _drop(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await open_list(person, props)
    await drag_link(page)
    await expect(page.get_by_text("Drop here to add")).to_be_visible()
    yield page


@scene
async def _add_refused(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await person.open(f"/lists/{props.empty_id}")
    await enter(page, "https://example.org/nothing")
    await expect(page.get_by_role("alert")).to_be_visible()
    yield page


@scene
async def _add_help(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await person.open(f"/lists/{props.empty_id}")
    await page.get_by_role("button", name="Add faster").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    yield page


@scene
async def _preview(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await open_list(person, props)
    await drop_file(page, "harbour.csv", csv_of([*new_ids(37), *FILMS, "no address"]))
    await expect(page.get_by_role("dialog")).to_contain_text("already in this list")
    yield page


async def _preview_of(page: Page, source: str) -> Locator:
    """The dialog about a playlist or channel, with the fields of the filter."""
    await enter(page, source)
    dialog = page.get_by_role("dialog")
    await dialog.get_by_text("Only some of the videos").click()
    await expect(dialog.get_by_role("button", name="Import")).to_be_visible()
    return dialog


@scene
async def _preview_of_a_channel(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await open_list(person, props)
    dialog = await _preview_of(page, "@harbourmaster")
    await dialog.get_by_label("Title contains").fill("1")
    await dialog.get_by_role("button", name="Apply").click()
    await expect(dialog).to_contain_text("filtered out")
    yield page


@scene
async def _filter_refused(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await open_list(person, props)
    dialog = await _preview_of(page, "@harbourmaster")
    for name, value in (("Published after", "0024-05-01"), ("Min. length", "20"), ("Max. length", "10")):
        await dialog.get_by_label(name).fill(value)
    await dialog.get_by_role("button", name="Apply").click()
    await expect(dialog.get_by_role("alert")).to_have_count(2)
    yield page


@scene
async def _result(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await open_list(person, props)
    await drop_file(page, "harbour.csv", csv_of([*FILMS, "no address", "nothing either"]))
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name=re.compile("^(Import|Show)")).click()
    await expect(dialog).to_contain_text("Entry")
    yield page


async def _lists_beside(page: Page) -> Locator:
    """The lists' names, which phones show when asked to."""
    menu = page.get_by_role("button", name="Lists", exact=True)
    if await menu.is_visible():
        await menu.click()
    return page.get_by_role("navigation", name="Lists")


@scene
async def _list_renamed(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await open_list(person, props)
    await (await _lists_beside(page)).get_by_role("button", name="Rename “Harbour evenings”").click()
    await expect(page.get_by_role("textbox", name="Name of the list")).to_be_focused()
    yield page


@scene
async def _list_deletion(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await open_list(person, props)
    await (await _lists_beside(page)).get_by_role("button", name="Delete “Harbour evenings”").click()
    await expect(page.get_by_role("dialog", name="Delete this list?")).to_be_visible()
    yield page


@phone_scene
async def _lists_on_a_phone(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await open_list(person, props)
    await page.get_by_role("button", name="Lists", exact=True).click()
    await expect(page.get_by_role("dialog", name="Lists").get_by_role("link").first).to_be_visible()
    yield page


@scene
async def _unreachable(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await person.open("/manifest.webmanifest")
    await page.route(f"**/api/lists/{props.list_id}/videos*", lambda route: route.abort())
    await page.goto(f"/lists/{props.list_id}")
    await expect(page.get_by_role("alert")).to_be_visible()
    yield page


@scene
async def _connection_lost(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await person.open("/manifest.webmanifest")
    await page.clock.install()
    await page.route_web_socket("**/api/ws/progress*", lambda socket: None)
    await page.goto(f"/lists/{props.list_id}")
    await expect(cards(page, "complete").first).to_be_visible()
    await page.clock.fast_forward(PATIENCE_MS)
    await expect(page.get_by_text("Not connected. This page may be out of date.")).to_be_visible()
    yield page
