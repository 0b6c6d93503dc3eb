"""`python -m tests.workflows.record_histories`: records the histories that `test_replay.py` replays.

Run it after an intended change of a workflow's commands, together with a higher `WORKFLOW_GENERATION`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from temporalio import activity
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from services.stack.home import PROJECT_ROOT
from shared import process
from shared.contracts.batches import ListedPage
from shared.contracts.errors import ErrorType
from shared.contracts.imports import ImportState, ReconcileInput, ReconcileResult
from shared.contracts.stages import ImportStage
from shared.contracts.subscriptions import CheckPlan, CheckStarted, FeedRef, StartCheckInput, SubscriptionRef
from shared.contracts.transcription import CaptionUpgradeCandidates
from shared.contracts.upstreams import ThrottledCall, Upstream, UpstreamReport, UpstreamState
from shared.temporal.feed import ensure_feed
from shared.temporal.names import PRIORITY_BULK, TaskQueue, progress_feed_id
from tests.support.waiting import eventually
from tests.workflows.batch_script import LAST_PAGE, ScriptedBatch, start_batch_script
from tests.workflows.environment import real_environment, time_skipping_environment
from tests.workflows.governor_steps import Governed
from tests.workflows.rate_limit_story import POLICY, TRANSCRIPTION_POLICY
from tests.workflows.speech_script import WANTED, pieces
from tests.workflows.steps import YOUTUBE_ID, ScriptedSteps, application_error, start
from workflows.batches.timing import LISTING_RESTART_DELAY
from workflows.batches.workflow import ImportBatch
from workflows.common.activity_options import activities_of
from workflows.imports.client import start_import
from workflows.imports.workflow import ImportVideo
from workflows.maintenance.activities import ReconcileActivities
from workflows.maintenance.workflows import ReconcileImports, SweepAudio, UpgradeCaptions
from workflows.progress_feed import ProgressFeed
from workflows.subscriptions.activities import FeedActivities, SubscriptionActivities
from workflows.subscriptions.workflow import CheckSubscription

HISTORIES = Path(__file__).parent / "histories"
Handle = WorkflowHandle[Any, Any]


async def import_video__captioned(environment: WorkflowEnvironment) -> Handle:
    """Every stage at the first attempt."""
    return await _import(environment, ScriptedSteps())


async def import_video__known_already(environment: WorkflowEnvironment) -> Handle:
    """Everything is known already."""
    steps = ScriptedSteps()
    steps.on("load_import_state", ImportState(wanted=False, reached=ImportStage.COMPLETE, title="Known"))
    return await _import(environment, steps)


async def import_video__troubled(environment: WorkflowEnvironment) -> Handle:
    """A bot check, transient errors, and in the end no captions."""
    steps = ScriptedSteps()
    steps.on(
        "fetch_metadata", application_error(ErrorType.BOT_CHECK), application_error(ErrorType.UPSTREAM_UNAVAILABLE)
    )
    steps.on("fetch_captions", application_error(ErrorType.LINK_EXPIRED), application_error(ErrorType.CAPTIONS_NONE))
    return await _import(environment, steps)


async def import_video__throttled(environment: WorkflowEnvironment) -> Handle:
    """Two requeues, then a backoff; in the end YouTube's captions are skipped."""
    steps = ScriptedSteps()
    steps.on("fetch_metadata", *[application_error(ErrorType.RATE_LIMITED)] * 2, application_error(ErrorType.BOT_CHECK))
    steps.on("fetch_captions", *[application_error(ErrorType.UPSTREAM_UNAVAILABLE)] * 3)
    return await _import(environment, steps)


async def import_video__raised(environment: WorkflowEnvironment) -> Handle:
    """A user adds the video singly while it is queued in bulk."""
    steps, client = ScriptedSteps(), environment.client
    async with steps.at_work(client, asking=False):
        handle = await start_import(client, YOUTUBE_ID, uuid4(), priority=PRIORITY_BULK)
        await eventually(lambda: _waits_for_youtube(handle))
        await start_import(client, YOUTUBE_ID, uuid4())
        await eventually(lambda: _called(steps, "load_import_state", 2))
    async with steps.at_work(client):
        await handle.result()
    return handle


