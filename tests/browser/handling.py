"""What hands do on the page, and where the eyes find things."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from playwright.async_api import JSHandle, Locator, Page

from tests.e2e.clients import Api
from tests.e2e.stack import Stack
from tests.support.waiting import eventually

DROPPED = """([data, files]) => {
  const transfer = new DataTransfer();
  for (const [type, value] of Object.entries(data)) transfer.setData(type, value);
  for (const [name, text] of Object.entries(files)) transfer.items.add(new File([text], name, { type: "text/csv" }));
  return transfer;
}"""


def address_of(youtube_id: str) -> str:
    """Where YouTube has a video."""
    return f"https://www.youtube.com/watch?v={youtube_id}"


def control_url(stack: Stack) -> str:
    """Where the fake YouTube is told how to answer."""
    return str(json.loads(stack.fake_youtube_file.read_text())["control_url"])


@asynccontextmanager
async def youtube_paused(api: Api) -> AsyncIterator[None]:
    """As long as the operator has paused the calls to YouTube; from when that holds: the request is only accepted."""

    async def holds() -> bool:
        upstreams = (await api.get("/upstreams"))["items"]
        return any(each["name"] == "youtube" and each["reason"] == "operator" for each in upstreams)

    (await api.http.post("/upstreams/youtube/pause")).raise_for_status()
    try:
        await eventually(holds)
        yield
    finally:
        (await api.http.post("/upstreams/youtube/resume")).raise_for_status()


def cards(page: Page, state: str | None = None) -> Locator:
    """The cards of a list, in one state or in any."""
    return page.locator("article[data-state]" if state is None else f'article[data-state="{state}"]')


def card(page: Page, title: str) -> Locator:
    """The card of one video."""
    return page.get_by_role("article", name=title)


async def enter(page: Page, text: str) -> None:
    """Put something into the field for adding and send it off."""
    field = page.get_by_role("textbox", name="Add videos")
    await field.fill(text)
    await field.press("Enter")


async def drop_link(page: Page, address: str, onto: Locator | None = None) -> None:
    """Drag a link from another window onto the page, or one place of it, and let it go."""
    data = [{"text/uri-list": address, "text/plain": address}, {}]
    await _drop(onto or _headline(page), await page.evaluate_handle(DROPPED, data))


async def drop_file(page: Page, name: str, content: str) -> None:
    """Drag a file onto the page and let it go."""
    await _drop(_headline(page), await page.evaluate_handle(DROPPED, [{}, {name: content}]))


async def drag_link(page: Page) -> None:
    """Drag a link over the page and hold it there."""
    transfer = await page.evaluate_handle(DROPPED, [{"text/uri-list": address_of("demoCaption")}, {}])
    for event in ("dragenter", "dragover"):
        await page.locator("main").dispatch_event(event, {"dataTransfer": transfer})


def _headline(page: Page) -> Locator:
    return page.get_by_role("main").get_by_role("heading", level=1)


async def _drop(target: Locator, transfer: JSHandle) -> None:
    for event in ("dragenter", "dragover", "drop"):
        await target.dispatch_event(event, {"dataTransfer": transfer})


def csv_of(youtube_ids: Sequence[str]) -> str:
    """A file of addresses, as people keep them."""
    return "\n".join(["Title,URL", *(f"Film {number},{address_of(each)}" for number, each in enumerate(youtube_ids))])


async def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    wide: int = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wide


async def list_with(api: Api, *youtube_ids: str, name: str = "Harbour") -> str:
    """The id of a new list on which these videos are, whatever became of them."""
    list_id = await api.create_list(name)
    for youtube_id in youtube_ids:
        await api.add(list_id, youtube_id)

    async def are_over() -> bool:
        stages = await api.stages(list_id)
        assert set(stages) <= {"complete", "error"}, stages
        return True

    await eventually(are_over)
    return list_id
