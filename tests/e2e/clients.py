"""What talks to the running product: an API client, a browser that is never closed, and the fake YouTube's control."""

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from fakes.youtube import Kind
from fakes.youtube.generate import captioned_ids
from tests.notifier.support import Browser
from tests.support.waiting import eventually

Json = dict[str, Any]
IMPORT_SECONDS = 300
"""For imports to end on a busy machine, retries after a crash included; a few seconds otherwise."""
RECONNECT_SECONDS = 0.1
HOLD_SECONDS = 18
"""Any longer, and an import takes YouTube for unreachable; the next request is held again."""

_captioned_ids = captioned_ids("e2e")


def new_ids(count: int) -> list[str]:
    """Ids of invented videos with captions that no test has used before."""
    return list(itertools.islice(_captioned_ids, count))


@dataclass(frozen=True)
class Api:
    """The product's API."""

    http: httpx.AsyncClient

    async def get(self, path: str, **parameters: str | int) -> Any:
        """The JSON of a GET that has to succeed."""
        answer = await self.http.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def create_list(self, name: str = "Harbour") -> str:
        """The id of a new list."""
        answer = await self.http.post("/lists", json={"name": name})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def add(self, list_id: str, youtube_id: str) -> Json:
        """The answer to a video's POST, which has to be 201."""
        url = f"https://www.youtube.com/watch?v={youtube_id}"
        answer = await self.http.post(f"/lists/{list_id}/videos", json={"url": url})
        assert answer.status_code == 201, answer.text
        video: Json = answer.json()
        return video

    async def stages(self, list_id: str) -> Counter[str]:
        """How many videos of a list are at each stage."""
        page = await self.get(f"/lists/{list_id}/videos", limit=200)
        return Counter(video["import_stage"] for video in page["items"])

    async def until_complete(self, *list_ids: str) -> None:
        """Wait until every video of the lists is imported."""

        async def are_complete() -> bool:
            stages = sum([await self.stages(list_id) for list_id in list_ids], Counter[str]())
            assert set(stages) == {"complete"}, stages
            return True

        await eventually(are_complete, within_seconds=IMPORT_SECONDS)

    async def events(self, since: int = 0) -> list[Json]:
        """Every event after a seq."""
        events: list[Json] = []
        has_more = True
        while has_more:
            page = await self.get("/events", since=since, limit=1000)
            events += page["items"]
            since, has_more = page["next_since"], page["has_more"]
        return events


@dataclass(frozen=True)
class FakeYoutubeControl:
    """The control interface of the fake YouTube's process."""

    http: httpx.AsyncClient

    async def requests(self) -> dict[str, Counter[Kind]]:
        """How many requests of each kind there were for each video."""
        counted: dict[str, Counter[Kind]] = {}
        for request in (await self.http.get("/requests")).json():
            counted.setdefault(request["youtube_id"], Counter())[Kind(request["kind"])] += 1
        return counted

    async def slow_down(self, seconds: float) -> None:
        """Let every answer from now on take that long."""
        (await self.http.post("/faults", json={"stall_seconds": seconds})).raise_for_status()

    async def hold(self, youtube_ids: Iterable[str], kind: Kind | None = None) -> None:
        """Let requests for these videos wait until `clear_faults`: the imports stay under way however slow we are."""
        for youtube_id in youtube_ids:
            fault = {"youtube_id": youtube_id, "kind": kind, "stall_seconds": HOLD_SECONDS}
            (await self.http.post("/faults", json=fault)).raise_for_status()

    async def clear_faults(self) -> None:
        """Answer as usual, and whatever waits at once."""
        (await self.http.delete("/faults")).raise_for_status()


@dataclass
class OpenTab:
    """A browser tab that stays open: whenever it is cut off it connects again and asks for what it missed."""

    url: str
    events: list[Json] = field(default_factory=list)
    connections: int = 0
    first_seq: int = 0
    """The newest event when the tab was opened; it gets everything after."""
    is_current: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while connected, once everything that was missed has been received."""

    @classmethod
    @asynccontextmanager
    async def opened(cls, url: str) -> AsyncIterator["OpenTab"]:
        """A tab that is connected."""
        tab = cls(url)
        reading = asyncio.create_task(tab._read())
        try:
            await tab.until_current()
            yield tab
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading

    async def until_current(self) -> None:
        """Wait until it is connected and knows what it missed."""
        async with asyncio.timeout(IMPORT_SECONDS):
            await self.is_current.wait()

    async def until_received(self, count: int) -> None:
        """Wait for a number of events, and for whatever comes on top of them."""

        async def is_received() -> bool:
            assert len(self.events) >= count, f"{len(self.events)} of {count} events"
            return True

        await eventually(is_received)

    async def _read(self) -> None:
        while True:
            with suppress(ConnectionClosed, InvalidHandshake, OSError):
                async with Browser(urlsplit(self.url).port or 0) as browser:
                    await self._converse(browser)
            self.is_current.clear()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _converse(self, browser: Browser) -> None:
        snapshot = await browser.receive()
        self.connections += 1
        if self.connections == 1:
            self.first_seq = snapshot["seq"]
        await browser.send(type="resume", since=max((event["seq"] for event in self.events), default=self.first_seq))
        await browser.send(type="ping")  # its answer comes after everything that was missed
        async for data in browser.socket:
            message = json.loads(data)
            if message["type"] == "pong":
                self.is_current.set()
            elif message["type"] != "snapshot" and message.get("seq") is not None:
                self.events.append(message)
