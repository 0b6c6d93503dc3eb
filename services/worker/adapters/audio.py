"""A video's sound, by yt-dlp: the player's answer, then one request per ten megabytes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from yt_dlp.utils import sanitize_filename

from services.worker.adapters.connection import Connection
from services.worker.adapters.errors import is_refused_to_one_client, youtube_error
from services.worker.adapters.models import YoutubeError
from services.worker.adapters.ytdlp import PLAYER_ALONE, Downloader, FileDownload, Info, ask, refuse_unusable
from services.worker.audio.store import is_full
from shared.contracts.errors import ErrorType

ENOUGH_KBPS = 30.0
"""Below this, speech is hard to understand."""

_STEM = "source"
_UNFINISHED = frozenset({".part", ".tmp"})
"""Ends the names of what yt-dlp downloads, and of what comes from a remote store."""


@dataclass(frozen=True, slots=True)
class DownloadedAudio:
    """A complete file, as YouTube has it."""

    path: Path
    byte_count: int


class AudioAdapter:
    """Downloads sound. Every method blocks and may be called from several threads at once, each with its folder."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def download(self, youtube_id: str, folder: Path, on_progress: Callable[[float], None]) -> DownloadedAudio:
        """The cheapest format in which speech can be understood, resumed where an earlier attempt stopped.

        A file that an earlier attempt completed in `folder` costs no request. `on_progress` is called on this thread
        with the fraction that is there, as bytes come; what it raises ends the download and comes through.
        Raises YoutubeError, and OSError for a full disk; what was downloaded stays for the next attempt.
        """
        path = _completed(folder)
        if path is None:
            chosen = self._choose(youtube_id)
            path = folder / sanitize_filename(f"{_STEM}.{chosen['format_id']}.{chosen['ext']}", restricted=True)
            self._fetch(chosen, path, on_progress)
        return DownloadedAudio(path, path.stat().st_size)

    def _choose(self, youtube_id: str) -> Info:
        info, reason = ask(self._connection, youtube_id, client="default", without=PLAYER_ALONE)
        if reason is not None and is_refused_to_one_client(reason):
            raise YoutubeError(ErrorType.AUDIO_UNAVAILABLE, reason)
        refuse_unusable(info, reason)
        chosen = cheapest(info.get("formats") or [])
        if chosen is None:
            raise YoutubeError(ErrorType.AUDIO_UNAVAILABLE, "YouTube names no sound that can be fetched")
        return chosen

    def _fetch(self, chosen: Info, path: Path, on_progress: Callable[[float], None]) -> None:
        with Downloader(self._connection, {}) as downloader:
            download = FileDownload(downloader, chosen.get("filesize"), on_progress)
            try:
                download.download(str(path), chosen)
            except Exception as exception:
                if exception is download.objection or (isinstance(exception, OSError) and is_full(exception)):
                    raise
                raise youtube_error(exception) from None  # the cause may quote signed URLs


def cheapest(formats: list[Info]) -> Info | None:
    """The best of yt-dlp's `formats` for speech; None: nothing can be heard."""
    heard = [each for each in formats if each.get("acodec") not in (None, "none") and not each.get("has_drm")]
    return min(heard, key=_cost, default=None)


def _cost(media_format: Info) -> tuple[float, bool, bool, bool, float]:
    """What comes first matters most: the language that is spoken, the whole of it, no pictures, few bytes."""
    kbps = media_format.get("tbr") or 0.0
    is_poor = kbps < ENOUGH_KBPS
    return (
        -media_format["language_preference"],
        (media_format.get("preference") or 0) < 0,  # damaged
        media_format.get("vcodec") != "none",
        is_poor,
        -kbps if is_poor else kbps,
    )


def _completed(folder: Path) -> Path | None:
    """The file of an earlier attempt: it has such a name only when it is complete."""
    return next((path for path in folder.glob(f"{_STEM}.*") if path.suffix not in _UNFINISHED), None)
