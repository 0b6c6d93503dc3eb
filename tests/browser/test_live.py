"""The page follows imports while connections break, tabs are reloaded and other tabs change things."""

import re

from playwright.async_api import Page, Route, ViewportSize, WebSocketRoute, expect

from tests.browser.conftest import Invite
from tests.browser.handling import cards, list_with
from tests.e2e.clients import Api, FakeYoutubeControl, new_ids
from tests.e2e.stack import Stack
from tests.e2e.test_bulk import BATCH_SECONDS, add_batch, until_imported, until_over
from tests.support.waiting import eventually

VIDEOS = 10
FREE_VIDEOS = 4
"""Of a batch whose other videos are held."""
MORE_THAN_THE_WINDOW = 28
"""Of a batch, twenty are under way at once."""
TALL: ViewportSize = {"width": 1280, "height": 3000}
"""All these cards are in the window: others are not in the page."""
ANSWER_SECONDS = 0.3


async def until_one_is_complete(page: Page) -> None:
    """Wait for the beginning of the end."""
    await expect(cards(page, "complete").first).to_be_visible()


async def until_all_are_complete(page: Page) -> None:
    """Wait for every card."""
    await expect(cards(page, "complete")).to_have_count(VIDEOS)
    await expect(cards(page)).to_have_count(VIDEOS)


async def test_nothing_is_lost_while_the_notifier_is_away(
    invite: Invite, api: Api, fake_youtube: FakeYoutubeControl, stack: Stack
) -> None:
    await fake_youtube.slow_down(ANSWER_SECONDS)
    list_id = await api.create_list()
    batch_id = await add_batch(api, list_id, new_ids(VIDEOS))
    page = await (await invite()).open(f"/lists/{list_id}")
    await page.evaluate("window.isSamePage = true")
    await until_one_is_complete(page)
    killed = stack.kill("notifier")
    seen = await cards(page, "complete").count()
    await until_imported(api, batch_id, min(seen + 3, VIDEOS))
    await stack.until_back(killed)
    await until_all_are_complete(page)
    await expect(page.get_by_role("region", name="Notifications")).to_contain_text(f"{VIDEOS} imported")
    assert await page.evaluate("window.isSamePage")


async def test_a_reload_in_the_middle(invite: Invite, api: Api, fake_youtube: FakeYoutubeControl) -> None:
    list_id, *_ = await held_batch(api, fake_youtube, VIDEOS)
    page = await (await invite()).open(f"/lists/{list_id}")
    await until_one_is_complete(page)
    await page.reload()
    await expect(page.get_by_role("button", name="Pause the import")).to_be_visible()
    await fake_youtube.clear_faults()
    await until_all_are_complete(page)
    await expect(page.get_by_role("region", name="Notifications")).to_contain_text(f"{VIDEOS} imported")


async def held_batch(
    api: Api, fake_youtube: FakeYoutubeControl, videos: int = MORE_THAN_THE_WINDOW
) -> tuple[str, str, list[str]]:
    """The list, the batch and the YouTube ids; all but the first few wait until the faults are cleared."""
    list_id, youtube_ids = await api.create_list(), new_ids(videos)
    await fake_youtube.hold(youtube_ids[FREE_VIDEOS:])
    return list_id, await add_batch(api, list_id, youtube_ids), youtube_ids


async def test_a_batch_is_paused_and_goes_on(invite: Invite, api: Api, fake_youtube: FakeYoutubeControl) -> None:
    list_id, batch_id, youtube_ids = await held_batch(api, fake_youtube)
    page = await (await invite(viewport=TALL)).open(f"/lists/{list_id}")
    batch = page.get_by_role("region", name="Import of")
    await batch.get_by_role("button", name="Pause the import").click()
    await expect(batch).to_contain_text("Paused")
    await fake_youtube.clear_faults()

    async def has_come_to_rest() -> int:
        now = await api.get(f"/batches/{batch_id}")
        assert (now["state"], now["running"]) == ("paused", 0), now
        return int(now["queued"])

    queued = await eventually(has_come_to_rest, within_seconds=BATCH_SECONDS)
    assert queued > 0
    imported = len(youtube_ids) - queued
    await expect(batch).to_contain_text(f"Paused · {imported} of {len(youtube_ids)} imported")
    await expect(cards(page, "complete")).to_have_count(imported)
    await list_with(api, *new_ids(1), name="Meanwhile")
    assert not (await fake_youtube.requests()).keys() & {*youtube_ids[imported:]}

    await batch.get_by_role("button", name="Resume the import").click()
    await expect(page.get_by_role("region", name="Notifications")).to_contain_text(f"{len(youtube_ids)} imported")
    await expect(cards(page, "complete")).to_have_count(len(youtube_ids))


