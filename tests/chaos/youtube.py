"""What the harness tells the fake YouTube, and asks it afterwards."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import httpx
from pydantic import TypeAdapter

from fakes.youtube import FakeList, FakeVideo, Kind, VideoState
from fakes.youtube.generate import invent

_VIDEO: TypeAdapter[FakeVideo] = TypeAdapter(FakeVideo)
_LIST: TypeAdapter[FakeList] = TypeAdapter(FakeList)
_BY_BROWSERS = frozenset({Kind.THUMBNAIL})


@dataclass(frozen=True)
class YoutubeControl:
    """The control interface of the fake YouTube's process, which no fault reaches."""

    http: httpx.AsyncClient

    async def slow_down(self, seconds: float) -> None:
        """Let every answer take that long."""
        await self._post("/faults", {"stall_seconds": seconds})

    async def show(self, youtube_id: str, state: VideoState, starts_at: datetime | None = None) -> None:
        """Let an invented video be in this state from now on."""
        video = invent(youtube_id)
        if video is None:
            raise ValueError(f"{youtube_id} is not the id of a video")
        changed = replace(video, state=state, starts_at=starts_at)
        await self._post("/videos", _VIDEO.dump_python(changed, mode="json", exclude={"audios"}))

    async def show_list(self, list_id: str, youtube_ids: Sequence[str], deleted: Collection[str]) -> None:
        """Have a playlist."""
        changed = FakeList(list_id, youtube_ids=tuple(youtube_ids), deleted=frozenset(deleted))
        await self._post("/lists", _LIST.dump_python(changed, mode="json"))

    async def request_count(self) -> int:
        """How many requests the product has made."""
        answer = await self.http.get("/requests")
        answer.raise_for_status()
        return sum(Kind(request["kind"]) not in _BY_BROWSERS for request in answer.json())

    async def _post(self, path: str, body: Any) -> None:
        (await self.http.post(path, json=body)).raise_for_status()
