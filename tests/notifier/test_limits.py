"""Clients that send too much, and those beside them."""

import asyncio
import json
from contextlib import suppress
from uuid import uuid4

import pytest
from websockets.exceptions import ConnectionClosed

from services.notifier.limits import (
    MAX_FRAGMENTS,
    MAX_FRAMES_AT_ONCE,
    MAX_VIDEOS_AT_ONCE,
    Allowance,
    LimitedConnection,
)
from services.notifier.protocol import MAX_SUBSCRIBED_VIDEOS, parse
from services.notifier.server import Notifier
from shared.http.limits import MAX_HEAD_BYTES, ConnectionLimit
from tests.notifier.support import Browser, Library
from tests.support.waiting import PATIENCE_SECONDS

VIDEO = "aaaaaaaaaaa"


async def closed_with(browser: Browser) -> int:
    """The close code, after everything else was read."""
    with suppress(ConnectionClosed):
        while True:
            await browser.receive()
    assert browser.socket.close_code is not None
    return browser.socket.close_code


async def flood(browser: Browser, message: str, count: int) -> None:
    with suppress(ConnectionClosed):
        for _ in range(count):
            await browser.socket.send(message)


def test_an_allowance_fills_up_again() -> None:
    now = [0.0]
    allowance = Allowance(at_once=10, per_second=2, clock=lambda: now[0])
    assert allowance.spend(10)
    assert not allowance.spend(1)
    now[0] = 100
    assert allowance.spend(10)
    now[0] = 102
    assert allowance.spend(4)
    assert not allowance.spend(1)


@pytest.mark.parametrize(
    ("message", "count"),
    [
        ('{"type": "ping"}', 3 * MAX_FRAMES_AT_ONCE),
        ("nonsense", 3 * MAX_FRAMES_AT_ONCE),
        (json.dumps({"type": "subscribe", "video_ids": [str(uuid4())] * MAX_SUBSCRIBED_VIDEOS}), 60),
        ('{"type": "resume", "since": 0}', 100),
    ],
    ids=["ping", "nonsense", "subscribe", "resume"],
)
async def test_a_flood_is_closed_and_others_stay(
    notifier: Notifier, library: Library, message: str, count: int
) -> None:
    async with Browser(notifier.port) as calm, Browser(notifier.port, max_queue=None) as flooding:
        await calm.receive()
        sending = asyncio.create_task(flood(flooding, message, count))
        assert await closed_with(flooding) == 4429
        await sending
        event = await library.add(VIDEO)
        assert (await calm.receive())["seq"] == event.message.seq
        await calm.assert_silent()


async def test_of_many_frames_at_once_few_are_parsed(notifier: Notifier) -> None:
    """They would hold up everybody else."""
    reader, writer = await asyncio.open_connection("127.0.0.1", notifier.port, limit=2**20)
    writer.write(
        b"GET /api/ws/progress HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    async with asyncio.timeout(PATIENCE_SECONDS):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"\x89\x80\0\0\0\0" * 40_000)  # empty pings
        received = await reader.readuntil(b"too much")
    assert received.count(b"\x8a\0") < 2_000
    writer.close()


async def test_frames_of_a_message_that_never_ends_count(notifier: Notifier) -> None:
    async with Browser(notifier.port) as browser:
        await browser.receive()
        browser.socket.protocol.send_text(b"{", fin=False)
        for _ in range(MAX_FRAGMENTS):
            browser.socket.protocol.send_continuation(b"", fin=False)
        browser.socket.send_data()
        assert await closed_with(browser) == 4429


async def test_a_message_in_a_few_fragments_is_understood(notifier: Notifier) -> None:
    async with Browser(notifier.port) as browser:
        await browser.receive()
        await browser.socket.send(iter(['{"type":', '"ping"', "}"]))
        assert await browser.receive() == {"type": "pong"}


async def test_a_page_of_many_videos_is_within_the_limits(notifier: Notifier) -> None:
    async with Browser(notifier.port) as browser:
        await browser.receive()
        for _ in range(MAX_VIDEOS_AT_ONCE // MAX_SUBSCRIBED_VIDEOS):
            await browser.send(type="subscribe", video_ids=[str(uuid4())] * MAX_SUBSCRIBED_VIDEOS)
            assert (await browser.receive())["type"] == "snapshot"


def test_many_wrong_ids_are_one_problem() -> None:
    """Each of them would be described before the first one is shown."""
    message = parse('{"type": "subscribe", "video_ids": [' + "0," * 999 + "0]}")
    assert message.model_dump()["code"] == "invalid_fields"


@pytest.mark.parametrize("target", ["//[", "//[/healthz", "/healthz%5b?[", "http://["])
async def test_a_strange_target_is_not_found(notifier: Notifier, target: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", notifier.port)
    writer.write(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert int((await reader.readline()).split()[1]) == 404
    writer.close()


async def test_a_giant_head_ends_the_connection(notifier: Notifier) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", notifier.port)
    line = b"X-Filler: " + b"a" * 4000 + b"\r\n"
    async with asyncio.timeout(PATIENCE_SECONDS):
        with suppress(ConnectionError):
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n" + line * (MAX_HEAD_BYTES // len(line) + 1))
            await writer.drain()
            assert await reader.read() == b""
    writer.close()


async def test_silent_connections_keep_nobody_out(notifier: Notifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LimitedConnection, "_limit", ConnectionLimit(2))
    silent = [await asyncio.open_connection("127.0.0.1", notifier.port) for _ in range(2)]
    async with Browser(notifier.port) as browser:
        assert (await browser.receive())["type"] == "snapshot"
        async with asyncio.timeout(PATIENCE_SECONDS):
            with suppress(ConnectionError):
                assert await silent[0][0].read() == b""
    for _, writer in silent:
        writer.close()
