"""A browser tab that stays open: it reconnects whenever it is cut off, and asks for what it has missed."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from tests.chaos.timeline import Timeline

SNAPSHOT_SECONDS = 15
"""How long a new connection waits for its first message."""
PING_SECONDS = 5
"""How often the protocol's own ping is sent, and how long its answer may take."""
RECONNECT_SECONDS = 1.0


@dataclass
class Tab:
    """What a user's tab has received."""

    url: str
    timeline: Timeline
    first_seq: int | None = None
    """The newest event when the tab was first opened; it gets everything after."""
    seqs: list[int] = field(default_factory=list)
    """Of every event, in the order in which the tab has shown them."""
    video_ids: dict[int, str] = field(default_factory=dict)
    """Which video each event tells of."""
    repeated: list[int] = field(default_factory=list)
    """Events that were sent twice over one connection."""
    connections: int = 0

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["Tab"]:
        """Keep the tab open meanwhile."""
        reading = asyncio.create_task(self._stay_connected())
        try:
            yield self
        finally:
            reading.cancel()
            with suppress(asyncio.CancelledError):
                await reading

    async def _stay_connected(self) -> None:
        while True:
            connections = self.connections
            with suppress(WebSocketException, OSError, TimeoutError):
                async with connect(
                    self.url, proxy=None, ping_interval=PING_SECONDS, ping_timeout=PING_SECONDS, close_timeout=1
                ) as socket:
                    await self._converse(socket)
            if self.connections > connections:
                self.timeline.note("    tab: cut off")
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _converse(self, socket: ClientConnection) -> None:
        """Ask for what was missed, then listen.

        The answer to `ping` comes after everything that was missed. Live events may come before: only then is it known
        that nothing is missing, so until then they are held, and forgotten with the connection.
        """
        async with asyncio.timeout(SNAPSHOT_SECONDS):
            snapshot = json.loads(await socket.recv())
        self.connections += 1
        self.timeline.note("    tab: connected")
        if self.first_seq is None:
            self.first_seq = snapshot["seq"]
        await socket.send(json.dumps({"type": "resume", "since": self.seqs[-1] if self.seqs else self.first_seq}))
        await socket.send(json.dumps({"type": "ping"}))
        held: dict[int, Any] = {}
        is_current = False
        async for data in socket:
            message = json.loads(data)
            if message["type"] == "pong":
                is_current = True
                self._show(held)
            elif message["type"] != "snapshot" and message.get("seq") is not None:
                if message["seq"] in held:
                    self.repeated.append(message["seq"])
                held[message["seq"]] = message
                if is_current:
                    self._show({message["seq"]: message})

    def _show(self, events: dict[int, Any]) -> None:
        for seq in sorted(events):
            self.seqs.append(seq)
            self.video_ids[seq] = events[seq].get("video_id")
