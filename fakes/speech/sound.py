"""Audio in the formats that YouTube serves and the worker sends, converted by ffmpeg."""

import subprocess
import tempfile
from pathlib import Path

from imageio_ffmpeg import get_ffmpeg_exe  # type: ignore[import-untyped]  # there are none

SAMPLE_RATE, SAMPLE_BYTES = 16_000, 2


def decoded(content: bytes) -> bytes:
    """16 kHz mono PCM of 16 bits."""
    return _converted(content, "-ac", "1", "-ar", str(SAMPLE_RATE), "-f", "s16le")


def as_m4a(wav: bytes) -> bytes:
    """As YouTube's smallest audio format: AAC at 48 kb/s."""
    return _converted(wav, "-ac", "1", "-c:a", "aac", "-b:a", "48k", "-f", "mp4")


def as_webm(wav: bytes) -> bytes:
    """As YouTube's other small audio format: Opus at 48 kb/s."""
    return _converted(wav, "-ac", "1", "-c:a", "libopus", "-b:a", "48k", "-f", "webm")


def _converted(content: bytes, *options: str) -> bytes:
    """Through files: an MP4's index is at its end, and written last."""
    with tempfile.TemporaryDirectory() as directory:
        source, target = Path(directory, "in"), Path(directory, "out")
        source.write_bytes(content)
        argv = [get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", "-i", str(source), *options, str(target)]
        subprocess.run(argv, check=True, capture_output=True)
        return target.read_bytes()


def noise(seconds: float) -> bytes:
    """Noise in YouTube's smallest audio format: it does not compress, so its size grows with its length."""
    with tempfile.TemporaryDirectory() as directory:
        target = Path(directory, "noise.m4a")
        source = ["-f", "lavfi", "-i", f"anoisesrc=r=22050:seed=1:duration={seconds}"]
        argv = [get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", *source, "-c:a", "aac", "-b:a", "48k", str(target)]
        subprocess.run(argv, check=True, capture_output=True)
        return target.read_bytes()


def repeated(m4a: bytes, times: int) -> bytes:
    """The same audio repeated, without encoding it again."""
    with tempfile.TemporaryDirectory() as directory:
        source, target = Path(directory, "once.m4a"), Path(directory, "often.m4a")
        source.write_bytes(m4a)
        loop = ["-stream_loop", str(times - 1), "-i", str(source), "-c", "copy", str(target)]
        subprocess.run([get_ffmpeg_exe(), "-nostdin", "-loglevel", "error", *loop], check=True, capture_output=True)
        return target.read_bytes()
