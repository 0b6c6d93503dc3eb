"""The guard before a real Web UI."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest

from services.stack.settings import hidden_address
from services.stack.temporal import EmbeddedTemporal
from services.temporal_ui import proxy
from services.temporal_ui.proxy import create_app
from shared.settings import Settings
from tests.support.servers import free_port, server
from tests.support.waiting import eventually

BASE_URL = "http://127.0.0.1:8233"


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a Web UI listens."""
    host, port = hidden_address()
    temporal = EmbeddedTemporal(free_port(), (host, port))
    with server(temporal.argv(), tmp_path_factory.mktemp("temporal") / "log"):
        yield f"http://{host}:{port}"


@asynccontextmanager
async def guarding(upstream: str) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Settings(temporal_ui_upstream=upstream))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE_URL) as http,
    ):
        yield http


@pytest.fixture
async def http(upstream: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the guard, once Temporal answers."""
    async with guarding(upstream) as http:

        async def is_up() -> bool:
            return (await http.get("/api/v1/namespaces/default")).status_code == 200

        await eventually(is_up)
        yield http


async def test_shows_the_web_ui(http: httpx.AsyncClient) -> None:
    page = await http.get("/namespaces/default/workflows", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html")
    assert page.headers.get_list("content-security-policy")[-1] == "frame-ancestors 'self'"
    settings = await http.get("/api/v1/settings")
    assert settings.json()["DisableNewsFetch"] is True


async def test_the_policy_of_the_web_ui_stays(http: httpx.AsyncClient) -> None:
    """It shows Markdown as a page, and only its policy keeps scripts in there from running."""
    page = await http.get("/render", params={"content": "<script>alert(1)</script>"})
    first, *others = page.headers.get_list("content-security-policy")
    assert "script-src" in first or "default-src" in first
    assert others == ["frame-ancestors 'self'"]
    assert page.headers.get_list("x-content-type-options") == ["nosniff"]


@pytest.mark.parametrize("target", ["//x", "/%00", "//"])
async def test_odd_paths_are_no_failure(http: httpx.AsyncClient, target: str) -> None:
    url = httpx.URL(BASE_URL).copy_with(raw_path=target.encode())
    assert (await http.get(url)).status_code < 500


async def test_the_web_ui_gets_the_headers_of_the_client_only() -> None:
    heads: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    port = free_port()
    async with await asyncio.start_server(answer, "127.0.0.1", port), guarding(f"http://127.0.0.1:{port}") as http:
        http.headers.clear()
        assert (await http.get("/x?y=1", headers={"X-Own": "1"})).status_code == 204
    head = heads[0].decode().lower().splitlines()
    assert head[0] == "get /x?y=1 http/1.1"
    assert sorted(line for line in head[1:] if line) == ["host: 127.0.0.1:8233", "x-own: 1"]


async def test_its_own_page_may_change_things(http: httpx.AsyncClient) -> None:
    await http.get("/")  # sets the cookie
    headers = {"Origin": BASE_URL, "X-CSRF-Token": http.cookies["_csrf"], "Sec-Fetch-Site": "same-origin"}
    workflows = "/api/v1/namespaces/default/workflows"
    body = {"workflowType": {"name": "Nothing"}, "taskQueue": {"name": "nobody"}, "requestId": "one"}
    started = await http.post(f"{workflows}/one", json=body, headers=headers)
    assert started.status_code == 200, started.text
    found = await http.get(f"{workflows}/one")
    assert found.json()["workflowExecutionInfo"]["status"] == "WORKFLOW_EXECUTION_STATUS_RUNNING"
    for other in ("https://elsewhere.example", "null"):
        refused = await http.post(f"{workflows}/two", json=body, headers=headers | {"Origin": other})
        assert refused.status_code == 403


@pytest.mark.parametrize("host", ["rebound.example", "rebound.example:8233", "", "127.0.0.1.evil.example"])
async def test_a_foreign_host_gets_nothing(http: httpx.AsyncClient, host: str) -> None:
    for path in ("/", "/api/v1/settings", "/api/v1/namespaces/default/workflows"):
        refused = await http.get(path, headers={"Host": host})
        assert refused.status_code == 403
        assert "set-cookie" not in refused.headers
    assert (await http.get("/healthz", headers={"Host": host})).status_code == 200


async def test_headers_that_decide_are_sent_once(http: httpx.AsyncClient) -> None:
    for name, value in (("Host", "127.0.0.1"), ("Origin", BASE_URL)):
        assert (await http.get("/", headers=[(name, value)] * 2)).status_code == 403


async def test_bodies_are_limited(http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def drops() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.01)

    monkeypatch.setattr(proxy, "BODY_SECONDS", 0.1)
    assert (await http.post("/api/v1/x", content=drops())).status_code == 408
    assert (await http.post("/api/v1/x", content=b" " * (proxy.MAX_BODY_BYTES + 1))).status_code == 413


async def test_without_the_web_ui_it_says_so() -> None:
    async with guarding(f"http://127.0.0.1:{free_port()}") as http:
        assert (await http.get("/")).status_code == 502
        assert (await http.get("/healthz")).status_code == 503


def test_where_the_web_ui_listens_cannot_be_guessed() -> None:
    """A page could try all ports of an address that it knows."""
    hosts = {hidden_address()[0] for _ in range(5)}
    with socket.socket() as probe:
        try:
            probe.bind(("127.3.2.1", 0))
        except OSError:
            pytest.skip("this system has 127.0.0.1 only")
    assert len(hosts) == 5


async def test_the_http_api_of_temporal_answers_to_nobody(tmp_path_factory: pytest.TempPathFactory) -> None:
    port, http_port = free_port(), free_port()
    argv = [*EmbeddedTemporal(port).argv(), "--http-port", str(http_port)]
    with server(argv, tmp_path_factory.mktemp("temporal") / "log"):
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{http_port}", trust_env=False) as http:

            async def is_refused() -> bool:
                try:
                    return (await http.get("/api/v1/namespaces")).status_code == 403
                except httpx.TransportError:
                    return False

            await eventually(is_refused)
