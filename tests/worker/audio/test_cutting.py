"""Plans and chunks of real sound."""

from array import array
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from services.worker.audio.cutting import Span, UnreadableAudio, cut, plan_spans
from services.worker.audio.store import StoreFull
from tests.worker.audio.conftest import BEEP_EVERY_SECONDS, BEEPS, CODECS, ffmpeg

HZ = 16_000
TOLERANCE_SECONDS = 0.05


def beeps(chunk: Path) -> list[float]:
    """When beeps begin."""
    samples = array("h", ffmpeg("-i", chunk, "-ar", str(HZ), "-ac", "1", "-f", "s16le", "pipe:1"))
    loud = [place / HZ for place, sample in enumerate(samples) if abs(sample) > 3_000]
    return [time for before, time in zip([-1.0, *loud], loud, strict=False) if time - before > 0.5]


async def test_parts_meet_in_the_pauses_that_are_there(spoken: Path) -> None:
    spans = await plan_spans(spoken, chunk_seconds=40, overlap_seconds=4)
    ends = [time for span in spans for time in (span.start_seconds, span.end_seconds)]
    assert ends == pytest.approx([0, 35.6, 31.6, 60.5, 56.5, 100], abs=TOLERANCE_SECONDS)


async def test_a_pause_that_has_not_ended_where_the_search_does(spoken: Path) -> None:
    spans = await plan_spans(spoken, chunk_seconds=98, overlap_seconds=2)
    assert spans[0].end_seconds == pytest.approx(50 + 1, abs=TOLERANCE_SECONDS)  # no pause before the middle
    spans = await plan_spans(spoken, chunk_seconds=59.5, overlap_seconds=2)
    assert spans[0].end_seconds == pytest.approx(59.5, abs=0) or spans[0].end_seconds < 59.5


@pytest.mark.parametrize("span", [Span(0, 20), Span(12.345, 34.567), Span(41.2, 60)])
async def test_a_chunk_holds_what_is_there_at_that_time(beeping: Path, span: Span, tmp_path: Path) -> None:
    chunk = tmp_path / "chunk.ogg"
    await cut(beeping, span, chunk)
    first = int(span.start_seconds / BEEP_EVERY_SECONDS + 0.999)
    last = int(span.end_seconds / BEEP_EVERY_SECONDS)
    expected = [place * BEEP_EVERY_SECONDS - span.start_seconds for place in range(first, last + 1)]
    assert beeps(chunk) == pytest.approx(expected, abs=TOLERANCE_SECONDS)
