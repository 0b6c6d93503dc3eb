"""Folders wherever fsspec can put files: S3 and the like."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from math import inf
from pathlib import Path, PurePosixPath
from typing import Any

from fsspec.core import url_to_fs  # type: ignore[import-untyped]  # there are none
from fsspec.implementations.local import LocalFileSystem  # type: ignore[import-untyped]  # as above

from services.worker.audio.local import is_full

_S3 = "s3"
_NO_BUCKET = "NoSuchBucket"
_PART_BYTES = 8 * 1024 * 1024


class StoreBroken(Exception):
    """A remote store does not do what it is asked to: it is away, or refuses, or its bucket is missing."""

    def __init__(self, error: Exception) -> None:
        """Of `error` only names are told: what it says may quote a URL with a password, or a key."""
        code = _s3_code(error)
        super().__init__(f"{type(error).__name__} ({code})" if code else type(error).__name__)


@contextmanager
def telling_broken() -> Iterator[None]:
    """Inside, whatever fsspec and the libraries below it raise becomes StoreBroken, but for a file that is not there,
    and for a full disk."""
    try:
        yield
    except Exception as error:
        is_absent = isinstance(error, FileNotFoundError) and _s3_code(error) != _NO_BUCKET
        if is_absent or (isinstance(error, OSError) and is_full(error)):
            raise
        raise StoreBroken(error) from None


def open_url(url: str) -> "Path | RemoteFolders":
    """What a URL of fsspec's names; a path where that is on this machine.

    Raises ValueError for a URL that fsspec cannot make anything of, and StoreBroken. Neither quotes it: it may hold a
    password.
    """
    try:
        filesystem, root = url_to_fs(url, skip_instance_cache=True)  # the environment may name another server by now
    except ImportError as error:
        raise ValueError(str(error)) from None  # which package it takes
    except (ValueError, TypeError):
        raise ValueError("it is no place to keep files in") from None
    except Exception as error:
        raise StoreBroken(error) from None
    if isinstance(filesystem, LocalFileSystem):
        return Path(root)
    if not root.strip("/"):
        raise ValueError("the URL names a server, but no bucket or folder")
    return RemoteFolders(filesystem, root.rstrip("/"))


class RemoteFolders:
    """Folders with files in one folder, or under one prefix, of some fsspec filesystem.

    Every method blocks, and raises StoreBroken.
    """

    def __init__(self, filesystem: Any, root: str) -> None:
        self._filesystem = filesystem
        self._root = root
        # s3fs would have a whole file in memory, more than once; other filesystems do not know these words
        is_s3 = _S3 in filesystem.protocol
        self._getting: dict[str, int] = {"max_concurrency": 1} if is_s3 else {}
        self._putting: dict[str, int] = self._getting | ({"chunksize": _PART_BYTES} if is_s3 else {})

    def names(self) -> list[str]:
        """The folders that there are."""
        with suppress(FileNotFoundError), telling_broken():
            entries = self._fresh().ls(self._root, detail=True)
            return [PurePosixPath(entry["name"]).name for entry in entries if entry["type"] == "directory"]
        return []

    def changed_at(self, folder: str) -> float:
        """When anything in it changed last, in seconds since 1970; infinity if it changes right now."""
        with suppress(FileNotFoundError), telling_broken():
            times: list[datetime] = [self._filesystem.modified(path) for path in self._paths(folder)]
            return max((time.timestamp() for time in times), default=inf)
        return inf

    def put(self, local: Path, folder: str, name: str) -> None:
        """Upload a file that is here; one that is there already is replaced."""
        try:
            with telling_broken():
                self._filesystem.put_file(str(local), self._path(folder, name), **self._putting)
        except FileNotFoundError as error:
            raise StoreBroken(error) from None

    def get(self, folder: str, name: str, local: Path) -> None:
        """Download a file. Raises FileNotFoundError."""
        with telling_broken():
            self._filesystem.get_file(self._path(folder, name), str(local), **self._getting)

    def has(self, folder: str, name: str) -> bool:
        """Whether there is such a file."""
        with suppress(FileNotFoundError), telling_broken():
            return bool(self._fresh().info(self._path(folder, name))["type"] == "file")
        return False

    def remove(self, folder: str, name: str) -> None:
        """Delete a file, if it is there."""
        with suppress(FileNotFoundError), telling_broken():
            self._filesystem.rm_file(self._path(folder, name))

    def remove_all(self, folder: str) -> None:
        """Delete a folder, if it is there; also where s3fs would say nothing, what stays is an error."""
        with suppress(FileNotFoundError), telling_broken():
            self._fresh().rm(self._path(folder), recursive=True)
        with suppress(FileNotFoundError), telling_broken():
            if self._paths(folder):
                raise PermissionError

    def _paths(self, folder: str) -> list[str]:
        """All files in a folder, as the filesystem names them."""
        return list(self._fresh().find(self._path(folder)))

    def _path(self, *names: str) -> str:
        return "/".join((self._root, *names))

    def _fresh(self) -> Any:
        """The filesystem without what it remembers of its folders: other processes change them too."""
        self._filesystem.invalidate_cache()
        return self._filesystem


def _s3_code(error: Exception) -> str | None:
    """How S3 calls an error that botocore raised, or that s3fs made of it."""
    match getattr(error.__cause__ or error, "response", None):
        case {"Error": {"Code": str(code)}}:
            return code
    return None
