"""Versions of yt-dlp: the bundled one, and what another one was tested with."""

import hashlib
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.version import InvalidVersion, Version

PROJECT = "yt-dlp"
SCRIPTS = "yt-dlp-ejs"
"""What yt-dlp runs in a JavaScript runtime; a version of yt-dlp accepts exactly one version of it."""

_WORKER = Path(__file__).resolve().parents[1]
_TESTED_CODE = ("adapters/youtube/*.py", "adapters/*.py", "extractor/replay/*")
"""What a version has to fit, relative to the worker's package."""


@cache
def bundled_version() -> Version:
    """The version that Vidferry was built with."""
    return Version(version(PROJECT))


def installed_scripts() -> str | None:
    """The version of yt-dlp-ejs; None: it is not installed, so that nothing needs JavaScript."""
    try:
        return version(SCRIPTS)
    except PackageNotFoundError:
        return None


@cache
def tested_with() -> str:
    """Identifies the code that a version has to fit: after an upgrade of Vidferry, installed ones are tested again."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {bundled_version()} {installed_scripts()}".encode())
    for path in sorted({path for pattern in _TESTED_CODE for path in _WORKER.glob(pattern) if path.is_file()}):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def parse_version(text: str) -> Version | None:
    """Return the version; None: there is no such version."""
    try:
        return Version(text)
    except InvalidVersion:
        return None


def is_same_release(installed: str, named: str) -> bool:
    """Whether yt-dlp's own name of its version (`2026.03.03`, `2026.10.26.220202`) is that of its package."""
    own, packaged = parse_version(installed), parse_version(named)
    return own is not None and packaged is not None and own.release == packaged.release
