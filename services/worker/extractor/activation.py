"""Makes this process use the selected version of yt-dlp. Nothing in here imports yt-dlp."""

import sys
from pathlib import Path

from services.worker.extractor.store import Store
from services.worker.extractor.versions import parse_version
from shared.contracts.upstreams import ExtractorOrigin

_active: list[str] = []


def activate(directory: Path | None) -> str | None:
    """Use the version that is selected in `directory`; returns it, None for the bundled one.

    To be called once, before anything imports yt-dlp: a process never exchanges modules.
    """
    found = Store(directory).selected() if directory is not None else None
    if directory is None or found is None:
        return None
    sys.path.insert(0, str(Store(directory).path_of(found.version)))
    _active[:] = [found.version]
    return found.version


def refuse_active(directory: Path | None, error: Exception) -> None:
    """The version that `activate` has chosen cannot be imported: the next start uses another one."""
    version = active_version()
    if directory is not None and version is not None:
        store = Store(directory)
        with store.locked() as is_locked:
            if is_locked:
                store.refuse(version, f"import: {type(error).__name__} {error}")


def active_version() -> str | None:
    """The version that `activate` has chosen; None: the bundled one."""
    return _active[0] if _active else None


def active_origin() -> ExtractorOrigin:
    """Where the version that this process uses comes from."""
    version = active_version()
    if version is None:
        return ExtractorOrigin.BUNDLED
    number = parse_version(version)
    return ExtractorOrigin.NIGHTLY if number is not None and number.is_prerelease else ExtractorOrigin.STABLE
