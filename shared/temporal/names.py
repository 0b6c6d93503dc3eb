"""Every name Temporal knows us by: queues, workflow ids, search attributes. Nothing else spells them out."""

from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from temporalio.common import SearchAttributeKey

from shared.contracts.upstreams import Upstream


class TaskQueue(StrEnum):
    """Task queues; the rate limits of the outside world are limits of these."""

    IMPORTS = "imports"
    """Workflows and database activities."""
    YOUTUBE = "youtube"
    """Every call to YouTube: at the rate of the `RateGovernor`."""
    FEEDS = "feeds"
    """Requests for feeds of playlists and channels, at a small rate of their own."""
    DOWNLOADS = "downloads"
    """Downloads of audio, which take minutes to hours and must not delay calls."""
    TRANSCRIPTION = "transcription"
    """Every request to the speech-to-text server."""
    AUDIO = "audio"
    """Processing of audio without an upstream. It keeps a core busy, so a worker runs one at a time."""
    GOVERNORS = "governors"
    """`RateGovernor`s: what slows imports down must not wait behind them."""


YOUTUBE_ID = SearchAttributeKey.for_keyword("YoutubeId")
IMPORT_STAGE = SearchAttributeKey.for_keyword("ImportStage")
"""The stage that is under way: `ImportStage="captions"` finds what hangs there."""
USER_ID = SearchAttributeKey.for_keyword_list("UserId")
"""Everybody who waits for the video."""

WORKFLOW_TASK_TIMEOUT = timedelta(seconds=30)
"""Of every workflow. After a restart, a worker on a busy machine replays each history within one task: with the default
of 10 s all of them ran out, again and again, and nothing went on."""

PRIORITY_PERSON = 1
"""A person is waiting (single add)."""
PRIORITY_BULK_BEGUN = 4
"""What has begun in bulk is finished before more is begun."""
PRIORITY_BULK = 5

WORKFLOW_GENERATION = 4
"""Raised whenever the commands of a workflow change: a history is only ever replayed by the code that wrote it.

`services.worker.setup` terminates what another generation has begun; PostgreSQL says what is to be started again.
"""

IMPORT_VIDEO = "ImportVideo"
IMPORT_BATCH = "ImportBatch"
DELETE_LIST = "DeleteList"
PREVIEW_SOURCE = "PreviewSource"
CHECK_SUBSCRIPTION = "CheckSubscription"
PROGRESS_FEED = "ProgressFeed"
RATE_GOVERNOR = "RateGovernor"
RECONCILE_IMPORTS = "ReconcileImports"
UPGRADE_CAPTIONS = "UpgradeCaptions"
SWEEP_AUDIO = "SweepAudio"
WORKFLOW_TYPES = (
    IMPORT_VIDEO,
    IMPORT_BATCH,
    PREVIEW_SOURCE,
    CHECK_SUBSCRIPTION,
    PROGRESS_FEED,
    RATE_GOVERNOR,
    RECONCILE_IMPORTS,
    UPGRADE_CAPTIONS,
    SWEEP_AUDIO,
    DELETE_LIST,
)
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


def delete_list_id(list_id: UUID | str) -> str:
    """Workflow id of the removal of a deleted list's rows."""
    return f"delete-list:{list_id}"


def subscription_schedule_id(subscription_id: UUID | str) -> str:
    """Id of the schedule that checks a subscription."""
    return f"subscription:{subscription_id}"


def check_subscription_id(subscription_id: UUID) -> str:
    """Workflow id of a subscription's checks; the schedule adds the time."""
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
