"""Why YouTube cannot be reached, tried with a fake YouTube in its place."""

import base64
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import NoReturn

import pytest
import trustme
from yt_dlp.extractor.youtube.jsc._builtin import vendor

from fakes.youtube import FakeYoutube
from services.stack import youtube
from services.stack.findings import FindingCode, Level
from services.stack.youtube import account_finding, connection_finding, route_to_youtube, token_server_finding
from services.worker.adapters.youtube import access
from shared.settings import Settings
from tests.support.cookies import cookies_file, deno
from tests.support.servers import free_port
from tests.support.token_server import installed_plugin, token_server


def problem_with(proxy: str, ca_file: Path | None = None) -> tuple[FindingCode, str]:
    """Code and text of a route that is not open, whatever the proxy: settings that refuse it are not relied on."""
    found = connection_finding(Settings(youtube_ca_file=ca_file), proxy)
    assert found.level is Level.PROBLEM
    return found.code, found.text


@pytest.fixture
def silent_server() -> Iterator[int]:
    """The port of a server that accepts and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def heads() -> list[str]:
    """What `refusing_proxy` was asked."""
    return []


@pytest.fixture
def refusing_proxy(heads: list[str]) -> Iterator[str]:
    """A proxy that lets nobody through."""

    class Handler(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            heads.append(f"{self.requestline}\n{self.headers}")
            self.send_error(501)

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_the_way_is_open_and_youtube_is_asked_nothing(fake_youtube: FakeYoutube) -> None:
    found = connection_finding(Settings(youtube_ca_file=fake_youtube.ca_file), fake_youtube.proxy_url)
    assert found.code is FindingCode.YOUTUBE_REACHABLE
    assert fake_youtube.requests == []


def test_a_proxy_gets_the_credentials(refusing_proxy: str, heads: list[str]) -> None:
    problem_with(refusing_proxy.replace("//", "//me:hidden@"))
    (head,) = heads
    assert head.startswith("CONNECT www.youtube.com:443 ")
    assert f"Basic {base64.b64encode(b'me:hidden').decode()}" in head


def test_an_untrusted_authority(fake_youtube: FakeYoutube) -> None:
    code, text = problem_with(fake_youtube.proxy_url)
    assert code is FindingCode.YOUTUBE_CERTIFICATE_UNTRUSTED
    assert "YOUTUBE_CA_FILE" in text


def test_the_file_of_another_authority(fake_youtube: FakeYoutube, tmp_path: Path) -> None:
    file = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(file))
    code, text = problem_with(fake_youtube.proxy_url, file)
    assert code is FindingCode.YOUTUBE_CERTIFICATE_UNTRUSTED
    assert f"YOUTUBE_CA_FILE ({file})" in text


@pytest.mark.parametrize(
    ("host", "why"), [("127.0.0.1", "connection refused"), ("proxy.invalid", "the name is not found")]
)
def test_a_proxy_that_is_not_there(host: str, why: str) -> None:
    port = free_port()
    code, text = problem_with(f"http://me:hidden@{host}:{port}")
    assert code is FindingCode.YOUTUBE_PROXY_UNREACHABLE
    assert f" {host}:{port} " in text
    assert f"({why})" in text


@pytest.mark.parametrize(
    "proxy",
    [
        "http://me:hidd@en@127.0.0.1:1",
        "http://me:hidd/en@127.0.0.1:1",
        "http://me:hidd/en@proxy:3128",
        "http://me:hidd?en@proxy:3128",
        "http://me:hidd#en@proxy:3128",
        "http://me:hidd:en@proxy:99999",
        "http://me:hidden@proxy:99999",
        "https://me:hidden@127.0.0.1:1",
        "socks5://me:hidden@127.0.0.1:1",
        "me:hidden@proxy",
    ],
)
def test_no_part_of_a_proxys_password_is_shown(proxy: str) -> None:
    _, found = problem_with(proxy)
    assert "hidd" not in found
    assert "en@" not in found
    assert "'en'" not in found


def test_a_proxy_that_refuses(refusing_proxy: str) -> None:
    code, text = problem_with(refusing_proxy)
    assert code is FindingCode.YOUTUBE_PROXY_REFUSED
    assert "(501 " in text


def test_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert connection_finding(Settings(), None).code is FindingCode.YOUTUBE_NAME_NOT_FOUND


def test_no_answer_in_time(silent_server: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(youtube, "TIMEOUT_SECONDS", 0.1)  # so short that connecting may take it all: the same is told
    assert problem_with(f"http://127.0.0.1:{silent_server}")[0] is FindingCode.YOUTUBE_TIMEOUT


def test_the_route_is_shown_without_a_password() -> None:
    assert route_to_youtube(None) == "directly"
    assert route_to_youtube("http://me:hidden@proxy:3128") == "through the proxy proxy:3128"
    assert route_to_youtube("127.0.0.1:3128") == "through the proxy 127.0.0.1:3128"


@pytest.fixture
def lending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of an installation whose operator lends an account."""
    monkeypatch.setattr(access, "version", lambda _: vendor.VERSION)
    return Settings(
        youtube_js_runtime=str(deno(tmp_path)),
        youtube_cookies_file=cookies_file(tmp_path),
        youtube_account_directory=tmp_path / "account",
    )


def test_an_account_that_can_be_used(lending: Settings) -> None:
    (found,) = account_finding(lending)
    assert (found.code, found.level) == (FindingCode.ACCOUNT_USABLE, Level.OK)
    assert account_finding(Settings()) == []


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"youtube_js_runtime": "off"}, "YOUTUBE_JS_RUNTIME"),
        ({"youtube_js_runtime": "/nowhere/deno"}, "YOUTUBE_JS_RUNTIME"),
        ({"youtube_cookies_file": Path("/nowhere/cookies.txt")}, "cannot be read"),
        ({"youtube_account_directory": None}, "YOUTUBE_ACCOUNT_DIRECTORY"),
    ],
)
def test_an_account_that_cannot_be_used(lending: Settings, changed: dict[str, object], why: str) -> None:
    (found,) = account_finding(lending.model_copy(update=changed))
    assert (found.code, found.level) == (FindingCode.ACCOUNT_UNUSABLE, Level.PROBLEM)
    assert why in found.text
    assert "cookies.txt" not in found.text


def test_a_token_server_with_and_without_its_plugin(tmp_path: Path) -> None:
    with token_server() as fake:
        settings = Settings(youtube_pot_provider_url=fake.url)
        (missing,) = token_server_finding(settings)
        with installed_plugin(tmp_path):
            (found,) = token_server_finding(settings)
    assert (missing.code, missing.level) == (FindingCode.TOKEN_SERVER_UNUSABLE, Level.PROBLEM)
    assert (found.code, found.level) == (FindingCode.TOKEN_SERVER_USABLE, Level.OK)
    assert token_server_finding(Settings()) == []
