"""Every page in every state, played with the running product: for axe, and for the screenshots."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import Page, expect

from tests.browser.chromium import Person
from tests.browser.handling import address_of, card, cards, csv_of, drag_link, drop_file, enter, list_with
from tests.e2e.clients import Api, StandinControl, new_ids

FILMS = tuple(new_ids(14))
LONG_SECONDS = 600
SLOW_SECONDS = 18
"""Any longer, and an import takes YouTube for unreachable."""


@dataclass(frozen=True)
class Props:
    """What the scenes are played with."""

    api: Api
    standin: StandinControl
    list_id: str
    """Of a list with a video in every state that lasts."""
    empty_id: str

    @classmethod
    async def ready(cls, api: Api, standin: StandinControl) -> "Props":
        """Lists, videos, and a channel that is followed."""
        await api.create_list("Lectures about tides, bridges and everything in between")
        empty_id = await api.create_list("Read later")
        videos = (*FILMS, "demoGerman_", "demoPrivate", "demoNoCaps_", "demoCaption")
        list_id = await list_with(api, *videos, name="Harbour evenings")
        for youtube_id in ("demoUpNext_", "demoLiveNow"):
            await api.add(list_id, youtube_id)
        follow = {"source": "https://www.youtube.com/@harbourmaster", "list_id": empty_id}
        (await api.http.post("/subscriptions", json=follow)).raise_for_status()
        return cls(api, standin, list_id, empty_id)

    async def stall(self, **fault: object) -> None:
        """Let the stand-in think for long about some requests."""
        (await self.standin.http.post("/faults", json={"stall_seconds": SLOW_SECONDS, **fault})).raise_for_status()

    async def video(self, title: str) -> str:
        """The id of a video on the list."""
        videos = (await self.api.get(f"/lists/{self.list_id}/videos", limit=200))["items"]
        return next(str(video["id"]) for video in videos if title in (video["title"], video["youtube_id"]))

    @asynccontextmanager
    async def one_more(self, **fault: object) -> AsyncIterator[str]:
        """The id of one more video on the list, whose import goes as the fault has it; gone again afterwards."""
        (youtube_id,) = new_ids(1)
        await self.stall(youtube_id=youtube_id, **fault)
        video_id = str((await self.api.add(self.list_id, youtube_id))["id"])
        try:
            yield video_id
        finally:
            await self.standin.clear_faults()
            (await self.api.http.delete(f"/videos/{video_id}")).raise_for_status()

    @asynccontextmanager
    async def another_list(self, name: str, *youtube_ids: str) -> AsyncIterator[str]:
        """The id of one more list; afterwards it is gone, and YouTube answers as usual."""
        list_id = (
            await list_with(self.api, *youtube_ids, name=name) if youtube_ids else await self.api.create_list(name)
        )
        try:
            yield list_id
        finally:
            await self.standin.clear_faults()
            (await self.api.http.delete(f"/lists/{list_id}")).raise_for_status()


Playing = AbstractAsyncContextManager[Page]
Scene = Callable[[Person, Props], Playing]
SCENES: dict[str, Scene] = {}
"""By their names."""


def scene(play: Callable[[Person, Props], AsyncIterator[Page]]) -> None:
    """Put a scene on the list."""
    SCENES[play.__name__.strip("_").replace("_", "-")] = asynccontextmanager(play)


@scene
async def _first_run(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await person.open("/manifest.webmanifest")
    await page.route("**/api/lists*", lambda route: route.fulfill(json={"items": [], "next_cursor": None}))
    await page.goto("/")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    yield page


async def _open_list(person: Person, props: Props) -> Page:
    page = await person.open(f"/lists/{props.list_id}")
    await expect(cards(page, "complete").first).to_be_visible()
    return page


@scene
async def _list(person: Person, props: Props) -> AsyncIterator[Page]:
    async with props.one_more(kind="timedtext"):
        page = await _open_list(person, props)
        for state in ("upcoming", "live"):
            await expect(cards(page, state)).to_be_visible()
        await expect(cards(page, "importing")).to_contain_text("Fetching the captions")
        yield page


@scene
async def _list_empty(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await person.open(f"/lists/{props.empty_id}")
    await expect(page.get_by_text("No videos here yet")).to_be_visible()
    yield page


@scene
async def _list_gone(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await person.open("/lists/00000000-0000-0000-0000-000000000000")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    yield page


@scene
async def _card_menu(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await _open_list(person, props)
    await page.get_by_role("button", name="More about The first ferry").click()
    await expect(page.get_by_role("menuitem").first).to_be_visible()
    yield page


@scene
async def _removal(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await _open_list(person, props)
    await card(page, "The first ferry").get_by_role("link").focus()
    await page.keyboard.press("Delete")
    await expect(page.get_by_role("dialog")).to_be_visible()
    yield page


@scene
async def _drop(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await _open_list(person, props)
    await drag_link(page)
    await expect(page.get_by_text("Drop here to add")).to_be_visible()
    yield page


@scene
async def _add_refused(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await person.open(f"/lists/{props.empty_id}")
    await enter(page, "https://example.org/nothing")
    await expect(page.get_by_role("alert")).to_be_visible()
    yield page


@scene
async def _add_help(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await person.open(f"/lists/{props.empty_id}")
    await page.get_by_role("button", name="Add faster").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    yield page


@scene
async def _preview(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await _open_list(person, props)
    await drop_file(page, "harbour.csv", csv_of([*new_ids(37), *FILMS, "no address"]))
    await expect(page.get_by_role("dialog")).to_contain_text("already here")
    yield page


@scene
async def _result(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await _open_list(person, props)
    await drop_file(page, "harbour.csv", csv_of([*FILMS, "no address", "nothing either"]))
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name=re.compile("^(Import|See)")).click()
    await expect(dialog).to_contain_text("Entry")
    yield page


@scene
async def _batch(person: Person, props: Props) -> AsyncIterator[Page]:
    async with props.another_list("From a file", *FILMS[:3]) as list_id:
        await props.stall(kind="timedtext")
        answer = await props.api.http.post(f"/lists/{list_id}/videos/batch", json={"urls": new_ids(9)})
        answer.raise_for_status()
        page = await person.open(f"/lists/{list_id}")
        await expect(page.get_by_role("button", name="Pause the import")).to_be_visible()
        await expect(cards(page, "importing").first).to_be_visible()
        yield page


@scene
async def _batch_over(person: Person, props: Props) -> AsyncIterator[Page]:
    async with props.another_list("From a file") as list_id:
        page = await person.open(f"/lists/{list_id}")
        await drop_file(page, "harbour.csv", csv_of([*FILMS[:8], "demoNoCaps_", "demoPrivate"]))
        await page.get_by_role("dialog").get_by_role("button", name=re.compile("^Import")).click()
        await expect(page.get_by_role("region", name="Notices")).to_contain_text("1 not available")
        await expect(cards(page, "complete")).to_have_count(8)
        yield page


@scene
async def _pause(person: Person, props: Props) -> AsyncIterator[Page]:
    async with props.another_list("Evenings", *FILMS[:2]) as list_id:
        await props.stall(kind="watch", status=429, headers={"Retry-After": str(LONG_SECONDS)}, stall_seconds=0)
        for youtube_id in new_ids(4):
            await props.api.add(list_id, youtube_id)
        page = await person.open(f"/lists/{list_id}")
        await expect(page.get_by_role("status", name="Imports wait")).to_contain_text("YouTube asks for a pause")
        await expect(cards(page, "waiting")).to_have_count(4)
        try:
            yield page
        finally:
            await props.standin.clear_faults()
            (await props.api.http.post("/upstreams/youtube/resume")).raise_for_status()
            await expect(page.get_by_role("status", name="Imports wait")).to_be_empty()


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
async def _video_long(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await _open_video(person, props, FILMS[1])
    await expect(page.get_by_role("heading", name="Transcript")).to_be_visible()
    yield page


@scene
async def _video_without_captions(person: Person, props: Props) -> AsyncIterator[Page]:
    yield await _open_video(person, props, "A ferry without words")


@scene
async def _video_importing(person: Person, props: Props) -> AsyncIterator[Page]:
    async with props.one_more(kind="timedtext") as video_id:
        page = await person.open(f"/videos/{video_id}")
        await expect(page.get_by_text("This video is being imported")).to_be_visible()
        yield page


@scene
async def _video_failed(person: Person, props: Props) -> AsyncIterator[Page]:
    yield await _open_video(person, props, "demoPrivate")


@scene
async def _video_gone(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await person.open("/videos/00000000-0000-0000-0000-000000000000")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    yield page


@scene
async def _subscriptions(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await person.open("/subscriptions")
    await expect(page.get_by_role("main").get_by_role("listitem")).to_contain_text("Channel")
    yield page


@scene
async def _add(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await person.open(f"/add?url={address_of('demoCaption')}")
    await expect(page.get_by_role("main").get_by_role("combobox")).to_be_visible()
    yield page


@scene
async def _nothing_here(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await person.open("/nothing/here")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    yield page


@scene
async def _lists_on_a_phone(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await _open_list(person, props)
    menu = page.get_by_role("button", name="Lists", exact=True)
    if await menu.is_visible():
        await menu.click()
        await expect(page.get_by_role("dialog", name="Lists").get_by_role("link").first).to_be_visible()
    yield page


@scene
async def _unreachable(person: Person, props: Props) -> AsyncIterator[Page]:
    page = await person.open("/manifest.webmanifest")
    await page.route(f"**/api/lists/{props.list_id}/videos*", lambda route: route.abort())
    await page.goto(f"/lists/{props.list_id}")
    await expect(page.get_by_role("alert")).to_be_visible()
    yield page
