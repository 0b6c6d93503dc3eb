"""Finds what a German page still says in English."""

import json
import re

from playwright.async_api import Page, expect

from shared import VERSION
from tests.support.waiting import eventually

SAME = {
    "Vidferry",
    f"Vidferry {VERSION}",
    "Auto",
    "English",
    "Deutsch",
    "Playlist",
    "Videos",
    "Shorts",
    "Streams",
    "@handle",
}
"""Words of both languages."""
ADDRESS = re.compile(r"(https://|youtu\.be/)\S+")
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

TO_GERMAN = """() => {
  const [key, chosen] = ["vidferry.preferences", JSON.stringify({ language: "de" })];
  localStorage.setItem(key, chosen);
  window.dispatchEvent(new StorageEvent("storage", { key }));
}"""
"""As though it had been chosen in another tab: what is open stays open."""
ASKED = """() => performance.getEntriesByType("resource").map(({ name }) => name)
  .filter((name) => new URL(name).pathname.startsWith("/api/"))"""


async def to_german(page: Page) -> None:
    """Change the page's language."""
    await page.evaluate(TO_GERMAN)
    await expect(page.locator("html")).to_have_attribute("lang", "de")


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


async def everything_is_translated(page: Page, english: list[str]) -> None:
    """Wait until nothing is left: what the API says comes a moment after the page's own words."""

    async def is_translated() -> bool:
        left = await not_translated(page, english)
        assert left == []
        return True

    await eventually(is_translated)
