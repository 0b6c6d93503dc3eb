"""What the demo adds: stand-ins for YouTube and for speech-to-text, which are the test suite's own."""

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from services.stack.home import Home
from services.stack.probes import port_answers
from services.stack.process import ManagedProcess
from services.stack.settings import StackSettings

DEMO_PACE = {
    "YOUTUBE_CALLS_PER_SECOND": "5",
    "YOUTUBE_HOURLY_REQUESTS": "100000",
    "YOUTUBE_BOT_CHECK_PAUSE_SECONDS": "15",
    "YOUTUBE_MAX_PAUSE_SECONDS": "30",
    "YOUTUBE_RATE_STEP_SECONDS": "5",
    "TRANSCRIPTION_REQUESTS_PER_MINUTE": "600",
    "TRANSCRIPTION_DAILY_REQUESTS": "0",
    "TRANSCRIPTION_HOURLY_AUDIO_SECONDS": "0",
    "TRANSCRIPTION_DAILY_AUDIO_SECONDS": "0",
}
"""The stand-ins have no limits; where one plays them, nobody wants to wait as long as for the real YouTube."""
DEMO_VIDEOS = {
    "https://www.youtube.com/watch?v=demoCaption": "captions in two languages, chapters",
    "https://youtu.be/demoAutoCap": "automatic captions, chapters in the description",
    "https://youtu.be/demoSpeech_": "no captions: they are made from what is said",
    "https://youtu.be/demoSpeech2": "the same, to try a pause of speech-to-text with",
    "https://www.youtube.com/shorts/demoNoCaps_": "no captions, and nothing is said",
    "https://youtu.be/demoPrivate": "a private video: the import ends in an error",
}
"""What to try first in the demo; every other id is an invented video too."""


@dataclass(frozen=True)
class StandIns:
    """The stand-ins of one demo: each keeps a directory in the home, and writes there how it is reached when it is."""

    home: Home
    stack: StackSettings

    def processes(self) -> list[ManagedProcess]:
        """The stand-ins as processes. Forgets what an earlier run has written."""
        return [
            self._process("standin", "YouTube stand-in", "tests.standin", self.stack.standin_port),
            self._process("speech", "Speech-to-text stand-in", "tests.speech", self.stack.speech_port),
        ]

    def environment(self) -> dict[str, str]:
        """What the services have to know, once the stand-ins are ready."""
        youtube, speech = _read(self._ready_file("standin")), _read(self._ready_file("speech"))
        pace = {name: os.environ.get(name) or value for name, value in DEMO_PACE.items()}
        return pace | {
            "YOUTUBE_PROXY": youtube["proxy_url"],
            "YOUTUBE_CA_FILE": youtube["ca_file"],
            "TRANSCRIPTION_BASE_URL": speech["base_url"],
            "TRANSCRIPTION_API_KEY": speech["key"],
        }

    def _process(self, name: str, title: str, module: str, port: int) -> ManagedProcess:
        ready_file = self._ready_file(name)
        ready_file.unlink(missing_ok=True)  # an earlier run's

        async def is_ready() -> bool:
            return ready_file.exists() and await asyncio.to_thread(port_answers, "127.0.0.1", port)

        argv = [sys.executable, "-m", module, "--directory", str(ready_file.parent), "--port", str(port)]
        return ManagedProcess(name, title, argv, is_ready, url=f"127.0.0.1:{port}")

    def _ready_file(self, name: str) -> Path:
        return self.home.path / name / f"{name}.json"


def _read(ready_file: Path) -> dict[str, str]:
    written: dict[str, str] = json.loads(ready_file.read_text())
    return written
