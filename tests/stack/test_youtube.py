"""What is in the way to YouTube, tried out with the stand-in in its place."""

import base64
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import NoReturn

import pytest
import trustme
from pydantic import SecretStr

from services.stack import youtube
from services.stack.youtube import way_of, way_trouble
from shared.settings import Settings
from tests.standin import Standin
from tests.support.servers import free_port


def through(proxy: str, ca_file: Path | None = None) -> Settings:
    """Whatever the proxy: what refuses an impossible one is not to be relied on for secrets."""
    return Settings().model_copy(update={"youtube_proxy": SecretStr(proxy), "youtube_ca_file": ca_file})


def trouble(proxy: str, ca_file: Path | None = None) -> str:
    """What is said of a way that is not open."""
    found = way_trouble(through(proxy, ca_file))
    assert found is not None
    return found


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


def test_the_way_is_open_and_youtube_is_asked_nothing(standin: Standin) -> None:
    assert way_trouble(through(standin.proxy_url, standin.ca_file)) is None
    assert standin.requests == []


def test_a_proxy_is_told_who_we_are(refusing_proxy: str, heads: list[str]) -> None:
    trouble(refusing_proxy.replace("//", "//me:hidden@"))
    (head,) = heads
    assert head.startswith("CONNECT www.youtube.com:443 ")
    assert f"Basic {base64.b64encode(b'me:hidden').decode()}" in head


def test_an_authority_that_nobody_trusts(standin: Standin) -> None:
    found = trouble(standin.proxy_url)
    assert "is not trusted (" in found
    assert "YOUTUBE_PROXY" in found
    assert "set YOUTUBE_CA_FILE" in found


def test_the_file_of_another_authority(standin: Standin, tmp_path: Path) -> None:
    file = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(file))
    found = trouble(standin.proxy_url, file)
    assert f"YOUTUBE_CA_FILE ({file}) does not hold the authority" in found


@pytest.mark.parametrize(
    ("host", "why"), [("127.0.0.1", "connection refused"), ("proxy.invalid", "the name is not found")]
)
def test_a_proxy_that_is_not_there(host: str, why: str) -> None:
    port = free_port()
    assert trouble(f"http://me:hidden@{host}:{port}") == (
        f"The proxy {host}:{port} cannot be reached ({why}): look at it, or correct YOUTUBE_PROXY."
    )


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
def test_no_part_of_a_password_is_told_whatever_the_proxy(proxy: str) -> None:
    found = trouble(proxy)
    assert "hidd" not in found
    assert "en@" not in found
    assert "'en'" not in found


def test_a_proxy_that_refuses(refusing_proxy: str) -> None:
    assert "does not let us through to YouTube (501 " in trouble(refusing_proxy)


def test_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert way_trouble(Settings()) == (
        "The name www.youtube.com is not found: this machine has no network, or no working DNS. "
        "Where only a proxy leads outside, set YOUTUBE_PROXY."
    )


def test_no_answer_in_time(silent_server: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(youtube, "TIMEOUT_SECONDS", 0.1)  # so short that connecting may take it all: the same is told
    assert "does not answer through the proxy 127.0.0.1:" in trouble(f"http://127.0.0.1:{silent_server}")


def test_the_way_is_told_without_a_password() -> None:
    assert way_of(Settings()) == "directly"
    assert way_of(through("http://me:hidden@proxy:3128")) == "through the proxy proxy:3128"
    assert way_of(through("127.0.0.1:3128")) == "through the proxy 127.0.0.1:3128"
