"""Which of a video's caption tracks people want: what was said, in the words of a human being. Pure functions."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from shared.contracts.youtube import CaptionsKind

Track = TypeVar("Track")

FALLBACK_LANGUAGE = "en"


def best_track(
    tracks: Iterable[Track], describe: Callable[[Track], tuple[str, CaptionsKind]], own_language: str | None
) -> Track | None:
    """The best of `tracks`, the earlier one where two are as good; None when there are none.

    `describe` gives a track's language and kind. The order: the video's own language by a human being, the same
    automatically, another language by a human being (English first), any other automatic one. Machine translations
    must not be among the tracks.
    """
    return min(tracks, key=lambda track: _rank(*describe(track), own_language), default=None)


def _rank(language: str, kind: CaptionsKind, own_language: str | None) -> tuple[int, bool]:
    """Smaller is better; `en` is a little better than `en-GB` for a video in `en`."""
    manual = kind is CaptionsKind.MANUAL
    if own_language is not None and _base(language) == _base(own_language):
        return (0 if manual else 1), language != own_language
    if not manual:
        return 4, False
    return (2 if _base(language) == FALLBACK_LANGUAGE else 3), language != FALLBACK_LANGUAGE


def _base(language: str) -> str:
    """`pt` of `pt-BR`."""
    return language.partition("-")[0].lower()
