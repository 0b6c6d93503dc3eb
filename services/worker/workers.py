"""The one way to build the workers, in production and in tests."""

from datetime import timedelta
from typing import TypedDict, Unpack

from temporalio.client import Client
from temporalio.worker import Worker

from services.worker.activities.audio import AudioActivities
from services.worker.activities.batches import BatchActivities
from services.worker.activities.downloads import DownloadActivities
from services.worker.activities.imports import ImportActivities
from services.worker.activities.list_deletion import ListDeletionActivities
from services.worker.activities.listing import ListingActivities
from services.worker.activities.rate_limits import GovernorActivities
from services.worker.activities.reconcile import ReconcileActivities
from services.worker.activities.subscriptions import FeedActivities, SubscriptionActivities
from services.worker.activities.support.progress import ProgressReporter
from services.worker.activities.transcription import TranscriptionActivities
from services.worker.activities.transcripts import TranscriptActivities
from services.worker.activities.youtube import YoutubeActivities
from services.worker.dependencies import Dependencies
from services.worker.internal_errors import InternalErrors
from shared.contracts.upstreams import Upstream
from shared.settings import Settings
from shared.temporal.names import TaskQueue
from workflows.batches.preview import PreviewSource
from workflows.batches.workflow import ImportBatch
from workflows.common.activity_options import activities_of
from workflows.imports.workflow import ImportVideo
from workflows.lists.workflow import DeleteList
from workflows.maintenance.workflows import ReconcileImports, SweepAudio, UpgradeCaptions
from workflows.progress_feed import ProgressFeed
from workflows.rate_limits.workflow import RateGovernor
from workflows.subscriptions.workflow import CheckSubscription

_WORKFLOWS_OF: dict[TaskQueue, list[type]] = {
    TaskQueue.IMPORTS: [
        ImportVideo,
        ImportBatch,
        PreviewSource,
        CheckSubscription,
        DeleteList,
        ProgressFeed,
        ReconcileImports,
        UpgradeCaptions,
        SweepAudio,
    ],
    TaskQueue.GOVERNORS: [RateGovernor],
}
WORKFLOWS = [workflow for workflows in _WORKFLOWS_OF.values() for workflow in workflows]


def build_workers(client: Client, settings: Settings, dependencies: Dependencies) -> list[Worker]:
    """Build a worker per task queue; every worker process runs all of them."""
    implementations = _implementations(client, settings, dependencies)

    def worker(queue: TaskQueue, **limits: Unpack[_WorkerLimits]) -> Worker:
        return Worker(
            client,
            task_queue=queue,
            workflows=_WORKFLOWS_OF.get(queue, []),
            activities=activities_of(*implementations, queue=queue),
            max_heartbeat_throttle_interval=timedelta(seconds=5),
            graceful_shutdown_timeout=timedelta(seconds=settings.drain_seconds),
            interceptors=[InternalErrors()],
            **limits,
        )

    return [
        worker(
            TaskQueue.IMPORTS,
            max_concurrent_workflow_tasks=WORKFLOW_TASKS,
            max_concurrent_local_activities=DATABASE_ACTIVITIES,
        ),
        worker(TaskQueue.GOVERNORS, max_concurrent_local_activities=GOVERNOR_ACTIVITIES),
        # The rates hold until the governor has set the queue's own, which overrides them.
        worker(
            TaskQueue.YOUTUBE,
            max_concurrent_activities=settings.youtube_max_concurrent,
            max_task_queue_activities_per_second=settings.youtube_calls_per_second,
        ),
        worker(
            TaskQueue.TRANSCRIPTION,
            max_concurrent_activities=settings.transcription_max_concurrent,
            max_task_queue_activities_per_second=settings.transcription_rate_limits.calls_per_second,
        ),
        worker(
            TaskQueue.FEEDS,
            max_concurrent_activities=FEED_ACTIVITIES,
            max_task_queue_activities_per_second=settings.youtube_feed_hourly_requests / 3600,
        ),
        worker(TaskQueue.DOWNLOADS, max_concurrent_activities=settings.youtube_max_downloads),
        worker(TaskQueue.AUDIO, max_concurrent_activities=AUDIO_ACTIVITIES),
    ]


class _WorkerLimits(TypedDict, total=False):
    max_concurrent_workflow_tasks: int
    max_concurrent_local_activities: int
    max_concurrent_activities: int
    max_task_queue_activities_per_second: float


def _implementations(client: Client, settings: Settings, dependencies: Dependencies) -> list[object]:
    progress = ProgressReporter(dependencies.engine, dependencies.publish)
    return [
        ImportActivities(
            dependencies.engine,
            dependencies.publish,
            has_speech_to_text=settings.transcription_off is None,
            wake_batches=dependencies.wake_batches,
        ),
        TranscriptActivities(
            dependencies.engine, dependencies.publish, settings, wake_batches=dependencies.wake_batches
        ),
        BatchActivities(dependencies.engine, client, window=settings.batch_window),
        SubscriptionActivities(dependencies.engine, client),
        FeedActivities(dependencies.engine, source=dependencies.feeds, threads=dependencies.threads),
        ListDeletionActivities(dependencies.engine, client),
        ReconcileActivities(dependencies.engine, client),
        GovernorActivities(dependencies.engine, client),
        YoutubeActivities(
            dependencies.engine,
            dependencies.publish,
            metadata=dependencies.metadata,
            captions=dependencies.captions,
            reporter=dependencies.youtube_reporter,
            threads=dependencies.threads,
        ),
        ListingActivities(
            dependencies.engine,
            source=dependencies.lists,
            reporter=dependencies.youtube_reporter,
            threads=dependencies.threads,
        ),
        DownloadActivities(
            dependencies.engine,
            progress,
            store=dependencies.store,
            source=dependencies.audio,
            reporter=dependencies.youtube_reporter,
            threads=dependencies.threads,
            download_threads=dependencies.download_threads,
        ),
        AudioActivities(
            dependencies.engine, client, dependencies.store, chunk_seconds=settings.transcription_chunk_seconds
        ),
        TranscriptionActivities(
            dependencies.engine,
            progress,
            settings,
            store=dependencies.store,
            transcriber=dependencies.transcriber,
            reporter=dependencies.transcription_reporter,
        ),
    ]


WORKFLOW_TASKS = 10
"""Concurrent workflow tasks of one worker process. They share a core: after a restart, a hundred concurrent replays
would all take longer than a task may."""
DATABASE_ACTIVITIES = 20
"""Concurrent local activities of one worker process."""
GOVERNOR_ACTIVITIES = 2
"""Concurrent decisions of governors in one worker process."""
FEED_ACTIVITIES = 1
"""Concurrent requests for feeds of one worker process: the first refusal pauses those that wait."""
AUDIO_ACTIVITIES = 1
"""Concurrent ffmpeg processes of one worker process: each keeps a core busy."""


def pool_size(settings: Settings) -> int:
    """Return a database connection for everything that runs concurrently."""
    governor_watches = len(Upstream)
    own_report = deletion = reconciliation = request_log = 1
    calls = settings.youtube_max_concurrent + settings.youtube_max_downloads + settings.transcription_max_concurrent
    activities = AUDIO_ACTIVITIES + FEED_ACTIVITIES + GOVERNOR_ACTIVITIES
    others = governor_watches + own_report + deletion + reconciliation + request_log
    return DATABASE_ACTIVITIES + calls + activities + others
