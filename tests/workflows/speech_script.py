"""Steps of captions from speech with a script: part of `ScriptedSteps`."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from temporalio import activity

from services.worker.activities.cancellation import to_the_end
from shared.contracts.imports import VideoRef
from shared.contracts.speech import (
    AudioChunk,
    AudioChunks,
    ExtractedAudio,
    HalveChunkInput,
    KeepSpeechInput,
    KeptSpeech,
    PlanSpeechInput,
    SpeechPlan,
    SplitAudioInput,
    SweepResult,
    TranscribeChunkInput,
    UpgradableVideos,
)
from workflows.activities import AudioSteps, DownloadSteps, SpeechSteps, TranscriptionSteps

T = TypeVar("T")
SOUND = ExtractedAudio(name="source.140.m4a", byte_count=4_000_000)
WANTED = SpeechPlan(is_wanted=True)


def pieces(*seconds: tuple[float, float]) -> AudioChunks:
    """Pieces with these starts and ends."""
    return AudioChunks(chunks=[AudioChunk(start_ms=int(s * 1000), end_ms=int(e * 1000)) for s, e in seconds])


class SpeechScript(SpeechSteps, DownloadSteps, AudioSteps, TranscriptionSteps):
    """No speech-to-text until a test says otherwise; then three pieces, each recognised at once."""

    def __init__(self, perform: Callable[[str, Any], Coroutine[Any, Any, Any]]) -> None:
        self._perform = perform
        self.chunks = pieces((0, 600), (590, 1190), (1180, 1500))
        self.transcribed: list[AudioChunk] = []
        self.kept: list[AudioChunk] = []
        self.discards = 0
        self.planned_for_a_person: list[bool] = []
        self.looked_again: list[str] = []

    @activity.defn
    async def plan_speech_to_text(self, video: PlanSpeechInput) -> SpeechPlan:
        self.planned_for_a_person.append(video.is_waiting)
        return await self._do("plan_speech_to_text", SpeechPlan(is_wanted=False))

    @activity.defn
    async def keep_speech(self, kept: KeepSpeechInput) -> KeptSpeech:
        self.kept = kept.chunks
        return await self._do("keep_speech", KeptSpeech())

    @activity.defn
    async def find_upgradable_videos(self) -> UpgradableVideos:
        return await self._do("find_upgradable_videos", UpgradableVideos(youtube_ids=[]))

    @activity.defn
    async def note_looked_again(self, video: VideoRef) -> None:
        self.looked_again.append(video.youtube_id)

    @activity.defn
    async def extract_audio(self, video: VideoRef) -> ExtractedAudio:
        return await self._do("extract_audio", SOUND)

    @activity.defn
    async def split_audio(self, split: SplitAudioInput) -> AudioChunks:
        return await self._do("split_audio", self.chunks)

    @activity.defn
    async def halve_chunk(self, halve: HalveChunkInput) -> AudioChunks:
        start, end = halve.chunk.start_seconds, halve.chunk.end_seconds
        middle = (start + end) / 2
        return await self._do("halve_chunk", pieces((start, middle + 5), (middle - 5, end)))

    @activity.defn
    async def transcribe_chunk(self, piece: TranscribeChunkInput) -> None:
        await self._do("transcribe_chunk", None)
        self.transcribed.append(piece.chunk)

    @activity.defn
    async def discard_audio(self, video: VideoRef) -> None:
        await self._do("discard_audio", None)
        self.discards += 1

    @activity.defn
    async def sweep_audio(self) -> SweepResult:
        return await self._do("sweep_audio", SweepResult(discarded=0))

    async def _do(self, step: str, default: T) -> T:
        outcome: T = await to_the_end(self._perform(step, default))
        return outcome
