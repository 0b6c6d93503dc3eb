"""Chooses a video's best caption track: its own language first, manual captions before automatic ones. Pure."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from services.worker.adapters import bounds
from shared.contracts.youtube import CaptionsKind, CaptionTrack

Track = TypeVar("Track")

FALLBACK_LANGUAGE = "en"


def best_track(
    tracks: Iterable[Track], describe: Callable[[Track], tuple[str, CaptionsKind]], own_language: str | None
) -> Track | None:
    """Return the best of `tracks`, the first of equals; None: there are none.

    `describe` returns a track's language and kind. The order: manual captions in the video's own language, automatic
    ones in it, manual ones in another language (English first), other automatic ones. `tracks` must not contain machine
    translations.
    """
    return min(tracks, key=lambda track: _rank(*describe(track), own_language), default=None)


def original_tracks(info: dict[str, Any], client: str | None) -> list[CaptionTrack]:
    """Return every caption track in yt-dlp's `info` that is not a machine translation, in YouTube's order.

    `client` is the one that they were named to.
    """
    manual = [(CaptionsKind.MANUAL, *item) for item in (info.get("subtitles") or {}).items()]
    automatic = [(CaptionsKind.AUTOMATIC, *item) for item in (info.get("automatic_captions") or {}).items()]
    tracks = (_track(kind, key, formats, client) for kind, key, formats in manual + automatic)
    return [track for track in tracks if track is not None]


def spoken_language(languages: list[dict[str, Any]], tracks: list[CaptionTrack]) -> str | None:
    """Return the language of the original audio track; with a single track, that of the automatic captions.

    `languages` are those of the audio tracks, as yt-dlp describes them.
    """
    named = [each for each in languages if each.get("language")]
    if named:
        original = max(named, key=lambda each: each.get("language_preference") or -1)
        return str(original["language"])
    return next((track.language for track in tracks if track.kind is CaptionsKind.AUTOMATIC), None)


def _track(kind: CaptionsKind, key: str, formats: list[dict[str, Any]], client: str | None) -> CaptionTrack | None:
    """The track in the `json3` format; None for a translation, and for the chat of a live stream."""
    url = next((each["url"] for each in formats if each["ext"] == "json3"), None)
    if url is None or len(url) > bounds.MAX_URL_CHARACTERS:
        return None
    query = parse_qs(urlsplit(url).query)
    if "tlang" in query:
        return None
    # yt-dlp's key may hold the name of the track as well; the URL holds the language alone.
    language = query["lang"][0] if "lang" in query else key.removesuffix("-orig")
    return CaptionTrack(language=language[: bounds.MAX_NAME_CHARACTERS], kind=kind, url=url, client=client)


def _rank(language: str, kind: CaptionsKind, own_language: str | None) -> tuple[int, bool]:
    """Smaller is better; `en` is slightly better than `en-GB` for a video in `en`."""
    manual = kind is CaptionsKind.MANUAL
    if own_language is not None and _base(language) == _base(own_language):
        return (0 if manual else 1), language != own_language
    if not manual:
        return 4, False
    return (2 if _base(language) == FALLBACK_LANGUAGE else 3), language != FALLBACK_LANGUAGE


def _base(language: str) -> str:
    """The base language: `pt` of `pt-BR`."""
    return language.partition("-")[0].lower()
