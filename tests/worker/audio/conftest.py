"""Sound that ffmpeg makes up, a small disk, and an S3."""

import resource
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from imageio_ffmpeg import get_ffmpeg_exe  # type: ignore[import-untyped]  # there are none
from moto.server import ThreadedMotoServer

CODECS = {".m4a": ("-c:a", "aac", "-b:a", "48k"), ".webm": ("-c:a", "libopus", "-b:a", "48k")}
BEEP_EVERY_SECONDS = 1.7
BEEPS = f"aevalsrc='0.7*sin(2*PI*1000*t)*lt(mod(t,{BEEP_EVERY_SECONDS}),0.06)':s=44100:c=stereo"
SPEECH = "anoisesrc=r=48000:a=0.5:seed=1"
PAUSES = ((30, 30.5), (33, 34.2), (58, 59), (97, 100))
"""In the sound `spoken`, which is 100 s long."""


def ffmpeg(*arguments: str | Path) -> bytes:
    """ffmpeg's standard output."""
    command = [get_ffmpeg_exe(), "-nostdin", "-v", "error", *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True).stdout


@pytest.fixture(scope="session", params=[*CODECS])
def container(request: pytest.FixtureRequest) -> str:
    """What YouTube serves: AAC in MP4, and Opus in WebM."""
    return str(request.param)


@pytest.fixture(scope="session")
def beeping(container: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 s of stereo with a beep every 1.7 s."""
    path = tmp_path_factory.mktemp("sound") / f"beeps{container}"
    ffmpeg("-f", "lavfi", "-i", BEEPS, "-t", "60", *CODECS[container], path)
    return path


@pytest.fixture(scope="session")
def spoken(container: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """100 s of noise with `PAUSES`."""
    path = tmp_path_factory.mktemp("sound") / f"spoken{container}"
    silent = "+".join(f"between(t,{start},{end})" for start, end in PAUSES)
    ffmpeg("-f", "lavfi", "-i", SPEECH, "-t", "100", "-af", f"volume=0:enable='{silent}'", *CODECS[container], path)
    return path


@pytest.fixture
def small_disk() -> Callable[[], AbstractContextManager[None]]:
    """A context in which this process cannot write more than a page into a file."""

    @contextmanager
    def limited() -> Iterator[None]:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limited


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The URL of an S3."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()
