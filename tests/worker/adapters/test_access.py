"""Clients that need a JavaScript runtime are asked only where one is permitted, and only when others are refused."""

import stat
import tomllib
from pathlib import Path

import pytest
from yt_dlp.extractor.youtube.jsc._builtin import vendor

from fakes.youtube import Audio, FakeVideo, FakeYoutube, Kind, VideoState
from services.stack.home import PROJECT_ROOT
from services.worker.adapters.models import AccessError, YoutubeError
from services.worker.adapters.youtube import access
from services.worker.adapters.youtube.access import GUEST, Access, JsRuntime, js_runtime
from services.worker.adapters.youtube.audio import AudioAdapter
from services.worker.adapters.youtube.clients import Clients
from services.worker.adapters.youtube.connection import Connection
from services.worker.adapters.youtube.metadata import MetadataAdapter
from shared.contracts.errors import ErrorType

ID = "abcdefghijk"


def program(path: Path, prints: str) -> Path:
    """A program that prints a line and ends."""
    path.write_text(f"#!/bin/sh\necho '{prints}'\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def deno(tmp_path: Path) -> JsRuntime:
    """A runtime that nothing has to run: the fake YouTube protects no address."""
    return JsRuntime("deno", program(tmp_path / "deno", "deno 2.9.8 (stable)"))


def clients(fake_youtube: FakeYoutube) -> list[str | None]:
    return [request.client for request in fake_youtube.requests if request.kind is Kind.PLAYER]


def adapter(fake_youtube: FakeYoutube, permitted: Access) -> AudioAdapter:
    return AudioAdapter(Connection(fake_youtube.proxy_url, fake_youtube.ca_file, access=permitted))


def test_the_audio_of_a_video_made_for_kids_needs_a_runtime(fake_youtube: FakeYoutube, deno: JsRuntime) -> None:
    fake_youtube.library.add(FakeVideo(ID, state=VideoState.KIDS, audios=(Audio(b"sound"),)))
    with pytest.raises(YoutubeError) as refused:
        adapter(fake_youtube, GUEST).find(ID)
    assert refused.value.error_type is ErrorType.AUDIO_UNAVAILABLE
    assert clients(fake_youtube) == ["VISIONOS"]
    assert adapter(fake_youtube, Access(deno)).find(ID)["url"]
    assert clients(fake_youtube) == ["VISIONOS", "VISIONOS", "WEB_EMBEDDED_PLAYER"]


def test_other_videos_cost_nothing_more(fake_youtube: FakeYoutube, deno: JsRuntime) -> None:
    fake_youtube.library.add(FakeVideo(ID, audios=(Audio(b"sound"),)))
    permitted = Connection(fake_youtube.proxy_url, fake_youtube.ca_file, access=Access(deno))
    shared = Clients(permitted)
    MetadataAdapter(permitted, shared).ask(ID)
    AudioAdapter(permitted, shared).find(ID)
    assert clients(fake_youtube) == ["VISIONOS", "VISIONOS"]
    assert len(fake_youtube.requests) == 3


@pytest.mark.parametrize(
    ("setting", "runtime"),
    [
        ("off", None),
        ("deno", JsRuntime("deno")),
        ("/opt/deno-2.9/deno", JsRuntime("deno", Path("/opt/deno-2.9/deno"))),
        ("/usr/bin/node24", JsRuntime("node", Path("/usr/bin/node24"))),
    ],
)
def test_the_setting(setting: str, runtime: JsRuntime | None) -> None:
    assert js_runtime(setting) == runtime


def test_a_runtime_that_cannot_be_used_says_why(
    deno: JsRuntime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "version", lambda _: vendor.VERSION)
    assert deno.check() == "deno 2.9.8"
    with pytest.raises(AccessError, match="cannot be run"):
        JsRuntime("deno", tmp_path / "nowhere").check()
    with pytest.raises(AccessError, match="is too old"):
        JsRuntime("deno", program(tmp_path / "deno1", "deno 1.0.0")).check()
    monkeypatch.setattr(access, "version", lambda _: "0.1.0")
    with pytest.raises(AccessError, match="yt-dlp-ejs"):
        deno.check()


def test_the_extra_has_the_scripts_of_this_yt_dlp() -> None:
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["project"]
    assert f"{access.SOLVER}=={vendor.VERSION}" in project["optional-dependencies"]["js"]
