"""ffmpeg as a process: what it is given, how it ends."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil
import pytest

from services.worker.adapters.audio.ffmpeg import UnreadableAudioError, run_ffmpeg
from tests.support.waiting import eventually
from tests.worker.audio.conftest import BEEPS, CODECS, ffmpeg

DECODE = ("-f", "s16le", "pipe:1")


@pytest.fixture
def silent_pipe(tmp_path: Path) -> Path:
    """A source that never says anything."""
    path = tmp_path / "pipe.m4a"
    os.mkfifo(path)
    return path


@asynccontextmanager
async def the_ffmpeg(source: Path) -> AsyncIterator[psutil.Process]:
    """The one that waits for the silent pipe to say something."""

    async def is_read() -> int | None:
        with suppress(OSError):  # nobody reads it yet
            return os.open(source, os.O_WRONLY | os.O_NONBLOCK)
        return None

    pipe = await eventually(is_read)
    assert pipe
    try:
        yield next(child for child in psutil.Process().children() if f"file:{source}" in child.cmdline())
    finally:
        os.close(pipe)


async def test_it_ends_with_the_call_that_is_cancelled(silent_pipe: Path) -> None:
    call = asyncio.create_task(run_ffmpeg(silent_pipe, *DECODE))
    async with the_ffmpeg(silent_pipe) as process:
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert not process.is_running()


async def test_it_is_given_no_secrets(silent_pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    call = asyncio.create_task(run_ffmpeg(silent_pipe, *DECODE))
    async with the_ffmpeg(silent_pipe) as process:
        assert "AWS_SECRET_ACCESS_KEY" not in process.environ()
        process.kill()
        with pytest.raises(RuntimeError, match="-9"):
            await call


async def test_one_that_somebody_killed_may_be_tried_again(silent_pipe: Path) -> None:
    call = asyncio.create_task(run_ffmpeg(silent_pipe, *DECODE))
    async with the_ffmpeg(silent_pipe) as process:
        process.kill()
        with pytest.raises(RuntimeError, match="-9"):
            await call


async def test_a_missing_ffmpeg_is_not_an_error_of_the_audio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(tmp_path / "nowhere"))
    with pytest.raises(RuntimeError, match="cannot be started"):
        await run_ffmpeg(tmp_path / "sound.m4a", *DECODE)


async def test_missing_audio(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await run_ffmpeg(tmp_path / "sound.m4a", *DECODE)


def _broken_off(path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", BEEPS, "-t", "5", *CODECS[".m4a"], path)
    sound = path.read_bytes()
    path.write_bytes(sound[: len(sound) // 2])  # an MP4's table of contents is at its end


def _damaged(path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", BEEPS, "-t", "60", *CODECS[".m4a"], "-movflags", "faststart", path)
    sound = path.read_bytes()
    begin = sound.index(b"mdat") + 200
    path.write_bytes(sound[:begin] + os.urandom(len(sound) - begin))


def _pictures_only(path: Path) -> None:
    ffmpeg("-f", "lavfi", "-i", "testsrc=s=64x64", "-t", "1", "-f", "mp4", path)


def _playlist(path: Path) -> None:
    sound = path.with_name("real.m4a")
    ffmpeg("-f", "lavfi", "-i", BEEPS, "-t", "5", *CODECS[".m4a"], sound)
    path.write_text(f"ffconcat version 1.0\nfile {sound.name}\n")


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(os.urandom(100_000)),
        lambda path: path.write_text("<!DOCTYPE html><title>Sorry</title>"),
        _broken_off,
        _damaged,
        _pictures_only,
        _playlist,
    ],
    ids=["nothing", "noise", "page", "broken off", "damaged", "pictures", "playlist"],
)
async def test_a_file_without_audio(write: Callable[[Path], object], tmp_path: Path) -> None:
    path = tmp_path / "sound.m4a"
    write(path)
    with pytest.raises(UnreadableAudioError) as refusal:
        await run_ffmpeg(path, *DECODE)
    assert 0 < len(str(refusal.value)) <= 2_000
