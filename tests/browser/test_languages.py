"""English and German: as the browser says, and as people choose."""

import json
import re

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Invite
from tests.browser.handling import cards, list_with
from tests.browser.scenes import SCENES, Props
from tests.e2e.clients import Api

SAME = {"Vidferry", "Auto", "English", "Deutsch", "Playlist", "@handle"}
"""Words of both languages."""
ADDRESS = re.compile(r"(https://|youtu\.be/)\S+")
IN_GERMAN = (
    *("first-run", "list", "list-empty", "list-gone", "list-renamed", "list-deletion", "card-menu", "removal"),
    *("add-help", "preview", "batch-paused", "add", "add-done", "subscription-paused", "unfollowing", "nothing-here"),
    *("video", "video-without-captions", "video-importing", "video-failed"),
)
"""Scenes without what was said in passing: it keeps the language that it was said in."""
TO_GERMAN = """() => {
  const [key, chosen] = ["vidferry.preferences", JSON.stringify({ language: "de" })];
  localStorage.setItem(key, chosen);
  window.dispatchEvent(new StorageEvent("storage", { key }));
}"""
"""As though it had been chosen in another tab: what is open stays open."""
EVERYTHING_TOLD = """() => {
  const told = [document.title];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    if (!walker.currentNode.parentElement.closest("script, style")) told.push(walker.currentNode.data);
  }
  for (const name of ["aria-label", "aria-valuetext", "alt", "placeholder", "title"]) {
    for (const element of document.querySelectorAll(`[${name}]`)) told.push(element.getAttribute(name));
  }
  return told.map((text) => text.trim()).filter(Boolean);
}"""

ASKED = """() => performance.getEntriesByType("resource").map(({ name }) => name)
  .filter((name) => new URL(name).pathname.startsWith("/api/"))"""


async def everything_told(page: Page) -> list[str]:
    """Every text of the page, hidden or not, spoken ones included."""
    told: list[str] = await page.evaluate(EVERYTHING_TOLD)
    return told


async def loaded(page: Page) -> str:
    """What the API answers now, in German, to everything that the page has asked it for."""
    addresses: list[str] = await page.evaluate(ASKED)
    german = {"Accept-Language": "de"}
    answers = [await page.request.get(address, headers=german) for address in dict.fromkeys(addresses)]
    return "\n".join([json.dumps(await answer.json(), ensure_ascii=False) for answer in answers])


async def not_translated(page: Page, english: list[str]) -> list[str]:
    """What a German page says as the English one does, although it is neither the API's word nor a name."""
    known = await loaded(page)
    return [
        part
        for text in await everything_told(page)
        if text in english
        for part in text.split(" · ")
        if re.search(r"[^\W\d]", part) and part not in SAME and part not in known and not ADDRESS.fullmatch(part)
    ]


async def test_a_german_browser_gets_a_german_page(invite: Invite, api: Api) -> None:
    path = f"/lists/{await list_with(api, 'demoPrivate', 'demoCaption')}"
    english, page = [await (await invite(locale=locale)).open(path) for locale in ("en-GB", "de-DE")]
    await expect(cards(english, "error")).to_contain_text("private")
    await expect(page.locator("html")).to_have_attribute("lang", "de")
    await expect(page.get_by_role("link", name="Abonnements")).to_be_visible()
    failed = cards(page, "error")
    await expect(failed).to_contain_text("privat")
    await expect(failed.get_by_role("button", name="Entfernen")).to_be_visible()
    assert await not_translated(page, await everything_told(english)) == []


@pytest.mark.parametrize("name", IN_GERMAN)
async def test_nothing_is_left_in_english(invite: Invite, props: Props, name: str) -> None:
    async with SCENES[name](await invite(), props) as page:
        english = await everything_told(page)
        await page.evaluate(TO_GERMAN)
        await expect(page.locator("html")).to_have_attribute("lang", "de")
        assert await not_translated(page, english) == []


async def test_the_language_is_switched_and_remembered(invite: Invite, api: Api) -> None:
    page = await (await invite()).open(f"/lists/{await list_with(api, 'demoPrivate')}")
    await expect(cards(page, "error")).to_contain_text("This video is private")
    await page.get_by_role("combobox", name="Language").select_option("de")
    await expect(page.get_by_role("combobox", name="Sprache")).to_have_value("de")
    await expect(cards(page, "error")).to_contain_text("privat")
    await expect(cards(page, "error")).not_to_contain_text("This video is private")
    await page.reload()
    await expect(page.get_by_role("combobox", name="Sprache")).to_have_value("de")


async def test_dark_is_chosen_and_remembered(invite: Invite, api: Api) -> None:
    page = await (await invite()).open(f"/lists/{await list_with(api, 'demoCaption')}")
    await expect(page.locator("body")).to_have_css("background-color", "rgb(247, 247, 248)")
    await page.get_by_role("combobox", name="Appearance").select_option("dark")
    await expect(page.locator("body")).to_have_css("background-color", "rgb(18, 19, 22)")
    await page.reload()
    await expect(page.locator("body")).to_have_css("background-color", "rgb(18, 19, 22)")
