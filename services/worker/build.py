"""The one way to build the workers, in production and in tests."""

from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.worker import Worker

from services.worker.activities.audio import AudioActivities
from services.worker.activities.batches import BatchActivities
from services.worker.activities.downloads import AudioSource, DownloadActivities
from services.worker.activities.governor import GovernorActivities
from services.worker.activities.imports import ImportActivities
from services.worker.activities.listing import ListingActivities, ListingSource
from services.worker.activities.progress import ProgressTeller
from services.worker.activities.reconcile import ReconcileActivities
from services.worker.activities.speech import SpeechActivities
from services.worker.activities.subscriptions import SubscriptionActivities
from services.worker.activities.transcription import SpeechRecogniser, TranscriptionActivities
from services.worker.activities.youtube import CaptionsSourceAdapter, MetadataSource, YoutubeActivities
from services.worker.audio.store import AudioStore
from services.worker.reporting import UpstreamReporter
from shared.settings import Settings
from shared.temporal.feed import Publish
from shared.temporal.names import TaskQueue
from workflows.check_subscription import CheckSubscription
from workflows.import_batch import ImportBatch
from workflows.import_video import ImportVideo
from workflows.preview_source import PreviewSource
from workflows.progress_feed import ProgressFeed
from workflows.rate_governor import RateGovernor
from workflows.reconcile_imports import ReconcileImports
from workflows.upkeep import SweepAudio, UpgradeCaptions

IMPORT_WORKFLOWS = [
    ImportVideo,
    ImportBatch,
    PreviewSource,
    CheckSubscription,
    ProgressFeed,
    ReconcileImports,
    UpgradeCaptions,
    SweepAudio,
]
WORKFLOWS = [*IMPORT_WORKFLOWS, RateGovernor]


@dataclass(frozen=True)
class Dependencies:
    """What the activities work with."""

    engine: AsyncEngine
    publish: Publish
    metadata: MetadataSource
    captions: CaptionsSourceAdapter
    audio: AudioSource
    lists: ListingSource
    recogniser: SpeechRecogniser
    store: AudioStore
    youtube_reporter: UpstreamReporter
    transcription_reporter: UpstreamReporter
    threads: Executor
    """At least `youtube_max_concurrent` of them."""


def build_workers(client: Client, settings: Settings, needs: Dependencies) -> list[Worker]:
    """A worker per task queue; all of them belong into every worker process."""
    return [
        _imports_worker(client, settings, needs),
        _youtube_worker(client, settings, needs),
        _audio_worker(client, settings, needs),
        _transcription_worker(client, settings, needs),
        _governors_worker(client, settings, needs),
    ]


def _imports_worker(client: Client, settings: Settings, needs: Dependencies) -> Worker:
    has_speech_to_text = settings.transcription_off is None
    imports = ImportActivities(needs.engine, needs.publish, has_speech_to_text=has_speech_to_text)
    speech = SpeechActivities(needs.engine, needs.publish, settings, needs.store)
    batches = BatchActivities(needs.engine, client, window=settings.batch_window)
    subscriptions = SubscriptionActivities(needs.engine, client)
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
            speech.plan_speech_to_text,
            speech.keep_speech,
            speech.find_upgradable_videos,
            speech.note_looked_again,
            batches.look_at_batch,
            batches.fail_listing,
            subscriptions.begin_look,
            subscriptions.keep_schedule,
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
        reporter=needs.youtube_reporter,
        threads=needs.threads,
    )
    downloads = DownloadActivities(
        needs.engine,
        ProgressTeller(needs.engine, needs.publish),
        store=needs.store,
        source=needs.audio,
        reporter=needs.youtube_reporter,
        threads=needs.threads,
    )
    listing = ListingActivities(
        needs.engine, source=needs.lists, reporter=needs.youtube_reporter, threads=needs.threads
    )
    return Worker(
        client,
        task_queue=TaskQueue.YOUTUBE,
        activities=[
            youtube.fetch_metadata,
            youtube.fetch_captions,
            downloads.extract_audio,
            listing.list_next_page,
            listing.list_first_page,
        ],
        max_concurrent_activities=settings.youtube_max_concurrent,
        max_heartbeat_throttle_interval=timedelta(seconds=5),
        # Until the governor has set the queue's own rate, which overrides this one.
        max_task_queue_activities_per_second=settings.youtube_calls_per_second,
        graceful_shutdown_timeout=timedelta(seconds=settings.drain_seconds),
    )


def _audio_worker(client: Client, settings: Settings, needs: Dependencies) -> Worker:
    audio = AudioActivities(needs.engine, client, needs.store, chunk_seconds=settings.transcription_chunk_seconds)
    return Worker(
        client,
        task_queue=TaskQueue.AUDIO,
        activities=[audio.split_audio, audio.halve_chunk, audio.discard_audio, audio.sweep_audio],
        max_concurrent_activities=1,
        max_heartbeat_throttle_interval=timedelta(seconds=5),
        graceful_shutdown_timeout=timedelta(seconds=settings.drain_seconds),
    )


def _transcription_worker(client: Client, settings: Settings, needs: Dependencies) -> Worker:
    transcription = TranscriptionActivities(
        needs.engine,
        ProgressTeller(needs.engine, needs.publish),
        settings,
        store=needs.store,
        recogniser=needs.recogniser,
        reporter=needs.transcription_reporter,
    )
    return Worker(
        client,
        task_queue=TaskQueue.TRANSCRIPTION,
        activities=[transcription.transcribe_chunk],
        max_concurrent_activities=settings.transcription_max_concurrent,
        max_heartbeat_throttle_interval=timedelta(seconds=5),
        # Until the governor has set the queue's own rate, which overrides this one.
        max_task_queue_activities_per_second=settings.transcription_pace.calls_per_second,
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
    one_piece_of_sound = 1
    calls = settings.youtube_max_concurrent + settings.transcription_max_concurrent
    return DATABASE_STEPS + calls + one_piece_of_sound + GOVERNOR_STEPS
