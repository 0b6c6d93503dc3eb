"""A video's page, and the pages beside the lists."""

from collections.abc import AsyncIterator

from playwright.async_api import Page, expect

from tests.browser.chromium import Person
from tests.browser.handling import address_of
from tests.browser.stage import FILMS, Props, open_list, scene

NO_COPYING = """() => {
  navigator.clipboard.writeText = () => Promise.reject(new Error("not allowed"));
  document.execCommand = () => false;
}"""


async def _open_video(person: Person, props: Props, title: str) -> Page:
    page = await person.open(f"/videos/{await props.video(title)}")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    return page


@scene
async def _video(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await _open_video(person, props, "The first ferry")
    await page.get_by_role("searchbox").fill("every")
    await expect(page.locator("mark").first).to_be_visible()
    yield page


@scene
async def _video_copied_by_hand(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await _open_video(person, props, "The first ferry")
    await page.evaluate(NO_COPYING)
    await page.get_by_role("button", name="Copy transcript").click()
    await expect(page.get_by_role("textbox", name="Text to copy")).to_be_focused()
    yield page


@scene
async def _video_long(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await _open_video(person, props, FILMS[1])
    await expect(page.get_by_role("heading", name="Transcript")).to_be_visible()
    yield page


@scene
async def _video_without_captions(person: Person, props: Props) -> AsyncIterator[Page]:
    yield await _open_video(person, props, "A ferry without words")


@scene
async def _video_importing(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await open_list(person, props)  # first: the import is held for so long only
    async with props.one_more(kind="timedtext") as video_id:
        await page.goto(f"/videos/{video_id}")
        await expect(page.get_by_text("Importing this video")).to_be_visible()
        yield page


@scene
async def _video_failed(person: Person, props: Props) -> AsyncIterator[Page]:
    yield await _open_video(person, props, "demoPrivate")


@scene
async def _video_gone(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await person.open("/videos/00000000-0000-0000-0000-000000000000")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    yield page


async def _open_subscriptions(person: Person) -> Page:
    page = await person.open("/subscriptions")
    await expect(page.get_by_role("main").get_by_role("listitem").first).to_contain_text("Channel")
    return page


@scene
async def _subscriptions(person: Person, props: Props) -> AsyncIterator[Page]:
    yield await _open_subscriptions(person)


@scene
async def _subscription_paused(person: Person, props: Props) -> AsyncIterator[Page]:
    (followed, *_) = (await props.api.get("/subscriptions"))["items"]
    (await props.api.http.post(f"/subscriptions/{followed['id']}/pause")).raise_for_status()
    page = await _open_subscriptions(person)
    await expect(page.get_by_text("Paused", exact=True)).to_be_visible()
    yield page
    (await props.api.http.post(f"/subscriptions/{followed['id']}/resume")).raise_for_status()


@scene
async def _following_a_channel(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await _open_subscriptions(person)
    await page.get_by_role("textbox", name="Playlist, channel or @handle").fill("@slowharbour/shorts")
    await page.get_by_text("Only some of the videos").click()
    await expect(page.get_by_label("Published after")).to_be_visible()
    yield page


@scene
async def _unfollowing(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await _open_subscriptions(person)
    await page.get_by_role("main").get_by_role("button", name="Unfollow").first.click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    yield page


@scene
async def _add(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await person.open(f"/add?url={address_of('demoCaption')}")
    await expect(page.get_by_role("main").get_by_role("combobox")).to_be_visible()
    yield page


@scene
async def _add_done(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await person.open(f"/add?done=added&list={props.list_id}")
    await expect(page.get_by_text("Added to “Harbour evenings”")).to_be_visible()
    yield page


@scene
async def _nothing_here(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await person.open("/nothing/here")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    yield page
