"""Proof-of-origin tokens: yt-dlp asks the token server through its plugin, as one client and only where it helps."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.youtube import Audio, FakeVideo, FakeYoutube, Kind, VideoState, captions, refuse_client
from services.worker.adapters.models import AccessError, YoutubeError
from services.worker.adapters.youtube.access import GUEST, TOKEN_CLIENT, Access, JsRuntime
from services.worker.adapters.youtube.audio import AudioAdapter
from services.worker.adapters.youtube.captions import CaptionsAdapter
from services.worker.adapters.youtube.clients import PLAYERS, Clients
from services.worker.adapters.youtube.connection import Connection
from services.worker.adapters.youtube.metadata import MetadataAdapter, read_metadata
from services.worker.adapters.youtube.token_server import TokenServer
from shared.contracts.errors import ErrorType
from shared.contracts.youtube_requests import SentRequest
from tests.support.servers import free_port
from tests.support.token_server import PLUGIN_VERSION, TOKEN, FakeTokenServer, installed_plugin, token_server

ID = "abcdefghijk"
EVERYBODY = ("WEB", "VISIONOS", "ANDROID", "IOS", "MWEB")


@pytest.fixture
def fake() -> Iterator[FakeTokenServer]:
    with token_server() as running:
        yield running


@pytest.fixture
def server(fake: FakeTokenServer, tmp_path: Path) -> Iterator[TokenServer]:
    """The token server with its plugin, as a worker has them after its start."""
    with installed_plugin(tmp_path):
        found = TokenServer(fake.url)
        assert found.load_plugin() == PLUGIN_VERSION
        yield found


class Here:
    """The adapters of a worker."""

    def __init__(self, youtube: FakeYoutube, access: Access) -> None:
        self.logged: list[SentRequest] = []
        connection = Connection(youtube.proxy_url, youtube.ca_file, access=access, on_request=self.logged.append)
        clients = Clients(connection)
        self.metadata = MetadataAdapter(connection, clients)
        self.audio = AudioAdapter(connection, clients)
        self.captions = CaptionsAdapter(connection, clients)

    def lines(self) -> list[str]:
        video = read_metadata(ID, self.metadata.ask(ID))
        return [line.text for line in self.captions.fetch(ID, video.caption_track, video.captions_answers).lines]


def players(youtube: FakeYoutube) -> list[str | None]:
    return [request.client for request in youtube.requests if request.kind is Kind.PLAYER]


def test_captions_that_need_a_token_everywhere_are_fetched_with_one(
    fake_youtube: FakeYoutube, fake: FakeTokenServer, server: TokenServer
) -> None:
    fake_youtube.library.add(FakeVideo(ID, captions=(captions("en", "Hello", token_clients=EVERYBODY),)))
    here = Here(fake_youtube, Access(token_server=server))
    assert here.lines() == ["Hello"]
    assert players(fake_youtube) == ["VISIONOS", "ANDROID", "IOS", "MWEB"]
    assert fake_youtube.requests[-1].query["pot"] == TOKEN
    assert ID in [each["content_binding"] for each in fake.asked]
    assert {each["proxy"] for each in fake.asked} == {fake_youtube.proxy_url}
    assert len(here.logged) == len(fake_youtube.requests), "what the token server is asked is no request to YouTube"


def test_without_a_token_server_no_client_is_asked_for_tokens(
    fake_youtube: FakeYoutube, fake: FakeTokenServer, server: TokenServer
) -> None:
    """Also where the plugin is installed."""
    assert server.url == fake.url
    fake_youtube.library.add(FakeVideo(ID, captions=(captions("en", "Hello", token_clients=EVERYBODY),)))
    with pytest.raises(YoutubeError) as refused:
        Here(fake_youtube, GUEST).lines()
    assert refused.value.error_type is ErrorType.CAPTIONS_TOKEN_REQUIRED
    assert "MWEB" not in players(fake_youtube)
    assert fake.asked == []


def test_other_videos_need_no_token(fake_youtube: FakeYoutube, fake: FakeTokenServer, server: TokenServer) -> None:
    fake_youtube.library.add(FakeVideo(ID, captions=(captions("en", "Hello"),), audios=(Audio(b"sound"),)))
    here = Here(fake_youtube, Access(JsRuntime("deno"), token_server=server))
    assert here.lines() == ["Hello"]
    here.audio.find(ID)
    assert players(fake_youtube) == ["VISIONOS", "VISIONOS"]
    assert fake.asked == []


def test_audio_is_found_with_a_token_where_all_other_clients_are_refused(
    fake_youtube: FakeYoutube, server: TokenServer
) -> None:
    fake_youtube.library.add(FakeVideo(ID, state=VideoState.KIDS, audios=(Audio(b"sound"),)))
    for client in ("WEB_EMBEDDED_PLAYER", "TVHTML5"):
        fake_youtube.faults.add(refuse_client(client, "not available"))
    media = Here(fake_youtube, Access(JsRuntime("deno"), token_server=server)).audio.find(ID)
    assert "pot=" in media["url"]
    with pytest.raises(YoutubeError):
        Here(fake_youtube, Access(token_server=server)).audio.find(ID)


def test_a_token_server_that_is_gone_costs_the_token_only(fake_youtube: FakeYoutube, server: TokenServer) -> None:
    fake_youtube.library.add(FakeVideo(ID, captions=(captions("en", "Hello", token_clients=EVERYBODY),)))
    gone = TokenServer(f"http://127.0.0.1:{free_port()}")
    assert server.url != gone.url
    with pytest.raises(YoutubeError) as refused:
        Here(fake_youtube, Access(token_server=gone)).lines()
    assert refused.value.error_type is ErrorType.CAPTIONS_TOKEN_REQUIRED


def test_the_server_has_to_fit_the_plugin(fake: FakeTokenServer, server: TokenServer) -> None:
    assert PLUGIN_VERSION in server.check()
    fake.version = "2.9.0"
    server.check()
    fake.version = "1.3.1"
    with pytest.raises(AccessError, match=r"1\.3\.1"):
        server.check()
    with pytest.raises(AccessError, match="No token server answers"):
        TokenServer(f"http://127.0.0.1:{free_port()}").check()


def test_without_the_plugin_it_says_so(fake: FakeTokenServer) -> None:
    with pytest.raises(AccessError, match="bgutil-ytdlp-pot-provider"):
        TokenServer(fake.url).load_plugin()


def test_the_plugins_argument_names_the_server() -> None:
    access = Access(token_server=TokenServer("http://pot:4416"))
    expected = {"youtubepot-bgutilhttp": {"base_url": ["http://pot:4416"]}}
    assert access.token_arguments([TOKEN_CLIENT]) == expected
    assert access.token_arguments(PLAYERS) == {}
