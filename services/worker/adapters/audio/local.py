"""Folders on a disk of this machine, which may be full."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import inf
from pathlib import Path

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class StoreFullError(Exception):
    """The store has no room for more audio."""


def is_full(error: OSError) -> bool:
    """Whether there is no room: on the disk, in the quota, or in a file of the largest size allowed."""
    return error.errno in _FULL


@contextmanager
def raising_store_full() -> Iterator[None]:
    """Raise an OSError of `is_full` as StoreFullError."""
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise StoreFullError(error.strerror) from error
        raise


@contextmanager
def atomic_write(target: Path) -> Iterator[Path]:
    """Yield a temporary file that replaces `target` on success, and is removed on failure.

    Each one has a unique name: an attempt that timed out may still be writing.
    """
    with raising_store_full():
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f"{target.name}.", suffix=".tmp")
        part = Path(name)
        try:
            yield part
            os.fsync(descriptor)  # after a power cut, the name must not exist without the contents
            part.replace(target)
        finally:
            os.close(descriptor)
            part.unlink(missing_ok=True)


class LocalFolders:
    """Folders with files in one folder. Every method blocks."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def make(self, folder: str) -> Path:
        """Create the folder unless it exists, for this user only; returns its path."""
        path = self._root / folder
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    def list_folders(self) -> list[str]:
        """Return the names of all folders."""
        with suppress(FileNotFoundError):
            return [path.name for path in self._root.iterdir() if path.is_dir() and not path.is_symlink()]
        return []

    def last_modified(self, folder: str) -> float:
        """Return when anything in it last changed, in seconds since 1970; infinity if it is changing right now."""
        path = self._root / folder
        with suppress(FileNotFoundError):
            return max(each.lstat().st_mtime for each in (path, *path.rglob("*")))
        return inf

    def remove(self, folder: str, name: str) -> None:
        """Delete a file if it exists."""
        (self._root / folder / name).unlink(missing_ok=True)

    def remove_all(self, folder: str) -> None:
        """Delete a folder if it exists."""
        path = self._root / folder
        while path.exists():
            with suppress(FileNotFoundError):  # another process deletes in it too
                shutil.rmtree(path)
