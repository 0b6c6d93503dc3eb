"""What the demo adds to an installation."""

import json
import os
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve

from fakes.youtube.demo import demo_library
from services.stack.demo import DEMO_LIMITS, DEMO_VIDEOS, Fakes
from services.stack.home import Home
from services.stack.plan import Plan
from services.stack.settings import StackSettings, service_settings

WRITTEN = {
    "youtube": {"proxy_url": "http://127.0.0.1:8002", "ca_file": "/ca.pem"},
    "speech": {"base_url": "http://127.0.0.1:8004/v1", "key": "the demo's"},
}


@pytest.fixture
def ready_files(home: Home) -> dict[str, Path]:
    """What the fakes have written when they are ready."""
    files = {name: home.demo.path / name / f"{name}.json" for name in WRITTEN}
    for name, file in files.items():
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(WRITTEN[name]))
    return files


@pytest.mark.usefixtures("ready_files")
def test_the_worker_is_connected_to_the_fakes(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "a person's own")
    monkeypatch.setenv("TRANSCRIPTION_BASE_URL", "https://speech.example/v1")
    [worker] = [service for service in Plan.make(home.demo, demo=True).services() if service.name == "worker"]
    assert worker.env["YOUTUBE_PROXY"] == "http://127.0.0.1:8002"
    assert worker.env["YOUTUBE_CA_FILE"] == "/ca.pem"
    seen = service_settings(os.environ | worker.env | {"YOUTUBE_CA_FILE": ""})
    assert seen.transcription_base_url == "http://127.0.0.1:8004/v1"
    assert seen.transcription_api_key is not None
    assert seen.transcription_api_key.get_secret_value() == "the demo's"


@pytest.mark.usefixtures("ready_files")
def test_the_demos_limits_give_way_to_ones_own(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    fakes = Fakes(home.demo, StackSettings())
    monkeypatch.setenv("YOUTUBE_CALLS_PER_SECOND", "")
    assert fakes.environment()["YOUTUBE_CALLS_PER_SECOND"] == DEMO_LIMITS["YOUTUBE_CALLS_PER_SECOND"]
    monkeypatch.setenv("YOUTUBE_CALLS_PER_SECOND", "2")
    assert fakes.environment()["YOUTUBE_CALLS_PER_SECOND"] == "2"


async def never_reached(connection: ServerConnection) -> None:
    """Plain requests are answered before."""


async def test_a_fake_is_ready_when_it_says_so_and_answers(home: Home, ready_files: dict[str, Path]) -> None:
    for process in Fakes(home.demo, StackSettings()).processes():
        file = ready_files[process.name]
        assert not file.exists()  # what an earlier run has written is forgotten
        async with serve(never_reached, "127.0.0.1", int(process.url.rpartition(":")[2])):
            assert not await process.probe()
            file.touch()
            assert await process.probe()
        assert not await process.probe()


def test_the_suggested_videos_are_in_the_fakes_library() -> None:
    library = demo_library()
    library.generate = False
    for url in DEMO_VIDEOS:
        assert library.get(url[-11:]) is not None
