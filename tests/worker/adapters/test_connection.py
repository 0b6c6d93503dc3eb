"""The way to YouTube is the product's own, the same for both adapters and for many threads."""

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from services.worker.adapters.captions import CaptionsAdapter
from services.worker.adapters.connection import Connection
from services.worker.adapters.metadata import MetadataAdapter
from services.worker.adapters.models import YoutubeError
from shared.contracts.errors import ErrorType
from shared.contracts.youtube import CaptionsKind, CaptionTrack
from tests.standin import Standin, StandinVideo, captions

ID = "abcdefghijk"
URL = f"https://www.youtube.com/api/timedtext?v={ID}&lang=en&fmt=json3"
TRACK = CaptionTrack(language="en", kind=CaptionsKind.MANUAL, url=URL)


def title(proxy: str | None, ca_file: Path | None) -> str:
    return MetadataAdapter(Connection(proxy, ca_file)).extract(ID).title


def first_line(proxy: str | None, ca_file: Path | None) -> str:
    return CaptionsAdapter(Connection(proxy, ca_file)).fetch(ID, TRACK).lines[0].text


def first_line_the_second_way(proxy: str | None, ca_file: Path | None) -> str:
    return CaptionsAdapter(Connection(proxy, ca_file)).fetch(ID, None).lines[0].text


every_way = pytest.mark.parametrize("ask", [title, first_line, first_line_the_second_way])
Ask = Callable[[str | None, Path | None], str]


@pytest.fixture(autouse=True)
def video(standin: Standin) -> None:
    """One video, whose title and only caption are the same."""
    standin.library.add(StandinVideo(ID, title="Hello", captions=(captions("en", "Hello"),)))


@every_way
def test_through_the_proxy_and_with_the_own_authority(standin: Standin, ask: Ask) -> None:
    assert ask(standin.proxy_url, standin.ca_file) == "Hello"


@every_way
def test_a_proxy_that_is_not_there(standin: Standin, unused_tcp_port: int, ask: Ask) -> None:
    with pytest.raises(YoutubeError) as caught:
        ask(f"http://127.0.0.1:{unused_tcp_port}", standin.ca_file)
    assert caught.value.error_type is ErrorType.UPSTREAM_UNAVAILABLE


@every_way
def test_an_untrusted_certificate(standin: Standin, ask: Ask) -> None:
    with pytest.raises(YoutubeError) as caught:
        ask(standin.proxy_url, None)
    assert caught.value.error_type is ErrorType.CERTIFICATE_UNTRUSTED
    assert standin.requests == []


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_wrong_certificate_file_is_refused_at_the_start(tmp_path: Path, content: str | None) -> None:
    ca_file = tmp_path / "ca.pem"
    if content is not None:
        ca_file.write_text(content)
    with pytest.raises(ValueError, match=r"no certificates could be read from .*ca\.pem"):
        Connection(None, ca_file)


@every_way
def test_the_environment_changes_nothing(
    standin: Standin,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    ask: Ask,
) -> None:
    for runtime in ("deno", "node", "bun", "qjs"):
        executable = tmp_path / runtime
        executable.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\necho '{runtime} 99.0.0'\n")
        executable.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(tmp_path / "none.pem"))
    assert ask(standin.proxy_url, standin.ca_file) == "Hello"
    assert not (tmp_path / "started").exists()
    assert capfd.readouterr() == ("", "")


@every_way
def test_the_environment_gives_no_proxy(standin: Standin, monkeypatch: pytest.MonkeyPatch, ask: Ask) -> None:
    def no_youtube(host: str, *args: Any, **options: Any) -> Any:
        if host.endswith("youtube.com"):
            raise socket.gaierror("tests stay on this machine")
        return resolve(host, *args, **options)

    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", no_youtube)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, standin.proxy_url)
    with pytest.raises(YoutubeError) as caught:
        ask(None, standin.ca_file)
    assert caught.value.error_type is ErrorType.UPSTREAM_UNAVAILABLE
    assert standin.requests == []


@pytest.mark.parametrize("trusted", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
@every_way
def test_the_environment_gives_no_trust_either(
    standin: Standin, monkeypatch: pytest.MonkeyPatch, trusted: str, ask: Ask
) -> None:
    monkeypatch.setenv(trusted, str(standin.ca_file))
    with pytest.raises(YoutubeError) as caught:
        ask(standin.proxy_url, None)
    assert caught.value.error_type is ErrorType.CERTIFICATE_UNTRUSTED


def test_one_adapter_serves_many_threads(
    standin: Standin, metadata: MetadataAdapter, captions_adapter: CaptionsAdapter
) -> None:
    ids = [f"thread{number:05}" for number in range(24)]
    standin.library.add(*(StandinVideo(each, title=each, captions=(captions("en", each),)) for each in ids))

    def both(youtube_id: str) -> tuple[str, str]:
        video = metadata.extract(youtube_id)
        return video.title, captions_adapter.fetch(youtube_id, video.caption_track).lines[0].text

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(both, ids)) == [(each, each) for each in ids]
    assert len(standin.requests) == 3 * len(ids)
