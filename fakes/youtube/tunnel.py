"""A CONNECT proxy that connects every YouTube host to the fake YouTube and refuses all others."""

import asyncio
import contextlib
import socket

from fakes.youtube.routes import is_served

_CHUNK_BYTES = 1 << 16
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_REFUSED = b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Tunnel:
    """Handles one client connection per call."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read the CONNECT request, then carry bytes both ways until one side is done."""
        # Nobody awaits this task: Python 3.11 would report its cancellation at the end of the loop as an error.
        quiet = (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError)
        with contextlib.suppress(*quiet):
            try:
                await self._connect(reader, writer)
            finally:
                writer.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, _, rest = head.partition(b" ")
        host = rest.partition(b" ")[0].rpartition(b":")[0].decode("latin-1")
        if method != b"CONNECT" or not is_served(host):
            writer.write(_REFUSED)
            await writer.drain()
            return
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        writer.write(_ESTABLISHED)
        await asyncio.gather(_carry(reader, upstream_writer, quick=writer), _carry(upstream_reader, writer))


async def _carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, quick: asyncio.StreamWriter | None = None
) -> None:
    """Copy until the source ends, then end the sink; `quick` is the connection to acknowledge at once."""
    try:
        while chunk := await reader.read(_CHUNK_BYTES):
            if quick is not None:
                _acknowledge_at_once(quick)
            writer.write(chunk)
            await writer.drain()
    finally:
        writer.close()


def _acknowledge_at_once(writer: asyncio.StreamWriter) -> None:
    """Clients send a POST in two parts and wait for the ACK of the first: a delayed one costs 40 ms (Linux only).

    The kernel falls back to delayed ACKs by itself, so this is said again after each read.
    """
    if hasattr(socket, "TCP_QUICKACK"):
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
