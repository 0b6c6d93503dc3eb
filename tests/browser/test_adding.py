"""Adding: a link that is dropped, a file, a playlist, what is there already, and the way from other pages."""

import re
from html import escape
from urllib.parse import quote

from playwright.async_api import Page, expect

from fakes.youtube import Kind
from tests.browser.conftest import Invite
from tests.browser.handling import address_of, card, cards, csv_of, drop_file, drop_link, enter, list_with
from tests.e2e.clients import Api, FakeYoutubeControl, new_ids

ROWS = 20
PLAYLIST = "PLbrowserBrowser00001"
PLAYLIST_VIDEOS = 8


async def confirm(page: Page) -> None:
    """Agree to what the preview shows."""
    await page.get_by_role("dialog").get_by_role("button", name=re.compile("^Import")).click()


async def test_a_link_is_dropped_and_becomes_a_card_that_can_be_opened(
    invite: Invite, api: Api, fake_youtube: FakeYoutubeControl
) -> None:
    page = await (await invite()).open(f"/lists/{await api.create_list()}")
    await expect(page.get_by_text("No videos yet")).to_be_visible()
    (youtube_id,) = new_ids(1)
    await fake_youtube.hold([youtube_id], Kind.WATCH)
    await drop_link(page, address_of(youtube_id))

    importing = cards(page, "importing")
    await expect(importing.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "0")
    await expect(importing.get_by_role("link")).to_have_attribute("aria-disabled", "true")
    await fake_youtube.clear_faults()
    await fake_youtube.hold([youtube_id], Kind.TIMEDTEXT)
    await expect(importing.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "25")
    title = await importing.get_by_role("heading").inner_text()
    await importing.get_by_role("link").click()
    await expect(page).to_have_url(re.compile("/videos/"))
    await expect(page.get_by_role("heading", level=1)).to_have_text(title)
    await page.go_back()
    await fake_youtube.clear_faults()

    await cards(page, "complete").get_by_role("link").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(title)
    await expect(page.get_by_role("heading", name="Transcript")).to_be_visible()


async def test_what_is_there_already_is_said_and_shown(invite: Invite, api: Api) -> None:
    page = await (await invite()).open(f"/lists/{await list_with(api, 'demoCaption', 'demoGerman_')}")
    await enter(page, "https://youtu.be/demoCaption?t=42")
    notices = page.get_by_role("region", name="Notifications")
    await expect(notices).to_contain_text("already in this list")
    await notices.get_by_role("button", name="Show").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("The first ferry")
    await page.go_back()
    await expect(cards(page)).to_have_count(2)


async def test_what_is_no_address_is_said_at_the_field(invite: Invite, api: Api) -> None:
    page = await (await invite()).open(f"/lists/{await api.create_list()}")
    await enter(page, "https://example.org/nothing")
    await expect(page.get_by_role("alert")).to_be_visible()
    await expect(page.get_by_role("textbox", name="Add videos")).to_have_value("https://example.org/nothing")
    await expect(cards(page)).to_have_count(0)


async def test_a_file_is_looked_at_first_and_summed_up_in_the_end(invite: Invite, api: Api) -> None:
    known, *others = new_ids(ROWS - 1)
    page = await (await invite()).open(f"/lists/{await list_with(api, known)}")
    await drop_file(page, "harbour.csv", csv_of([known, *others, "demoPrivate"]))
    preview = page.get_by_role("dialog")
    await expect(preview).to_contain_text(f"{ROWS} entries found")
    await expect(preview).to_contain_text("1 already in this list")
    await expect(preview).to_contain_text("about")
    await confirm(page)
    await expect(preview).to_have_count(0)
    await expect(cards(page)).to_have_count(ROWS)
    notices = page.get_by_role("region", name="Notifications")
    await expect(notices).to_contain_text(f"{len(others)} imported")
    await expect(notices).to_contain_text("1 failed")
    await expect(cards(page, "complete")).to_have_count(ROWS - 1)
    await expect(cards(page, "error")).to_have_count(1)


async def test_several_addresses_are_pasted_at_once(invite: Invite, api: Api) -> None:
    page = await (await invite()).open(f"/lists/{await api.create_list()}")
    await enter(page, "\n".join(address_of(youtube_id) for youtube_id in ("demoCaption", "demoGerman_")))
    await expect(page.get_by_role("dialog")).to_contain_text("2 entries found")
    await confirm(page)
    await expect(cards(page, "complete")).to_have_count(2)


