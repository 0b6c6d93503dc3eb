"""A TCP proxy between the services and one of their servers, which can be cut."""

import asyncio
import socket
import struct
from contextlib import AbstractAsyncContextManager, suppress
from enum import StrEnum
from types import TracebackType

LOOPBACK = "127.0.0.1"
CHUNK_BYTES = 65_536
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER: closing sends RST at once instead of FIN."""


class Cut(StrEnum):
    """How a connection is cut."""

    REFUSED = "refused"
    """Open connections are reset and new ones refused, as if the server were gone."""
    SILENT = "silent"
    """Nothing passes and nobody is told, as if packets were dropped. Once healed, connections continue."""
    LOST = "lost"
    """As SILENT, but the connections that were open or opened meanwhile are reset when it is healed."""


class Proxy(AbstractAsyncContextManager["Proxy"]):
    """Passes every connection to `port` on to `target_port`; both are on this machine."""

    def __init__(self, port: int, target_port: int) -> None:
        self.port = port
        self._target_port = target_port
        self._server: asyncio.Server | None = None
        self._is_passing = asyncio.Event()
        self._is_passing.set()
        self._relays: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Proxy":
        await self._listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop_listening()
        await self._end_relays()

    async def cut(self, how: Cut, seconds: float) -> None:
        """Cut every connection, and heal it after some seconds."""
        if how is Cut.REFUSED:
            self._stop_listening()
            await self._end_relays()
        else:
            self._is_passing.clear()
        try:
            await asyncio.sleep(seconds)
        finally:
            if how is Cut.LOST:
                await self._end_relays()
            self._is_passing.set()
            if how is Cut.REFUSED:
                await self._listen()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, LOOPBACK, self.port)

    def _stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("asyncio runs each connection in a task")
        self._relays.add(task)
        try:
            await self._relay(reader, writer)
        except (OSError, asyncio.CancelledError):
            _reset(writer)
        finally:
            self._relays.discard(task)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass data on in both directions until either side has ended."""
        await self._is_passing.wait()
        target_reader, target_writer = await asyncio.open_connection(LOOPBACK, self._target_port)
        pumps = [
            asyncio.create_task(self._pump(reader, target_writer)),
            asyncio.create_task(self._pump(target_reader, writer)),
        ]
        try:
            done, _ = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in done:
                await pump
        except (OSError, asyncio.CancelledError):
            _reset(target_writer)
            raise
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for each in (writer, target_writer):
                each.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass data on in one direction. While the connection is cut silently, its end is not passed on either."""
        while True:
            data = await reader.read(CHUNK_BYTES)
            await self._is_passing.wait()
            if not data:
                return
            writer.write(data)
            await writer.drain()

    async def _end_relays(self) -> None:
        for relay in self._relays:
            relay.cancel()
        await asyncio.gather(*self._relays, return_exceptions=True)


def _reset(writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):  # the other side was faster
        sock: socket.socket | None = writer.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    writer.transport.abort()
