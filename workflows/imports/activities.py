"""The activities of an import: their contracts, implemented by `services.worker.activities`.

Importing a workflow never imports yt-dlp or the database, and the type checker holds caller and implementation
together.
"""

from abc import ABC, abstractmethod
from datetime import timedelta

from shared.contracts.imports import (
    Completion,
    FailImportInput,
    ImportState,
    SkipCaptionsInput,
    VideoMetadata,
    VideoRef,
    WaitingVideo,
)
from shared.contracts.transcription import (
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
from shared.contracts.upstreams import Upstream
from shared.temporal.names import TaskQueue
from workflows.common.activity_options import RETRY_20_TIMES, local_activity, queued_activity, youtube_activity

DOWNLOAD_TIMEOUT = timedelta(hours=6)
"""YouTube may send no faster than the video plays; a download that stalls ends after 20 s."""
SPLIT_TIMEOUT = timedelta(hours=2)
TRANSCRIBE_TIMEOUT = timedelta(minutes=40)
"""The longest timeout that a setting may give the server (25 min), fetching the chunk, and saving the answer."""
DELETE_AUDIO_TIMEOUT = timedelta(minutes=5)
DELETE_AUDIO_HEARTBEAT = timedelta(seconds=30)


class ImportActivities(ABC):
    """An import in the database. Each activity is one transaction and safe to repeat."""

    @local_activity("What is known already")
    @abstractmethod
    async def load_import_state(self, video: WaitingVideo) -> ImportState:
        """Return what is known of the video, and bring its waiting list entries to that stage and that wait."""

    @local_activity("Wait")
    @abstractmethod
    async def record_wait(self, video: WaitingVideo) -> None:
        """Show what the import waits for on the video's waiting list entries."""

    @local_activity("No captions")
    @abstractmethod
    async def skip_captions(self, skip: SkipCaptionsInput) -> None:
        """Reach `captions` without any: none are available."""

    @local_activity("Chapters")
    @abstractmethod
    async def save_chapters(self, video: VideoRef) -> None:
        """Reach `chapters`: YouTube's own, else those in the description."""

    @local_activity("Complete")
    @abstractmethod
    async def complete_import(self, video: VideoRef) -> Completion:
        """Reach `complete`, unless a reimport has been requested meanwhile."""

    @local_activity("Failed")
    @abstractmethod
    async def fail_import(self, failure: FailImportInput) -> None:
        """End every waiting list entry in `error`."""


class YoutubeActivities(ABC):
    """Calls to YouTube.

    An error of YouTube's is raised as a non-retryable ApplicationError: `type` is the `ErrorType`, the first detail an
    `UpstreamFailure`; the workflow decides what follows. An unforeseen error is raised as `internal_error` without
    details. Temporal retries what passes: an unavailable database, a worker that stops.
    """

    @youtube_activity("Title, chapters, caption tracks")
    @abstractmethod
    async def fetch_metadata(self, video: VideoRef) -> VideoMetadata:
        """Reach `metadata`: one or two requests to YouTube, one more for each client that it refuses."""

    @youtube_activity("Captions")
    @abstractmethod
    async def fetch_captions(self, video: VideoRef) -> None:
        """Reach `captions`: one request where a track is known, none where clients agree that there is none."""


class TranscriptActivities(ABC):
    """Transcription in the database."""

    @local_activity("Whether to transcribe")
    @abstractmethod
    async def plan_transcription(self, video: PlanTranscriptionInput) -> TranscriptionPlan:
        """Decide whether the video is transcribed."""

    @local_activity("Captions from transcription")
    @abstractmethod
    async def save_transcript(self, transcribed: SaveTranscriptInput) -> SaveTranscriptResult:
        """Merge the transcribed chunks and reach `captions`, unless they hold no speech."""

    @local_activity("Videos whose captions are due for another check")
    @abstractmethod
    async def find_caption_upgrade_candidates(self) -> CaptionUpgradeCandidates:
        """Return some videos whose captions are due to be rechecked: see `UpgradeCaptions`."""

    @local_activity("Captions rechecked")
    @abstractmethod
    async def mark_captions_rechecked(self, video: VideoRef) -> None:
        """Record that YouTube was asked again whether it has captions."""


class DownloadActivities(ABC):
    """Downloads audio from YouTube. Errors are raised as those of `YoutubeActivities`."""

    @youtube_activity("Audio format", retry_policy=RETRY_20_TIMES)
    @abstractmethod
    async def find_audio(self, video: VideoRef) -> None:
        """Look up the address of the video's audio and save it: one request."""

    @queued_activity(TaskQueue.DOWNLOADS, "Audio", timeout=DOWNLOAD_TIMEOUT, upstream=Upstream.YOUTUBE)
    @abstractmethod
    async def extract_audio(self, video: VideoRef) -> ExtractedAudio:
        """Download the audio that was found into the audio store; every request fetches about 10 MB.

        Resumes the download of an earlier attempt.
        """


class AudioActivities(ABC):
    """Works on audio in the audio store. Errors are raised as those of `YoutubeActivities`."""

    @queued_activity(TaskQueue.AUDIO, "Split the audio", timeout=SPLIT_TIMEOUT)
    @abstractmethod
    async def split_audio(self, split: SplitAudioInput) -> AudioChunks:
        """Split the audio into chunks; those of an earlier attempt stay."""

    @queued_activity(TaskQueue.AUDIO, "Split a chunk", timeout=SPLIT_TIMEOUT)
    @abstractmethod
    async def split_chunk(self, split: SplitChunkInput) -> AudioChunks:
        """Split a chunk in two."""

    @queued_activity(
        TaskQueue.AUDIO, "Delete the audio", timeout=DELETE_AUDIO_TIMEOUT, heartbeat_timeout=DELETE_AUDIO_HEARTBEAT
    )
    @abstractmethod
    async def discard_audio(self, video: VideoRef) -> None:
        """Delete all audio of the video."""

    @queued_activity(
        TaskQueue.AUDIO, "Delete orphaned audio", timeout=DELETE_AUDIO_TIMEOUT, heartbeat_timeout=DELETE_AUDIO_HEARTBEAT
    )
    @abstractmethod
    async def sweep_audio(self) -> SweepResult:
        """Delete orphaned audio."""


class TranscriptionActivities(ABC):
    """Calls to the transcription server. Errors are raised as those of `YoutubeActivities`."""

    @queued_activity(
        TaskQueue.TRANSCRIPTION, "Transcribe a chunk", timeout=TRANSCRIBE_TIMEOUT, upstream=Upstream.TRANSCRIPTION
    )
    @abstractmethod
    async def transcribe_chunk(self, transcribe: TranscribeChunkInput) -> None:
        """Transcribe a chunk: one request, none where an earlier attempt has saved the answer."""
