"""The launcher as a process of its own, over small programs: signals, sudden death, a second one."""

import os
import re
import signal
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from services.stack.home import Home, is_locked, launcher_pid
from services.stack.logs import MAX_BYTES
from services.stack.state import StackState
from tests.stack.conftest import Launch, LauncherProcess, eventually, processes_of
from tests.stack.program import tell
from tests.support import waiting

PROGRAMS = ("-m", "tests.stack.launch")
READY = "Vidferry is ready."


def events(directory: Path) -> list[str]:
    return (directory / "events").read_text().splitlines()


def reaper_of(home: Home) -> psutil.Process:
    (reaper,) = [process for process in processes_of(home) if "services.stack.reaper" in process.cmdline()]
    return reaper


async def launched(launch: Launch, directory: Path, *options: str) -> LauncherProcess:
    launcher = await launch(*PROGRAMS, str(directory), *options)
    await launcher.says(READY)
    return launcher


async def test_ctrl_c_drains_in_order_and_leaves_nothing(launch: Launch, home: Home, tmp_path: Path) -> None:
    launcher = await launched(launch, tmp_path)
    launcher.signal(signal.SIGINT)
    assert await launcher.exit_code() == 0
    assert [line for line in events(tmp_path) if "SIG" in line] == ["third SIGTERM", "second SIGTERM", "first SIGTERM"]
    assert launcher.output.endswith("Everything has stopped.\n")
    assert processes_of(home) == []
    assert not is_locked(home)


async def test_ctrl_c_drains_a_background_job_too(launch: Launch, home: Home, tmp_path: Path) -> None:
    launcher = await launch(*PROGRAMS, str(tmp_path), ignoring=[signal.SIGINT])
    await launcher.says(READY)
    launcher.signal(signal.SIGINT)
    assert await launcher.exit_code() == 0
    assert processes_of(home) == []


async def test_nohup_outlives_its_terminal(launch: Launch, tmp_path: Path) -> None:
    launcher = await launch(*PROGRAMS, str(tmp_path), ignoring=[signal.SIGHUP])
    await launcher.says(READY)
    launcher.signal(signal.SIGHUP)
    launcher.signal(signal.SIGTERM)
    assert await launcher.exit_code() == 0
    assert launcher.output.count("Stopping gracefully") == 1


async def test_progress_and_addresses_are_shown(launch: Launch, tmp_path: Path) -> None:
    launcher = await launched(launch, tmp_path)
    lines = [re.sub(r"\(\d+\.\d s\)", "(… s)", line) for line in launcher.output.splitlines()]
    assert lines[:5] == [
        "Starting First …",
        "  First ready (… s)",
        "Migrating the database, setting up Temporal …",
        "  done (… s)",
        "Starting Second, Third …",
    ]
    assert re.search(r"API +http://127\.0\.0\.1:\d+/api\n", launcher.output)
    assert re.search(r"WebSocket +ws://127\.0\.0\.1:\d+/api/ws/progress\n", launcher.output)


@pytest.fixture
def heard_hangup() -> Iterator[None]:
    """A program that is started hears a closed terminal, although `nohup` may have started the tests."""
    inherited = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, inherited)


@pytest.mark.usefixtures("heard_hangup")
async def test_sigterm_and_a_closed_terminal_drain_too(launch: Launch, home: Home, tmp_path: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGHUP):
        launcher = await launched(launch, tmp_path)
        launcher.signal(number)
        assert await launcher.exit_code() == 0
        assert processes_of(home) == []


async def test_a_second_ctrl_c_does_not_wait(launch: Launch, home: Home, tmp_path: Path) -> None:
    launcher = await launched(launch, tmp_path, "--ignore-sigterm")
    launcher.signal(signal.SIGINT)
    await eventually(lambda: "third SIGTERM" in events(tmp_path), "the drain has begun")
    launcher.signal(signal.SIGINT)
    assert await launcher.exit_code() == 0
    assert "second SIGTERM" not in events(tmp_path)
    assert processes_of(home) == []


async def test_ctrl_c_while_starting_stops_what_was_started(launch: Launch, home: Home, tmp_path: Path) -> None:
    launcher = await launch(*PROGRAMS, str(tmp_path), "--slow")
    await launcher.says("Second ready")
    launcher.signal(signal.SIGINT)
    assert await launcher.exit_code() == 0
    assert READY not in launcher.output
    assert processes_of(home) == []


