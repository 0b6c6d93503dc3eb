"""What scenes are played with: lists, videos and a channel in the running product; and the list of scenes."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import Page, expect

from tests.browser.chromium import Person
from tests.browser.handling import cards, list_with
from tests.e2e.clients import HOLD_SECONDS, Api, FakeYoutubeControl, new_ids

FILMS = tuple(new_ids(14))
LONG_SECONDS = 600


@dataclass(frozen=True)
class Props:
    """What the scenes are played with."""

    api: Api
    fake_youtube: FakeYoutubeControl
    list_id: str
    """Of a list with a video in every state that lasts."""
    empty_id: str
    lists: frozenset[str]
    """These two, and another."""

    @classmethod
    async def ready(cls, api: Api, fake_youtube: FakeYoutubeControl) -> "Props":
        """Lists, videos, and a channel that is followed."""
        another_id = await api.create_list("Lectures about tides, bridges and everything in between")
        empty_id = await api.create_list("Read later")
        videos = (*FILMS, "demoGerman_", "demoPrivate", "demoNoCaps_", "demoCaption")
        list_id = await list_with(api, *videos, name="Harbour evenings")
        for youtube_id in ("demoUpNext_", "demoLiveNow"):
            await api.add(list_id, youtube_id)
        follow = {"source": "https://www.youtube.com/@harbourmaster", "list_id": empty_id}
        (await api.http.post("/subscriptions", json=follow)).raise_for_status()
        return cls(api, fake_youtube, list_id, empty_id, frozenset({list_id, empty_id, another_id}))

    async def stall(self, **fault: object) -> None:
        """Let the fake YouTube think for long about some requests."""
        (await self.fake_youtube.http.post("/faults", json={"stall_seconds": HOLD_SECONDS, **fault})).raise_for_status()

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
            await self.fake_youtube.clear_faults()
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
            await self.fake_youtube.clear_faults()
            (await self.api.http.delete(f"/lists/{list_id}")).raise_for_status()


Playing = AbstractAsyncContextManager[Page]
Scene = Callable[[Person, Props], Playing]
SCENES: dict[str, Scene] = {}
"""By their names."""
PHONE_ONLY: set[str] = set()
"""Those of them that need a narrow window."""


def scene(play: Callable[[Person, Props], AsyncIterator[Page]]) -> None:
    """Put a scene on the list."""
    SCENES[_name(play)] = asynccontextmanager(play)


def phone_scene(play: Callable[[Person, Props], AsyncIterator[Page]]) -> None:
    """Put a scene on the list that is to be seen on phones only."""
    PHONE_ONLY.add(_name(play))
    scene(play)


def _name(play: Callable[[Person, Props], AsyncIterator[Page]]) -> str:
    return play.__name__.strip("_").replace("_", "-")


async def open_list(person: Person, props: Props) -> Page:
    """A tab with the list of everything that lasts."""
    page = await person.open(f"/lists/{props.list_id}")
    await expect(cards(page, "complete").first).to_be_visible()
    return page