async def test_a_playlist_comes_as_a_whole(invite: Invite, api: Api, fake_youtube: FakeYoutubeControl) -> None:
    youtube_ids = new_ids(PLAYLIST_VIDEOS + 1)
    shown = {"list_id": PLAYLIST, "title": "Crossings", "youtube_ids": youtube_ids, "deleted": youtube_ids[:1]}
    (await fake_youtube.http.post("/lists", json=shown)).raise_for_status()
    list_id = await api.create_list()
    page = await (await invite()).open(f"/lists/{list_id}")
    await enter(page, f"https://www.youtube.com/playlist?list={PLAYLIST}")
    await expect(page.get_by_role("dialog", name="Import Crossings?")).to_contain_text("9 videos found")
    await confirm(page)
    notices = page.get_by_role("region", name="Notifications")
    await expect(notices).to_contain_text(f"Crossings: {PLAYLIST_VIDEOS} imported, 1 unavailable")
    await expect(cards(page, "complete")).to_have_count(PLAYLIST_VIDEOS)


async def test_a_link_is_dropped_on_a_card(invite: Invite, api: Api) -> None:
    page = await (await invite()).open(f"/lists/{await list_with(api, 'demoCaption', 'demoPrivate')}")
    await drop_link(page, address_of("demoGerman_"), onto=card(page, "The first ferry").get_by_role("link"))
    await expect(card(page, "Die erste Fähre")).to_have_attribute("data-state", "complete")
    (youtube_id,) = new_ids(1)
    await drop_link(page, address_of(youtube_id), onto=cards(page, "error").get_by_role("button").first)
    await expect(cards(page)).to_have_count(4)
    await expect(cards(page, "complete")).to_have_count(3)


async def test_the_bookmark_asks_and_adds_a_video(invite: Invite, api: Api) -> None:
    person = await invite()
    page = await person.open(f"/lists/{await api.create_list()}")
    await page.get_by_role("button", name="Add faster").click()
    bookmark = page.get_by_role("dialog").get_by_role("link", name="Add to Vidferry")
    address = await bookmark.get_attribute("href") or ""
    assert address.startswith("javascript:")
    await page.keyboard.press("Escape")

    watching = await person.open("/manifest.webmanifest")
    bar = f'<title>Somewhere else</title><a href="{escape(address)}">Bookmark</a>'
    await watching.route("https://www.youtube.com/**", lambda route: route.fulfill(body=bar, content_type="text/html"))
    await watching.goto(address_of("demoCaption"))
    async with watching.expect_popup() as window:
        await watching.get_by_role("link", name="Bookmark").click()
    asking = await window.value
    await asking.get_by_role("main").get_by_role("button", name="Add").click()
    await expect(asking.get_by_text("Added to “Harbour”")).to_be_visible()
    await expect(card(page, "The first ferry")).to_have_attribute("data-state", "complete")


async def test_other_apps_bring_an_address(invite: Invite, api: Api) -> None:
    list_id = await api.create_list()
    person = await invite()
    page = await person.open(f"/add?list={list_id}&url={quote(address_of('demoCaption'))}")
    await page.get_by_role("main").get_by_role("button", name="Add").click()
    await expect(page.get_by_text("Added to “Harbour”")).to_be_visible()
    await page.get_by_role("link", name="Open “Harbour”").click()
    await expect(card(page, "The first ferry")).to_be_visible()
    page = await person.open(f"/add?list={list_id}&text=Look%20{quote('https://youtu.be/demoCaption')}")
    await page.get_by_role("main").get_by_role("button", name="Add").click()
    await expect(page.get_by_text("Already in “Harbour”")).to_be_visible()


async def test_a_channel_is_followed(invite: Invite, api: Api) -> None:
    await api.create_list()
    page = await (await invite()).open("/subscriptions")
    await page.get_by_role("textbox", name="Playlist, channel or @handle").fill("@quaymaster")
    await page.get_by_role("button", name="Follow", exact=True).click()
    await expect(page.get_by_role("region", name="Notifications")).to_contain_text("Now following")
    (followed,) = [each for each in (await api.get("/subscriptions"))["items"] if "quaymaster" in each["source"]]
    row = page.get_by_role("main").get_by_role("listitem").filter(has=page.locator("a[href*=quaymaster]"))
    await expect(row).to_contain_text("Channel")
    (await api.http.delete(f"/subscriptions/{followed['id']}")).raise_for_status()
