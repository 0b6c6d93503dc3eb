"""The log files of the managed processes: writing, turning over, reading, following."""

import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TextIO

MAX_BYTES = 10_000_000
POLL_SECONDS = 0.2


def open_log(directory: Path, name: str) -> BinaryIO:
    """Open `<name>.log` for appending; a file beyond `MAX_BYTES` becomes `<name>.log.1` first."""
    path = directory / f"{name}.log"
    if path.exists() and path.stat().st_size > MAX_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


def last_lines(path: Path, count: int) -> list[str]:
    """The last `count` lines of a log; none when there is no such file."""
    try:
        with path.open(errors="replace") as file:
            return [line.rstrip("\n") for line in deque(file, maxlen=count)]
    except FileNotFoundError:
        return []


class Follower:
    """Reads what is added to a log after it was created, also after the file was turned over."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: TextIO | None = None
        if path.exists():
            self._file = path.open(errors="replace")
            self._file.seek(0, 2)

    def new_lines(self) -> Iterator[str]:
        """Every line that has been completed since the last call."""
        if self._file is not None:
            yield from self._complete_lines(self._file)
        if self._was_replaced():
            self._file = self._path.open(errors="replace")
            yield from self._complete_lines(self._file)

    def _complete_lines(self, file: TextIO) -> Iterator[str]:
        position = file.tell()
        while (line := file.readline()).endswith("\n"):
            position = file.tell()
            yield line.rstrip("\n")
        file.seek(position)

    def _was_replaced(self) -> bool:
        if not self._path.exists():
            return False
        return self._file is None or self._path.stat().st_ino != os.fstat(self._file.fileno()).st_ino


def follow(paths: dict[str, Path], show: Callable[[str, str], None]) -> None:
    """Call `show(name, line)` for every new line of every log, until interrupted."""
    followers = {name: Follower(path) for name, path in paths.items()}
    while True:
        for name, follower in followers.items():
            for line in follower.new_lines():
                show(name, line)
        time.sleep(POLL_SECONDS)
