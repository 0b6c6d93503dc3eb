"""The directory of installed versions of yt-dlp, on one machine. Every change of it can be interrupted at any point.

2026.11.23/yt_dlp/…, manifest.json    one version; it appears complete, by a rename
current                               which version to use; replaced as a whole
bad.json                              versions that were refused, and why
state.json                            when to look for the next one
lock, restart.lock                    one process updates, one worker restarts at a time
tmp-…                                 what an interrupted update has left; the next one removes it
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from services.worker.extractor.versions import bundled_version, parse_version, tested_with
from shared.file_lock import try_lock
from shared.logs import get_logger

PACKAGE = "yt_dlp"
KEPT_VERSIONS = 3
KEPT_TESTS = 5
"""Of one version, with different code of Vidferry."""

_MANIFEST, _CURRENT, _BAD, _STATE, _LOCK = "manifest.json", "current", "bad.json", "state.json", "lock"
_UNFINISHED = "tmp-"

Model = TypeVar("Model", bound=BaseModel)

logger = get_logger(__name__)


class Manifest(BaseModel):
    """What is known about an installed version."""

    version: str
    sha256: str
    source: str
    """The address that it came from."""
    installed_at: datetime
    tested_at: datetime
    tested_with: list[str]
    """The code that it was tested with, the latest last: see `versions.tested_with`."""
    canary: str = ""
    """What the live test said."""

    @property
    def is_tested(self) -> bool:
        """Whether it has passed the tests of this code."""
        return tested_with() in self.tested_with


class Selection(BaseModel):
    """Which version to use."""

    version: str | None = None
    """None: the bundled one."""
    pinned: bool = False
    """Chosen by the operator: no update replaces it."""
    previous: str | None = None
    """What was used before; None: the bundled one."""
    selected_at: datetime | None = None
    """None: it is not on trial."""
    unexpected_share: float | None = None
    """Of the calls before, how many ended in an answer that the version before could not read; None: not known."""


class Refusal(BaseModel):
    """Why a version is not used."""

    reason: str
    at: datetime
    tested_with: str


class State(BaseModel):
    """What one look at the index leaves for the next."""

    checked_at: datetime | None = None
    next_check_at: datetime | None = None
    next_test_at: datetime | None = None
    """When to test the selected version with this code of Vidferry again, after a test that was postponed."""
    outcome: str = ""
    first_seen: dict[str, datetime] = {}
    """Of files whose time of upload the index does not tell."""
    canary_at: datetime | None = None
    next_canary_at: datetime | None = None
    canary: str = ""
    """What the latest live test said."""


_REFUSALS = TypeAdapter(dict[str, Refusal])


class Store:
    """One such directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def path_of(self, version: str) -> Path:
        """The directory of a version: an entry of `sys.path`."""
        return self.directory / version

    def create(self) -> None:
        """Make the directory, closed to other users. Raises OSError where it cannot be written to."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self.directory):
            pass

    def selection(self) -> Selection:
        """What was selected; the bundled version where that cannot be read."""
        return _read(self.directory / _CURRENT, Selection) or Selection()

    def selected(self) -> Manifest | None:
        """The selected version; None: the bundled one.

        A version that is missing, refused, older than the bundled one or not tested with this code is not used.
        """
        selection = self.selection()
        found = self.find(selection.version) if selection.version else None
        if found is None or not found.is_tested or found.version in self.refusals():
            return None
        version = parse_version(found.version)
        is_newer = version is not None and version > bundled_version()
        return found if selection.pinned or is_newer else None

    def find(self, version: str) -> Manifest | None:
        """The installed version; None: it is not installed, or not completely."""
        if parse_version(version) is None:  # also: nothing but a version becomes a path
            return None
        path = self.path_of(version)
        return _read(path / _MANIFEST, Manifest) if (path / PACKAGE / "__init__.py").is_file() else None

    def installed(self) -> list[Manifest]:
        """Every installed version, the newest first."""
        names = [path.name for path in self.directory.iterdir()] if self.directory.is_dir() else []
        versions = sorted(((number, name) for name in names if (number := parse_version(name))), reverse=True)
        return [manifest for _, name in versions if (manifest := self.find(name))]

    def install(self, unpacked: Path, manifest: Manifest) -> None:
        """Make an unpacked version an installed one. It is not selected by that."""
        for file in unpacked.rglob("*"):
            _sync(file)  # the rename must not outlive a power failure that the files do not
        save_manifest(unpacked, manifest)
        path = self.path_of(manifest.version)
        if path.exists():  # left over, and not usable
            shutil.rmtree(path)
        unpacked.rename(path)
        _sync(self.directory)

    def tested_again(self, manifest: Manifest, canary: str) -> None:
        """An installed version fits this code, too."""
        tested = [*manifest.tested_with[1 - KEPT_TESTS :], tested_with()]
        update = {"tested_at": datetime.now(UTC), "tested_with": tested, "canary": canary}
        save_manifest(self.path_of(manifest.version), manifest.model_copy(update=update))

    def select(
        self,
        version: str | None,
        *,
        pinned: bool = False,
        on_trial: bool = False,
        unexpected_share: float | None = None,
    ) -> None:
        """Use this version from the next start of a process on; None: the bundled one."""
        before = self.selected()
        previous = before.version if before else None
        selection = Selection(
            version=version,
            pinned=pinned,
            previous=self.selection().previous if previous == version else previous,
            selected_at=datetime.now(UTC) if on_trial else None,
            unexpected_share=unexpected_share,
        )
        _write(self.directory / _CURRENT, selection.model_dump_json())

    def refuse(self, version: str, reason: str) -> None:
        """Remember not to use this version."""
        refusal = Refusal(reason=reason[:500], at=datetime.now(UTC), tested_with=tested_with())
        _write(self.directory / _BAD, _REFUSALS.dump_json(self.refusals() | {version: refusal}).decode())

    def refusals(self) -> dict[str, Refusal]:
        """The versions that do not fit this code of Vidferry."""
        try:
            found = _REFUSALS.validate_json((self.directory / _BAD).read_bytes())
        except (OSError, ValidationError):
            return {}
        return {version: refusal for version, refusal in found.items() if refusal.tested_with == tested_with()}

    def forgive(self, version: str) -> None:
        """Forget that this version was refused."""
        left = {name: refusal for name, refusal in self.refusals().items() if name != version}
        _write(self.directory / _BAD, _REFUSALS.dump_json(left).decode())

    def state(self) -> State:
        """What the latest look has left."""
        return _read(self.directory / _STATE, State) or State()

    def save_state(self, state: State) -> None:
        """Leave it for the next look."""
        _write(self.directory / _STATE, state.model_dump_json())

    def note_canary(self, verdict: str, at: datetime, next_at: datetime) -> None:
        """Remember what the latest live test said, and when the next one is due. The lock has to be held."""
        update = {"canary": verdict, "canary_at": at, "next_canary_at": next_at}
        self.save_state(self.state().model_copy(update=update))

    @contextmanager
    def locked(self) -> Iterator[bool]:
        """Whether this process may change the directory while the context lasts; another one may be doing so."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)  # it may be deleted at any time
        with (self.directory / _LOCK).open("w") as file:
            is_locked = try_lock(file)
            if is_locked:
                self._remove_unfinished()
            yield is_locked

    @contextmanager
    def workplace(self) -> Iterator[Path]:
        """An empty directory for one update, on the same file system. The lock has to be held."""
        path = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=self.directory))
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def _remove_unfinished(self) -> None:
        """Remove what interrupted changes have left."""
        for path in self.directory.glob(f"{_UNFINISHED}*"):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def prune(self) -> None:
        """Keep the newest versions, the selected one and the one before. The lock has to be held."""
        selection = self.selection()
        needed = {selection.version, selection.previous}
        installed = [manifest.version for manifest in self.installed()]
        room = KEPT_VERSIONS - len(needed & {*installed})
        for version in [version for version in installed if version not in needed][max(room, 0) :]:
            shutil.rmtree(self.path_of(version), ignore_errors=True)


def save_manifest(directory: Path, manifest: Manifest) -> None:
    """Write what is known about the version in `directory`."""
    _write(directory / _MANIFEST, manifest.model_dump_json(indent=2))


def _read(path: Path, model: type[Model]) -> Model | None:
    try:
        return model.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        logger.warning("extractor_file_unreadable", file=path.name, error=type(error).__name__)
        return None


def _write(path: Path, text: str) -> None:
    """Replace a file as a whole: whoever reads it sees the old text or the new one, also after a power failure."""
    unfinished = path.with_name(f"{_UNFINISHED}{path.name}-{os.getpid()}")
    with unfinished.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
