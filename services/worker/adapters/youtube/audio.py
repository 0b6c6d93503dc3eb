"""A video's audio, by yt-dlp: the player's answer, then one request per ten megabytes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yt_dlp.utils import sanitize_filename

from services.worker.adapters.audio.store import is_full
from services.worker.adapters.models import YoutubeError
from services.worker.adapters.youtube.clients import AUDIO_CLIENT, ClientRefusedError, Clients, all_refused
from services.worker.adapters.youtube.connection import Connection
from services.worker.adapters.youtube.errors import is_kept_from_client, youtube_error
from services.worker.adapters.youtube.ytdlp import Downloader, Extraction, FileDownload, Info
from shared.contracts.errors import ErrorType

MIN_SPEECH_KBPS = 30.0
"""Below this, speech is hard to understand."""

Media = dict[str, Any]
"""What a download needs of a format, as JSON: its name and its URL, which is signed and expires within hours."""
_MEDIA_FIELDS = ("format_id", "ext", "url", "filesize", "http_headers", "downloader_options")

_STEM = "source"
_UNFINISHED = frozenset({".part", ".tmp"})
"""Suffixes of partial files: of yt-dlp's downloads, and of those from a remote store."""


@dataclass(frozen=True, slots=True)
class DownloadedAudio:
    """A complete file, as YouTube has it."""

    path: Path
    byte_count: int


class AudioAdapter:
    """Downloads audio. Every method blocks and may be called from several threads at once, each with its own folder."""

    def __init__(self, connection: Connection, clients: Clients | None = None) -> None:
        self._connection = connection
        self._clients = clients or Clients(connection)

    def find(self, youtube_id: str) -> Media:
        """Find the smallest format with intelligible speech: one request, two for a new guest, three per extra client.

        Raises YoutubeError.
        """
        chosen = self._choose(youtube_id)
        return {name: chosen[name] for name in _MEDIA_FIELDS if chosen.get(name) is not None}

    def download(self, media: Media, folder: Path, on_progress: Callable[[float], None]) -> DownloadedAudio:
        """Download what `find` has found, from where an earlier attempt stopped.

        A file that an earlier attempt completed in `folder` costs no request. `on_progress` is called on this thread
        with the downloaded fraction as bytes arrive; an exception of it ends the download and propagates.
        Raises YoutubeError, and OSError for a full disk; the partial file stays for the next attempt.
        """
        path = _completed(folder)
        if path is None:
            path = folder / sanitize_filename(f"{_STEM}.{media['format_id']}.{media['ext']}", restricted=True)
            self._transfer(media, path, on_progress)
        return DownloadedAudio(path, path.stat().st_size)

    def sample(self, media: Media, folder: Path) -> int:
        """Download the first bytes of what `find` has found, in one request; returns how many came.

        Raises YoutubeError, and OSError for a full disk.
        """
        path = folder / "sample"
        with Downloader(self._connection, {}) as downloader:
            _run(FileDownload(downloader, None, lambda _: None, is_sample=True), media, path)
        return path.stat().st_size

    def _choose(self, youtube_id: str) -> Info:
        info = self._ask(youtube_id).info
        chosen = smallest_intelligible(info.get("formats") or [])
        if chosen is None:
            raise YoutubeError(ErrorType.AUDIO_UNAVAILABLE, "YouTube offers no audio that can be downloaded")
        return chosen

    def _ask(self, youtube_id: str) -> Extraction:
        refusals: list[ClientRefusedError] = []
        for client in (AUDIO_CLIENT, *self._connection.access.extra_clients):
            try:
                return self._clients.ask(youtube_id, client)
            except ClientRefusedError as refusal:
                refusals.append(refusal)
            except YoutubeError as error:
                return self._clients.ask_with_account(youtube_id, error, for_media=True)
        raise _refusal_error(refusals[0])

    def _transfer(self, media: Media, path: Path, on_progress: Callable[[float], None]) -> None:
        with Downloader(self._connection, {}) as downloader:
            _run(FileDownload(downloader, media.get("filesize"), on_progress), media, path)


def _run(download: FileDownload, media: Media, path: Path) -> None:
    try:
        download.download(str(path), dict(media))
    except Exception as exception:
        if exception is download.progress_error or (isinstance(exception, OSError) and is_full(exception)):
            raise
        raise youtube_error(exception) from None  # the cause may quote signed URLs


def _refusal_error(refusal: ClientRefusedError) -> YoutubeError:
    """No other client's media can be downloaded."""
    if is_kept_from_client(refusal.answer.reason):
        return YoutubeError(ErrorType.AUDIO_UNAVAILABLE, refusal.error.detail)
    return all_refused([refusal])


def smallest_intelligible(formats: list[Info]) -> Info | None:
    """Return the best of yt-dlp's `formats` for speech; None: none has audio."""
    audible = [each for each in formats if each.get("acodec") not in (None, "none") and not each.get("has_drm")]
    return min(audible, key=_cost, default=None)


def _cost(media_format: Info) -> tuple[float, bool, bool, bool, float]:
    """In order of importance: the original language, an undamaged format, no video, few bytes."""
    kbps = media_format.get("tbr") or 0.0
    is_poor = kbps < MIN_SPEECH_KBPS
    return (
        -media_format["language_preference"],
        (media_format.get("preference") or 0) < 0,  # damaged
        media_format.get("vcodec") != "none",
        is_poor,
        -kbps if is_poor else kbps,
    )


def _completed(folder: Path) -> Path | None:
    """The file of an earlier attempt; a partial one has another suffix."""
    return next((path for path in folder.glob(f"{_STEM}.*") if path.suffix not in _UNFINISHED), None)
