"""Connecting, misunderstandings, slow clients, health, and the end."""

import asyncio
import json
import socket

import asyncpg
import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from websockets.exceptions import ConnectionClosed, InvalidStatus

from services.notifier import server
from services.notifier.server import Notifier
from services.stack.postgres import EmbeddedPostgres
from shared.db.engine import create_engine
from shared.settings import Settings
from shared.temporal.client import connect
from tests.notifier.support import Browser, Library
from tests.support.servers import free_port
from tests.support.waiting import PATIENCE_SECONDS, eventually

VIDEO = "aaaaaaaaaaa"


async def receive_for_ever(browser: Browser) -> None:
    while True:
        await browser.receive()


async def close_code(browser: Browser) -> tuple[int, str]:
    """Read to the end."""
    with pytest.raises(ConnectionClosed) as closed:
        await receive_for_ever(browser)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("{", "invalid_json"),
        (b"\x00", "binary_message"),
        ('{"type": "shout"}', "unknown_type"),
        ('{"type": "resume"}', "invalid_fields"),
    ],
)
async def test_a_bad_message_is_answered_and_the_connection_stays(
    notifier: Notifier, data: str | bytes, code: str
) -> None:
    async with Browser(notifier.port) as browser:
        await browser.receive()
        await browser.socket.send(data)
        problem = await browser.receive()
        assert (problem["type"], problem["code"]) == ("error", code)
        await browser.assert_silent()


async def test_a_message_beyond_measure_ends_the_connection(notifier: Notifier) -> None:
    async with Browser(notifier.port) as browser:
        await browser.receive()
        await browser.socket.send("x" * (64 * 1024 + 1))
        assert (await close_code(browser))[0] == 1009


async def test_answers_the_protocols_own_ping(notifier: Notifier) -> None:
    async with Browser(notifier.port) as browser, asyncio.timeout(PATIENCE_SECONDS):
        assert await (await browser.socket.ping()) >= 0


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Origin": "null"}],
)
async def test_other_websites_are_refused(notifier: Notifier, headers: dict[str, str]) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with Browser(notifier.port, additional_headers=headers):
            pass
    assert refused.value.response.status_code == 403


async def test_its_own_pages_are_welcome_on_any_port(notifier: Notifier) -> None:
    async with Browser(notifier.port, additional_headers={"Origin": "http://localhost:5173"}) as browser:
        assert (await browser.receive())["type"] == "snapshot"


@pytest.mark.parametrize(
    ("path", "host", "status"),
    [
        ("/", "127.0.0.1", 404),
        ("/api/ws/progress/", "127.0.0.1", 404),
        ("/api/ws/progress", "rebound.example", 403),
        ("/api/ws/progress", "127.0.0.1", 426),
        ("/healthz?from=probe", "10.0.0.7", 200),
    ],
)
async def test_plain_requests(notifier: Notifier, path: str, host: str, status: int) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        response = await http.get(f"http://127.0.0.1:{notifier.port}{path}", headers={"Host": host})
    assert response.status_code == status


async def health(notifier: Notifier) -> tuple[int, dict[str, object]]:
    async with httpx.AsyncClient(trust_env=False) as http:
        response = await http.get(f"http://127.0.0.1:{notifier.port}/healthz")
    assert response.headers["Content-Type"] == "application/json"
    return response.status_code, response.json()


@pytest.mark.usefixtures("publisher")
async def test_health_of_a_notifier_in_good_order(notifier: Notifier) -> None:
    async def feed_is_read() -> bool:
        return (await health(notifier))[1]["feed"] == "ok"

    await eventually(feed_is_read)
    async with Browser(notifier.port) as one, Browser(notifier.port) as other:
        await one.receive()
        await other.receive()
        assert await health(notifier) == (200, {"status": "ok", "connections": 2, "database": "ok", "feed": "ok"})

    async def all_left() -> bool:
        return (await health(notifier))[1]["connections"] == 0

    await eventually(all_left)


async def test_a_slow_client_is_dropped_without_harm_to_others(
    any_port: Settings, engine: AsyncEngine, client: Client, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "CLOSE_SECONDS", PATIENCE_SECONDS)  # it reads only when the fast one has all of it
    first = (await library.add(VIDEO)).message.seq or 0
    count = 12_000
    async with Notifier(any_port, engine, client) as notifier:
        with socket.create_connection(("127.0.0.1", notifier.port)) as narrow:
            narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
            async with Browser(notifier.port) as fast, Browser(notifier.port, sock=narrow, max_queue=1) as slow:
                assert (await fast.receive())["seq"] == (await slow.receive())["seq"] == first
                await library.write_events(VIDEO, count, message="x" * 800)
                assert await fast.receive_seqs(count) == list(range(first + 1, first + 1 + count))
                assert await close_code(slow) == (4408, "too slow")


async def test_stops_with_a_word(any_port: Settings, engine: AsyncEngine, client: Client) -> None:
    async with Notifier(any_port, engine, client) as notifier:
        port = notifier.port
        browser = await Browser(port).__aenter__()
        await browser.receive()
        end = asyncio.create_task(close_code(browser))
    assert (await end)[0] == 1001
    with pytest.raises(OSError, match="Connect call failed"):
        await Browser(port).__aenter__()


async def test_without_temporal_everything_comes_from_postgres(
    any_port: Settings, engine: AsyncEngine, library: Library
) -> None:
    await library.add(VIDEO)
    away = any_port.model_copy(update={"temporal_address": f"127.0.0.1:{free_port()}"})
    async with Notifier(away, engine, await connect(away)) as notifier, Browser(notifier.port) as browser:
        assert [video["youtube_id"] for video in (await browser.receive())["videos"]] == [VIDEO]
        event = await library.add("bbbbbbbbbbb")
        assert await browser.receive_seqs(1) == [event.message.seq]
        status, body = await health(notifier)
        assert (status, body["database"], body["feed"]) == (200, "ok", "away")


async def test_without_postgres_clients_are_asked_to_come_back(any_port: Settings, client: Client) -> None:
    url = f"postgresql://vidferry@127.0.0.1:{free_port()}/vidferry"
    away = any_port.model_copy(update={"database_url": SecretStr(url)})
    async with Notifier(away, create_engine(away), client) as notifier, Browser(notifier.port) as browser:
        assert await close_code(browser) == (1013, "try again later")
        status, body = await health(notifier)
        assert (status, body["status"], body["database"]) == (503, "unavailable", "away")


async def test_postgres_may_go_and_come_back(
    notifier: Notifier, postgres: EmbeddedPostgres, database_url: str, library: Library
) -> None:
    """Who asks for something meanwhile has to come back; who only listens misses nothing."""
    await library.add(VIDEO)
    name = make_url(database_url).database
    admin = await asyncpg.connect(postgres.url("postgres"))
    async with Browser(notifier.port) as listening, Browser(notifier.port) as asking:
        for browser in (listening, asking):
            await browser.receive()
            await browser.assert_silent()  # batches are read after the snapshot
        await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        await asking.send(type="resume", since=0)
        assert await close_code(asking) == (1013, "try again later")
        assert (await health(notifier))[0] == 503
        await admin.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        await library.engine.dispose()
        event = await library.add("bbbbbbbbbbb")
        assert await listening.receive_seqs(1) == [event.message.seq]
        async with Browser(notifier.port) as back:
            assert (await back.receive())["seq"] == event.message.seq
    await admin.close()


async def test_messages_are_json_text(notifier: Notifier) -> None:
    async with Browser(notifier.port) as browser:
        assert isinstance(data := await browser.socket.recv(), str)
        assert json.loads(data)["type"] == "snapshot"