async def import_video__refused(environment: WorkflowEnvironment) -> Handle:
    """A private video."""
    steps = ScriptedSteps()
    steps.on("fetch_metadata", application_error(ErrorType.VIDEO_PRIVATE))
    return await _import(environment, steps)


async def import_video__attached_at_closing_time(environment: WorkflowEnvironment) -> Handle:
    """Another list attaches while the import completes."""
    steps, closing = ScriptedSteps(), asyncio.Event()
    steps.on("complete_import", closing)
    steps.on("load_import_state", ImportState(wanted=True), ImportState(wanted=False, reached=ImportStage.COMPLETE))

    async def disturb(handle: Handle) -> None:
        await eventually(lambda: _called(steps, "complete_import"))
        await start_import(environment.client, YOUTUBE_ID, uuid4())
        closing.set()

    return await _import(environment, steps, disturb)


async def import_video__cancelled(environment: WorkflowEnvironment) -> Handle:
    """The last list removes the video while a call is queued."""
    steps = ScriptedSteps()
    steps.on("load_import_state", ImportState(wanted=True), ImportState(wanted=False))
    async with steps.at_work(environment.client, asking=False):
        handle = await start(environment.client)
        await eventually(lambda: _waits_for_youtube(handle))
        await handle.signal(ImportVideo.cancel)
        await handle.result()
        return handle


async def import_video__from_speech(environment: WorkflowEnvironment) -> Handle:
    """No captions on YouTube; a chunk that is retried, and one that is split."""
    steps = _with_speech()
    steps.speech.chunks = pieces((0, 600))
    steps.on("extract_audio", application_error(ErrorType.LINK_EXPIRED))
    steps.on(
        "transcribe_chunk",
        application_error(ErrorType.TRANSCRIPTION_UNAVAILABLE),
        application_error(ErrorType.CHUNK_TOO_LARGE),
    )
    return await _import(environment, steps)


async def import_video__speech_refused(environment: WorkflowEnvironment) -> Handle:
    """A server that rejects the audio."""
    steps = _with_speech()
    steps.speech.chunks = pieces((0, 600))
    steps.on("transcribe_chunk", application_error(ErrorType.TRANSCRIPTION_REFUSED))
    return await _import(environment, steps)


def _with_speech() -> ScriptedSteps:
    steps = ScriptedSteps()
    steps.on("fetch_captions", application_error(ErrorType.CAPTIONS_NONE))
    steps.on("plan_transcription", WANTED)
    return steps


async def upgrade_captions__looked(environment: WorkflowEnvironment) -> Handle:
    """One video has captions by now, another one has none."""
    steps = ScriptedSteps()
    steps.on("find_caption_upgrade_candidates", CaptionUpgradeCandidates(youtube_ids=[YOUTUBE_ID, "lmnopqrstuv"]))
    steps.on("fetch_captions", None, application_error(ErrorType.CAPTIONS_NONE))
    async with steps.at_work(environment.client):
        handle = await environment.client.start_workflow(
            UpgradeCaptions.run, id="upgrade-captions", task_queue=TaskQueue.IMPORTS
        )
        await handle.result()
        return handle


async def sweep_audio__done(environment: WorkflowEnvironment) -> Handle:
    """One sweep of the audio store."""
    async with ScriptedSteps().at_work(environment.client):
        handle = await environment.client.start_workflow(SweepAudio.run, id="sweep-audio", task_queue=TaskQueue.IMPORTS)
        await handle.result()
        return handle


async def import_batch__listed(environment: WorkflowEnvironment) -> Handle:
    """A short listing, and a page that is throttled at first; then an import ends."""
    short = ListedPage(has_more=True, restarts=True)
    pages = [ListedPage(has_more=True), short, application_error(ErrorType.RATE_LIMITED), LAST_PAGE]
    batch = ScriptedBatch(pages=pages, running=[YOUTUBE_ID])
    async with batch.at_work(environment.client):
        handle = await start_batch_script(environment.client)
        await environment.sleep(LISTING_RESTART_DELAY * 3)
        await eventually(lambda: _has_listed(batch, 4))
        batch.running.clear()
        await handle.signal(ImportBatch.wake)
        await handle.result()
        return handle


