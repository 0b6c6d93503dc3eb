"""What is in the way to YouTube, tried out with the stand-in in its place."""

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
from services.stack.settings import free_port
from services.stack.youtube import way_of, way_trouble
from shared.settings import Settings
from tests.standin import Standin
from tests.standin.faults import Fault


def through(proxy: str, ca_file: Path | None = None) -> Settings:
    return Settings(youtube_proxy=SecretStr(proxy), youtube_ca_file=ca_file)


def trouble(standin: Standin, fault: Fault) -> str:
    """What is said of a YouTube that fails like this."""
    standin.faults.add(fault)
    found = way_trouble(through(standin.proxy_url, standin.ca_file))
    assert found is not None
    return found


@pytest.fixture
def refusing_proxy() -> Iterator[str]:
    """A proxy that knows no CONNECT."""
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_one_cheap_request_and_youtube_answers(standin: Standin) -> None:
    assert way_trouble(through(standin.proxy_url, standin.ca_file)) is None
    assert [(request.method, request.path) for request in standin.requests] == [("GET", "/iframe_api")]


def test_an_authority_that_nobody_trusts(standin: Standin) -> None:
    found = way_trouble(through(standin.proxy_url))
    assert found is not None
    assert "is not trusted (" in found
    assert "set YOUTUBE_CA_FILE" in found


def test_the_file_of_another_authority(standin: Standin, tmp_path: Path) -> None:
    file = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(file))
    found = way_trouble(through(standin.proxy_url, file))
    assert found is not None
    assert f"YOUTUBE_CA_FILE ({file}) does not hold the authority" in found


@pytest.mark.parametrize("host", ["127.0.0.1", "proxy.invalid"])
def test_a_proxy_that_is_not_there(host: str) -> None:
    port = free_port()
    found = way_trouble(through(f"http://me:hidden@{host}:{port}"))
    assert found is not None
    assert found.startswith(f"The proxy {host}:{port} cannot be reached (")
    assert found.endswith("correct YOUTUBE_PROXY.")
    assert "hidden" not in found


def test_a_proxy_that_refuses(refusing_proxy: str) -> None:
    found = way_trouble(through(refusing_proxy))
    assert found is not None
    assert "does not let us through to YouTube (Tunnel connection failed: 501" in found


def test_a_proxy_that_is_none() -> None:
    found = way_trouble(through("http://"))
    assert found is not None
    assert "YouTube cannot be reached" in found


def test_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert way_trouble(Settings()) == (
        "The name www.youtube.com is not found: this machine has no network, or no working DNS."
    )


def test_no_answer_in_time(standin: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(youtube, "TIMEOUT_SECONDS", 0.1)
    assert "does not answer through the proxy 127.0.0.1:" in trouble(standin, Fault(stall_seconds=1))


@pytest.mark.parametrize(
    "fault", [Fault(status=429), Fault(status=503), Fault(body='<div class="g-recaptcha"></div>')], ids=str
)
def test_youtube_refuses(standin: Standin, fault: Fault) -> None:
    assert trouble(standin, fault).startswith("YouTube answers, but refuses (")


def test_any_other_status_is_told(standin: Standin) -> None:
    assert trouble(standin, Fault(status=404)).startswith("YouTube answers with status 404")


def test_the_way_is_told_without_a_password() -> None:
    assert way_of(Settings()) == "directly"
    assert way_of(through("http://me:hidden@proxy:3128")) == "through the proxy proxy:3128"
    assert way_of(through("127.0.0.1:3128")) == "through the proxy 127.0.0.1:3128"
