"""The way to YouTube is the product's own, the same for both adapters and for many threads."""

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from fakes.youtube import FakeVideo, FakeYoutube, captions
from services.worker.adapters.models import YoutubeError
from services.worker.adapters.youtube.captions import CaptionsAdapter
from services.worker.adapters.youtube.connection import Connection
from services.worker.adapters.youtube.metadata import MetadataAdapter
from shared.contracts.errors import ErrorType
from shared.contracts.youtube import CaptionsKind, CaptionTrack
from tests.worker.adapters.reading import video_of

ID = "abcdefghijk"
URL = f"https://www.youtube.com/api/timedtext?v={ID}&lang=en&fmt=json3"
TRACK = CaptionTrack(language="en", kind=CaptionsKind.MANUAL, url=URL)


def title(proxy: str | None, ca_file: Path | None) -> str:
    return video_of(MetadataAdapter(Connection(proxy, ca_file)), ID).title


def first_line(proxy: str | None, ca_file: Path | None) -> str:
    return CaptionsAdapter(Connection(proxy, ca_file)).fetch(ID, TRACK).lines[0].text


def first_line_the_second_way(proxy: str | None, ca_file: Path | None) -> str:
    return CaptionsAdapter(Connection(proxy, ca_file)).fetch(ID, None).lines[0].text


every_way = pytest.mark.parametrize("ask", [title, first_line, first_line_the_second_way])
Ask = Callable[[str | None, Path | None], str]


@pytest.fixture(autouse=True)
def video(fake_youtube: FakeYoutube) -> None:
    """One video, whose title and only caption are the same."""
    fake_youtube.library.add(FakeVideo(ID, title="Hello", captions=(captions("en", "Hello"),)))


@every_way
def test_through_the_proxy_and_with_the_own_authority(fake_youtube: FakeYoutube, ask: Ask) -> None:
    assert ask(fake_youtube.proxy_url, fake_youtube.ca_file) == "Hello"


@every_way
def test_a_proxy_that_is_not_there(fake_youtube: FakeYoutube, unused_tcp_port: int, ask: Ask) -> None:
    with pytest.raises(YoutubeError) as caught:
        ask(f"http://127.0.0.1:{unused_tcp_port}", fake_youtube.ca_file)
    assert caught.value.error_type is ErrorType.UPSTREAM_UNAVAILABLE


@every_way
def test_an_untrusted_certificate(fake_youtube: FakeYoutube, ask: Ask) -> None:
    with pytest.raises(YoutubeError) as caught:
        ask(fake_youtube.proxy_url, None)
    assert caught.value.error_type is ErrorType.CERTIFICATE_UNTRUSTED
    assert fake_youtube.requests == []


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_wrong_certificate_file_is_refused_at_the_start(tmp_path: Path, content: str | None) -> None:
    ca_file = tmp_path / "ca.pem"
    if content is not None:
        ca_file.write_text(content)
    with pytest.raises(ValueError, match=r"no certificates could be read from .*ca\.pem"):
        Connection(None, ca_file)


@every_way
def test_the_environment_changes_nothing(
    fake_youtube: FakeYoutube,
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
    assert ask(fake_youtube.proxy_url, fake_youtube.ca_file) == "Hello"
    assert not (tmp_path / "started").exists()
    assert capfd.readouterr() == ("", "")


@every_way
def test_the_environment_gives_no_proxy(fake_youtube: FakeYoutube, monkeypatch: pytest.MonkeyPatch, ask: Ask) -> None:
    def no_youtube(host: str, *args: Any, **options: Any) -> Any:
        if host.endswith("youtube.com"):
            raise socket.gaierror("tests stay on this machine")
        return resolve(host, *args, **options)

    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", no_youtube)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, fake_youtube.proxy_url)
    with pytest.raises(YoutubeError) as caught:
        ask(None, fake_youtube.ca_file)
    assert caught.value.error_type is ErrorType.UPSTREAM_UNAVAILABLE
    assert fake_youtube.requests == []


@pytest.mark.parametrize("trusted", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
@every_way
def test_the_environment_gives_no_trust_either(
    fake_youtube: FakeYoutube, monkeypatch: pytest.MonkeyPatch, trusted: str, ask: Ask
) -> None:
    monkeypatch.setenv(trusted, str(fake_youtube.ca_file))
    with pytest.raises(YoutubeError) as caught:
        ask(fake_youtube.proxy_url, None)
    assert caught.value.error_type is ErrorType.CERTIFICATE_UNTRUSTED


def test_one_adapter_serves_many_threads(
    fake_youtube: FakeYoutube, metadata: MetadataAdapter, captions_adapter: CaptionsAdapter
) -> None:
    ids = [f"thread{number:05}" for number in range(24)]
    fake_youtube.library.add(*(FakeVideo(each, title=each, captions=(captions("en", each),)) for each in ids))

    def both(youtube_id: str) -> tuple[str, str]:
        video = video_of(metadata, youtube_id)
        return video.title, captions_adapter.fetch(youtube_id, video.caption_track).lines[0].text

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(both, ids)) == [(each, each) for each in ids]
    assert len(fake_youtube.requests) == 3 * len(ids)
