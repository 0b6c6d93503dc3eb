"""Plans and chunks of real audio."""

import os
from array import array
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from services.worker.adapters.audio.cutting import Span, UnreadableAudioError, cut, halves, plan_spans
from services.worker.adapters.audio.store import StoreFullError
from tests.worker.audio.conftest import BEEP_EVERY_SECONDS, BEEPS, CODECS, ffmpeg

HZ = 16_000
TOLERANCE_SECONDS = 0.05


def beeps(chunk: Path) -> list[float]:
    """When beeps begin."""
    samples = array("h", ffmpeg("-i", chunk, "-ar", str(HZ), "-ac", "1", "-f", "s16le", "pipe:1"))
    loud = [place / HZ for place, sample in enumerate(samples) if abs(sample) > 3_000]
    return [time for before, time in zip([-1.0, *loud], loud, strict=False) if time - before > 0.5]


async def test_parts_meet_in_pauses(spoken: Path) -> None:
    spans = await plan_spans(spoken, chunk_seconds=40, overlap_seconds=4)
    ends = [time for span in spans for time in (span.start_seconds, span.end_seconds)]
    assert ends == pytest.approx([0, 35.6, 31.6, 64.5, 60.5, 100], abs=TOLERANCE_SECONDS)


async def test_a_pause_may_go_on_after_the_latest_place(spoken: Path) -> None:
    first, *_ = await plan_spans(spoken, chunk_seconds=36, overlap_seconds=4)
    assert first.end_seconds == pytest.approx(35.5, abs=TOLERANCE_SECONDS)


async def test_a_length_that_is_not_there_is_not_believed(tmp_path: Path) -> None:
    source = tmp_path / "sound.webm"
    ffmpeg("-f", "lavfi", "-i", BEEPS, "-t", "100", *CODECS[".webm"], source)
    whole = source.read_bytes()
    source.write_bytes(whole[: len(whole) // 2])
    (only,) = await plan_spans(source, chunk_seconds=80, overlap_seconds=4)
    assert only.start_seconds == 0
    assert 40 < only.end_seconds < 60


@pytest.mark.parametrize("span", [Span(0, 20), Span(12.345, 34.567), Span(41.2, 60)])
async def test_a_chunk_holds_the_audio_of_its_time(beeping: Path, span: Span, tmp_path: Path) -> None:
    chunk = tmp_path / "chunk.ogg"
    await cut(beeping, span, chunk)
    first = int(span.start_seconds / BEEP_EVERY_SECONDS + 0.999)
    last = int(span.end_seconds / BEEP_EVERY_SECONDS)
    expected = [place * BEEP_EVERY_SECONDS - span.start_seconds for place in range(first, last + 1)]
    assert beeps(chunk) == pytest.approx(expected, abs=TOLERANCE_SECONDS)


async def test_halves_of_a_chunk_are_cut_as_well(beeping: Path, tmp_path: Path) -> None:
    chunk, half = tmp_path / "chunk.ogg", tmp_path / "half.ogg"
    await cut(beeping, Span(0, 40), chunk)
    await cut(chunk, halves(Span(0, 40), 10)[1], half)
    assert beeps(half)[0] == pytest.approx(BEEP_EVERY_SECONDS * 9 - 15, abs=TOLERANCE_SECONDS)


@pytest.mark.parametrize("start_seconds", [5, 15])
async def test_audio_after_a_gap_keeps_its_time(start_seconds: int, tmp_path: Path) -> None:
    source, chunk = tmp_path / "sound.webm", tmp_path / "chunk.ogg"
    gap = "aselect='not(between(t,10,20))'"
    ffmpeg("-f", "lavfi", "-i", BEEPS, "-t", "40", "-af", gap, *CODECS[".webm"], source)
    await cut(source, Span(start_seconds, 30), chunk)
    heard = [time for time in beeps(chunk) if time > 20 - start_seconds]
    assert heard[0] == pytest.approx(12 * BEEP_EVERY_SECONDS - start_seconds, abs=TOLERANCE_SECONDS)


async def test_chunks_are_small_and_of_the_servers_format(spoken: Path, tmp_path: Path) -> None:
    target = tmp_path / "chunk.ogg"
    await cut(spoken, Span(0, 100), target)
    chunk = target.read_bytes()
    header = chunk[chunk.index(b"OpusHead") :]
    assert chunk.startswith(b"OggS")
    assert (header[9], int.from_bytes(header[12:16], "little")) == (1, HZ)
    assert len(chunk) < 100 * 26_000 / 8
    assert os.listdir(tmp_path) == [target.name]


async def test_a_chunk_of_an_earlier_attempt_is_left_as_it_is(beeping: Path, tmp_path: Path) -> None:
    target = tmp_path / "chunk.ogg"
    target.write_bytes(b"earlier")
    await cut(beeping, Span(0, 10), target)
    assert target.read_bytes() == b"earlier"


async def test_beyond_the_end_there_is_no_chunk(beeping: Path, tmp_path: Path) -> None:
    with pytest.raises(UnreadableAudioError):
        await cut(beeping, Span(100, 110), tmp_path / "chunk.ogg")
    assert os.listdir(tmp_path) == []


async def test_a_file_without_audio_is_not_planned(tmp_path: Path) -> None:
    source = tmp_path / "sound.m4a"
    source.write_text("Sorry")
    with pytest.raises(UnreadableAudioError):
        await plan_spans(source, chunk_seconds=40, overlap_seconds=4)


async def test_nothing_is_left_of_a_chunk_for_which_there_is_no_room(
    beeping: Path, tmp_path: Path, small_disk: Callable[[], AbstractContextManager[None]]
) -> None:
    with small_disk(), pytest.raises(StoreFullError):
        await cut(beeping, Span(0, 60), tmp_path / "chunk.ogg")
    assert os.listdir(tmp_path) == []
