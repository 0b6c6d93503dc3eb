"""What the two sides of a cut connection notice."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.chaos.proxy import LOOPBACK, Cut, Proxy
from tests.support.servers import free_port
from tests.support.waiting import eventually

NOTHING_SECONDS = 0.2
"""Long enough for data to arrive that are passed on."""


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(100):
        writer.write(data)
        await writer.drain()
    writer.close()


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    """A proxy before a server that echoes."""
    async with (
        await asyncio.start_server(echo, LOOPBACK) as server,
        Proxy(free_port(), server.sockets[0].getsockname()[1]) as proxy,
    ):
        yield proxy
        server.close()


class Peer:
    """A client of the server behind the proxy."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def of(cls, proxy: Proxy) -> "Peer":
        return cls(*await asyncio.open_connection(LOOPBACK, proxy.port))

    async def echoed(self, data: bytes) -> bytes:
        self._writer.write(data)
        return await self.received()

    async def received(self) -> bytes:
        return await self._reader.read(100)

    async def hears_nothing(self, data: bytes) -> bool:
        try:
            await asyncio.wait_for(self.echoed(data), NOTHING_SECONDS)
        except TimeoutError:
            return True
        return False


async def begun(proxy: Proxy, how: Cut) -> "asyncio.Task[None]":
    """A cut that has begun, and that lasts until its task is cancelled."""
    cutting = asyncio.create_task(proxy.cut(how, seconds=3600))
    await asyncio.sleep(0)
    return cutting


async def healed(cutting: "asyncio.Task[None]") -> None:
    cutting.cancel()
    await asyncio.gather(cutting, return_exceptions=True)


async def test_data_are_passed_on(proxy: Proxy) -> None:
    peer = await Peer.of(proxy)
    assert await peer.echoed(b"a") == b"a"
    assert await peer.echoed(b"b") == b"b"


async def test_refused(proxy: Proxy) -> None:
    peer = await Peer.of(proxy)
    assert await peer.echoed(b"a") == b"a"
    cutting = await begun(proxy, Cut.REFUSED)
    with pytest.raises(ConnectionResetError):
        await peer.received()
    with pytest.raises(ConnectionRefusedError):
        await Peer.of(proxy)
    await healed(cutting)
    assert await (await Peer.of(proxy)).echoed(b"b") == b"b"


async def test_silent(proxy: Proxy) -> None:
    peer = await Peer.of(proxy)
    assert await peer.echoed(b"a") == b"a"
    cutting = await begun(proxy, Cut.SILENT)
    late = await Peer.of(proxy)
    assert await peer.hears_nothing(b"b")
    assert await late.hears_nothing(b"c")
    await healed(cutting)
    assert await peer.received() == b"b"
    assert await late.received() == b"c"


async def test_lost(proxy: Proxy) -> None:
    peer = await Peer.of(proxy)
    assert await peer.echoed(b"a") == b"a"
    cutting = await begun(proxy, Cut.LOST)
    assert await peer.hears_nothing(b"b")
    await healed(cutting)
    with pytest.raises(ConnectionResetError):
        await peer.received()
    assert await (await Peer.of(proxy)).echoed(b"c") == b"c"


async def test_an_end_is_not_passed_on_while_the_connection_is_silent() -> None:
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"a")
        await reader.read()
        ended.set()
        writer.close()

    async with (
        await asyncio.start_server(serve, LOOPBACK) as server,
        Proxy(free_port(), server.sockets[0].getsockname()[1]) as proxy,
    ):
        reader, writer = await asyncio.open_connection(LOOPBACK, proxy.port)
        assert await reader.read(100) == b"a"
        cutting = await begun(proxy, Cut.SILENT)
        writer.close()
        await asyncio.sleep(NOTHING_SECONDS)
        assert not ended.is_set()
        await healed(cutting)

        async def has_ended() -> bool:
            return ended.is_set()

        await eventually(has_ended)
