"""The outgoing side of one connection: nothing here ever waits for a slow client.

What a client has not read yet waits in its connection, at most `MAX_BACKLOG_BYTES`. A client that falls further
behind is closed with code 4408 "too slow" at once; it connects again and resumes, and nobody else is delayed.
"""

import asyncio

from websockets.asyncio.server import ServerConnection, broadcast

from shared.contracts.texts import Language

TOO_SLOW = 4408
"""Close code: the client did not read fast enough."""
MAX_BACKLOG_BYTES = 2**20
WRITE_LIMIT_BYTES = 2 * MAX_BACKLOG_BYTES
"""Above the backlog: the library, which would wait at this limit (even with pings and when closing), never does."""
READ_SECONDS = 20.0
"""How long a client may take to read a page of missed events."""


class Connection:
    """Sends to one client, and holds events back while a snapshot or missed events go first."""

    def __init__(self, socket: ServerConnection, language: Language) -> None:
        self._socket = socket
        self._language = language
        self._start = 0
        self._held: list[tuple[int, bytes]] | None = []
        self._held_bytes = 0
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
        """Set where live events begin. Until then everything is held."""
        self._start = start

    def deliver(self, seq: int | None, text: bytes) -> None:
        """Send a live event, or hold it; sub-progress (no `seq`) is not worth holding."""
        if self._drop is not None or (seq is not None and seq <= self._start):
            return
        if self._held is None:
            self.send(text)
        elif seq is not None:
            self._held.append((seq, text))
            self._held_bytes += len(text)
            self._drop_if_too_slow()

    def hold(self) -> None:
        """Keep live events back from now on."""
        if self._held is None:
            self._held = []

    def release(self, up_to: int | None = None) -> None:
        """Send held events, those up to a seq or all; after all, live events go out at once again."""
        held, self._held, self._held_bytes = self._held or [], None, 0
        for seq, text in held:
            if seq > self._start and (up_to is None or seq <= up_to):
                self.send(text)
        if up_to is not None:
            self._held = [(seq, text) for seq, text in held if seq > up_to]
            self._held_bytes = sum(len(text) for _, text in self._held)

    def send(self, text: bytes) -> None:
        """Send a message ahead of everything held. Does nothing once the connection is closing."""
        if self._drop is None:
            broadcast((self._socket,), text, text=True)
            self._drop_if_too_slow()

    async def flush(self) -> None:
        """Wait until the client has read everything sent so far; one that does not is dropped as too slow.

        Its answer to a ping tells, because it reads in order. Raises ConnectionClosed.
        """
        try:
            async with asyncio.timeout(READ_SECONDS):
                await (await self._socket.ping())
        except TimeoutError:
            self._close_as_too_slow()

    def _drop_if_too_slow(self) -> None:
        if self._socket.transport.get_write_buffer_size() + self._held_bytes > MAX_BACKLOG_BYTES:
            self._close_as_too_slow()

    def _close_as_too_slow(self) -> None:
        if self._drop is None:
            self._held, self._held_bytes = None, 0
            self._drop = asyncio.create_task(self._socket.close(TOO_SLOW, "too slow"), name="drop slow client")
