"""Where cuts are placed."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.worker.adapters.audio.spans import Span, halves, place_spans

MILLISECOND = 0.001


class Listener:
    """Knows all silences, and records the windows that were searched."""

    def __init__(self, *silences: Span) -> None:
        self.silences = silences
        self.windows: list[Span] = []

    async def __call__(self, window: Span) -> Sequence[Span]:
        self.windows.append(window)
        return [each for each in self.silences if _length(_common(each, window)) > 0]


async def placed(duration: float, *silences: Span) -> list[Span]:
    return await place_spans(duration, Listener(*silences), chunk_seconds=600, overlap_seconds=10)


async def test_short_audio_is_not_cut() -> None:
    listener = Listener(Span(0, 600))
    assert await place_spans(600, listener, chunk_seconds=600, overlap_seconds=10) == [Span(0, 600)]
    assert listener.windows == []


async def test_without_pauses_parts_are_as_long_as_may_be_and_the_last_two_alike() -> None:
    assert await placed(1_300) == [Span(0, 600), Span(590, 950), Span(940, 1_300)]


async def test_the_longest_pause_of_the_last_minute_is_the_middle_of_an_overlap() -> None:
    spans = await placed(1_700, Span(534, 534.9), Span(540, 541), Span(560, 562), Span(570, 571.9))
    assert spans[:2] == [Span(0, 566), Span(556, 1_133)]


async def test_of_equal_pauses_the_last_one() -> None:
    assert (await placed(1_700, Span(540, 541), Span(560, 561)))[0] == Span(0, 565.5)


async def test_only_the_part_of_a_silence_in_the_window_counts() -> None:
    assert (await placed(1_700, Span(100, 536), Span(550, 552)))[0] == Span(0, 556)
    assert (await placed(1_700, Span(594, 700), Span(550, 552)))[0] == Span(0, 556)


@pytest.mark.parametrize(("chunk_seconds", "overlap_seconds"), [(0, 0), (600, -1), (600, 151)])
async def test_parts_that_would_get_nowhere_are_refused(chunk_seconds: float, overlap_seconds: float) -> None:
    with pytest.raises(ValueError, match="overlap"):
        await place_spans(700, Listener(), chunk_seconds=chunk_seconds, overlap_seconds=overlap_seconds)


times = st.floats(0, 4_000).map(lambda seconds: round(seconds, 3))
pauses = st.tuples(times, st.floats(0.3, 90)).map(lambda pause: Span(pause[0], round(sum(pause), 3)))


@given(times, st.lists(pauses, max_size=60), st.floats(20, 900), st.floats(0, 0.25))
async def test_parts_are_short_cover_everything_and_meet_in_silences(
    duration: float, silences: list[Span], chunk: float, overlap_part: float
) -> None:
    chunk = round(chunk, 3)
    overlap = int(chunk * overlap_part)
    listener = Listener(*silences)
    spans = await place_spans(duration, listener, chunk_seconds=chunk, overlap_seconds=overlap)
    assert (spans[0].start_seconds, spans[-1].end_seconds) == (0, duration)
    assert all(_length(span) <= chunk + 1e-9 for span in spans)
    assert all(_length(span) > chunk / 5 for span in spans) or len(spans) == 1
    for (one, other), window in zip(pairwise(spans), listener.windows, strict=True):
        assert one.end_seconds - other.start_seconds == pytest.approx(overlap)
        assert _length(window) <= min(60, chunk / 4) + MILLISECOND
        _check_seam((one.end_seconds + other.start_seconds) / 2, window, silences)


@given(times, st.floats(0.1, 700), st.floats(0, 60))
def test_halves_are_alike_and_shorter_and_meet(start: float, length: float, overlap: float) -> None:
    whole = Span(start, round(start + length, 3))
    first, second = halves(whole, overlap)
    assert (first.start_seconds, second.end_seconds) == (whole.start_seconds, whole.end_seconds)
    assert _length(first) == pytest.approx(_length(second), abs=3 * MILLISECOND)
    assert max(_length(first), _length(second)) <= _length(whole) * 0.65 + MILLISECOND
    expected = min(overlap, _length(whole) / 4)
    assert _length(_common(first, second)) == pytest.approx(expected, abs=2 * MILLISECOND)


def _check_seam(seam: float, window: Span, silences: list[Span]) -> None:
    usable = [_common(each, window) for each in silences]
    longest = max((_length(each) for each in usable), default=0)
    if longest < MILLISECOND / 2:
        assert seam == pytest.approx(window.end_seconds)
    else:
        fitting = [each for each in usable if _length(each) > longest - MILLISECOND]
        assert any(each.start_seconds - 1e-6 <= seam <= each.end_seconds + 1e-6 for each in fitting)


def _length(span: Span) -> float:
    return span.end_seconds - span.start_seconds


def _common(one: Span, other: Span) -> Span:
    return Span(max(one.start_seconds, other.start_seconds), min(one.end_seconds, other.end_seconds))
