"""Transcription activities with a script: part of `ScriptedSteps`."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from temporalio import activity

from services.worker.activities.support.shielding import shield_from_cancellation
from shared.contracts.imports import VideoRef
from shared.contracts.transcription import (
    AudioChunk,
    AudioChunks,
    CaptionUpgradeCandidates,
    ExtractedAudio,
    PlanTranscriptionInput,
    SaveTranscriptInput,
    SaveTranscriptResult,
    SplitAudioInput,
    SplitChunkInput,
    SweepResult,
    TranscribeChunkInput,
    TranscriptionPlan,
)
from workflows.imports.activities import (
    AudioActivities,
    DownloadActivities,
    TranscriptActivities,
    TranscriptionActivities,
)

T = TypeVar("T")
SOUND = ExtractedAudio(name="source.140.m4a", byte_count=4_000_000)
WANTED = TranscriptionPlan(is_wanted=True)


def pieces(*seconds: tuple[float, float]) -> AudioChunks:
    """Chunks with these starts and ends."""
    return AudioChunks(chunks=[AudioChunk(start_ms=int(s * 1000), end_ms=int(e * 1000)) for s, e in seconds])


class SpeechScript(TranscriptActivities, DownloadActivities, AudioActivities, TranscriptionActivities):
    """No transcription until a test says otherwise; then three chunks, each transcribed at once."""

    def __init__(self, perform: Callable[[str, Any], Coroutine[Any, Any, Any]]) -> None:
        self._perform = perform
        self.chunks = pieces((0, 600), (590, 1190), (1180, 1500))
        self.transcribed: list[AudioChunk] = []
        self.kept: list[AudioChunk] = []
        self.discards = 0
        self.planned_for_a_person: list[bool] = []
        self.looked_again: list[str] = []

    @activity.defn
    async def plan_transcription(self, video: PlanTranscriptionInput) -> TranscriptionPlan:
        self.planned_for_a_person.append(video.is_interactive)
        return await self._do("plan_transcription", TranscriptionPlan(is_wanted=False))

    @activity.defn
    async def save_transcript(self, transcribed: SaveTranscriptInput) -> SaveTranscriptResult:
        self.kept = transcribed.chunks
        return await self._do("save_transcript", SaveTranscriptResult())

    @activity.defn
    async def find_caption_upgrade_candidates(self) -> CaptionUpgradeCandidates:
        return await self._do("find_caption_upgrade_candidates", CaptionUpgradeCandidates(youtube_ids=[]))

    @activity.defn
    async def mark_captions_rechecked(self, video: VideoRef) -> None:
        self.looked_again.append(video.youtube_id)

    @activity.defn
    async def find_audio(self, video: VideoRef) -> None:
        await self._do("find_audio", None)

    @activity.defn
    async def extract_audio(self, video: VideoRef) -> ExtractedAudio:
        return await self._do("extract_audio", SOUND)

    @activity.defn
    async def split_audio(self, split: SplitAudioInput) -> AudioChunks:
        return await self._do("split_audio", self.chunks)

    @activity.defn
    async def split_chunk(self, split: SplitChunkInput) -> AudioChunks:
        start, end = split.chunk.start_seconds, split.chunk.end_seconds
        middle = (start + end) / 2
        return await self._do("split_chunk", pieces((start, middle + 5), (middle - 5, end)))

    @activity.defn
    async def transcribe_chunk(self, transcribe: TranscribeChunkInput) -> None:
        await self._do("transcribe_chunk", None)
        self.transcribed.append(transcribe.chunk)

    @activity.defn
    async def discard_audio(self, video: VideoRef) -> None:
        await self._do("discard_audio", None)
        self.discards += 1

    @activity.defn
    async def sweep_audio(self) -> SweepResult:
        return await self._do("sweep_audio", SweepResult(discarded=0))

    async def _do(self, step: str, default: T) -> T:
        outcome: T = await shield_from_cancellation(self._perform(step, default))
        return outcome
