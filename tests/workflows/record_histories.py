"""`python -m tests.workflows.record_histories`: records the histories that `test_replay.py` replays.

Run it after an intended change of a workflow's commands, with the next VERSION; the older files stay for as long as
such imports may still be running somewhere.
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
from shared.contracts.speech import UpgradableVideos
from shared.contracts.stages import ImportStage
from shared.contracts.subscriptions import BeginLook, Look, SubscriptionRef
from shared.contracts.upstreams import ThrottledCall, Upstream, UpstreamReport, UpstreamState
from shared.temporal.feed import ensure_feed
from shared.temporal.names import PRIORITY_BULK, TaskQueue, progress_feed_id
from tests.support.waiting import eventually
from tests.workflows.batch_script import LAST_PAGE, ScriptedBatch
from tests.workflows.batch_script import begin as begin_batch
from tests.workflows.environment import real_environment, time_skipping_environment
from tests.workflows.governor_steps import Governed
from tests.workflows.pace_story import POLICY, SPEECH_POLICY
from tests.workflows.speech_script import WANTED, pieces
from tests.workflows.steps import YOUTUBE_ID, ScriptedSteps, refused, start
from workflows.activities import ReconcileSteps, SubscriptionSteps
from workflows.check_subscription import CheckSubscription
from workflows.import_batch import ImportBatch
from workflows.import_video import ImportVideo
from workflows.policies import LISTING_ANEW
from workflows.progress_feed import ProgressFeed
from workflows.reconcile_imports import ReconcileImports
from workflows.start import start_import
from workflows.upkeep import SweepAudio, UpgradeCaptions

VERSION = 4
HISTORIES = Path(__file__).parent / "histories"
Handle = WorkflowHandle[Any, Any]


async def import_video__captioned(environment: WorkflowEnvironment) -> Handle:
    """Every stage at the first attempt."""
    return await _import(environment, ScriptedSteps())


async def import_video__known_already(environment: WorkflowEnvironment) -> Handle:
    """Nothing is left to do."""
    steps = ScriptedSteps()
    steps.on("begin_import", ImportState(wanted=False, reached=ImportStage.COMPLETE, title="Known"))
    return await _import(environment, steps)


async def import_video__troubled(environment: WorkflowEnvironment) -> Handle:
    """A block, transient errors, and in the end no captions."""
    steps = ScriptedSteps()
    steps.on("fetch_metadata", refused(ErrorType.BOT_CHECK), refused(ErrorType.UPSTREAM_UNAVAILABLE))
    steps.on("fetch_captions", refused(ErrorType.LINK_EXPIRED), refused(ErrorType.CAPTIONS_NONE))
    return await _import(environment, steps)


async def import_video__throttled(environment: WorkflowEnvironment) -> Handle:
    """Twice in line again, then a step aside; in the end YouTube's captions are given up."""
    steps = ScriptedSteps()
    steps.on("fetch_metadata", *[refused(ErrorType.RATE_LIMITED)] * 2, refused(ErrorType.BOT_CHECK))
    steps.on("fetch_captions", *[refused(ErrorType.UPSTREAM_UNAVAILABLE)] * 3)
    return await _import(environment, steps)


async def import_video__raised(environment: WorkflowEnvironment) -> Handle:
    """Somebody adds the video singly while it waits in bulk."""
    steps, client = ScriptedSteps(), environment.client
    async with steps.at_work(client, asking=False):
        handle = await start_import(client, YOUTUBE_ID, uuid4(), priority=PRIORITY_BULK)
        await eventually(lambda: _asks_youtube(handle))
        await start_import(client, YOUTUBE_ID, uuid4())
        await eventually(lambda: _called(steps, "begin_import", 2))
    async with steps.at_work(client):
        await handle.result()
    return handle


async def import_video__refused(environment: WorkflowEnvironment) -> Handle:
    """A private video."""
    steps = ScriptedSteps()
    steps.on("fetch_metadata", refused(ErrorType.VIDEO_PRIVATE))
    return await _import(environment, steps)


async def import_video__attached_at_closing_time(environment: WorkflowEnvironment) -> Handle:
    """Somebody else wants the video while it completes."""
    steps, closing = ScriptedSteps(), asyncio.Event()
    steps.on("complete_import", closing)
    steps.on("begin_import", ImportState(wanted=True), ImportState(wanted=False, reached=ImportStage.COMPLETE))

    async def disturb(handle: Handle) -> None:
        await eventually(lambda: _called(steps, "complete_import"))
        await start_import(environment.client, YOUTUBE_ID, uuid4())
        closing.set()

    return await _import(environment, steps, disturb)


async def import_video__cancelled(environment: WorkflowEnvironment) -> Handle:
    """The last list lets the video go while a request is queued."""
    steps = ScriptedSteps()
    steps.on("begin_import", ImportState(wanted=True), ImportState(wanted=False))
    async with steps.at_work(environment.client, asking=False):
        handle = await start(environment.client)
        await eventually(lambda: _asks_youtube(handle))
        await handle.signal(ImportVideo.cancel)
        await handle.result()
        return handle


async def import_video__from_speech(environment: WorkflowEnvironment) -> Handle:
    """No captions on YouTube; a piece that is tried again, and one that is cut in two."""
    steps = _with_speech()
    steps.speech.chunks = pieces((0, 600))
    steps.on("extract_audio", refused(ErrorType.LINK_EXPIRED))
    steps.on("transcribe_chunk", refused(ErrorType.TRANSCRIPTION_UNAVAILABLE), refused(ErrorType.CHUNK_TOO_LARGE))
    return await _import(environment, steps)


