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

from services.stack.errors import StackError
from shared.file_lock import try_lock

PROJECT_ROOT = Path(__file__).resolve().parents[2]
"""The checkout, or the site-packages directory of an installation."""
POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Home:
    """The directory of one installation and the names of what is in it."""

    path: Path
    outer: Path | None = None
    """The home that this one lies in."""

    @classmethod
    def from_environment(cls) -> Self:
        """`VIDFERRY_HOME`; else `.vidferry` in the checkout, or in the current directory where there is none."""
        if configured := os.environ.get("VIDFERRY_HOME"):
            return cls(Path(configured).expanduser().absolute())
        return cls((PROJECT_ROOT if is_checkout() else Path.cwd()) / ".vidferry")

    @property
    def demo(self) -> "Home":
        """The demo's own home, so that invented videos never mix with real ones."""
        return Home(self.path / "demo", outer=self.path)

    @property
    def other(self) -> "Home":
        """The demo's home for the installation's, and the other way round."""
        return Home(self.outer) if self.outer else self.demo

    @property
    def is_demo(self) -> bool:
        """Whether this is the demo's."""
        return self.outer is not None

    @property
    def logs(self) -> Path:
        """One log file per process."""
        return self.path / "logs"

    @property
    def launcher_log(self) -> Path:
        """What the launcher has said."""
        return self.logs / "launcher.log"

    @property
    def audio(self) -> Path:
        """Audio during its transcription, unless `VIDFERRY_AUDIO_STORE` names another store."""
        return self.path / "audio"

    @property
    def extractor(self) -> Path:
        """Newer versions of yt-dlp, unless `YOUTUBE_EXTRACTOR_DIRECTORY` names another place."""
        return self.path / "extractor"

    @property
    def account(self) -> Path:
        """The worker's copy of an account's cookies, unless `YOUTUBE_ACCOUNT_DIRECTORY` names another place."""
        return self.path / "account"

    @property
    def state_file(self) -> Path:
        """What `vidferry status` reads."""
        return self.path / "state.json"

    @property
    def lock_file(self) -> Path:
        """Locked while the launcher or one of its processes runs."""
        return self.path / "lock"

    @property
    def launcher_file(self) -> Path:
        """Locked by the launcher alone, as long as it runs; holds its process id."""
        return self.path / "launcher.pid"

    def create(self) -> None:
        """Make the directories, closed to other users. Raises StackError when they cannot be written to."""
        try:
            for directory in filter(None, (self.outer, self.path, self.logs, self.audio)):
                directory.mkdir(parents=True, exist_ok=True)
                directory.chmod(0o700)
            for file in (self.lock_file, self.launcher_file):
                file.touch(mode=0o600)
        except OSError as error:
            raise StackError(f"Vidferry cannot write to {self.path} ({error.strerror}): set VIDFERRY_HOME.") from error


def is_checkout() -> bool:
    """Whether this is the project's source tree, with the fakes."""
    return (PROJECT_ROOT / "pyproject.toml").is_file() and (PROJECT_ROOT / "fakes").is_dir()


def typed(command: str) -> str:
    """How a person types a command of `vidferry`."""
    return f"`make {command}`" if is_checkout() else f"`vidferry {command}`"


class HomeLock:
    """The locks on a home. The reaper inherits `fileno`, so that this lock outlives a killed launcher."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._file = home.lock_file.open("r+")
        self._launcher_file = home.launcher_file.open("r+")

    def fileno(self) -> int:
        """The descriptor that holds the lock."""
        return self._file.fileno()

    async def acquire(self, patience_seconds: float, waiting: Callable[[], None]) -> None:
        """Take the lock.

        While only processes of a dead launcher hold it, wait for them and call `waiting` once.
        Raises StackError when another launcher holds it, or after `patience_seconds`.
        """
        await self._lock_launcher_file()
        started = time.monotonic()
        said = False
        while not try_lock(self._file):
            waited = time.monotonic() - started
            if waited > patience_seconds:
                raise StackError(f"Processes of an earlier run still use {self._home.path}.")
            if not said and waited > POLL_SECONDS:  # not for the moment in which `status` holds it
                waiting()
                said = True
            await asyncio.sleep(POLL_SECONDS)

    def release(self) -> None:
        """Give the locks back."""
        self._file.close()
        self._launcher_file.close()

    async def _lock_launcher_file(self) -> None:
        while not try_lock(self._launcher_file):
            if (pid := launcher_pid(self._home)) is not None:
                raise StackError(f"Vidferry is already running (pid {pid}){_where(self._home)}.")
            await asyncio.sleep(POLL_SECONDS)  # `status` holds it, or another launcher is about to write its process id
        self._home.state_file.unlink(missing_ok=True)  # of an earlier launcher
        self._launcher_file.truncate(0)
        self._launcher_file.write(str(os.getpid()))
        self._launcher_file.flush()


def is_locked(home: Home) -> bool:
    """Whether a launcher, or processes of a killed one, run in `home`."""
    return _is_held(home.lock_file)


def launcher_pid(home: Home) -> int | None:
    """The process id of the launcher that runs or starts in `home`; None when there is none."""
    if not _is_held(home.launcher_file):
        return None
    try:
        return int(home.launcher_file.read_text())
    except ValueError:  # not written yet
        return None


def _is_held(path: Path) -> bool:
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def _where(home: Home) -> str:
    """` at <URL>`, where the running launcher has written it down already."""
    try:
        return f" at {json.loads(home.state_file.read_text())['urls']['API']}"
    except (FileNotFoundError, ValueError, KeyError):
        return ""
