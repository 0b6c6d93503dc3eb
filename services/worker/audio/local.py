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


class StoreFull(Exception):
    """There is no room for more sound."""


def is_full(error: OSError) -> bool:
    """Whether there is no room: on the disk, in the quota, or in a file of the largest size allowed."""
    return error.errno in _FULL


@contextmanager
def telling_full() -> Iterator[None]:
    """Inside, an OSError of `is_full` becomes StoreFull."""
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise StoreFull(error.strerror) from error
        raise


@contextmanager
def appearing(target: Path) -> Iterator[Path]:
    """A file to write, which becomes `target` when it is complete; nothing is left of it if it never is.

    Each one has a name of its own, for an attempt that was given up may still be writing.
    """
    with telling_full():
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f"{target.name}.", suffix=".tmp")
        part = Path(name)
        try:
            yield part
            os.fsync(descriptor)  # after a power cut, the name must not be there without the contents
            part.replace(target)
        finally:
            os.close(descriptor)
            part.unlink(missing_ok=True)


class LocalFolders:
    """Folders with files in one folder. Every method blocks."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def make(self, folder: str) -> Path:
        """The path of a folder that exists from now on, for this user only if it is new."""
        path = self._root / folder
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    def names(self) -> list[str]:
        """The folders that there are."""
        with suppress(FileNotFoundError):
            return [path.name for path in self._root.iterdir() if path.is_dir() and not path.is_symlink()]
        return []

    def changed_at(self, folder: str) -> float:
        """When anything in it changed last, in seconds since 1970; infinity if it changes right now."""
        path = self._root / folder
        with suppress(FileNotFoundError):
            return max(each.lstat().st_mtime for each in (path, *path.rglob("*")))
        return inf

    def remove(self, folder: str, name: str) -> None:
        """Delete a file, if it is there."""
        (self._root / folder / name).unlink(missing_ok=True)

    def remove_all(self, folder: str) -> None:
        """Delete a folder, if it is there."""
        path = self._root / folder
        while path.exists():
            with suppress(FileNotFoundError):  # somebody else deletes in it too
                shutil.rmtree(path)
