"""Contract-only stubs of every activity: name and types, no body.

Workflows call these; `services.worker.activities` subclasses them. So importing a workflow never imports yt-dlp or
the database, and the type checker holds caller and implementation together.
"""

from abc import ABC, abstractmethod

from temporalio import activity

from shared.contracts.batches import (
    BatchRef,
    BatchView,
    FailListing,
    ListedPage,
    LookAtBatch,
    SourcePreview,
    SourceRef,
)
from shared.contracts.imports import (
    FailImportInput,
    ImportState,
    ReconcileInput,
    ReconcileResult,
    SkipCaptionsInput,
    VideoMetadata,
    VideoRef,
)
from shared.contracts.speech import (
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
from shared.contracts.subscriptions import BeginLook, Look, SubscriptionRef
from shared.contracts.upstreams import ApplyRateInput, UpstreamStatus


class ImportSteps(ABC):
    """Database steps of an import, queue `imports`. Each is one transaction and safe to repeat."""

    @activity.defn
    @abstractmethod
    async def begin_import(self, video: VideoRef) -> ImportState:
        """Say what is known already, and bring waiting entries of the video that far."""

    @activity.defn
    @abstractmethod
    async def skip_captions(self, skip: SkipCaptionsInput) -> None:
        """Reach `captions` without any: there are none to be had."""

    @activity.defn
    @abstractmethod
    async def save_chapters(self, video: VideoRef) -> None:
        """Reach `chapters`: YouTube's own, else those in the description."""

    @activity.defn
    @abstractmethod
    async def complete_import(self, video: VideoRef) -> None:
        """Reach `complete`."""

    @activity.defn
    @abstractmethod
    async def fail_import(self, failure: FailImportInput) -> None:
        """End every waiting entry in `error`."""


class YoutubeSteps(ABC):
    """Steps that ask YouTube, queue `youtube`.

    What YouTube refused is raised as a non-retryable ApplicationError: `type` is the `ErrorType`, the first detail a
    `UpstreamFailure`; the workflow decides what follows. Anything else is our own trouble, and Temporal retries it.
    """

    @activity.defn
    @abstractmethod
    async def fetch_metadata(self, video: VideoRef) -> VideoMetadata:
        """Reach `metadata`: two requests to YouTube."""

    @activity.defn
    @abstractmethod
    async def fetch_captions(self, video: VideoRef) -> None:
        """Reach `captions`: one request where the caption track is known."""


class SpeechSteps(ABC):
    """Database steps of captions from speech, queue `imports`."""

    @activity.defn
    @abstractmethod
    async def plan_speech_to_text(self, video: PlanSpeechInput) -> SpeechPlan:
        """Say whether captions are to be made from the video's speech."""

    @activity.defn
    @abstractmethod
    async def keep_speech(self, kept: KeepSpeechInput) -> KeptSpeech:
        """Put the recognised pieces together and reach `captions`, unless nothing was said."""

    @activity.defn
    @abstractmethod
    async def find_upgradable_videos(self) -> UpgradableVideos:
        """Some videos whose captions are a week old and made from speech, and that were not looked at again."""

    @activity.defn
    @abstractmethod
    async def note_looked_again(self, video: VideoRef) -> None:
        """Remember that YouTube was asked once more whether it has captions."""


class DownloadSteps(ABC):
    """Fetches sound from YouTube, queue `youtube`. Refusals are as those of `YoutubeSteps`."""

    @activity.defn
    @abstractmethod
    async def extract_audio(self, video: VideoRef) -> ExtractedAudio:
        """Bring the video's sound into the audio store; every request fetches about 10 MB.

        Takes up a download that an earlier attempt has begun.
        """


class AudioSteps(ABC):
    """Works on sound in the audio store, queue `audio`. Refusals are as those of `YoutubeSteps`."""

    @activity.defn
    @abstractmethod
    async def split_audio(self, split: SplitAudioInput) -> AudioChunks:
        """Cut the sound into pieces; those of an earlier attempt stay."""

    @activity.defn
    @abstractmethod
    async def halve_chunk(self, halve: HalveChunkInput) -> AudioChunks:
        """Cut a piece in two."""

    @activity.defn
    @abstractmethod
    async def discard_audio(self, video: VideoRef) -> None:
        """Delete everything of the video."""

    @activity.defn
    @abstractmethod
    async def sweep_audio(self) -> SweepResult:
        """Delete sound that was left behind."""


class TranscriptionSteps(ABC):
    """Asks the speech-to-text server, queue `transcription`. Refusals are as those of `YoutubeSteps`."""

    @activity.defn
    @abstractmethod
    async def transcribe_chunk(self, piece: TranscribeChunkInput) -> None:
        """Have the speech of a piece recognised: one request, none where it was done before."""


class BatchSteps(ABC):
    """What `ImportBatch` does, queue `imports`."""

    @activity.defn
    @abstractmethod
    async def look_at_batch(self, look: LookAtBatch) -> BatchView:
        """Do what was asked of the batch, begin what there is room for in its window, and count."""

    @activity.defn
    @abstractmethod
    async def fail_listing(self, failure: FailListing) -> None:
        """Go on with what was read of the batch's list."""


class ListingSteps(ABC):
    """Reads lists of YouTube's, queue `youtube`. Refusals are as those of `YoutubeSteps`."""

    @activity.defn
    @abstractmethod
    async def list_next_page(self, batch: BatchRef) -> ListedPage:
        """Queue the videos of the next page of the batch's list: three requests for the first, one for others."""

    @activity.defn
    @abstractmethod
    async def list_first_page(self, source: SourceRef) -> SourcePreview:
        """Say what is on the first page; nothing is written."""


class SubscriptionSteps(ABC):
    """What `CheckSubscription` does, queue `imports`."""

    @activity.defn
    @abstractmethod
    async def begin_look(self, begin: BeginLook) -> Look:
        """Write the batch of a look, unless an earlier one is under way."""

    @activity.defn
    @abstractmethod
    async def keep_schedule(self, subscription: SubscriptionRef) -> None:
        """Bring the schedule to what the row says; without a row there is none."""


class ReconcileSteps(ABC):
    """What `ReconcileImports` does, queue `imports`."""

    @activity.defn
    @abstractmethod
    async def start_missing_imports(self, reconcile: ReconcileInput) -> ReconcileResult:
        """Start the import of every waiting video that has none running."""


class GovernorSteps(ABC):
    """What a `RateGovernor` does, as local activities on queue `governors`."""

    @activity.defn
    @abstractmethod
    async def apply_rate(self, rate: ApplyRateInput) -> None:
        """Set the rate of the upstream's task queue, for every worker on every machine."""

    @activity.defn
    @abstractmethod
    async def keep_upstream_status(self, status: UpstreamStatus) -> None:
        """Write down how the upstream stands, for everybody who does not ask the governor."""
