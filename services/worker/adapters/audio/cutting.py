"""Cuts audio into chunks for a transcription server; ffmpeg finds silences, decodes and encodes."""

import asyncio
import re
from itertools import zip_longest
from pathlib import Path

from services.worker.adapters.audio.ffmpeg import UnreadableAudioError, run_ffmpeg
from services.worker.adapters.audio.local import atomic_write
from services.worker.adapters.audio.spans import Span, halves, place_spans

__all__ = ["Span", "UnreadableAudioError", "cut", "halves", "plan_spans"]

_COUNT_PACKETS = ("-c", "copy", "-f", "null", "-progress", "pipe:1", "-nostats", "-")
_FIND_SILENCES = ("-af", "silencedetect=noise=-30dB:d=0.3,ametadata=mode=print:file=-", "-f", "null", "-")
"""Speakers pause for a third of a second and more; -30 dB is below speech and above a quiet room."""
_ENCODE = (
    *("-map_metadata", "-1"),
    *("-af", "aresample=16000:async=1:first_pts=0"),  # silence where audio is missing: the rest keeps its time
    *("-ac", "1", "-c:a", "libopus", "-b:a", "24k", "-application", "voip", "-f", "ogg", "pipe:1"),
)

_REACHED = re.compile(rb"^out_time_us=(\d+)$", re.MULTILINE)
_SILENCE_STARTS = re.compile(rb"^lavfi\.silence_start=(.+)$", re.MULTILINE)
_SILENCE_ENDS = re.compile(rb"^lavfi\.silence_end=(.+)$", re.MULTILINE)


async def plan_spans(source: Path, *, chunk_seconds: float, overlap_seconds: float) -> list[Span]:
    """The parts to cut `source` into, placed by `place_spans`. Raises what `run_ffmpeg` does.

    The length is that of the packets, because metadata may be wrong; only the audio near the seams is decoded.
    """

    async def find_silences(window: Span) -> list[Span]:
        return await _silences(source, window)

    return await place_spans(
        await _duration_seconds(source), find_silences, chunk_seconds=chunk_seconds, overlap_seconds=overlap_seconds
    )


async def cut(source: Path, span: Span, target: Path) -> None:
    """Write a part of `source` to `target`, as 16 kHz mono Opus in Ogg. An existing file is left as it is.

    Raises what `run_ffmpeg` does, and StoreFullError.
    """
    if not await asyncio.to_thread(target.exists):
        chunk = await run_ffmpeg(source, *_ENCODE, span=span)
        await asyncio.to_thread(_write, target, chunk)


def _write(target: Path, chunk: bytes) -> None:
    with atomic_write(target) as part:
        part.write_bytes(chunk)


async def _duration_seconds(source: Path) -> float:
    reached = _REACHED.findall(await run_ffmpeg(source, *_COUNT_PACKETS))
    if not reached:
        raise UnreadableAudioError("the audio has no length")
    return int(reached[-1]) / 1_000_000


async def _silences(source: Path, window: Span) -> list[Span]:
    """The silences in a part of `source`, in the time of the whole; the last one may not have ended there."""
    output = await run_ffmpeg(source, *_FIND_SILENCES, span=window)
    starts, ends = ([float(time) for time in each.findall(output)] for each in (_SILENCE_STARTS, _SILENCE_ENDS))
    origin, length = window.start_seconds, window.end_seconds - window.start_seconds
    return [Span(origin + start, origin + end) for start, end in zip_longest(starts, ends, fillvalue=length)]
