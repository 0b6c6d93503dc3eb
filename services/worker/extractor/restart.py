"""Lets the workers of one machine restart one after the other."""

import time
from pathlib import Path
from typing import TextIO

from shared.file_lock import try_lock

SPACING_SECONDS = 20.0
"""What a worker needs to be back at work."""

_LOCK = "restart.lock"


class RestartTurn:
    """The turn of this process. It ends with the process, however that ends."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / _LOCK
        self._file: TextIO | None = None

    def take(self) -> bool:
        """Whether this process may restart now: no other one is doing so, or has only just done so."""
        if self._file is not None:
            return True
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # it may be deleted at any time
        file = self._path.open("a+")
        if not try_lock(file) or time.time() - _last_turn(file) < SPACING_SECONDS:
            file.close()
            return False
        self._file = file
        self.note()
        return True

    def note(self) -> None:
        """Begin the time that others have to wait, if it is this process's turn."""
        if self._file is not None:
            self._file.truncate(0)
            self._file.write(str(time.time()))
            self._file.flush()


def _last_turn(file: TextIO) -> float:
    file.seek(0)
    try:
        return float(file.read())
    except ValueError:  # there was none
        return 0
