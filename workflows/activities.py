"""Contract-only stubs of every activity: name and types, no body.

Workflows call these; `services.worker.activities` subclasses them. So importing a workflow never imports yt-dlp or
the database, and the type checker holds caller and implementation together.
"""

from abc import ABC, abstractmethod

from temporalio import activity

from shared.contracts.imports import (
    FailImportInput,
    ImportState,
    ReconcileInput,
    ReconcileResult,
    SkipCaptionsInput,
    VideoMetadata,
    VideoRef,
)
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
    `YoutubeFailure`; the workflow decides what follows. Anything else is our own trouble, and Temporal retries it.
    """

    @activity.defn
    @abstractmethod
    async def fetch_metadata(self, video: VideoRef) -> VideoMetadata:
        """Reach `metadata`: two requests to YouTube."""

    @activity.defn
    @abstractmethod
    async def fetch_captions(self, video: VideoRef) -> None:
        """Reach `captions`: one request where the caption track is known."""


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
