"""Where sound is kept until its text is there."""

import asyncio
import os
import re
import stat
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import ParamSpec, TypeVar

from services.worker.audio.local import LocalFolders, StoreFull, appearing, is_full, telling_full
from services.worker.audio.remote import RemoteFolders, StoreBroken, open_url
from shared.contracts.youtube import YOUTUBE_ID_PATTERN
from shared.settings import SettingRefused

__all__ = ["AudioStore", "StoreBroken", "StoreFull", "is_full"]

P = ParamSpec("P")
T = TypeVar("T")

_SUFFIX = ".audio"
"""Ends the names of our folders: `Screenshots` may be a video, and is likely to be somebody's folder."""
_FILE_NAME = re.compile(r"[0-9A-Za-z_][0-9A-Za-z_.-]*")


class AudioStore:
    """A folder per video, in a folder of this machine or under any URL of fsspec. Nothing else there is touched.

    The files of a remote store are written and read in a scratch folder of this machine. Every method may be repeated
    after an interruption, raises StoreFull where there is no room, StoreBroken where a remote store does not do its
    work, and ValueError for what is not the id of a video, or not a plain file name.
    """

    def __init__(self, url: str) -> None:
        """Raises SettingRefused, without quoting the URL, if nothing can be kept there."""
        try:
            opened = open_url(url)
        except ValueError as error:
            raise SettingRefused(f"VIDFERRY_AUDIO_STORE cannot be used: {error}.") from None
        self._remote = None if isinstance(opened, Path) else opened
        with telling_full():
            root = opened if isinstance(opened, Path) else _scratch(url)
            if root.parent == Path(tempfile.gettempdir()):
                _take(root)
            _make(root)
        self._local = LocalFolders(root)

    def workspace(self, youtube_id: str) -> Path:
        """The local folder for a video's files, the same for every process of this machine; made if need be."""
        with telling_full():
            return self._local.make(_folder(youtube_id))

    async def keep(self, youtube_id: str, name: str) -> None:
        """A file of the workspace is complete. A remote store has it from now on, and the workspace no more."""
        await _in_thread(self._keep, _folder(youtube_id), _checked(name))

    async def fetch(self, youtube_id: str, name: str) -> Path:
        """The local path of a file that was kept, downloaded if need be. Raises FileNotFoundError."""
        return await _in_thread(self._fetch, _folder(youtube_id), _checked(name))

    async def release(self, youtube_id: str, name: str) -> None:
        """A file that was fetched is not needed here any more; `fetch` has it again."""
        folder, name = _folder(youtube_id), _checked(name)
        if self._remote is not None:
            await _in_thread(self._local.remove, folder, name)

    async def forget(self, youtube_id: str, name: str) -> None:
        """Delete one file, here and in the store, if it is there."""
        folder, name = _folder(youtube_id), _checked(name)
        for place in self._places:
            await _in_thread(place.remove, folder, name)

    async def discard(self, youtube_id: str) -> None:
        """Delete everything of a video, here and in the store."""
        for place in self._places:
            await _in_thread(place.remove_all, _folder(youtube_id))

    async def videos(self) -> list[str]:
        """The videos of which there is a folder, here or in the store."""
        return sorted(await _in_thread(self._found))

    async def leftovers(self, *, older_than_seconds: float) -> list[str]:
        """The videos of which nothing, neither here nor in the store, has changed for so long."""
        return await _in_thread(self._leftovers, older_than_seconds)

    def _keep(self, folder: str, name: str) -> None:
        if self._remote is None:
            return
        path = self._local.make(folder) / name
        if not path.exists():
            if self._remote.has(folder, name):
                return  # by an earlier attempt
            raise FileNotFoundError(path)
        self._remote.put(path, folder, name)
        path.unlink(missing_ok=True)

    def _fetch(self, folder: str, name: str) -> Path:
        path = self._local.make(folder) / name
        if path.exists():
            return path
        if self._remote is None:
            raise FileNotFoundError(path)
        with appearing(path) as part:
            self._remote.get(folder, name, part)
        return path

    def _leftovers(self, older_than_seconds: float) -> list[str]:
        latest = time.time() - older_than_seconds
        return [
            youtube_id
            for youtube_id, places in sorted(self._found().items())
            if max(place.changed_at(_folder(youtube_id)) for place in places) < latest
        ]

    def _found(self) -> dict[str, list[LocalFolders | RemoteFolders]]:
        """The videos, and the places that have something of each."""
        found: defaultdict[str, list[LocalFolders | RemoteFolders]] = defaultdict(list)
        for place in self._places:
            for folder in filter(_is_ours, place.names()):
                found[folder.removesuffix(_SUFFIX)].append(place)
        return found

    @property
    def _places(self) -> list[LocalFolders | RemoteFolders]:
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
    """Where this user's processes on this machine work for a remote store."""
    folder = Path(tempfile.gettempdir()) / f"vidferry-scratch-{os.getuid()}"
    _take(folder)
    return folder / sha256(url.encode()).hexdigest()[:16]


def _take(folder: Path) -> None:
    """Make a folder this user's where anybody may write. Raises SettingRefused if somebody else was there first."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise SettingRefused(f"{folder} is somebody else's: let VIDFERRY_AUDIO_STORE or TMPDIR name another place.")


def _make(root: Path) -> None:
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        if is_full(error):
            raise
        reason = f"the folder cannot be made ({error.strerror})"
        raise SettingRefused(f"VIDFERRY_AUDIO_STORE cannot be used: {reason}.") from None


async def _in_thread(work: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    def run() -> T:
        with telling_full():
            return work(*args, **options)

    return await asyncio.to_thread(run)