async def import_video__speech_refused(environment: WorkflowEnvironment) -> Handle:
    """A server that does not take the sound."""
    steps = _with_speech()
    steps.speech.chunks = pieces((0, 600))
    steps.on("transcribe_chunk", refused(ErrorType.TRANSCRIPTION_REFUSED))
    return await _import(environment, steps)


def _with_speech() -> ScriptedSteps:
    steps = ScriptedSteps()
    steps.on("fetch_captions", refused(ErrorType.CAPTIONS_NONE))
    steps.on("plan_speech_to_text", WANTED)
    return steps


async def upgrade_captions__looked(environment: WorkflowEnvironment) -> Handle:
    """One video has captions by now, another one has none."""
    steps = ScriptedSteps()
    steps.on("find_upgradable_videos", UpgradableVideos(youtube_ids=[YOUTUBE_ID, "lmnopqrstuv"]))
    steps.on("fetch_captions", None, refused(ErrorType.CAPTIONS_NONE))
    async with steps.at_work(environment.client):
        handle = await environment.client.start_workflow(
            UpgradeCaptions.run, id="upgrade-captions", task_queue=TaskQueue.IMPORTS
        )
        await handle.result()
        return handle


async def sweep_audio__done(environment: WorkflowEnvironment) -> Handle:
    """One look at the audio store."""
    async with ScriptedSteps().at_work(environment.client):
        handle = await environment.client.start_workflow(SweepAudio.run, id="sweep-audio", task_queue=TaskQueue.IMPORTS)
        await handle.result()
        return handle


async def import_batch__listed(environment: WorkflowEnvironment) -> Handle:
    """A list that comes short, and a page that YouTube refuses at first; then a video ends."""
    short = ListedPage(has_more=True, begins_anew=True)
    pages = [ListedPage(has_more=True), short, refused(ErrorType.RATE_LIMITED), LAST_PAGE]
    batch = ScriptedBatch(pages=pages, under_way=[YOUTUBE_ID])
    async with batch.at_work(environment.client):
        handle = await begin_batch(environment.client)
        await environment.sleep(LISTING_ANEW * 3)
        await eventually(lambda: _asked_for_pages(batch, 4))
        batch.under_way.clear()
        await handle.signal(ImportBatch.look_again)
        await handle.result()
        return handle


async def import_batch__paused_and_cancelled(environment: WorkflowEnvironment) -> Handle:
    """Paused, resumed, and cancelled while its list waits for YouTube."""
    batch = ScriptedBatch(pages=[LAST_PAGE])
    async with batch.at_work(environment.client, asking=False):
        handle = await begin_batch(environment.client)
        await eventually(lambda: _has_run(handle))
        for signal in (ImportBatch.pause, ImportBatch.resume, ImportBatch.cancel):
            await handle.signal(signal)
        await handle.result()
        return handle


async def import_batch__refused(environment: WorkflowEnvironment) -> Handle:
    """A playlist that is not there."""
    batch = ScriptedBatch(pages=[refused(ErrorType.LIST_UNAVAILABLE)])
    async with batch.at_work(environment.client):
        handle = await begin_batch(environment.client)
        await handle.result()
        return handle


async def check_subscription__brought_videos(environment: WorkflowEnvironment) -> Handle:
    """A look whose batch is imported."""
    batch = ScriptedBatch(pages=[LAST_PAGE])
    async with batch.at_work(environment.client, also=[CheckSubscription], steps=_looks(is_followed=True)):
        return await _check(environment)


async def check_subscription__not_followed(environment: WorkflowEnvironment) -> Handle:
    """A look for a subscription that was deleted."""
    async with ScriptedBatch().at_work(environment.client, also=[CheckSubscription], steps=_looks(is_followed=False)):
        return await _check(environment)


def _looks(*, is_followed: bool) -> list[Callable[..., Any]]:
    class Steps(SubscriptionSteps):
        @activity.defn
        async def begin_look(self, begin: BeginLook) -> Look:
            return Look(is_followed=is_followed, batch_id=begin.batch_id if is_followed else None)

        @activity.defn
        async def keep_schedule(self, subscription: SubscriptionRef) -> None:
            """There is no schedule here."""

    steps = Steps()
    return [steps.begin_look, steps.keep_schedule]


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
    """Speech is sent, a limit is met, and its retry-after obeyed."""
    governed = Governed(environment.client, SPEECH_POLICY, Upstream.TRANSCRIPTION)
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
    """One look at the waiting videos."""

    class Steps(ReconcileSteps):
        @activity.defn
        async def start_missing_imports(self, reconcile: ReconcileInput) -> ReconcileResult:
            return ReconcileResult(running=1, started=2)

    client = environment.client
    activities = [Steps().start_missing_imports]
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


async def _asks_youtube(handle: Handle) -> bool:
    return (await handle.query(ImportVideo.progress)).asks is Upstream.YOUTUBE


async def _asked_for_pages(batch: ScriptedBatch, times: int) -> bool:
    return batch.pages_asked >= times


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
        path = HISTORIES / f"{scenario.__name__}__{VERSION}.json"
        path.write_text(history.to_json().replace(str(PROJECT_ROOT), "") + "\n")  # in stack traces
    return 0


if __name__ == "__main__":
    process.run(main)
