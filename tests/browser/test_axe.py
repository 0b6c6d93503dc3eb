"""No page, in no state, has a fault that axe finds: in light with all its rules, in dark with those about colours."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page

from tests.browser.conftest import Invite
from tests.browser.scenes import SCENES, Props
from tests.e2e.clients import Api, StandinControl

AXE = Path(__file__).parents[2] / "frontend/node_modules/axe-core/axe.min.js"
ALL_RULES: dict[str, Any] = {"resultTypes": ["violations"]}
COLOURS = ALL_RULES | {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
SETTLED = """async () => {
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
  await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
}"""
"""Colours have been changed all over the page."""


@pytest.fixture(scope="module")
async def all_props() -> list[Props]:
    """Made once, by the first test."""
    return []


@pytest.fixture
async def props(api: Api, standin: StandinControl, all_props: list[Props]) -> Props:
    """What the scenes are played with."""
    if not all_props:
        all_props.append(await Props.ready(api, standin))
    return Props(api, standin, all_props[0].list_id, all_props[0].empty_id)


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
async def test_axe_finds_nothing(invite: Invite, props: Props, name: str) -> None:
    person = await invite()
    async with SCENES[name](person, props) as page:
        assert await violations(page, ALL_RULES) == []
        await page.emulate_media(color_scheme="dark")
        await page.evaluate(SETTLED)
        assert await violations(page, COLOURS) == []
