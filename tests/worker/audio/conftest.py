"""Sound that ffmpeg makes up, a small disk, and an S3."""

import resource
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from uuid import uuid4

import fsspec  # type: ignore[import-untyped]  # there are none
import pytest
from imageio_ffmpeg import get_ffmpeg_exe  # type: ignore[import-untyped]  # there are none
from moto.server import ThreadedMotoServer

CODECS = {".m4a": ("-c:a", "aac", "-b:a", "48k"), ".webm": ("-c:a", "libopus", "-b:a", "48k")}
BEEP_EVERY_SECONDS = 1.7
BEEPS = f"aevalsrc='0.7*sin(2*PI*1000*t)*lt(mod(t,{BEEP_EVERY_SECONDS}),0.06)':s=44100:c=stereo"
SPEECH = "anoisesrc=r=48000:a=0.5:seed=1"
PAUSES = ((30, 30.5), (33, 34.2), (62, 63))
"""In the audio `spoken`, which is 100 s long."""


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


@pytest.fixture
def s3(s3_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty place in that S3, as an environment has it, and a temporary directory of this machine."""
    environment = {
        "AWS_ENDPOINT_URL": s3_server,
        "AWS_ACCESS_KEY_ID": "somebody",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    move_to_machine(tmp_path / "machine", monkeypatch)
    files = fsspec.filesystem("s3", skip_instance_cache=True)
    bucket = f"bucket-{uuid4()}"
    files.mkdir(bucket)
    return f"s3://{bucket}/some/prefix"


def move_to_machine(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on, temporary files are in `directory`, as on another machine."""
    directory.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
