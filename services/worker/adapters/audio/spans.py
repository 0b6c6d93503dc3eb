"""Decides where long audio is cut. No I/O; times are whole milliseconds in here, so that sums are exact."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

SEARCHED_MS = 60_000
"""How long before the latest possible cut a silence is searched for."""
SEARCHED_PART = 4
"""At most a quarter of a chunk is searched, and at most a quarter of one may be overlap: so every chunk advances."""


@dataclass(frozen=True, slots=True)
class Span:
    """A part of an audio file; both ends are whole milliseconds."""

    start_seconds: float
    end_seconds: float


FindSilences = Callable[[Span], Awaitable[Sequence[Span]]]
"""Finds the silences within a part; their times are those of the whole audio."""


async def place_spans(
    duration_seconds: float, find_silences: FindSilences, *, chunk_seconds: float, overlap_seconds: float
) -> list[Span]:
    """Return overlapping parts that cover everything, none longer than `chunk_seconds`.

    The middle of an overlap lies in the longest silence shortly before the latest possible cut, or at that cut where
    there is no silence. The last two parts are equally long, so that the last one is not too short.
    """
    duration, chunk, overlap = _ms(duration_seconds), _ms(chunk_seconds), _ms(overlap_seconds)
    if not 0 <= overlap <= chunk // SEARCHED_PART or chunk < SEARCHED_PART:
        raise ValueError(f"chunks of {chunk_seconds} s cannot overlap by {overlap_seconds} s")
    spans, start = [], 0
    while duration - start > chunk:
        latest = start + _longest(duration - start, chunk, overlap) - _after_seam(overlap)
        window = _span(latest - min(SEARCHED_MS, chunk // SEARCHED_PART), latest)
        seam = _seam(window, await find_silences(window))
        spans.append(_span(start, seam + _after_seam(overlap)))
        start = seam - overlap // 2
    return [*spans, _span(start, duration)]


def halves(span: Span, overlap_seconds: float) -> tuple[Span, Span]:
    """Split `span` into two parts of equal length; they overlap less than requested where it is short."""
    start, end = _ms(span.start_seconds), _ms(span.end_seconds)
    overlap = min(_ms(overlap_seconds), (end - start) // SEARCHED_PART)
    middle = (start + end) // 2
    return _span(start, middle + _after_seam(overlap)), _span(middle - overlap // 2, end)


def _longest(rest: int, chunk: int, overlap: int) -> int:
    """How long the next part may be: half of the rest if two parts cover it, else a whole chunk."""
    return (rest + overlap + 1) // 2 if rest <= 2 * chunk - overlap else chunk


def _after_seam(overlap: int) -> int:
    """How far a part reaches beyond the middle of its overlap with the next one."""
    return overlap - overlap // 2


def _seam(window: Span, silences: Iterable[Span]) -> int:
    """The middle of the longest silence in the window (the last of several); without one, the window's end."""
    first, latest = _ms(window.start_seconds), _ms(window.end_seconds)
    pauses = [(max(first, _ms(each.start_seconds)), min(latest, _ms(each.end_seconds))) for each in silences]
    length, end = max(((end - start, end) for start, end in pauses if end > start), default=(0, latest))
    return end - length // 2


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _span(start: int, end: int) -> Span:
    return Span(start / 1000, end / 1000)
