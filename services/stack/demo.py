"""What the demo adds: a fake YouTube and a fake transcription server (`fakes`), as processes of their own."""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from services.stack.home import Home
from services.stack.probes import is_http_alive
from services.stack.process import ManagedProcess
from services.stack.settings import StackSettings

DEMO_LIMITS = {
    "YOUTUBE_CALLS_PER_SECOND": "5",
    "YOUTUBE_HOURLY_REQUESTS": "100000",
    "YOUTUBE_BOT_CHECK_PAUSE_SECONDS": "15",
    "YOUTUBE_MAX_PAUSE_SECONDS": "30",
    "YOUTUBE_RATE_STEP_SECONDS": "5",
    "YOUTUBE_EXTRACTOR_UPDATES": "off",
    "TRANSCRIPTION_REQUESTS_PER_MINUTE": "600",
    "TRANSCRIPTION_DAILY_REQUESTS": "0",
    "TRANSCRIPTION_HOURLY_AUDIO_SECONDS": "0",
    "TRANSCRIPTION_DAILY_AUDIO_SECONDS": "0",
}
"""The fakes have no limits, and a demo does not wait as long as for the real YouTube."""
DEMO_VIDEOS = {
    "https://www.youtube.com/watch?v=demoCaption": "captions in two languages, chapters",
    "https://youtu.be/demoAutoCap": "automatic captions, chapters in the description",
    "https://youtu.be/demoSpeech_": "no captions: the audio is transcribed",
    "https://youtu.be/demoSpeech2": "the same, to try a pause of transcription",
    "https://www.youtube.com/shorts/demoNoCaps_": "no captions and no speech",
    "https://youtu.be/demoPrivate": "a private video: the import ends in an error",
}
"""What to try first in the demo; every other id is an invented video too."""


@dataclass(frozen=True)
class Fakes:
    """The fakes of one demo. Each keeps a directory in the home, and writes its address there when it is ready."""

    home: Home
    stack: StackSettings

    def processes(self) -> list[ManagedProcess]:
        """The fakes as processes. Deletes what an earlier run has written."""
        return [
            self._process("youtube", "Fake YouTube", "fakes.youtube", self.stack.fake_youtube_port),
            self._process("speech", "Fake transcription server", "fakes.speech", self.stack.fake_transcription_port),
        ]

    def environment(self) -> dict[str, str]:
        """What the services have to know, once the fakes are ready."""
        youtube, speech = _read(self._ready_file("youtube")), _read(self._ready_file("speech"))
        limits = {name: os.environ.get(name) or value for name, value in DEMO_LIMITS.items()}
        return limits | {
            "YOUTUBE_PROXY": youtube["proxy_url"],
            "YOUTUBE_CA_FILE": youtube["ca_file"],
            "YOUTUBE_COOKIES_FILE": "",  # an account's cookies are for the real YouTube
            "TRANSCRIPTION_BASE_URL": speech["base_url"],
            "TRANSCRIPTION_API_KEY": speech["key"],
        }

    def _process(self, name: str, title: str, module: str, port: int) -> ManagedProcess:
        ready_file = self._ready_file(name)
        ready_file.unlink(missing_ok=True)  # an earlier run's

        async def is_ready() -> bool:
            return ready_file.exists() and await is_http_alive(f"http://127.0.0.1:{port}/")

        argv = [sys.executable, "-m", module, "--directory", str(ready_file.parent), "--port", str(port)]
        return ManagedProcess(name, title, argv, is_ready, url=f"127.0.0.1:{port}")

    def _ready_file(self, name: str) -> Path:
        return self.home.path / name / f"{name}.json"


def _read(ready_file: Path) -> dict[str, str]:
    written: dict[str, str] = json.loads(ready_file.read_text())
    return written
