"""Runs the ffmpeg of `imageio-ffmpeg` on sound that strangers have made."""

import asyncio
import errno
from asyncio.subprocess import DEVNULL, PIPE
from collections import deque
from contextlib import suppress
from pathlib import Path

from imageio_ffmpeg import get_ffmpeg_exe  # type: ignore[import-untyped]  # it has no types

_QUIETLY = ("-nostdin", "-hide_banner", "-v", "error", "-filter_threads", "1")
_HARMLESS = ("-protocol_whitelist", "file", "-format_whitelist", "mov,matroska,ogg", "-threads", "1")
"""A playlist in a sound's clothing would have ffmpeg open URLs and other files; YouTube has MP4 and WebM."""

_INVALID_DATA = 183
"""AVERROR_INVALIDDATA: the exit code is the error's lowest byte."""
_MOSTLY_ERRORS = 69
"""More than two thirds of it could not be decoded."""
_UNREADABLE = frozenset({_INVALID_DATA, _MOSTLY_ERRORS, 256 - errno.EINVAL})
"""EINVAL: no such stream, nothing came out, or a container that is not allowed."""

_LINES = 5
_LINE_BYTES = 500


class UnreadableAudio(Exception):
    """There is no sound in it that ffmpeg could decode; trying again does not help."""


async def run_ffmpeg(source: Path, *options: str, start_seconds: float = 0, seconds: float | None = None) -> bytes:
    """What ffmpeg, with output `options`, writes to its standard output about the first audio track of `source`.

    `start_seconds` and `seconds` choose a part of it. ffmpeg ends with the call, also when that is cancelled, and
    with this process: nobody reads what it writes. Raises UnreadableAudio, FileNotFoundError, and RuntimeError for
    what may well go right another time.
    """
    length = () if seconds is None else ("-t", f"{seconds:.3f}")
    part = ("-ss", f"{start_seconds:.3f}", *length, "-i", f"file:{source}", "-map", "0:a:0")
    command = (await asyncio.to_thread(get_ffmpeg_exe), *_QUIETLY, *_HARMLESS, *part, *options)
    process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=PIPE, stderr=PIPE)
    try:
        output, complaint = await asyncio.gather(_all(process.stdout), _end(process.stderr))
        code = await process.wait()
    except BaseException:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()
        raise
    _check(code, complaint)
    return output


async def _all(stream: asyncio.StreamReader | None) -> bytes:
    return await stream.read() if stream else b""


async def _end(stream: asyncio.StreamReader | None) -> str:
    """The last lines: broken sound makes ffmpeg say the same of every packet."""
    lines: deque[str] = deque(maxlen=_LINES)
    ...
    return "\n".join(lines)


def _check(code: int, complaint: str) -> None:
    if code in _UNREADABLE:
        raise UnreadableAudio(complaint)
    if code == 256 - errno.ENOENT:
        raise FileNotFoundError(complaint)
    if code != 0:
        raise RuntimeError(f"ffmpeg ended with {code}: {complaint}")
