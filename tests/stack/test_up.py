"""The real stack as a person starts it: embedded servers, real services, the fake YouTube."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from typing import Any

import psutil

from services.stack.home import Home, is_locked
from services.stack.state import StackState
from shared.contracts.errors import ErrorType
from shared.contracts.stages import CLOSED_STAGES
from shared.contracts.youtube import CaptionsSource
from tests.stack.conftest import Launch, LauncherProcess, eventually, processes_of

NAMES = ["postgres", "temporal", "temporal-ui", "youtube", "speech", "worker", "notifier", "api"]
START_SECONDS = 300
"""On a busy machine; a few seconds otherwise."""


def call(url: str, body: object = None) -> Any:
    """The JSON answer to a GET, or to a POST where there is a body."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310 - our own API
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - as above
        return json.load(answer)


def state_of(home: Home) -> StackState:
    return StackState.read(home.state_file)


def status() -> list[tuple[str, str]]:
    """Name and state of each process, as `vidferry status` shows them."""
    command = [sys.executable, "-m", "services.stack", "status"]
    text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    table = text.partition("\n\n")[0]
    return [(line.split()[0], line.split()[1]) for line in table.splitlines()[1:]]


def doctor() -> tuple[int, str]:
    """What `vidferry doctor` finds."""
    command = [sys.executable, "-m", "services.stack", "doctor"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def all_is_well() -> bool:
    """Whether the doctor finds nothing wrong; a busy machine may not answer in its few seconds."""
    code, findings = doctor()
    assert code == 0, findings
    proxy = f"127.0.0.1:{os.environ['VIDFERRY_STANDIN_PORT']}"
    assert f"YouTube can be reached, through the proxy {proxy}." in findings
    return True


async def imported(api: str, list_id: str, url: str) -> Any:
    """The video when its import has ended."""
    video = call(f"{api}/lists/{list_id}/videos", {"url": url})

    def has_ended() -> bool:
        video.update(call(f"{api}/videos/{video['id']}"))
        return video["import_stage"] in CLOSED_STAGES

    await eventually(has_ended, f"the import of {url} has ended", within_seconds=START_SECONDS)
    return video


async def started_demo(launch: Launch) -> LauncherProcess:
    launcher = await launch("-m", "services.stack", "demo")
    await launcher.says("Vidferry is ready.", within_seconds=START_SECONDS)
    return launcher


async def kill_all_and_await_their_return(launcher: LauncherProcess, home: Home) -> None:
    entries = state_of(home).processes
    for entry in entries:
        assert entry.pid is not None
        psutil.Process(entry.pid).kill()
    for entry in entries:
        await launcher.says(f"{entry.title} was ended by SIGKILL")
        await launcher.says(f"{entry.title} is back", within_seconds=START_SECONDS)


async def test_the_demo_from_its_first_start_to_its_sudden_death(launch: Launch, home: Home) -> None:
    launcher = await started_demo(launch)
    everything_runs = [(name, "running") for name in NAMES]
    await eventually(lambda: status() == everything_runs, "every process answers", within_seconds=START_SECONDS)
    await eventually(all_is_well, "the doctor finds nothing wrong", within_seconds=START_SECONDS)
    api = state_of(home.demo).urls["API"]
    created = call(f"{api}/lists", {"name": "Harbour"})
    await kill_all_and_await_their_return(launcher, home.demo)
    assert call(f"{api}/lists/{created['id']}")["name"] == "Harbour"
    spoken = await imported(api, created["id"], "https://youtu.be/demoSpeech_")
    assert spoken["captions_source"] == CaptionsSource.WHISPER
    silent = await imported(api, created["id"], "https://youtu.be/demoNoCaps_")
    assert (silent["captions_source"], silent["captions_missing"]) == (CaptionsSource.NONE, ErrorType.SPEECH_NONE)

    launcher.signal(signal.SIGINT)
    assert await launcher.exit_code() == 0
    assert processes_of(home) == []

    launcher = await started_demo(launch)
    assert call(f"{api}/lists/{created['id']}")["name"] == "Harbour"
    launcher.signal(signal.SIGKILL)
    await eventually(lambda: processes_of(home) == [], "every process has ended", within_seconds=START_SECONDS)
    await eventually(lambda: not is_locked(home.demo), "the lock is free")
