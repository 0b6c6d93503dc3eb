"""Transcription: inputs and results of the activities. Only times are passed on, never audio or text."""

from pydantic import BaseModel

from shared.contracts.errors import ErrorType
from shared.contracts.youtube import YoutubeId

OVERLAP_SECONDS = 10
"""Overlap of neighbouring chunks; from Groq's cookbook."""
OVERLAP_PART = 4
"""The largest share of a chunk that may be overlap."""
SHORTEST_BILLED_SECONDS = 10
"""Groq bills no less for a request."""


def overlap_seconds(chunk_seconds: float) -> float:
    """The overlap of neighbouring chunks of at most this length."""
    return min(OVERLAP_SECONDS, chunk_seconds / OVERLAP_PART)


def billed_seconds(audio_seconds: float) -> float:
    """The price of a request with so much audio."""
    return max(audio_seconds, SHORTEST_BILLED_SECONDS)


class PlanTranscriptionInput(BaseModel):
    """A video without captions."""

    youtube_id: YoutubeId
    is_interactive: bool = True
    """A person waits for this video alone."""


class TranscriptionPlan(BaseModel):
    """Whether captions are to be made from a video's speech."""

    is_wanted: bool
    refusal: ErrorType | None = None
    """Why not, where that is more than that there is no speech-to-text."""
    has_room: bool = True
    """Whether the audio store has capacity for another video."""


class ExtractedAudio(BaseModel):
    """A video's audio, as a file of the audio store."""

    name: str
    byte_count: int


class AudioChunk(BaseModel):
    """A part of a video's audio, short enough for the transcription server; neighbours overlap."""

    start_ms: int
    end_ms: int

    @property
    def name(self) -> str:
        """Of the file in the audio store: the same chunk of the same audio has the same name."""
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
    """All chunks, by time."""

    chunks: list[AudioChunk]


class SplitAudioInput(BaseModel):
    """The audio to split."""

    youtube_id: YoutubeId
    audio: ExtractedAudio


class SplitChunkInput(BaseModel):
    """A chunk that is too large for the server."""

    youtube_id: YoutubeId
    chunk: AudioChunk


class TranscribeChunkInput(BaseModel):
    """A chunk to transcribe."""

    youtube_id: YoutubeId
    chunk: AudioChunk
    video_ms: int
    """Length of the whole audio, for the percentage."""


class SaveTranscriptInput(BaseModel):
    """The transcribed chunks, by time."""

    youtube_id: YoutubeId
    chunks: list[AudioChunk]


class SaveTranscriptResult(BaseModel):
    """What became of them: captions, unless there is a reason for none."""

    missing: ErrorType | None = None


class CaptionUpgradeCandidates(BaseModel):
    """Videos whose captions were made from speech long enough ago that YouTube may have some by now."""

    youtube_ids: list[YoutubeId]


class SweepResult(BaseModel):
    """What the janitor found."""

    discarded: int
    """Videos with orphaned audio."""


_CODES = (
    "af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha he hi hr ht hu hy id is it "
    "ja ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro ru sa sd si sk sl sn "
    "so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo zh"
)
WHISPER_LANGUAGES = frozenset(_CODES.split())
"""Of openai/whisper's `LANGUAGES` those with two letters: servers refuse a request with any other language."""
