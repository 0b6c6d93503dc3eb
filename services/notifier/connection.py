"""The outgoing side of one connection. Nothing here waits for a slow client.

What a client has not read yet waits in its connection, at most `MAX_BACKLOG_BYTES`. A client that falls further
behind is closed with code 4408 "too slow" at once; it connects again and resumes, and no other client is delayed.
"""

import asyncio

from websockets.asyncio.server import ServerConnection, broadcast

from shared.i18n.languages import Language

TOO_SLOW = 4408
"""Close code: the client did not read fast enough."""
MAX_BACKLOG_BYTES = 2**20
WRITE_LIMIT_BYTES = 2 * MAX_BACKLOG_BYTES
"""Above the backlog, so that the library never reaches this limit, at which even pings and closing would wait."""
READ_SECONDS = 20.0
"""How long a client may take to read a page of missed events."""


class Connection:
    """Sends to one client, and buffers events while a snapshot or missed events go first."""

    def __init__(self, socket: ServerConnection, language: Language) -> None:
        self._socket = socket
        self._language = language
        self._start = 0
        self._buffer: list[tuple[int, bytes]] | None = []
        self._buffered_bytes = 0
        self._drop: asyncio.Task[None] | None = None

    @property
    def language(self) -> Language:
        """The language of this client's texts."""
        return self._language

    @property
    def start(self) -> int:
        """Events after this seq are sent live, events up to it only when they are asked for."""
        return self._start

    def begin(self, start: int) -> None:
        """Set where live events begin. Until then everything is buffered."""
        self._start = start

    def deliver(self, seq: int | None, text: bytes) -> None:
        """Send a live event, or buffer it; sub-progress (no `seq`) is not worth buffering."""
        if self._drop is not None or (seq is not None and seq <= self._start):
            return
        if self._buffer is None:
            self.send(text)
        elif seq is not None:
            self._buffer.append((seq, text))
            self._buffered_bytes += len(text)
            self._drop_if_too_slow()

    def buffer(self) -> None:
        """Buffer live events from now on."""
        if self._buffer is None:
            self._buffer = []

    def flush_buffer(self, up_to: int | None = None) -> None:
        """Send buffered events: those up to a seq, or all, after which live events are sent at once again."""
        buffered, self._buffer, self._buffered_bytes = self._buffer or [], None, 0
        for seq, text in buffered:
            if seq > self._start and (up_to is None or seq <= up_to):
                self.send(text)
        if up_to is not None:
            self._buffer = [(seq, text) for seq, text in buffered if seq > up_to]
            self._buffered_bytes = sum(len(text) for _, text in self._buffer)

    def send(self, text: bytes) -> None:
        """Send a message ahead of everything in the buffer. Does nothing once the connection is closing."""
        if self._drop is None:
            broadcast((self._socket,), text, text=True)
            self._drop_if_too_slow()

    async def wait_until_read(self) -> None:
        """Wait until the client has read everything sent so far; close the connection of one that is too slow.

        A client reads in order, so its answer to a ping comes after that. Raises ConnectionClosed.
        """
        try:
            async with asyncio.timeout(READ_SECONDS):
                await (await self._socket.ping())
        except TimeoutError:
            self._close_as_too_slow()

    def _drop_if_too_slow(self) -> None:
        if self._socket.transport.get_write_buffer_size() + self._buffered_bytes > MAX_BACKLOG_BYTES:
            self._close_as_too_slow()

    def _close_as_too_slow(self) -> None:
        if self._drop is None:
            self._buffer, self._buffered_bytes = None, 0
            self._drop = asyncio.create_task(self._socket.close(TOO_SLOW, "too slow"), name="drop slow client")
