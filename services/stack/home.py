"""Where an installation keeps its data, and the lock that lets only one launcher at a time work there."""

import asyncio
import fcntl
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

from services.stack.errors import StackError

PROJECT_ROOT = Path(__file__).resolve().parents[2]
"""The checkout, or the site-packages directory of an installation."""
POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Home:
    """The directory of one installation and the names of what is in it."""

    path: Path

    @classmethod
    def from_environment(cls) -> Self:
        """`VIDFERRY_HOME`; else `.vidferry` in the checkout, or in the current directory where there is none."""
        if configured := os.environ.get("VIDFERRY_HOME"):
            return cls(Path(configured).expanduser().absolute())
        return cls((PROJECT_ROOT if is_checkout() else Path.cwd()) / ".vidferry")

    @property
    def demo(self) -> "Home":
        """The demo's own home, so that invented videos never mix with real ones."""
        return Home(self.path / "demo")

    @property
    def logs(self) -> Path:
        """One log file per process."""
        return self.path / "logs"

    @property
    def state_file(self) -> Path:
        """What `vidferry status` reads."""
        return self.path / "state.json"

    @property
    def lock_file(self) -> Path:
        """Locked while the launcher or one of its processes is there."""
        return self.path / "lock"

    def create(self) -> None:
        """Make the directories. Raises StackError when they cannot be written to."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.logs.mkdir(exist_ok=True)
            self.lock_file.touch(mode=0o600)
        except OSError as error:
            raise StackError(f"Vidferry cannot write to {self.path} ({error.strerror}): set VIDFERRY_HOME.") from error


def is_checkout() -> bool:
    """Whether this is the project's source tree, with its tests."""
    return (PROJECT_ROOT / "pyproject.toml").is_file() and (PROJECT_ROOT / "tests").is_dir()


class HomeLock:
    """The lock on a home. `fileno` is handed to the reaper, so that the lock outlives a killed launcher."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._file = home.lock_file.open("r+")

    def fileno(self) -> int:
        """The descriptor that holds the lock."""
        return self._file.fileno()

    async def acquire(self, patience_seconds: float, waiting: Callable[[], None]) -> None:
        """Take the lock.

        While only left-over processes of a launcher that is gone hold it, wait for them and call `waiting` once.
        Raises StackError when another launcher holds it, or when the patience is at its end.
        """
        started = time.monotonic()
        said = False
        while not self._try():
            if (pid := launcher_pid(self._home)) is not None:
                raise StackError(f"Vidferry is running already (pid {pid}){_where(self._home)}.")
            waited = time.monotonic() - started
            if waited > patience_seconds:
                raise StackError(f"Processes of an earlier run still use {self._home.path} and do not end.")
            if not said and waited > POLL_SECONDS:  # not for the blink of an eye in which `status` looks
                waiting()
                said = True
            await asyncio.sleep(POLL_SECONDS)
        self._file.truncate(0)
        self._file.write(json.dumps({"pid": os.getpid(), "created": psutil.Process().create_time()}))
        self._file.flush()

    def release(self) -> None:
        """Give the lock back."""
        self._file.seek(0)
        self._file.truncate(0)
        self._file.close()

    def _try(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def is_locked(home: Home) -> bool:
    """Whether a launcher, or what a killed one left behind, is at work in `home`."""
    try:
        with home.lock_file.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def launcher_pid(home: Home) -> int | None:
    """The process id of the launcher that holds the lock on `home`; None when there is none."""
    if not is_locked(home):
        return None
    try:
        holder = json.loads(home.lock_file.read_text())
        alive = psutil.Process(holder["pid"]).create_time() == holder["created"]
    except (ValueError, psutil.NoSuchProcess):
        return None
    return holder["pid"] if alive else None


def _where(home: Home) -> str:
    """` at <URL>`, where the running launcher has written it down already."""
    try:
        return f" at {json.loads(home.state_file.read_text())['urls']['API']}"
    except (FileNotFoundError, ValueError, KeyError):
        return ""
