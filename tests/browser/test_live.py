"""The page follows imports while connections break, tabs are reloaded and other tabs change things."""

from playwright.async_api import Page, WebSocketRoute, expect

from tests.browser.conftest import Invite
from tests.browser.handling import cards, list_with
from tests.e2e.clients import Api, StandinControl, new_ids
from tests.e2e.stack import Stack
from tests.e2e.test_bulk import add_batch, until_imported

VIDEOS = 10
ANSWER_SECONDS = 0.3


async def until_one_is_complete(page: Page) -> None:
    """Wait for the beginning of the end."""
    await expect(cards(page, "complete").first).to_be_visible()


async def until_all_are_complete(page: Page) -> None:
    """Wait for every card."""
    await expect(cards(page, "complete")).to_have_count(VIDEOS)
    await expect(cards(page)).to_have_count(VIDEOS)


async def test_nothing_is_lost_while_the_notifier_is_away(
    invite: Invite, api: Api, standin: StandinControl, stack: Stack
) -> None:
    await standin.slow_down(ANSWER_SECONDS)
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
    await expect(page.get_by_role("region", name="Notices")).to_contain_text(f"{VIDEOS} imported")
    assert await page.evaluate("window.isSamePage")


async def test_a_reload_in_the_middle(invite: Invite, api: Api, standin: StandinControl) -> None:
    await standin.slow_down(ANSWER_SECONDS)
    list_id = await api.create_list()
    await add_batch(api, list_id, new_ids(VIDEOS))
    page = await (await invite()).open(f"/lists/{list_id}")
    await until_one_is_complete(page)
    await page.reload()
    await expect(page.get_by_role("button", name="Pause the import")).to_be_visible()
    await until_all_are_complete(page)
    await expect(page.get_by_role("region", name="Notices")).to_contain_text(f"{VIDEOS} imported")


async def test_a_batch_is_paused_and_goes_on(invite: Invite, api: Api, standin: StandinControl) -> None:
    await standin.slow_down(ANSWER_SECONDS)
    list_id = await api.create_list()
    batch_id = await add_batch(api, list_id, new_ids(VIDEOS))
    page = await (await invite()).open(f"/lists/{list_id}")
    await page.get_by_role("button", name="Pause the import").click()
    await page.get_by_role("button", name="Continue the import").click()
    await standin.clear_faults()
    await until_all_are_complete(page)
    assert (await api.get(f"/batches/{batch_id}"))["imported"] == VIDEOS


async def test_two_tabs_are_in_step(invite: Invite, api: Api) -> None:
    list_id = await list_with(api, "demoCaption", "demoGerman_")
    person = await invite()
    first, second = [await person.open(f"/lists/{list_id}") for _ in range(2)]
    await expect(cards(second)).to_have_count(2)
    await first.get_by_role("button", name="More about The first ferry").click()
    await first.get_by_role("menuitem", name="Remove").click()
    await first.get_by_role("dialog").get_by_role("button", name="Remove").click()
    for page in (first, second):
        await expect(cards(page)).to_have_count(1)
        await expect(cards(page)).to_contain_text("Die erste Fähre")
    (youtube_id,) = new_ids(1)
    await add_batch(api, list_id, [youtube_id])
    for page in (first, second):
        await expect(cards(page, "complete")).to_have_count(2)


async def test_where_sockets_are_blocked_the_page_asks(invite: Invite, api: Api, standin: StandinControl) -> None:
    list_id = await list_with(api, "demoCaption")
    page = await (await invite()).open(f"/lists/{list_id}")
    refused: list[str] = []

    async def refuse(socket: WebSocketRoute) -> None:
        refused.append(socket.url)
        await socket.close(code=1011)

    await page.route_web_socket("**/api/ws/progress*", refuse)
    await standin.slow_down(ANSWER_SECONDS * 3)
    (youtube_id,) = new_ids(1)
    await api.add(list_id, youtube_id)
    await page.reload()
    await expect(cards(page, "importing")).to_have_count(1)
    await expect(cards(page, "complete")).to_have_count(2)
    assert refused
