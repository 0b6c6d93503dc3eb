"""What the demo adds to an installation."""

import json
import os
import re
import socket
from pathlib import Path

import pytest

from services.stack.demo import DEMO_PACE, DEMO_VIDEOS, StandIns
from services.stack.home import PROJECT_ROOT, Home
from services.stack.plan import Plan
from services.stack.settings import StackSettings, service_settings
from tests.standin.demo import demo_library

WRITTEN = {
    "standin": {"proxy_url": "http://127.0.0.1:8002", "ca_file": "/ca.pem"},
    "speech": {"base_url": "http://127.0.0.1:8004/v1", "key": "the demo's"},
}


@pytest.fixture
def ready_files(home: Home) -> dict[str, Path]:
    """What the stand-ins have written when they are ready."""
    files = {name: home.demo.path / name / f"{name}.json" for name in WRITTEN}
    for name, file in files.items():
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(WRITTEN[name]))
    return files


@pytest.mark.usefixtures("ready_files")
def test_the_services_are_sent_to_the_stand_ins(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "a person's own")
    monkeypatch.setenv("TRANSCRIPTION_BASE_URL", "https://speech.example/v1")
    for service in Plan.make(home.demo, demo=True).services():
        assert service.env["YOUTUBE_PROXY"] == "http://127.0.0.1:8002"
        assert service.env["YOUTUBE_CA_FILE"] == "/ca.pem"
        seen = service_settings(os.environ | service.env | {"YOUTUBE_CA_FILE": ""})
        assert seen.transcription_base_url == "http://127.0.0.1:8004/v1"
        assert seen.transcription_api_key is not None
        assert seen.transcription_api_key.get_secret_value() == "the demo's"


@pytest.mark.usefixtures("ready_files")
def test_the_demos_pace_is_the_readmes_and_gives_way_to_ones_own(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_ins = StandIns(home.demo, StackSettings())
    monkeypatch.setenv("YOUTUBE_CALLS_PER_SECOND", "")
    environment = stand_ins.environment()
    readme = (PROJECT_ROOT / "README.md").read_text()
    written = dict(re.findall(r"^\| `(\w+)` .* The demo uses (\S+)\. \|$", readme, re.MULTILINE))
    assert written == {name: environment[name] for name in DEMO_PACE}
    monkeypatch.setenv("YOUTUBE_CALLS_PER_SECOND", "2")
    assert stand_ins.environment()["YOUTUBE_CALLS_PER_SECOND"] == "2"


async def test_a_stand_in_is_ready_when_it_says_so_and_listens(home: Home, ready_files: dict[str, Path]) -> None:
    for process in StandIns(home.demo, StackSettings()).processes():
        file = ready_files[process.name]
        assert not file.exists()  # what an earlier run has written is forgotten
        with socket.create_server(("127.0.0.1", int(process.url.rpartition(":")[2]))):
            assert not await process.probe()
            file.touch()
            assert await process.probe()
        assert not await process.probe()


def test_what_to_try_is_in_the_stand_ins_library() -> None:
    library = demo_library()
    library.generate = False
    for url in DEMO_VIDEOS:
        assert library.get(url[-11:]) is not None