async def test_no_orphan_when_the_launcher_is_killed(launch: Launch, home: Home, tmp_path: Path) -> None:
    launcher = await launched(launch, tmp_path)
    assert len(processes_of(home)) == 5  # launcher, reaper, three programs
    launcher.signal(signal.SIGKILL)
    await eventually(lambda: processes_of(home) == [], "every process has ended")
    assert sum("SIGTERM" in line for line in events(tmp_path)) == 3
    await eventually(lambda: not is_locked(home), "the lock is free")


async def test_no_orphan_when_the_launcher_is_killed_while_it_creates_the_database(
    launch: Launch, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIDFERRY_DRAIN_SECONDS", "0")
    launcher = await launch("-m", "services.stack", "up")
    initdb = await waiting.eventually(lambda: running_initdb(home))
    initdb.suspend()
    launcher.signal(signal.SIGKILL)
    await eventually(lambda: processes_of(home) == [], "every process has ended")
    assert not (home.path / "postgres").exists()


async def running_initdb(home: Home) -> psutil.Process:
    """The process that creates the home's database."""
    found = [process for process in processes_of(home) if is_initdb(process)]
    assert found, "initdb runs"
    return found[0]


def is_initdb(process: psutil.Process) -> bool:
    """Whether the process is, and still runs."""
    with suppress(psutil.NoSuchProcess):  # it has just ended
        return process.name() == "initdb"
    return False


async def test_what_is_written_is_closed_to_others(launch: Launch, tmp_path: Path) -> None:
    await launched(launch, tmp_path)
    assert stat.S_IMODE((tmp_path / "events").stat().st_mode) == 0o600


async def test_big_logs_are_turned_over(launch: Launch, home: Home, tmp_path: Path) -> None:
    log = home.logs / "big.log"
    log.touch()
    os.truncate(log, MAX_BYTES + 1)
    await launched(launch, tmp_path)
    await eventually(lambda: log.stat().st_size == 0, "it is turned over")


async def test_no_orphan_when_reaper_and_launcher_are_killed(launch: Launch, home: Home, tmp_path: Path) -> None:
    launcher = await launched(launch, tmp_path)
    first = reaper_of(home)
    first.kill()
    await eventually(lambda: not first.is_running() and is_replaced(home, first), "a new reaper is there")
    launcher.signal(signal.SIGKILL)
    await eventually(lambda: processes_of(home) == [], "every process has ended")


def is_replaced(home: Home, first: psutil.Process) -> bool:
    """Whether another reaper has taken over."""
    reapers = [process for process in processes_of(home) if "services.stack.reaper" in process.cmdline()]
    return bool(reapers) and reapers[0] != first


async def test_a_new_launcher_waits_for_what_a_killed_one_left(launch: Launch, home: Home, tmp_path: Path) -> None:
    killed = await launched(launch, tmp_path, "--drain-until-told")
    killed.signal(signal.SIGKILL)
    await killed.exit_code()
    following = await launch(*PROGRAMS, str(tmp_path))
    await following.says("waiting until its processes have ended")
    assert launcher_pid(home) == following.process.pid
    tell(tmp_path, "third")
    await following.says(READY)


async def test_a_second_launcher_says_where_the_first_is(launch: Launch, home: Home, tmp_path: Path) -> None:
    first = await launched(launch, tmp_path)
    second = await launch(*PROGRAMS, str(tmp_path))
    assert await second.exit_code() == 1
    url = StackState.read(home.state_file).urls["API"]
    assert second.output == f"Vidferry is already running (pid {first.process.pid}) at {url}.\n"
    assert len(processes_of(home)) == 5


async def test_a_crashed_process_comes_back(launch: Launch, home: Home, tmp_path: Path) -> None:
    launcher = await launched(launch, tmp_path)
    (second,) = [entry for entry in StackState.read(home.state_file).processes if entry.name == "second"]
    assert second.pid is not None
    psutil.Process(second.pid).kill()
    await launcher.says("Second was ended by SIGKILL; restarting in 0.5 s (vidferry logs second)")
    await launcher.says("Second is back")
    (again,) = [entry for entry in StackState.read(home.state_file).processes if entry.name == "second"]
    assert (again.state, again.restarts) == ("running", 1)
    assert again.pid != second.pid
