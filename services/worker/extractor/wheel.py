"""Unpacks a wheel: yt-dlp's own package, and nothing that leads elsewhere."""

import stat
import zipfile
from pathlib import Path, PurePosixPath

from services.worker.extractor.store import PACKAGE

MAX_FILES = 10_000
MAX_UNPACKED_BYTES = 100_000_000
"""yt-dlp has 2,000 files with 20 MB."""


class WheelRefusedError(Exception):
    """A file is not what a wheel of yt-dlp is."""


def unpack(wheel: Path, target: Path) -> None:
    """Unpack `yt_dlp/…` into `target`; other files of the wheel are left out. Raises WheelRefusedError."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = [member for member in archive.infolist() if _is_wanted(member)]
            if len(members) > MAX_FILES or sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
                raise WheelRefusedError(f"{wheel.name} is too large")
            archive.extractall(target, members)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise WheelRefusedError(f"{wheel.name} is not a wheel: {error}") from None
    if not (target / PACKAGE / "__init__.py").is_file():
        raise WheelRefusedError(f"{wheel.name} holds no {PACKAGE}")


def _is_wanted(member: zipfile.ZipInfo) -> bool:
    """Whether it belongs to the package. Raises WheelRefusedError for a path or a link that leads elsewhere."""
    path = PurePosixPath(member.filename)
    if path.is_absolute() or ".." in path.parts or "\\" in member.filename or ":" in member.filename:
        raise WheelRefusedError(f"a file of the wheel leads elsewhere: {member.filename!r}")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise WheelRefusedError(f"the wheel holds a link: {member.filename!r}")
    return path.parts[:1] == (PACKAGE,)
