"""An HTTP server whose clients are slow, silent and endless."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from shared.http import server
from shared.http.limits import MAX_HEAD_BYTES, MAX_HEADERS, MAX_TARGET_BYTES, ConnectionLimit
from shared.http.server import LimitedProtocol
from tests.support.waiting import PATIENCE_SECONDS, eventually

SHORT = 0.2
REQUEST = b"GET / HTTP/1.1\r\nHost: here\r\n"


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Echoes bodies; at /early it answers before the body, at /endless it never ends."""
    request = Request(scope, receive)
    match request.url.path:
        case "/early":
            response: PlainTextResponse | StreamingResponse = PlainTextResponse("early")
        case "/endless":
            response = StreamingResponse(_endless())
        case _:
            response = PlainTextResponse(f"read {len(await request.body())}")
    await response(scope, receive, send)


async def _endless() -> AsyncIterator[bytes]:
    while True:
        yield b"x" * 65_536
        await asyncio.sleep(0)  # a turn for others, as a database gives it


class Client:
    """Speaks to the server in bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def status(self) -> int:
        """Of the next response, whose short body is read, too."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            head = await self.reader.readuntil(b"\r\n\r\n")
            if b"content-length: " in head.lower():
                await self.reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split()[0]))
        return int(head.split()[1])

    async def is_closed(self) -> bool:
        """Read to the end."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            with suppress(ConnectionError):
                while await self.reader.read(65_536):
                    pass
        return True


@pytest.fixture
def state() -> ServerState:
    """What a server knows of its connections."""
    return ServerState()


@pytest.fixture
async def port(state: ServerState, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    """A server's port."""
    monkeypatch.setattr(LimitedProtocol, "_limit", ConnectionLimit(5))
    config = uvicorn.Config(app, http=LimitedProtocol, ws="none", lifespan="off", log_config=None)
    config.load()
    listening = await asyncio.get_running_loop().create_server(
        lambda: LimitedProtocol(config, state, {}), "127.0.0.1", 0
    )
    yield listening.sockets[0].getsockname()[1]
    listening.close()
    for connection in list(state.connections):
        connection.transport.abort()


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()


async def test_requests_follow_each_other(port: int) -> None:
    async with connected(port) as client:
        for _ in range(3):
            client.send(REQUEST + b"\r\n")
            assert await client.status() == 200
        client.send(2 * (REQUEST + b"\r\n"))
        assert [await client.status(), await client.status()] == [200, 200]


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /" + b"a" * MAX_TARGET_BYTES, 414),
        (REQUEST + b"X: " + b"a" * (MAX_HEAD_BYTES - len(REQUEST) - 2), 431),
        (REQUEST + b"X: a\r\n" * MAX_HEADERS + b"\r\n", 431),
        (REQUEST + b"".join(b"X%d: %s\r\n" % (n, b"a" * 4096) for n in range(MAX_HEAD_BYTES // 4096 + 1)), 431),
        (b"NONSENSE\r\n\r\n", 400),
    ],
    ids=["target", "one header", "many headers", "large headers", "nonsense"],
)
async def test_a_giant_head_is_refused(port: int, head: bytes, status: int) -> None:
    async with connected(port) as client:
        client.send(head)
        assert await client.status() == status
        assert await client.is_closed()


async def test_endless_trailers_end_the_connection(port: int) -> None:
    async with connected(port) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX: ")
        with suppress(ConnectionError):
            for _ in range(64):
                client.send(b"a" * 65_536)
                await client.writer.drain()
        assert await client.is_closed()


@pytest.mark.parametrize("begun", [b"", b"GET", REQUEST, b"\r\n\r\n"], ids=["silent", "line", "headers", "blank"])
async def test_a_head_has_a_deadline(port: int, monkeypatch: pytest.MonkeyPatch, begun: bytes) -> None:
    monkeypatch.setattr(server, "HEAD_SECONDS", SHORT)
    async with connected(port) as client:
        client.send(begun)
        assert await client.is_closed()


async def test_so_has_the_head_of_a_later_request(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    async with connected(port) as client:
        client.send(REQUEST + b"\r\n")
        assert await client.status() == 200
        monkeypatch.setattr(server, "HEAD_SECONDS", SHORT)
        client.send(REQUEST)
        assert await client.is_closed()


async def test_and_a_body_that_nobody_waits_for(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEAD_SECONDS", SHORT)
    async with connected(port) as client:
        client.send(b"POST /early HTTP/1.1\r\nHost: here\r\nContent-Length: 1000000\r\n\r\nx")
        assert await client.status() == 200
        assert await client.is_closed()


async def test_a_body_that_is_read_takes_as_long_as_the_application_allows(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "HEAD_SECONDS", SHORT)
    async with connected(port) as client:
        client.send(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\nx")
        await asyncio.sleep(2 * SHORT)
        client.send(b"x")
        assert await client.status() == 200


async def test_a_client_that_reads_nothing_is_given_up(
    port: int, state: ServerState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "UNREAD_SECONDS", SHORT)

    async def is_given_up() -> bool:
        return not state.connections

    async with connected(port) as client:
        client.send(b"GET /endless HTTP/1.1\r\nHost: here\r\n\r\n")
        await client.reader.readuntil(b"\r\n\r\n")
        await eventually(is_given_up)


class SlowReader(asyncio.Transport):
    """A connection whose client reads a little of a response at a time, and at last nothing more."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 5)})
        self.left = iter([5, 4, 3, 3])
        self.aborted = asyncio.Event()

    def get_write_buffer_size(self) -> int:
        return next(self.left)

    def abort(self) -> None:
        self.aborted.set()

    def close(self) -> None:
        """Nothing to do."""


async def test_one_that_reads_slowly_is_not(state: ServerState, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "UNREAD_SECONDS", 0.01)
    config = uvicorn.Config(app, http=LimitedProtocol, ws="none", lifespan="off", log_config=None)
    config.load()
    protocol, transport = LimitedProtocol(config, state, {}), SlowReader()
    protocol.connection_made(transport)
    protocol.pause_writing()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await transport.aborted.wait()
    assert list(transport.left) == []
    protocol.connection_lost(None)


async def test_silent_connections_keep_nobody_out(port: int) -> None:
    async with connected(port) as oldest, connected(port), connected(port), connected(port), connected(port):
        async with connected(port) as client:
            client.send(REQUEST + b"\r\n")
            assert await client.status() == 200
        assert await oldest.is_closed()
