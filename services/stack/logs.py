"""The log files of the managed processes: writing, rotating over, reading, following."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

MAX_BYTES = 10_000_000
BLOCK_BYTES = 65_536
POLL_SECONDS = 0.2


def open_log(directory: Path, name: str) -> BinaryIO:
    """Open `<name>.log` for appending."""
    return (directory / f"{name}.log").open("ab")


def rotate(directory: Path) -> None:
    """Empty every log beyond `MAX_BYTES`; its end becomes `<name>.log.1`. Raises OSError when the disk is full.

    The processes keep their files open, for months perhaps: that is why nothing is renamed. A line that is written
    between the two steps is lost.
    """
    for path in directory.glob("*.log"):
        if path.stat().st_size <= MAX_BYTES:
            continue
        try:
            with path.open("rb") as file:
                file.seek(-MAX_BYTES, os.SEEK_END)
                path.with_suffix(".log.1").write_bytes(file.read(MAX_BYTES))
        finally:  # a full disk needs it most
            os.truncate(path, 0)


def last_lines(path: Path, count: int) -> list[str]:
    """The last `count` lines of a log; none when there is no such file."""
    try:
        with path.open("rb") as file:
            _seek_last_lines(file, count)
            return [_text(line) for line in file]
    except FileNotFoundError:
        return []


class Follower:
    """Reads the last `count` lines of an existing log, and then what is added to it, also after it was rotated."""

    def __init__(self, path: Path, count: int) -> None:
        self._file = path.open("rb")
        _seek_last_lines(self._file, count)

    def new_lines(self) -> Iterator[str]:
        """Every line that has been completed since the last call."""
        position = self._file.tell()
        if os.fstat(self._file.fileno()).st_size < position:
            position = self._file.seek(0)
        while (line := self._file.readline()).endswith(b"\n"):
            position = self._file.tell()
            yield _text(line)
        self._file.seek(position)


def follow(paths: dict[str, Path], count: int, show: Callable[[str, str], None]) -> None:
    """Call `show(name, line)` for the last `count` lines and every new line of every log, until interrupted."""
    followers = {name: Follower(path, count) for name, path in paths.items()}
    while True:
        for name, follower in followers.items():
            for line in follower.new_lines():
                show(name, line)
        time.sleep(POLL_SECONDS)


def _seek_last_lines(file: BinaryIO, count: int) -> None:
    """Go to where the last `count` lines begin, reading no more than needed."""
    end = position = file.seek(0, os.SEEK_END)
    tail = b""
    while position > 0 and tail.count(b"\n") <= count:
        block = min(BLOCK_BYTES, position)
        position = file.seek(position - block)
        tail = file.read(block) + tail
    lines = tail.splitlines(keepends=True)
    file.seek(end - sum(map(len, lines[max(0, len(lines) - count) :])))


def _text(line: bytes) -> str:
    return line.decode(errors="replace").rstrip("\r\n")
