"""Which version of yt-dlp runs."""

from yt_dlp.version import __version__ as _version


def extractor_version() -> str:
    """Return the version of yt-dlp."""
    return str(_version)
