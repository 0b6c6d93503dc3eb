"""English and German: as the browser says, and as people choose."""

from playwright.async_api import expect

from tests.browser.conftest import Invite
from tests.browser.handling import cards, list_with
from tests.browser.translation import everything_is_translated, everything_told
from tests.e2e.clients import Api


async def test_a_german_browser_gets_a_german_page(invite: Invite, api: Api) -> None:
    path = f"/lists/{await list_with(api, 'demoPrivate', 'demoCaption')}"
    english, page = [await (await invite(locale=locale)).open(path) for locale in ("en-GB", "de-DE")]
    await expect(cards(english, "error")).to_contain_text("private")
    await expect(page.locator("html")).to_have_attribute("lang", "de")
    await expect(page.get_by_role("link", name="Abonnements")).to_be_visible()
    failed = cards(page, "error")
    await expect(failed).to_contain_text("privat")
    await expect(failed.get_by_role("button", name="Entfernen")).to_be_visible()
    await everything_is_translated(page, await everything_told(english))


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
