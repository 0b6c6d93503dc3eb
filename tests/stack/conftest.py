"""Fixtures: a home, a process group in this process, and the launcher as a process of its own."""

import asyncio
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from fakes.youtube import FakeYoutube
from services.stack import checks, probes, rate_limits, youtube_requests
from services.stack.group import ProcessGroup
from services.stack.home import Home, HomeLock, is_locked
from services.stack.plan import python_environment
from services.stack.state import ProcessEntry
from shared.settings import Settings
from tests.support import waiting
from tests.support.servers import free_port

DEADLINE_SECONDS = 120
DRAIN_SECONDS = 120
"""One process alone may take 35 s to end."""
GONE_PID = 2**22 - 1
"""The largest Linux allows by default; nobody has it here."""

PORT_VARIABLES = (
    "VIDFERRY_API_PORT",
    "VIDFERRY_NOTIFIER_PORT",
    "VIDFERRY_POSTGRES_PORT",
    "VIDFERRY_TEMPORAL_PORT",
    "VIDFERRY_TEMPORAL_UI_PORT",
    "VIDFERRY_STANDIN_PORT",
    "VIDFERRY_SPEECH_PORT",
)


async def eventually(condition: Callable[[], object], what: str, *, within_seconds: float = DEADLINE_SECONDS) -> None:
    """Wait until `condition` holds; fail with `what` after a deadline far beyond any healthy duration."""

    async def check() -> bool:
        assert condition(), what
        return True

    await waiting.eventually(check, within_seconds=within_seconds)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers that are there may take their time: the machine may be busy. A test of a silent one is less patient."""
    for module in (probes, rate_limits, youtube_requests):
        monkeypatch.setattr(module, "TIMEOUT_SECONDS", DEADLINE_SECONDS)
    monkeypatch.setattr(probes, "ANSWER_SECONDS", DEADLINE_SECONDS)
    monkeypatch.setattr(checks, "CHECK_SECONDS", DEADLINE_SECONDS)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """An empty home, which `VIDFERRY_HOME` names, with ports of its own."""
    home = Home(tmp_path / "home")
    home.create()
    monkeypatch.setenv("VIDFERRY_HOME", str(home.path))
    for name in PORT_VARIABLES:
        monkeypatch.setenv(name, str(free_port()))
    return home


@pytest.fixture
def said() -> list[str]:
    """What people have been told."""
    return []


@pytest.fixture
async def group(home: Home, said: list[str]) -> AsyncIterator[ProcessGroup]:
    """An open process group; closing it ends whatever a test left running."""
    lock = HomeLock(home)
    await lock.acquire(0, lambda: None)
    group = ProcessGroup(home.logs, python_environment(), lock.fileno(), grace_seconds=1, say=said.append)
    await group.open()
    yield group
    await group.close()
    lock.release()


@contextmanager
def left_over(home: Home) -> Iterator[None]:
    """A home where only the processes of a launcher that is gone are still at work."""
    with home.lock_file.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture
async def launcher_lock(home: Home) -> AsyncIterator[HomeLock]:
    """This process is the launcher of `home`."""
    lock = HomeLock(home)
    await lock.acquire(0, pytest.fail)
    yield lock
    lock.release()


@pytest.fixture
def environment(settings: Settings, fake_youtube: FakeYoutube) -> dict[str, str]:
    """What a service of the test's own installation is given."""
    return {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "TEMPORAL_ADDRESS": settings.temporal_address,
        "YOUTUBE_PROXY": fake_youtube.proxy_url,
        "YOUTUBE_CA_FILE": str(fake_youtube.ca_file),
    }


@contextmanager
def process_with(environment: Mapping[str, str]) -> Iterator[int]:
    """The id of a process that has this environment and does nothing."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, env=environment) as process:
        yield process.pid
        process.kill()


def entry(name: str, **changes: object) -> ProcessEntry:
    """A process of the state file, by default this one."""
    defaults: dict[str, object] = {
        "title": name.title(),
        "state": "running",
        "pid": os.getpid(),
        "started_at": time.time(),
        "restarts": 0,
        "url": "127.0.0.1:1",
        "health_url": None,
    }
    return ProcessEntry(name=name, **(defaults | changes))  # type: ignore[arg-type]  # values of many types


class LauncherProcess:
    """A launcher running on its own, as from a terminal."""

    def __init__(self, process: asyncio.subprocess.Process, output: Path) -> None:
        self.process = process
        self._output = output

    @property
    def output(self) -> str:
        """What it has said so far."""
        return self._output.read_text()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the launcher only."""
        self.process.send_signal(number)

    async def says(self, text: str, *, within_seconds: float = DEADLINE_SECONDS) -> None:
        """Wait until it has said `text`, or has ended without."""

        def said_or_ended() -> bool:
            return text in self.output or self.process.returncode is not None

        await eventually(said_or_ended, f"“{text}”", within_seconds=within_seconds)
        assert text in self.output, self.output

    async def exit_code(self) -> int:
        """Wait for its end."""
        async with asyncio.timeout(DRAIN_SECONDS):
            return await self.process.wait()


Launch = Callable[..., Awaitable[LauncherProcess]]


def processes_of(home: Home) -> list[psutil.Process]:
    """Every living process that was started for the home, PostgreSQL's own children included."""
    return [process for process in psutil.process_iter() if _belongs_to(process, home)]


def _belongs_to(process: psutil.Process, home: Home) -> bool:
    try:
        if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
            return False
        in_home = Path(process.cwd()).is_relative_to(home.path)  # PostgreSQL overwrites its environment
        return in_home or process.environ().get("VIDFERRY_HOME") == str(home.path)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


@pytest.fixture
async def launch(home: Home, tmp_path: Path) -> AsyncIterator[Launch]:
    """Starts launchers: `await launch("-m", "services.stack.cli", …)`. Whatever is left at the end is killed."""
    launched: list[LauncherProcess] = []

    async def start(*argv: str, ignoring: Sequence[signal.Signals] = ()) -> LauncherProcess:
        output = tmp_path / f"output-{len(launched)}"
        command = [sys.executable, *argv]
        if ignoring:  # as nohup does, and a shell without job control for what runs in the background
            names = " ".join(number.name.removeprefix("SIG") for number in ignoring)
            command = ["/bin/sh", "-c", f"trap '' {names}; exec \"$@\"", "sh", *command]
        with output.open("w") as file:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.DEVNULL, stdout=file, stderr=file
            )
        launched.append(LauncherProcess(process, output))
        return launched[-1]

    yield start
    for one in launched:
        if one.process.returncode is None:
            one.process.kill()
            await one.process.wait()
    for left_over in processes_of(home):
        left_over.kill()
    await eventually(lambda: not is_locked(home), "the lock is free")
