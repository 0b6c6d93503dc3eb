"""The one way to build the workers, in production and in tests."""

from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.worker import Worker

from services.worker.activities.governor import GovernorActivities
from services.worker.activities.imports import ImportActivities
from services.worker.activities.reconcile import ReconcileActivities
from services.worker.activities.youtube import CaptionsSourceAdapter, MetadataSource, YoutubeActivities
from services.worker.reporting import UpstreamReporter
from shared.settings import Settings
from shared.temporal.feed import Publish
from shared.temporal.names import TaskQueue
from workflows.import_video import ImportVideo
from workflows.progress_feed import ProgressFeed
from workflows.rate_governor import RateGovernor
from workflows.reconcile_imports import ReconcileImports

IMPORT_WORKFLOWS = [ImportVideo, ProgressFeed, ReconcileImports]
WORKFLOWS = [*IMPORT_WORKFLOWS, RateGovernor]


@dataclass(frozen=True)
class Dependencies:
    """What the activities work with."""

    engine: AsyncEngine
    publish: Publish
    metadata: MetadataSource
    captions: CaptionsSourceAdapter
    reporter: UpstreamReporter
    threads: Executor
    """At least `youtube_max_concurrent` of them."""


def build_workers(client: Client, settings: Settings, needs: Dependencies) -> list[Worker]:
    """A worker per task queue; all of them belong into every worker process."""
    return [
        _imports_worker(client, settings, needs),
        _youtube_worker(client, settings, needs),
        _governors_worker(client, settings, needs),
    ]


def _imports_worker(client: Client, settings: Settings, needs: Dependencies) -> Worker:
    imports = ImportActivities(needs.engine, needs.publish)
    reconcile = ReconcileActivities(needs.engine, client)
    return Worker(
        client,
        task_queue=TaskQueue.IMPORTS,
        workflows=IMPORT_WORKFLOWS,
        activities=[
            imports.begin_import,
            imports.skip_captions,
            imports.save_chapters,
            imports.complete_import,
            imports.fail_import,
            reconcile.start_missing_imports,
        ],
        max_concurrent_local_activities=DATABASE_STEPS,
        graceful_shutdown_timeout=timedelta(seconds=settings.drain_seconds),
    )


def _youtube_worker(client: Client, settings: Settings, needs: Dependencies) -> Worker:
    youtube = YoutubeActivities(
        needs.engine,
        needs.publish,
        metadata=needs.metadata,
        captions=needs.captions,
        reporter=needs.reporter,
        threads=needs.threads,
    )
    return Worker(
        client,
        task_queue=TaskQueue.YOUTUBE,
        activities=[youtube.fetch_metadata, youtube.fetch_captions],
        max_concurrent_activities=settings.youtube_max_concurrent,
        max_heartbeat_throttle_interval=timedelta(seconds=5),
        # Until the governor has set the queue's own rate, which overrides this one.
        max_task_queue_activities_per_second=settings.youtube_calls_per_second,
        graceful_shutdown_timeout=timedelta(seconds=settings.drain_seconds),
    )


def _governors_worker(client: Client, settings: Settings, needs: Dependencies) -> Worker:
    governor = GovernorActivities(needs.engine, client)
    return Worker(
        client,
        task_queue=TaskQueue.GOVERNORS,
        workflows=[RateGovernor],
        activities=[governor.apply_rate, governor.keep_upstream_status],
        max_concurrent_local_activities=GOVERNOR_STEPS,
        graceful_shutdown_timeout=timedelta(seconds=settings.drain_seconds),
    )


DATABASE_STEPS = 20
"""Database steps at once in one worker process."""
GOVERNOR_STEPS = 2
"""Steps of governors at once in one worker process."""


def pool_size(settings: Settings) -> int:
    """A connection for everything that runs at once."""
    return DATABASE_STEPS + settings.youtube_max_concurrent + GOVERNOR_STEPS