async def test_a_batch_is_cancelled_and_its_rest_imported_after_all(
    invite: Invite, api: Api, fake_youtube: FakeYoutubeControl
) -> None:
    list_id, batch_id, youtube_ids = await held_batch(api, fake_youtube)
    page = await (await invite(viewport=TALL)).open(f"/lists/{list_id}")
    batch = page.get_by_role("region", name="Import of")
    await batch.get_by_role("button", name="Cancel the import").click()
    await page.get_by_role("dialog").get_by_role("button", name="Cancel the import").click()
    await expect(batch).to_contain_text("Cancelled")
    await fake_youtube.clear_faults()
    over = await until_over(api, batch_id)
    assert over["cancelled"] > 0
    await expect(batch).to_contain_text(f"{over['imported']} imported, {over['cancelled']} cancelled")
    await expect(cards(page, "complete")).to_have_count(over["imported"])
    await expect(cards(page, "error")).to_have_count(over["cancelled"])
    assert not (await fake_youtube.requests()).keys() & {*youtube_ids[over["imported"] :]}

    await batch.get_by_role("button", name="Import the rest").click()
    await expect(cards(page, "complete")).to_have_count(len(youtube_ids))
    assert (await until_over(api, batch_id))["imported"] == len(youtube_ids)


async def test_a_batch_is_followed_and_paused_in_two_tabs(
    invite: Invite, api: Api, fake_youtube: FakeYoutubeControl
) -> None:
    list_id, _, youtube_ids = await held_batch(api, fake_youtube)
    person = await invite(viewport=TALL)
    tabs = [await person.open(f"/lists/{list_id}") for _ in range(2)]
    first, second = [tab.get_by_role("region", name="Import of") for tab in tabs]
    for tab, batch in zip(tabs, (first, second), strict=True):
        await expect(cards(tab, "importing").first.get_by_role("progressbar")).to_be_visible()
        await expect(batch).to_contain_text(re.compile(r"[1-9]\d* of \d+ imported"))
    await first.get_by_role("button", name="Pause the import").click()
    await expect(second).to_contain_text("Paused")
    await second.get_by_role("button", name="Resume the import").click()
    await expect(first.get_by_role("button", name="Pause the import")).to_be_visible()
    await fake_youtube.clear_faults()
    for tab in tabs:
        await expect(cards(tab, "complete")).to_have_count(len(youtube_ids))


async def test_two_tabs_are_in_step(invite: Invite, api: Api) -> None:
    list_id = await list_with(api, "demoCaption", "demoGerman_")
    person = await invite()
    first, second = [await person.open(f"/lists/{list_id}") for _ in range(2)]
    await expect(cards(second)).to_have_count(2)
    await first.get_by_role("button", name="More actions: The first ferry").click()
    await first.get_by_role("menuitem", name="Remove").click()
    for page in (first, second):
        await expect(cards(page)).to_have_count(1)
        await expect(cards(page)).to_contain_text("Die erste Fähre")
    (youtube_id,) = new_ids(1)
    await add_batch(api, list_id, [youtube_id])
    for page in (first, second):
        await expect(cards(page, "complete")).to_have_count(2)


async def test_what_one_device_does_shows_on_the_other_without_a_reload(invite: Invite, api: Api) -> None:
    list_id = await list_with(api, "demoCaption", "demoGerman_")
    page = await (await invite()).open(f"/lists/{list_id}")
    sidebar = page.get_by_role("navigation")
    await expect(cards(page, "complete")).to_have_count(2)

    await api.http.patch(f"/lists/{list_id}", json={"name": "Renamed elsewhere"})
    await expect(sidebar.get_by_text("Renamed elsewhere")).to_be_visible()
    created = await api.create_list("Created elsewhere")
    await expect(sidebar.get_by_text("Created elsewhere")).to_be_visible()
    await api.http.delete(f"/lists/{created}")
    await expect(sidebar.get_by_text("Created elsewhere")).to_have_count(0)
    video, _ = (await api.get(f"/lists/{list_id}/videos"))["items"]
    await api.http.delete(f"/videos/{video['id']}")
    await expect(cards(page)).to_have_count(1)


async def test_where_sockets_are_blocked_the_page_asks(
    invite: Invite, api: Api, fake_youtube: FakeYoutubeControl
) -> None:
    list_id = await list_with(api, "demoCaption")
    page = await (await invite()).open(f"/lists/{list_id}")
    refused: list[str] = []

    async def refuse(socket: WebSocketRoute) -> None:
        refused.append(socket.url)
        await socket.close(code=1011)

    await page.route_web_socket("**/api/ws/progress*", refuse)
    (youtube_id,) = new_ids(1)
    await fake_youtube.hold([youtube_id])
    await api.add(list_id, youtube_id)
    await page.reload()
    await expect(cards(page, "importing")).to_have_count(1)
    await fake_youtube.clear_faults()
    await expect(cards(page, "complete")).to_have_count(2)
    assert refused


async def test_without_the_feature_only_the_overlays_are_missing(
    invite: Invite, api: Api, fake_youtube: FakeYoutubeControl
) -> None:
    list_id = await api.create_list()
    page = await (await invite()).open("/manifest.webmanifest")

    async def switch_off(route: Route) -> None:
        config = await (await route.fetch()).json()
        config["features"]["import_progress"] = False
        await route.fulfill(json=config)

    await page.route("**/api/config", switch_off)
    (youtube_id,) = new_ids(1)
    await fake_youtube.hold([youtube_id])
    await api.add(list_id, youtube_id)
    await page.goto(f"/lists/{list_id}")
    await expect(cards(page)).to_have_count(1)
    await expect(page.get_by_role("progressbar")).to_have_count(0)
    await fake_youtube.clear_faults()
    await api.until_complete(list_id)
    title = (await api.get(f"/lists/{list_id}/videos"))["items"][0]["title"]
    await expect(cards(page, "complete").get_by_role("heading")).to_have_text(title)
