"""Parses YouTube's caption tracks to timed lines of text. Pure functions."""

import html
import json
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

from services.worker.adapters import bounds
from services.worker.adapters.models import TranscriptLine
from shared.contracts.youtube import CaptionsKind

_INVISIBLE = str.maketrans("", "", "\u200b\u2060\ufeff")


def parse_json3(body: str, kind: CaptionsKind) -> list[TranscriptLine]:
    """Parse a track in YouTube's `json3` format. Raises ValueError for another body."""
    parsed = json.loads(body)
    if not isinstance(parsed, dict):
        raise ValueError("json3 captions are an object")
    return tidy(_lines(parsed.get("events") or []), kind)


def tidy(lines: Iterable[TranscriptLine], kind: CaptionsKind) -> list[TranscriptLine]:
    """Sort lines by time, without empty ones and repetitions; an automatic line ends where the next one starts.

    Automatic captions roll: each line stays on screen under the next one, longer than it is spoken. Manual captions
    overlap on purpose, for two speakers at once.
    """
    possible = (line for line in lines if bounds.seconds(line.start_seconds) is not None)
    readable = {(line.start_seconds, text): line for line in possible if (text := _readable(line.text))}
    ordered = sorted(readable.items(), key=lambda item: item[0][0])
    result = [
        TranscriptLine(start, max(bounds.seconds(line.end_seconds) or start, start), text)
        for (start, text), line in ordered
    ]
    return _without_overlaps(result) if kind is CaptionsKind.AUTOMATIC else result


def _lines(events: Iterable[dict[str, Any]]) -> Iterator[TranscriptLine]:
    """One line per event with text; `aAppend` events only scroll the window of automatic captions."""
    for event in events:
        if event.get("segs") and not event.get("aAppend"):
            start_seconds = event.get("tStartMs", 0) / 1000
            end_seconds = start_seconds + event.get("dDurationMs", 0) / 1000
            yield TranscriptLine(start_seconds, end_seconds, "".join(seg.get("utf8", "") for seg in event["segs"]))


def _readable(text: str) -> str:
    """`text` as one line of bounded length, without HTML entities and invisible characters."""
    return " ".join(html.unescape(text).translate(_INVISIBLE).split())[: bounds.MAX_LINE_CHARACTERS]


def _without_overlaps(lines: list[TranscriptLine]) -> list[TranscriptLine]:
    clipped = [
        TranscriptLine(line.start_seconds, min(line.end_seconds, following.start_seconds), line.text)
        for line, following in pairwise(lines)
    ]
    return clipped + lines[-1:]
