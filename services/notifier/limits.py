"""Limits on what one client may send (docs/reference/limits.md); `shared.http.limits` has those of connections.

A client that goes beyond them is closed with code 4429 "too much". Frames are counted before they become messages:
pings and fragments of a message that never ends are frames, too.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode

from shared.http.limits import MAX_HEAD_BYTES, ConnectionLimit, address_of

TOO_MUCH = 4429
"""Close code: the client sent more than it may."""
MAX_MESSAGE_BYTES = 64 * 1024
"""Longer messages end the connection (close code 1009)."""
MAX_FRAGMENTS = 64
"""Of one message."""
FRAMES_PER_SECOND, MAX_FRAMES_AT_ONCE = 20, 100
VIDEOS_PER_SECOND, MAX_VIDEOS_AT_ONCE = 100, 5_000
"""Ids in `subscribe`."""
VIDEOS_PER_RESUME = 500
"""What a `resume` counts as."""
MAX_READS_PER_USER = 4
"""Snapshots and pages of missed events that are read and sent at once for one user; others wait for their turn."""
CUT_OFF_SECONDS = 10.0
"""How long a connection that is closed for what the client sends is kept without reading: else it would come back."""
_PIECE_BYTES = 4096
"""What is parsed at once: of tiny frames a quarter of a megabyte, which one read may be, takes a third of a second."""


class Allowance:
    """So much at once, and so much per second in the long run."""

    def __init__(self, at_once: float, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._at_once = at_once
        self._per_second = per_second
        self._clock = clock
        self._left = at_once
        self._at = clock()

    def spend(self, amount: float) -> bool:
        """Take `amount`; False if so much is not left."""
        now = self._clock()
        self._left = min(self._at_once, self._left + (now - self._at) * self._per_second) - amount
        self._at = now
        return self._left >= 0


class LimitedConnection(ServerConnection):
    """A connection whose head and frames are limited."""

    _limit = ConnectionLimit()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.videos = Allowance(MAX_VIDEOS_AT_ONCE, VIDEOS_PER_SECOND)
        self._frames = Allowance(MAX_FRAMES_AT_ONCE, FRAMES_PER_SECOND)
        self._head_bytes = 0
        self._fragments = 0
        self._is_cut_off = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection."""
        super().connection_made(transport)
        self._limit.opened(address_of(transport.get_extra_info("peername")), self.transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        self._limit.closed(self.transport)

    def data_received(self, data: bytes) -> None:
        """Parse what a client sends. The library limits lines and headers, `open_timeout` the time."""
        for start in range(0, len(data), _PIECE_BYTES):
            self._parse(data[start : start + _PIECE_BYTES])

    def _parse(self, data: bytes) -> None:
        if self._is_cut_off:
            return
        if self.request is None:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self.transport.abort()
                return
        super().data_received(data)
        if self.protocol.close_sent is not None and self.protocol.close_rcvd is None and self.protocol.eof_sent:
            self._hold()  # the library has refused a frame

    def process_event(self, event: Any) -> None:
        """Take the request, then frames."""
        if self._is_cut_off:
            return
        if self.request is None:
            self._limit.in_use(self.transport)
        elif isinstance(event, Frame) and not self._may_send(event):
            self.cut_off()
            return
        super().process_event(event)

    def cut_off(self) -> None:
        """Close with `TOO_MUCH`, and read nothing more: what a client goes on sending stays on its side."""
        if self._is_cut_off:
            return
        self.protocol.fail(TOO_MUCH, "too much")
        self.send_data()
        self._hold()

    def _hold(self) -> None:
        self._is_cut_off = True
        self.recv_messages.close()
        self.transport.pause_reading()
        self.loop.call_later(CUT_OFF_SECONDS, self.transport.abort)

    def _may_send(self, frame: Frame) -> bool:
        if frame.opcode in {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}:
            self._fragments = 0 if frame.fin else self._fragments + 1
        return self._fragments <= MAX_FRAGMENTS and self._frames.spend(1)
