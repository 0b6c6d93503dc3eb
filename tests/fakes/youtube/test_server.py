"""The proxy, the log and the certificate authority."""

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from fakes.youtube import FakeVideo, FakeYoutube, Kind
from tests.fakes.youtube.clients import http

YOUTUBE_ID = "abcdefghijk"
WATCH = f"https://www.youtube.com/watch?v={YOUTUBE_ID}"


@pytest.mark.parametrize(
    "url", ["https://example.com/", "https://youtube.com.example.org/", "https://evilyoutube.com/"]
)
def test_other_hosts_are_refused(fake_youtube: FakeYoutube, url: str) -> None:
    with http(fake_youtube) as client, pytest.raises(httpx.ProxyError, match="403"):
        client.get(url)
    assert fake_youtube.requests == []


def test_a_request_that_is_not_a_tunnel_is_refused(fake_youtube: FakeYoutube) -> None:
    with http(fake_youtube) as client:
        assert client.get("http://www.youtube.com/").status_code == 403


def test_a_request_is_logged_with_what_it_was_for(fake_youtube: FakeYoutube) -> None:
    with http(fake_youtube) as client:
        client.get(WATCH + "&pp=1")
        client.get(f"https://i.ytimg.com/vi/{YOUTUBE_ID}/mqdefault.jpg")
        client.post("https://www.youtube.com/youtubei/v1/log_event", content=b"not json")
    watch, thumbnail, other = fake_youtube.requests
    assert (watch.host, watch.method, watch.path) == ("www.youtube.com", "GET", "/watch")
    assert watch.query == {"v": YOUTUBE_ID, "pp": "1"}
    assert (watch.kind, watch.youtube_id, watch.client) == (Kind.WATCH, YOUTUBE_ID, None)
    assert (thumbnail.kind, thumbnail.youtube_id) == (Kind.THUMBNAIL, YOUTUBE_ID)
    assert (other.kind, other.youtube_id) == (Kind.OTHER, None)
    assert watch.at <= thumbnail.at <= other.at


def test_a_thumbnail_is_a_picture(fake_youtube: FakeYoutube) -> None:
    with http(fake_youtube) as client:
        answer = client.get(f"https://img.youtube.com/vi/{YOUTUBE_ID}/mqdefault.jpg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert YOUTUBE_ID in answer.text


def test_what_youtube_does_not_have_is_not_found(fake_youtube: FakeYoutube) -> None:
    body = {"context": {"client": {"clientName": "WEB"}}, "url": "https://www.youtube.com/@nobody"}
    with http(fake_youtube) as client:
        resolved = client.post("https://www.youtube.com/youtubei/v1/navigation/resolve_url", json=body)
        assert (resolved.status_code, client.get("https://www.youtube.com/feed").status_code) == (404, 404)


def test_lists_end_at_once(fake_youtube: FakeYoutube) -> None:
    browse = "https://www.youtube.com/youtubei/v1/browse"
    with http(fake_youtube) as client:
        further = client.post(browse, json={"continuation": "whatever"}).json()
        unknown = client.post(browse, json={"browseId": "VLPLnothing"}).json()
    assert further["onResponseReceivedActions"][0]["appendContinuationItemsAction"]["continuationItems"] == []
    assert unknown["alerts"][0]["alertRenderer"]["type"] == "ERROR"


def test_next_is_answered_for_any_id(fake_youtube: FakeYoutube) -> None:
    fake_youtube.library.add(FakeVideo(YOUTUBE_ID))
    url = "https://www.youtube.com/youtubei/v1/next"
    with http(fake_youtube) as client:
        answers = [client.post(url, json={"videoId": youtube_id}) for youtube_id in (YOUTUBE_ID, "don-t-exist")]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [bool(answer.json()["contents"]["twoColumnWatchNextResults"]) for answer in answers] == [True, False]


def test_clients_that_hang_up_do_no_harm(fake_youtube: FakeYoutube) -> None:
    address = urlsplit(fake_youtube.proxy_url)
    for said in (b"", b"CONN", b"CONNECT www.youtube.com:443 HTTP/1.1\r\n\r\n"):
        with socket.create_connection((address.hostname, address.port)) as rude:
            rude.sendall(said)
    with http(fake_youtube) as client:
        assert client.get(WATCH).status_code == 200


def test_many_clients_at_once(fake_youtube: FakeYoutube) -> None:
    def ask(_: int) -> int:
        with http(fake_youtube) as client:
            return client.get(WATCH).status_code

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(ask, range(64))) == {200}
    assert len(fake_youtube.requests) == 64


async def test_a_restart_keeps_authority_and_port(tmp_path: Path) -> None:
    async with FakeYoutube.start(directory=tmp_path) as first:
        authority, proxy_url = first.ca_file.read_bytes(), first.proxy_url
        with pytest.raises(OSError, match="in use"):
            async with FakeYoutube.start(port=urlsplit(proxy_url).port or 0):
                pass
    async with FakeYoutube.start(directory=tmp_path, port=urlsplit(proxy_url).port or 0) as second:
        assert (second.ca_file.read_bytes(), second.proxy_url) == (authority, proxy_url)
        with http(second) as client:
            assert client.get(WATCH).status_code == 200
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "ca.key", tmp_path / "server.pem"))
