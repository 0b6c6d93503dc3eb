"""Captions from speech: inputs and results of the steps. Only times travel, never sound or text."""

from pydantic import BaseModel

from shared.contracts.errors import ErrorType
from shared.contracts.youtube import YoutubeId

OVERLAP_SECONDS = 10
"""Of neighbouring pieces of sound; Groq's cookbook."""
OVERLAP_PART = 4
"""At most so large a part of a piece is overlap."""
SHORTEST_BILLED_SECONDS = 10
"""Groq bills no less for a request."""


def overlap_seconds(chunk_seconds: float) -> float:
    """How much of neighbouring pieces of at most this length is the same sound."""
    return min(OVERLAP_SECONDS, chunk_seconds / OVERLAP_PART)


def billed_seconds(audio_seconds: float) -> float:
    """What is paid for a request with so much sound."""
    return max(audio_seconds, SHORTEST_BILLED_SECONDS)


class PlanSpeechInput(BaseModel):
    """A video without captions."""

    youtube_id: YoutubeId
    is_waiting: bool = True
    """A person waits for this video alone."""


class SpeechPlan(BaseModel):
    """Whether captions are to be made from a video's speech."""

    is_wanted: bool
    refusal: ErrorType | None = None
    """Why not, where that is more than that there is no speech-to-text."""
    has_room: bool = True
    """Not so many videos have sound in the audio store already that this one had better wait."""


class ExtractedAudio(BaseModel):
    """A video's sound, as a file of the audio store."""

    name: str
    byte_count: int


class AudioChunk(BaseModel):
    """A piece of a video's sound, short enough for the speech-to-text server; neighbours overlap."""

    start_ms: int
    end_ms: int

    @property
    def name(self) -> str:
        """Of the file in the audio store: the same piece of the same sound has the same name."""
        return f"{self.start_ms:08}-{self.end_ms:08}.ogg"

    @property
    def start_seconds(self) -> float:
        """Where it begins in the video."""
        return self.start_ms / 1000

    @property
    def end_seconds(self) -> float:
        """Where it ends in the video."""
        return self.end_ms / 1000

    @property
    def duration_seconds(self) -> float:
        """How long it is."""
        return (self.end_ms - self.start_ms) / 1000


class AudioChunks(BaseModel):
    """All pieces, by time."""

    chunks: list[AudioChunk]


class SplitAudioInput(BaseModel):
    """The sound to be cut."""

    youtube_id: YoutubeId
    audio: ExtractedAudio


class HalveChunkInput(BaseModel):
    """A piece that was too large for the server."""

    youtube_id: YoutubeId
    chunk: AudioChunk


class TranscribeChunkInput(BaseModel):
    """A piece whose speech is to be recognised."""

    youtube_id: YoutubeId
    chunk: AudioChunk
    video_ms: int
    """How long the whole sound is, for the percentage."""


class KeepSpeechInput(BaseModel):
    """The pieces whose speech was recognised, by time."""

    youtube_id: YoutubeId
    chunks: list[AudioChunk]


class KeptSpeech(BaseModel):
    """What became of them: captions, unless there is a reason for none."""

    missing: ErrorType | None = None


class UpgradableVideos(BaseModel):
    """Videos whose captions were made from speech long enough ago that YouTube may have some by now."""

    youtube_ids: list[YoutubeId]


class SweepResult(BaseModel):
    """What the janitor found."""

    discarded: int
    """Videos whose sound was left behind."""
