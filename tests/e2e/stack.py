"""The running product: its processes to be killed and paused, its addresses, its logs."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from services.stack.home import Home
from services.stack.logs import last_lines
from services.stack.process import ProcessState
from services.stack.state import ProcessEntry, StackState
from tests.stack.conftest import PORT_VARIABLES, LauncherProcess, eventually, processes_of
from tests.support.servers import free_port

START_SECONDS = 300
"""For the start, or the return, of a process on a busy machine; a few seconds otherwise."""
LOG_LINES = 30
DEMO = ("-m", "services.stack", "demo")
SETTINGS = {
    "YOUTUBE_CALLS_PER_SECOND": "1000",
    "VIDFERRY_RECONCILE_INTERVAL_SECONDS": "1",
    "VIDFERRY_DRAIN_SECONDS": "5",
}


@dataclass(frozen=True)
class Stack:
    """One running `vidferry demo`."""

    home: Home
    launcher: LauncherProcess

    @property
    def api_url(self) -> str:
        """Where the API is."""
        return self._state.urls["API"]

    @property
    def progress_url(self) -> str:
        """Where the notifier's WebSocket is."""
        return self._state.urls["WebSocket"]

    @property
    def fake_youtube_file(self) -> Path:
        """Where the fake YouTube says how it is reached."""
        return self.home.path / "youtube" / "youtube.json"

    def pause(self, name: str) -> None:
        """Stop a process from doing anything, its connections included (SIGSTOP)."""
        psutil.Process(self._running(name).pid).suspend()

    def kill(self, name: str) -> ProcessEntry:
        """End a process without warning (SIGKILL); returns what `until_back` wants to know."""
        entry = self._running(name)
        psutil.Process(entry.pid).kill()
        return entry

    async def until_back(self, killed: ProcessEntry) -> None:
        """Wait until the launcher has replaced a killed process and the new one is ready."""

        def is_back() -> bool:
            entry = self._entry(killed.name)
            return entry.restarts > killed.restarts and entry.state == ProcessState.RUNNING

        await eventually(is_back, f"{killed.title} is back", within_seconds=START_SECONDS)

    async def until_healthy(self) -> None:
        """Wait until every process is running, whatever an earlier test did to it."""

        def is_healthy() -> bool:
            return all(entry.state == ProcessState.RUNNING for entry in self._state.processes)

        await eventually(is_healthy, "every process is running", within_seconds=START_SECONDS)

    def ends_of_logs(self) -> str:
        """The last lines of every process."""
        logs = sorted(self.home.logs.glob("*.log"))
        return "\n".join(f"--- {path.stem}\n" + "\n".join(last_lines(path, LOG_LINES)) for path in logs)

    @property
    def _state(self) -> StackState:
        return StackState.read(self.home.state_file)

    def _entry(self, name: str) -> ProcessEntry:
        (entry,) = [entry for entry in self._state.processes if entry.name == name]
        return entry

    def _running(self, name: str) -> ProcessEntry:
        entry = self._entry(name)
        assert entry.pid is not None, f"{entry.title} is not running"
        return entry


@asynccontextmanager
async def running_stack(
    directory: Path, command: Sequence[str] = DEMO, settings: Mapping[str, str] = SETTINGS
) -> AsyncIterator[Stack]:
    """`vidferry demo` with a home and ports of its own; drained at the end, and nothing of it is left.

    `command` is what Python runs; `settings` are environment variables, and may name the ports.
    """
    home = Home(directory / "home")
    launcher = await _launched(home, directory / "output", command, settings)
    try:
        await launcher.says("Vidferry is ready.", within_seconds=START_SECONDS)
        yield Stack(home.demo, launcher)
        launcher.signal(signal.SIGINT)
        assert await launcher.exit_code() == 0, launcher.output
        assert processes_of(home) == []
    finally:
        if launcher.process.returncode is None:
            launcher.signal(signal.SIGKILL)
            await launcher.exit_code()
        for left_over in processes_of(home):
            left_over.kill()


async def _launched(home: Home, output: Path, command: Sequence[str], settings: Mapping[str, str]) -> LauncherProcess:
    ports = {name: str(free_port()) for name in PORT_VARIABLES}
    with output.open("w") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            env=os.environ | ports | dict(settings) | {"VIDFERRY_HOME": str(home.path)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        )
    return LauncherProcess(process, output)
