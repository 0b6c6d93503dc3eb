"""Captions from the speech of a 3-hour video: memory of the worker, disk, and what is in the workflow's history.

One worker process with default settings (but no limits of the server), the fake YouTube, and a server that
answers at once with a sentence every five seconds. The sound is a hiss at YouTube's cheapest rate.
"""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowHistory

from benchmarks.installation import way_to
from benchmarks.machine import Machine, machine, print_machine
from fakes.speech.server import FakeTranscriptionServer, SpeechSegment
from fakes.speech.sound import SAMPLE_BYTES, SAMPLE_RATE, noise, repeated
from fakes.youtube import Audio, FakeVideo, FakeYoutube, Kind
from shared.contracts.stages import ImportStage
from shared.db.engine import create_engine
from shared.db.models import LOCAL_USER_ID
from shared.temporal.client import connect
from tests.support.entries import add_video
from workflows.imports.client import start_import

ID = "threehours_"
HOURS = 3
SAMPLE_SECONDS = 0.1
MAX_MEMORY_MB, MAX_DISK_RATIO, MAX_PAYLOAD_KB = 300, 2, 50


class Sampler:
    """The most that the worker, its ffmpeg and the audio store had at any moment."""

    def __init__(self, pid: int, store: Path) -> None:
        self._worker = psutil.Process(pid)
        self._store = store
        self.idle_bytes = self._worker.memory_info().rss
        self.worker_bytes = self.ffmpeg_bytes = self.disk_bytes = 0

    async def run(self) -> None:
        """Look, again and again."""
        while True:
            self.worker_bytes = max(self.worker_bytes, self._worker.memory_info().rss)
            self.ffmpeg_bytes = max(self.ffmpeg_bytes, sum(map(_rss, self._worker.children())))
            self.disk_bytes = max(self.disk_bytes, sum(map(_size, self._store.rglob("*"))))
            await asyncio.sleep(SAMPLE_SECONDS)


def _rss(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except FileNotFoundError:
        return 0


def sentences(sound: bytes) -> Sequence[SpeechSegment]:
    """One every five seconds, whatever the sound."""
    seconds = len(sound) // SAMPLE_RATE // SAMPLE_BYTES
    return [
        SpeechSegment(start, start + 4, f"This is what was said at {start} seconds.")
        for start in range(0, seconds - 4, 5)
    ]


def payload_bytes(history: WorkflowHistory) -> int:
    """Everything that steps were given and returned."""
    found = 0

    def walk(message: object) -> None:
        nonlocal found
        if isinstance(message, Payload):
            found += len(message.data)
            return
        for field, value in message.ListFields():  # type: ignore[attr-defined]  # a protobuf message
            if field.message_type is None:
                continue
            if field.message_type.GetOptions().map_entry:
                values = list(value.values())
            else:
                values = list(value) if field.is_repeated else [value]
            for each in values:
                if hasattr(each, "ListFields"):
                    walk(each)

    for event in history.events:
        walk(event)
    return found


async def measure(running: Machine, sound: bytes, speech: FakeTranscriptionServer) -> None:
    """Import the video and print the figures."""
    store = running.directory / "audio"
    client = await connect(running.settings, lazy=False)
    engine = create_engine(running.settings)
    async with FakeYoutube.start() as fake_youtube:
        audio = Audio(sound, itag=139, bits_per_second=48_000)
        fake_youtube.library.add(FakeVideo(ID, duration_seconds=HOURS * 3600, audios=(audio,)))
        environment = {
            **way_to(fake_youtube),
            "VIDFERRY_AUDIO_STORE": str(store),
            "TRANSCRIPTION_BASE_URL": speech.base_url,
            "TRANSCRIPTION_REQUESTS_PER_MINUTE": "600",
            "TRANSCRIPTION_HOURLY_AUDIO_SECONDS": "0",
            "TRANSCRIPTION_DAILY_AUDIO_SECONDS": "0",
        }
        with running.process("services.worker", **environment) as worker:
            await add_video(engine, "demoCaption")  # a first import: what a worker needs for any work is loaded
            await (await start_import(client, "demoCaption", LOCAL_USER_ID)).result()
            sampler = Sampler(worker.pid, store)
            sampling = asyncio.create_task(sampler.run())
            begun = time.monotonic()
            await add_video(engine, ID)
            handle = await start_import(client, ID, LOCAL_USER_ID)
            result = await handle.result()
            took = time.monotonic() - begun
            sampling.cancel()
        if result.stage is not ImportStage.COMPLETE or len(speech.requests) == 0:
            raise RuntimeError(f"the import ended in {result}")
        gets = [request.kind for request in fake_youtube.requests if request.youtube_id == ID].count(Kind.AUDIO)
    await engine.dispose()
    history = payload_bytes(await handle.fetch_history())
    print(f"{HOURS} hours of sound, {len(sound) / 1e6:.1f} MB in {gets} requests, {len(speech.requests)} pieces")
    print(f"whole import: {took:.0f} s")
    print(
        f"memory of the worker: {sampler.worker_bytes / 1e6:.0f} MB, idle {sampler.idle_bytes / 1e6:.0f} MB "
        f"(aim: under {MAX_MEMORY_MB}); its ffmpeg at most {sampler.ffmpeg_bytes / 1e6:.0f} MB"
    )
    print(
        f"audio store: at most {sampler.disk_bytes / len(sound):.2f} x the sound (aim: under {MAX_DISK_RATIO}), "
        f"{sum(map(_size, store.rglob('*')))} bytes at the end"
    )
    print(f"payloads in the workflow's history: {history / 1e3:.1f} kB (aim: under {MAX_PAYLOAD_KB})")


async def main() -> None:
    """Measure and print."""
    print_machine()
    sound = repeated(noise(600), HOURS * 6)
    async with machine() as running, FakeTranscriptionServer.start(sentences) as speech:
        await measure(running, sound, speech)


if __name__ == "__main__":
    asyncio.run(main())
