"""Every page in every state: axe finds nothing, and nothing is left in English when the language changes to German."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from tests.browser.chromium import DESKTOP, PHONE
from tests.browser.conftest import Invite
from tests.browser.scenes import PHONE_ONLY, SCENES, Props
from tests.browser.translation import everything_is_translated, everything_told, to_german

AXE = Path(__file__).parents[2] / "frontend/node_modules/axe-core/axe.min.js"
ALL_RULES: dict[str, Any] = {"resultTypes": ["violations"]}
COLOURS = ALL_RULES | {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
SETTLED = """async () => {
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
  await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
}"""
"""Colours, or widths, have been changed all over the page."""
IN_GERMAN = (
    *("first-run", "list", "list-empty", "list-gone", "list-renamed", "list-deletion", "card-menu"),
    *("add-help", "preview", "preview-of-a-channel", "filter-refused", "batch-paused", "pause-outdated"),
    *("add", "add-done", "subscription-paused", "following-a-channel", "unfollowing", "nothing-here"),
    *("video", "video-without-captions", "video-importing", "video-failed"),
)
"""Scenes without what was said in passing: it keeps the language that it was said in."""


async def violations(page: Page, options: dict[str, Any]) -> list[str]:
    """What axe finds on a page, a line each."""
    if await page.evaluate("typeof axe") == "undefined":
        await page.evaluate(AXE.read_text())
    found = await page.evaluate("(options) => axe.run(document, options)", options)
    return [
        f"{rule['id']}: {node['html'][:200]} ({node['failureSummary']})"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("name", SCENES)
async def test_a_scene(invite: Invite, props: Props, name: str) -> None:
    """axe: in a wide and a narrow window; in dark, the colours only."""
    person = await invite(viewport=PHONE if name in PHONE_ONLY else DESKTOP)
    async with SCENES[name](person, props) as page:
        assert await violations(page, ALL_RULES) == []
        await page.emulate_media(color_scheme="dark")
        await page.evaluate(SETTLED)
        assert await violations(page, COLOURS) == []
        await page.set_viewport_size(PHONE)
        await page.evaluate(SETTLED)
        assert await violations(page, ALL_RULES) == []
        if name in IN_GERMAN:
            english = await everything_told(page)
            await to_german(page)
            await everything_is_translated(page, english)
