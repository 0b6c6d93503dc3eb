"""Folders on a filesystem of fsspec's, such as S3."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from math import inf
from pathlib import Path, PurePosixPath
from typing import Any

from fsspec.core import url_to_fs  # type: ignore[import-untyped]  # there are none
from fsspec.implementations.local import LocalFileSystem  # type: ignore[import-untyped]  # as above

from services.worker.adapters.audio.local import is_full

_S3 = "s3"
_NO_BUCKET = "NoSuchBucket"
_PART_BYTES = 8 * 1024 * 1024


class StoreError(Exception):
    """A remote store fails: it is unavailable, denies access, or its bucket is missing."""

    def __init__(self, error: Exception) -> None:
        """Keep only the names of `error`: its message may quote a URL with a password, or a key."""
        code = _s3_code(error)
        super().__init__(f"{type(error).__name__} ({code})" if code else type(error).__name__)


@contextmanager
def raising_store_error() -> Iterator[None]:
    """Raise errors of fsspec and its libraries as StoreError, except a missing file and a full disk."""
    try:
        yield
    except Exception as error:
        is_absent = isinstance(error, FileNotFoundError) and _s3_code(error) != _NO_BUCKET
        if is_absent or (isinstance(error, OSError) and is_full(error)):
            raise
        raise StoreError(error) from None


def open_url(url: str) -> "Path | RemoteFolders":
    """Open a URL of fsspec's; returns a path where that is on this machine.

    Raises ValueError for a URL that fsspec does not know, and StoreError. Neither quotes it: it may hold a password.
    """
    try:
        filesystem, root = url_to_fs(url, skip_instance_cache=True)  # the environment may have changed
    except ImportError as error:
        raise ValueError(str(error)) from None  # it names the missing package
    except (ValueError, TypeError):
        raise ValueError("it does not name a place for files") from None
    except Exception as error:
        raise StoreError(error) from None
    if isinstance(filesystem, LocalFileSystem):
        return Path(root)
    if not root.strip("/"):
        raise ValueError("the URL names a server, but no bucket or folder")
    return RemoteFolders(filesystem, root.rstrip("/"))


class RemoteFolders:
    """Folders with files in one folder, or under one prefix, of some fsspec filesystem.

    Every method blocks, and raises StoreError.
    """

    def __init__(self, filesystem: Any, root: str) -> None:
        self._filesystem = filesystem
        self._root = root
        # s3fs would hold a whole file in memory, more than once; other filesystems have no such options
        is_s3 = _S3 in filesystem.protocol
        self._get_options: dict[str, int] = {"max_concurrency": 1} if is_s3 else {}
        self._put_options: dict[str, int] = self._get_options | ({"chunksize": _PART_BYTES} if is_s3 else {})

    def list_folders(self) -> list[str]:
        """Return the names of all folders."""
        with suppress(FileNotFoundError), raising_store_error():
            entries = self._fresh().ls(self._root, detail=True)
            return [PurePosixPath(entry["name"]).name for entry in entries if entry["type"] == "directory"]
        return []

    def last_modified(self, folder: str) -> float:
        """Return when anything in it last changed, in seconds since 1970; infinity if it is changing right now."""
        with suppress(FileNotFoundError), raising_store_error():
            times: list[datetime] = [self._filesystem.modified(path) for path in self._paths(folder)]
            return max((time.timestamp() for time in times), default=inf)
        return inf

    def put(self, local: Path, folder: str, name: str) -> None:
        """Upload a local file, replacing an existing one."""
        try:
            with raising_store_error():
                self._filesystem.put_file(str(local), self._path(folder, name), **self._put_options)
        except FileNotFoundError as error:
            raise StoreError(error) from None

    def get(self, folder: str, name: str, local: Path) -> None:
        """Download a file. Raises FileNotFoundError."""
        with raising_store_error():
            self._filesystem.get_file(self._path(folder, name), str(local), **self._get_options)

    def has(self, folder: str, name: str) -> bool:
        """Whether the file exists."""
        with suppress(FileNotFoundError), raising_store_error():
            return bool(self._fresh().info(self._path(folder, name))["type"] == "file")
        return False

    def remove(self, folder: str, name: str) -> None:
        """Delete a file if it exists."""
        with suppress(FileNotFoundError), raising_store_error():
            self._filesystem.rm_file(self._path(folder, name))

    def remove_all(self, folder: str) -> None:
        """Delete a folder if it exists; raises where files remain, which s3fs ignores."""
        with suppress(FileNotFoundError), raising_store_error():
            self._fresh().rm(self._path(folder), recursive=True)
        with suppress(FileNotFoundError), raising_store_error():
            if self._paths(folder):
                raise PermissionError

    def _paths(self, folder: str) -> list[str]:
        """All files in a folder, by their full paths."""
        return list(self._fresh().find(self._path(folder)))

    def _path(self, *names: str) -> str:
        return "/".join((self._root, *names))

    def _fresh(self) -> Any:
        """The filesystem without its cached listings: other processes change the folders too."""
        self._filesystem.invalidate_cache()
        return self._filesystem


def _s3_code(error: Exception) -> str | None:
    """S3's code of an error of botocore or s3fs."""
    match getattr(error.__cause__ or error, "response", None):
        case {"Error": {"Code": str(code)}}:
            return code
    return None