async def import_batch__paused_and_cancelled(environment: WorkflowEnvironment) -> Handle:
    """Paused, resumed, and cancelled while its listing is queued."""
    batch = ScriptedBatch(pages=[LAST_PAGE])
    async with batch.at_work(environment.client, asking=False):
        handle = await start_batch_script(environment.client)
        await eventually(lambda: _has_run(handle))
        for signal in (ImportBatch.pause, ImportBatch.resume, ImportBatch.cancel):
            await handle.signal(signal)
        await handle.result()
        return handle


async def import_batch__refused(environment: WorkflowEnvironment) -> Handle:
    """An unavailable playlist."""
    batch = ScriptedBatch(pages=[application_error(ErrorType.LIST_UNAVAILABLE)])
    async with batch.at_work(environment.client):
        handle = await start_batch_script(environment.client)
        await handle.result()
        return handle


async def check_subscription__brought_videos(environment: WorkflowEnvironment) -> Handle:
    """A check whose batch is imported."""
    batch = ScriptedBatch(pages=[LAST_PAGE])
    async with batch.at_work(environment.client, also=[CheckSubscription], steps=_checks(is_subscribed=True)):
        return await _check(environment)


async def check_subscription__asked_the_feed(environment: WorkflowEnvironment) -> Handle:
    """A check that asks the feed, which cannot be read."""

    class Feeds(FeedActivities):
        @activity.defn
        async def read_feed(self, feed: FeedRef) -> None:
            raise application_error(ErrorType.INTERNAL_ERROR)

    steps, feeds = _checks(is_subscribed=True, feed_id="UULFharbourmornings000001"), activities_of(Feeds())
    async with (
        ScriptedBatch().at_work(environment.client, also=[CheckSubscription], steps=steps),
        Worker(environment.client, task_queue=TaskQueue.FEEDS, activities=feeds),
    ):
        return await _check(environment)


async def check_subscription__not_followed(environment: WorkflowEnvironment) -> Handle:
    """A check of a subscription that was deleted."""
    async with ScriptedBatch().at_work(
        environment.client, also=[CheckSubscription], steps=_checks(is_subscribed=False)
    ):
        return await _check(environment)


def _checks(*, is_subscribed: bool, feed_id: str | None = None) -> list[object]:
    class Steps(SubscriptionActivities):
        @activity.defn
        async def plan_check(self, subscription: SubscriptionRef) -> CheckPlan:
            return CheckPlan(feed_id=feed_id)

        @activity.defn
        async def start_check(self, start: StartCheckInput) -> CheckStarted:
            return CheckStarted(is_subscribed=is_subscribed, batch_id=start.batch_id if is_subscribed else None)

        @activity.defn
        async def sync_schedule(self, subscription: SubscriptionRef) -> None:
            """There is no schedule here."""

    return [Steps()]


async def _check(environment: WorkflowEnvironment) -> Handle:
    handle = await environment.client.start_workflow(
        CheckSubscription.run,
        SubscriptionRef(subscription_id=UUID(int=4)),
        id="check-subscription",
        task_queue=TaskQueue.IMPORTS,
    )
    await handle.result()
    return handle


async def progress_feed__started(environment: WorkflowEnvironment) -> Handle:
    """A feed that waits for publishers."""
    client = environment.client
    async with Worker(client, task_queue=TaskQueue.IMPORTS, workflows=[ProgressFeed]):
        await ensure_feed(client, 0)
        handle = client.get_workflow_handle(progress_feed_id(0))
        await eventually(lambda: _has_run(handle))
        return handle


async def rate_governor__paused_and_probed(environment: WorkflowEnvironment) -> Handle:
    """Three throttles, a pause, a probe that is answered."""
    governed = Governed(environment.client)
    async with governed.steps.at_work(environment.client):
        await governed.client.configure()
        await governed.throttled(times=3)
        await governed.is_at(UpstreamState.OPEN, 0)
        await environment.sleep(POLICY.pause_seconds)
        await governed.is_at(UpstreamState.HALF_OPEN, 0)
        await governed.answered()
        await governed.is_at(UpstreamState.CLOSED, POLICY.calls_per_second / 8)
        return governed.handle


