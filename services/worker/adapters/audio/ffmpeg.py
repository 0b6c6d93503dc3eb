"""Runs the ffmpeg of `imageio-ffmpeg` on untrusted audio."""

import asyncio
import errno
import os
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import cast

from imageio_ffmpeg import get_ffmpeg_exe  # type: ignore[import-untyped]  # there are none

from services.worker.adapters.audio.spans import Span

_QUIET = ("-nostdin", "-hide_banner", "-v", "error", "-filter_threads", "1", "-abort_on", "empty_output")
_SAFE = ("-protocol_whitelist", "file", "-format_whitelist", "mov,matroska,ogg", "-threads", "1")
"""A playlist that poses as audio would make ffmpeg open URLs and other files. YouTube has MP4 and WebM."""

# Exit codes: the lowest byte of ffmpeg's own (negative) error numbers, of which errno's are a part.
_INVALID_DATA = 183
_TRUNCATED_HEADER = 187
_TOO_MANY_ERRORS = 69
_INVALID_ARGUMENT = 256 - errno.EINVAL
"""A container that is not in the list, no audio track, or no output."""
_UNREADABLE = frozenset({_INVALID_DATA, _TRUNCATED_HEADER, _TOO_MANY_ERRORS, _INVALID_ARGUMENT})
_MISSING = 256 - errno.ENOENT

_MESSAGE_BYTES = 2_000


class UnreadableAudioError(Exception):
    """The file has no audio that ffmpeg can decode: a retry will not help."""


async def run_ffmpeg(source: Path, *options: str, span: Span | None = None) -> bytes:
    """Run ffmpeg with these output options on (a part of) the first audio track; returns its standard output.

    ffmpeg ends with this call, cancelled or not; if this process is killed, it ends when its output has no reader.
    Raises UnreadableAudioError, FileNotFoundError, and RuntimeError where a retry may help.
    """
    part = ("-ss", str(span.start_seconds), "-to", str(span.end_seconds)) if span else ()
    chosen = (*_SAFE, *part, "-i", f"file:{source}", "-map", "0:a:0", "-threads", "1")
    process = await _start(*_QUIET, *chosen, *options)
    stdout, stderr = cast("asyncio.StreamReader", process.stdout), cast("asyncio.StreamReader", process.stderr)
    try:
        output, message = await asyncio.gather(stdout.read(), _end_of(stderr))
        code = await process.wait()
    except BaseException:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()
        raise
    _check(code, message)
    return output


async def _start(*arguments: str) -> Process:
    executable = await asyncio.to_thread(get_ffmpeg_exe)
    try:
        return await asyncio.create_subprocess_exec(
            *(executable, *arguments), stdin=DEVNULL, stdout=PIPE, stderr=PIPE, env=_environment()
        )
    except OSError as error:  # not the fault of the audio, nor is it missing
        raise RuntimeError(f"ffmpeg cannot be started: {error}") from error


def _environment() -> dict[str, str]:
    """What a program needs to start, and none of the worker's passwords and keys."""
    return {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}


async def _end_of(stream: asyncio.StreamReader) -> str:
    """The end of the messages: on broken audio, ffmpeg writes one per packet."""
    end = b""
    while block := await stream.read(_MESSAGE_BYTES):
        end = (end + block)[-_MESSAGE_BYTES:]
    return end.decode(errors="replace").strip()


def _check(code: int, message: str) -> None:
    if code in _UNREADABLE:
        raise UnreadableAudioError(message)
    if code == _MISSING:
        raise FileNotFoundError(message)
    if code != 0:
        raise RuntimeError(f"ffmpeg ended with {code}: {message}")
