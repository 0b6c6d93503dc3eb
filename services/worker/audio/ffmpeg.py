"""Runs the ffmpeg of `imageio-ffmpeg` on sound that strangers have made."""

import asyncio
import errno
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import cast

from imageio_ffmpeg import get_ffmpeg_exe  # type: ignore[import-untyped]  # there are none

from services.worker.audio.spans import Span

_QUIETLY = ("-nostdin", "-hide_banner", "-v", "error", "-filter_threads", "1", "-abort_on", "empty_output")
_HARMLESS = ("-protocol_whitelist", "file", "-format_whitelist", "mov,matroska,ogg", "-threads", "1")
"""A playlist that calls itself sound would have ffmpeg open URLs and other files. YouTube has MP4 and WebM."""

# Exit codes: the lowest byte of ffmpeg's own (negative) error numbers, of which errno's are a part.
_INVALID_DATA = 183
_ENDS_IN_ITS_HEADER = 187
_MOSTLY_BROKEN = 69
_INVALID_ARGUMENT = 256 - errno.EINVAL
"""A container that is not in the list, no audio track, or nothing that came out."""
_UNREADABLE = frozenset({_INVALID_DATA, _ENDS_IN_ITS_HEADER, _MOSTLY_BROKEN, _INVALID_ARGUMENT})
_MISSING = 256 - errno.ENOENT

_COMPLAINT_BYTES = 2_000


class UnreadableAudio(Exception):
    """ffmpeg finds no sound in it that it can decode, and will not find any the next time either."""


async def run_ffmpeg(source: Path, *options: str, span: Span | None = None) -> bytes:
    """What ffmpeg, with these output options, writes to its standard output of (a part of) the first audio track.

    ffmpeg ends with this call, cancelled or not; should this process be killed, it ends when nobody reads its output.
    Raises UnreadableAudio, FileNotFoundError, and RuntimeError for what may go right another time.
    """
    part = ("-ss", str(span.start_seconds), "-to", str(span.end_seconds)) if span else ()
    chosen = (*_HARMLESS, *part, "-i", f"file:{source}", "-map", "0:a:0", "-threads", "1")
    process = await _start(*_QUIETLY, *chosen, *options)
    stdout, stderr = cast("asyncio.StreamReader", process.stdout), cast("asyncio.StreamReader", process.stderr)
    try:
        output, complaint = await asyncio.gather(stdout.read(), _end_of(stderr))
        code = await process.wait()
    except BaseException:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()
        raise
    _check(code, complaint)
    return output


async def _start(*arguments: str) -> Process:
    executable = await asyncio.to_thread(get_ffmpeg_exe)
    try:
        return await asyncio.create_subprocess_exec(executable, *arguments, stdin=DEVNULL, stdout=PIPE, stderr=PIPE)
    except OSError as error:  # nothing is wrong with the sound, nor is it missing
        raise RuntimeError(f"ffmpeg cannot be started: {error}") from error


async def _end_of(stream: asyncio.StreamReader) -> str:
    """The last words only: of broken sound, ffmpeg complains packet by packet."""
    end = b""
    while block := await stream.read(_COMPLAINT_BYTES):
        end = (end + block)[-_COMPLAINT_BYTES:]
    return end.decode(errors="replace").strip()


def _check(code: int, complaint: str) -> None:
    if code in _UNREADABLE:
        raise UnreadableAudio(complaint)
    if code == _MISSING:
        raise FileNotFoundError(complaint)
    if code != 0:
        raise RuntimeError(f"ffmpeg ended with {code}: {complaint}")
