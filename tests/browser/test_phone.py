"""On a phone: the same page, without scrolling sideways."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.chromium import PHONE
from tests.browser.conftest import Invite
from tests.browser.handling import address_of, card, cards, enter, list_with, overflow
from tests.e2e.clients import Api

SMALLEST_TARGET = 40
TOO_SMALL = """(smallest) => [...document.querySelectorAll("button, a[href], select, input, textarea")]
  .filter((each) => each.checkVisibility() && !each.closest(".visually-hidden, p a, [data-card-link]"))
  .map((each) => [(each.closest("label") ?? each).getBoundingClientRect(), each.outerHTML.slice(0, 160)])
  .filter(([{ width, height, top }]) => width > 1 && top >= 0 && Math.min(width, height) < smallest)
  .map(([{ width, height }, html]) => `${width} x ${height}: ${html}`)"""
"""Links within a sentence may be smaller; a card's link covers its card."""


async def test_a_video_is_added_and_opened(invite: Invite, api: Api) -> None:
    await api.create_list("Lectures")
    list_id = await list_with(api, "demoPrivate", "demoNoCaps_", name="Evenings")
    page = await (await invite(viewport=PHONE)).open("/")
    await page.get_by_role("button", name="Lists").tap()
    lists = page.get_by_role("dialog", name="Lists")
    await lists.get_by_role("link", name=re.compile("^Evenings")).tap()
    await expect(lists).to_have_count(0)
    await expect(page).to_have_url(f"/lists/{list_id}")
    await enter(page, address_of("demoCaption"))
    await expect(card(page, "The first ferry")).to_have_attribute("data-state", "complete")
    await expect(cards(page)).to_have_count(3)
    assert await overflow(page) == 0
    await card(page, "The first ferry").get_by_role("link").tap()
    await expect(page.get_by_role("heading", level=1)).to_have_text("The first ferry")
    await expect(page.get_by_role("button", name="Open water")).to_be_visible()
    assert await overflow(page) == 0


@pytest.mark.parametrize("width", [390, 360])
async def test_the_menu_of_a_card_is_within_the_window(invite: Invite, api: Api, width: int) -> None:
    list_id = await list_with(api, "demoCaption")
    await api.add(list_id, "demoUpNext_")
    person = await invite(viewport={"width": width, "height": PHONE["height"]}, locale="de-DE")
    page = await person.open(f"/lists/{list_id}")
    left, right = cards(page).first, cards(page).last
    await expect(left).to_have_attribute("data-state", "upcoming")
    for place in (left, right):
        await place.get_by_role("button", name=re.compile("^Weitere Aktionen")).tap()
        await expect(page.get_by_role("menuitem", name="Entfernen")).to_be_visible()
        box = await page.get_by_role("menu").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("menu")).to_have_count(0)


@pytest.mark.parametrize("place", ["list", "video", "subscriptions"])
async def test_everything_is_large_enough_for_a_finger(invite: Invite, api: Api, place: str) -> None:
    list_id = await list_with(api, "demoCaption", "demoPrivate")
    (_, video) = (await api.get(f"/lists/{list_id}/videos"))["items"]
    followed = await api.http.post("/subscriptions", json={"list_id": list_id, "source": "@phoneharbour"})
    assert followed.status_code == 201, followed.text
    paths = {"list": f"/lists/{list_id}", "video": f"/videos/{video['id']}", "subscriptions": "/subscriptions"}
    page = await (await invite(viewport=PHONE)).open(paths[place])
    await page.wait_for_load_state("networkidle")
    assert await page.evaluate(TOO_SMALL, SMALLEST_TARGET) == []
    assert await overflow(page) == 0