async def rate_governor__speech(environment: WorkflowEnvironment) -> Handle:
    """Audio is sent, a limit is hit, and its retry-after is honoured."""
    governed = Governed(environment.client, TRANSCRIPTION_POLICY, Upstream.TRANSCRIPTION)
    async with governed.steps.at_work(environment.client):
        await governed.client.configure()
        await governed.client.report(UpstreamReport(epoch=1, calls=0, requests=1, audio_seconds=600))
        limited = ThrottledCall(error_type=ErrorType.TRANSCRIPTION_LIMITED, retry_after_seconds=60)
        await governed.client.report(UpstreamReport(epoch=1, calls=1, requests=0, throttle=limited))
        await governed.is_at(UpstreamState.OPEN, 0)
        await environment.sleep(60)
        await governed.is_at(UpstreamState.HALF_OPEN, 0)
        return governed.handle


async def reconcile_imports__done(environment: WorkflowEnvironment) -> Handle:
    """One reconciliation."""

    class Steps(ReconcileActivities):
        @activity.defn
        async def start_missing_imports(self, reconcile: ReconcileInput) -> ReconcileResult:
            return ReconcileResult(running=1, started=2)

    client = environment.client
    activities = activities_of(Steps())
    async with Worker(client, task_queue=TaskQueue.IMPORTS, workflows=[ReconcileImports], activities=activities):
        handle = await client.start_workflow(
            ReconcileImports.run, ReconcileInput(), id="reconcile", task_queue=TaskQueue.IMPORTS
        )
        await handle.result()
        return handle


SCENARIOS: list[Callable[[WorkflowEnvironment], Awaitable[Handle]]] = [
    import_video__captioned,
    import_video__known_already,
    import_video__troubled,
    import_video__throttled,
    import_video__raised,
    import_video__refused,
    import_video__attached_at_closing_time,
    import_video__cancelled,
    import_video__from_speech,
    import_video__speech_refused,
    import_batch__listed,
    import_batch__paused_and_cancelled,
    import_batch__refused,
    check_subscription__brought_videos,
    check_subscription__asked_the_feed,
    check_subscription__not_followed,
    upgrade_captions__looked,
    sweep_audio__done,
    progress_feed__started,
    rate_governor__paused_and_probed,
    rate_governor__speech,
    reconcile_imports__done,
]


async def _import(
    environment: WorkflowEnvironment,
    steps: ScriptedSteps,
    disturb: Callable[[Handle], Awaitable[None]] | None = None,
) -> Handle:
    async with steps.at_work(environment.client):
        handle = await start(environment.client)
        if disturb:
            await disturb(handle)
        await handle.result()
        return handle


async def _called(steps: ScriptedSteps, step: str, times: int = 1) -> bool:
    return steps.calls.count(step) >= times


async def _waits_for_youtube(handle: Handle) -> bool:
    return (await handle.query(ImportVideo.progress)).upstream is Upstream.YOUTUBE


async def _has_listed(batch: ScriptedBatch, times: int) -> bool:
    return batch.listing_calls >= times


async def _has_run(handle: Handle) -> bool:
    history = await handle.fetch_history()
    return any(event.HasField("workflow_task_completed_event_attributes") for event in history.events)


async def main() -> int:
    """Record every scenario on a server of its own."""
    HISTORIES.mkdir(exist_ok=True)
    for scenario in SCENARIOS:
        start_server = real_environment if scenario is import_video__raised else time_skipping_environment
        async with start_server(identity="recorder") as environment:
            handle = await scenario(environment)
            history = await handle.fetch_history()
        path = HISTORIES / f"{scenario.__name__}.json"
        path.write_text(history.to_json().replace(str(PROJECT_ROOT), "") + "\n")  # in stack traces
    return 0


if __name__ == "__main__":
    process.run(main)
