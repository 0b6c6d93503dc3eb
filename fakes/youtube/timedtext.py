"""Caption tracks in the formats of YouTube's `/api/timedtext`."""

import json
from collections.abc import Iterable, Sequence
from typing import Any
from xml.sax.saxutils import escape

from fakes.youtube.model import Segment


def render(segments: Sequence[Segment], *, fmt: str | None, automatic: bool, language: str) -> tuple[str, str]:
    """Body and content type of a track in the format `fmt`; an unknown format (or none) is srv1, as on YouTube."""
    if fmt == "json3":
        return json.dumps(_json3(segments, automatic=automatic)), "application/json; charset=UTF-8"
    if fmt == "vtt":
        return _vtt(segments, language), "text/vtt; charset=UTF-8"
    if fmt == "srv3":
        return _srv3(segments), "text/xml; charset=UTF-8"
    return _srv1(segments), "text/xml; charset=UTF-8"


def _json3(segments: Sequence[Segment], *, automatic: bool) -> dict[str, Any]:
    events = _rolling_events(segments) if automatic else (_event(segment) for segment in segments)
    return {"wireMagic": "pb3", "pens": [{}], "wsWinStyles": [{}], "wpWinPositions": [{}], "events": list(events)}


def _event(segment: Segment) -> dict[str, Any]:
    return {**_times(segment), "segs": [{"utf8": segment.text}]}


def _rolling_events(segments: Sequence[Segment]) -> Iterable[dict[str, Any]]:
    """Automatic captions roll up: a window event, then each line word by word, then a line break that is appended."""
    if not segments:
        return
    end = segments[-1].start_seconds + segments[-1].duration_seconds
    yield {"tStartMs": 0, "dDurationMs": _ms(end), "id": 1, "wpWinPosId": 1, "wsWinStyleId": 1}
    for segment in segments:
        first, *others = segment.text.split(" ")
        step = _ms(segment.duration_seconds) // (len(others) + 1)
        words = [{"utf8": f" {word}", "tOffsetMs": step * (at + 1), "acAsrConf": 0} for at, word in enumerate(others)]
        yield {**_times(segment), "wWinId": 1, "segs": [{"utf8": first, "acAsrConf": 0}, *words]}
        yield {**_times(segment), "wWinId": 1, "aAppend": 1, "segs": [{"utf8": "\n"}]}


def _times(segment: Segment) -> dict[str, int]:
    return {"tStartMs": _ms(segment.start_seconds), "dDurationMs": _ms(segment.duration_seconds)}


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _srv1(segments: Sequence[Segment]) -> str:
    lines = (_srv1_line(segment) for segment in segments)
    return f'<?xml version="1.0" encoding="utf-8" ?><transcript>{"".join(lines)}</transcript>'


def _srv1_line(segment: Segment) -> str:
    text = escape(escape(segment.text))  # twice, as on YouTube: the text of the XML element is HTML
    return f'<text start="{segment.start_seconds:.3f}" dur="{segment.duration_seconds:.3f}">{text}</text>'


def _srv3(segments: Sequence[Segment]) -> str:
    lines = (
        f'<p t="{_ms(segment.start_seconds)}" d="{_ms(segment.duration_seconds)}">{escape(segment.text)}</p>'
        for segment in segments
    )
    return f'<?xml version="1.0" encoding="utf-8" ?><timedtext format="3"><body>{"".join(lines)}</body></timedtext>'


def _vtt(segments: Sequence[Segment], language: str) -> str:
    cues = (
        f"{_clock(segment.start_seconds)} --> {_clock(segment.start_seconds + segment.duration_seconds)}\n"
        f"{escape(segment.text)}\n"
        for segment in segments
    )
    return "\n".join([f"WEBVTT\nKind: captions\nLanguage: {language}\n", *cues])


def _clock(seconds: float) -> str:
    minutes, milliseconds = divmod(_ms(seconds), 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{milliseconds // 1000:02}.{milliseconds % 1000:03}"
