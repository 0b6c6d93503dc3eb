"""Stores audio during transcription."""

import asyncio
import os
import re
import stat
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import ParamSpec, TypeVar

from services.worker.adapters.audio.local import LocalFolders, StoreFullError, atomic_write, is_full, raising_store_full
from services.worker.adapters.audio.remote import RemoteFolders, StoreError, open_url
from shared.contracts.youtube import YOUTUBE_ID_PATTERN
from shared.settings import InvalidSettingError

__all__ = ["AudioStore", "StoreError", "StoreFullError", "is_full"]

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 8
"""Threads of the store: calls that hang must not block other work."""
CALL_SECONDS = 60
"""For deleting the files of one video."""
TRANSFER_SECONDS = 300
"""For one file: four hours of audio in the smallest format, about 115 MB, at 3 Mbit/s."""
LISTING_SECONDS = 240
"""For the age of every file; less than `sweep_audio` may take."""

_SUFFIX = ".audio"
"""The suffix of our folders: `Screenshots` may be a video's id, and is more likely a folder of the user's."""
_FILE_NAME = re.compile(r"[0-9A-Za-z_][0-9A-Za-z_.-]*")


class AudioStore:
    """A folder per video, in a local folder or under any URL of fsspec. Other files there are not touched.

    The files of a remote store are written and read in a local scratch folder. Every method may be repeated after an
    interruption.

    Raises (every method):
        StoreFullError: There is no room.
        StoreError: A remote store failed, or a store did not answer in time.
        ValueError: Not the id of a video, or not a plain file name.
    """

    def __init__(self, url: str) -> None:
        """Raises InvalidSettingError, without quoting the URL, if no files can be stored there."""
        try:
            opened = open_url(url)
        except ValueError as error:
            raise InvalidSettingError(f"VIDFERRY_AUDIO_STORE cannot be used: {error}.") from None
        self._remote = None if isinstance(opened, Path) else opened
        with raising_store_full():
            root = opened if isinstance(opened, Path) else _scratch(url)
            if root.parent == Path(tempfile.gettempdir()):
                _claim_directory(root)
            _create(root)
        self._local = LocalFolders(root)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="audio-store")

    def workspace(self, youtube_id: str) -> Path:
        """Return the local folder for a video's files, the same for all processes of this machine; creates it."""
        with raising_store_full():
            return self._local.make(_folder(youtube_id))

    async def upload(self, youtube_id: str, name: str) -> None:
        """Store a complete file of the workspace. A remote store then has it, and the workspace does not."""
        await self._run(TRANSFER_SECONDS, self._upload, _folder(youtube_id), _checked(name))

    async def download(self, youtube_id: str, name: str) -> Path:
        """Return the local path of a stored file, downloaded if necessary. Raises FileNotFoundError."""
        return await self._run(TRANSFER_SECONDS, self._download, _folder(youtube_id), _checked(name))

    async def evict(self, youtube_id: str, name: str) -> None:
        """Delete the local copy of a remote file; `download` restores it."""
        folder, name = _folder(youtube_id), _checked(name)
        if self._remote is not None:
            await self._run(CALL_SECONDS, self._local.remove, folder, name)

    async def delete_file(self, youtube_id: str, name: str) -> None:
        """Delete one file, locally and remotely, if it exists."""
        folder, name = _folder(youtube_id), _checked(name)
        for each in self._roots:
            await self._run(CALL_SECONDS, each.remove, folder, name)

    async def delete_video(self, youtube_id: str) -> None:
        """Delete all files of a video, locally and remotely."""
        for each in self._roots:
            await self._run(CALL_SECONDS, each.remove_all, _folder(youtube_id))

    async def find_orphans(self, *, older_than_seconds: float) -> list[str]:
        """Return the videos whose files, local and remote, have not changed for so long."""
        return await self._run(LISTING_SECONDS, self._find_orphans, older_than_seconds)

    async def _run(self, seconds: float, work: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
        """Run `work` on a thread; after `seconds` it is abandoned."""

        def call() -> T:
            with raising_store_full():
                return work(*args, **options)

        try:
            return await asyncio.wait_for(asyncio.get_running_loop().run_in_executor(self._threads, call), seconds)
        except TimeoutError as error:
            raise StoreError(error) from None

    def _upload(self, folder: str, name: str) -> None:
        if self._remote is None:
            return
        path = self._local.make(folder) / name
        if not path.exists():
            if self._remote.has(folder, name):
                return  # by an earlier attempt
            raise FileNotFoundError(path)
        self._remote.put(path, folder, name)
        path.unlink(missing_ok=True)

    def _download(self, folder: str, name: str) -> Path:
        path = self._local.make(folder) / name
        if path.exists():
            return path
        if self._remote is None:
            raise FileNotFoundError(path)
        with atomic_write(path) as part:
            self._remote.get(folder, name, part)
        return path

    def _find_orphans(self, older_than_seconds: float) -> list[str]:
        latest = time.time() - older_than_seconds
        return [
            youtube_id
            for youtube_id, roots in sorted(self._videos().items())
            if max(each.last_modified(_folder(youtube_id)) for each in roots) < latest
        ]

    def _videos(self) -> dict[str, list[LocalFolders | RemoteFolders]]:
        """The videos, and the folders that have files of each."""
        found: defaultdict[str, list[LocalFolders | RemoteFolders]] = defaultdict(list)
        for each in self._roots:
            for folder in filter(_is_ours, each.list_folders()):
                found[folder.removesuffix(_SUFFIX)].append(each)
        return found

    @property
    def _roots(self) -> list[LocalFolders | RemoteFolders]:
        return [self._local, *([self._remote] if self._remote else [])]


def _folder(youtube_id: str) -> str:
    if not re.fullmatch(YOUTUBE_ID_PATTERN, youtube_id):
        raise ValueError("not the id of a video")
    return youtube_id + _SUFFIX


def _is_ours(folder: str) -> bool:
    return folder.endswith(_SUFFIX) and bool(re.fullmatch(YOUTUBE_ID_PATTERN, folder.removesuffix(_SUFFIX)))


def _checked(name: str) -> str:
    if not _FILE_NAME.fullmatch(name):
        raise ValueError("not a plain file name")
    return name


def _scratch(url: str) -> Path:
    """Return the local scratch folder of a remote store, shared by this user's processes."""
    folder = Path(tempfile.gettempdir()) / f"vidferry-scratch-{os.getuid()}"
    _claim_directory(folder)
    return folder / sha256(url.encode()).hexdigest()[:16]


def _claim_directory(folder: Path) -> None:
    """Create a folder of this user in a shared one. Raises InvalidSettingError if it is another user's."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise InvalidSettingError(
            f"{folder} belongs to another user: set VIDFERRY_AUDIO_STORE or TMPDIR to another folder."
        )


def _create(root: Path) -> None:
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        if is_full(error):
            raise
        reason = f"the folder cannot be created ({error.strerror})"
        raise InvalidSettingError(f"VIDFERRY_AUDIO_STORE cannot be used: {reason}.") from None
