"""Every name Temporal knows us by: queues, workflow ids, search attributes. Nothing else spells them out."""

from enum import StrEnum
from uuid import UUID

from temporalio.common import SearchAttributeKey

from shared.contracts.upstreams import Upstream


class TaskQueue(StrEnum):
    """Task queues; the rate limits of the outside world are limits of these."""

    IMPORTS = "imports"
    """Workflows and database activities."""
    YOUTUBE = "youtube"
    """Every request to YouTube."""
    TRANSCRIPTION = "transcription"
    """Every request to the speech-to-text server."""
    AUDIO = "audio"
    """Work on sound that nobody outside is asked for: it keeps a core busy, so a worker does one piece at a time."""
    GOVERNORS = "governors"
    """`RateGovernor`s: what slows imports down must not wait behind them."""


YOUTUBE_ID = SearchAttributeKey.for_keyword("YoutubeId")
IMPORT_STAGE = SearchAttributeKey.for_keyword("ImportStage")
"""The stage that is under way: `ImportStage="captions"` finds what hangs there."""
USER_ID = SearchAttributeKey.for_keyword_list("UserId")
"""Everybody who waits for the video."""

PRIORITY_PERSON = 1
"""A person is waiting (single add)."""
PRIORITY_BULK_BEGUN = 4
"""What has begun in bulk is finished before more is begun."""
PRIORITY_BULK = 5

PATCH_GOVERNED = "governed"
"""Imports started before there was a `RateGovernor` wait for YouTube on timers of their own."""

PATCH_SPEECH_TO_TEXT = "speech-to-text"
"""Imports started before there was speech-to-text go on without captions where YouTube has none."""

IMPORT_VIDEO = "ImportVideo"
IMPORT_BATCH = "ImportBatch"
PREVIEW_SOURCE = "PreviewSource"
CHECK_SUBSCRIPTION = "CheckSubscription"
PROGRESS_FEED = "ProgressFeed"
RATE_GOVERNOR = "RateGovernor"
RECONCILE_IMPORTS = "ReconcileImports"
UPGRADE_CAPTIONS = "UpgradeCaptions"
SWEEP_AUDIO = "SweepAudio"
RECONCILE_SCHEDULE_ID = "reconcile-imports"
UPGRADE_CAPTIONS_SCHEDULE_ID = "upgrade-captions"
SWEEP_AUDIO_SCHEDULE_ID = "sweep-audio"
PROGRESS_TOPIC = "progress"


def import_video_id(youtube_id: str) -> str:
    """Workflow id of the one import of a YouTube video."""
    return f"import-video:{youtube_id}"


def import_batch_id(batch_id: UUID | str) -> str:
    """Workflow id of a batch."""
    return f"import-batch:{batch_id}"


def subscription_schedule_id(subscription_id: UUID | str) -> str:
    """Id of the schedule that looks for a subscription's new videos."""
    return f"subscription:{subscription_id}"


def check_subscription_id(subscription_id: UUID) -> str:
    """Workflow id of a subscription's looks; the schedule adds the time."""
    return f"check-subscription:{subscription_id}"


def progress_feed_id(shard: int) -> str:
    """Workflow id of one shard of the live feed."""
    return f"progress-feed:{shard}"


def rate_governor_id(upstream: Upstream) -> str:
    """Workflow id of the one governor of an upstream."""
    return f"rate-governor:{upstream}"


def task_queue_of(upstream: Upstream) -> TaskQueue:
    """The task queue that every call of an upstream goes through: its rate is the upstream's rate."""
    return TaskQueue(upstream.value)
