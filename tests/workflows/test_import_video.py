"""The story of an import, against scripted steps and a server that skips time."""

import asyncio
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment

from shared.contracts.errors import ERROR_RULES, ErrorType
from shared.contracts.imports import Attach, ImportState, ImportStatus, ImportVideoResult, VideoMetadata
from shared.contracts.stages import ImportStage
from shared.contracts.upstreams import Upstream
from shared.temporal.names import PRIORITY_BULK, PRIORITY_BULK_BEGUN, PRIORITY_PERSON
from tests.support.waiting import eventually
from tests.workflows.steps import YOUTUBE_ID, ScriptedSteps, application_error, start
from workflows.imports.client import start_import
from workflows.imports.workflow import ImportVideo

Handle = WorkflowHandle[ImportVideo, ImportVideoResult]
ALL_STAGES = ["load_import_state", "fetch_metadata", "fetch_captions", "save_chapters", "complete_import"]
# One of each rule; `test_policies.py` has them all.
PERMANENT, SKIPPED, TRANSIENT_BACKOFF = ErrorType.VIDEO_PRIVATE, ErrorType.CAPTIONS_NONE, ErrorType.UPSTREAM_UNAVAILABLE


async def waits(handle: Handle) -> ImportStatus:
    """The status of an import that waits for its next attempt."""
    status = await handle.query(ImportVideo.progress)
    assert status.waiting_for is not None
    return status


async def asks_youtube(handle: Handle) -> bool:
    return (await handle.query(ImportVideo.progress)).upstream is Upstream.YOUTUBE


async def calls_reach(steps: ScriptedSteps, step: str, count: int = 1) -> bool:
    return steps.calls.count(step) >= count


async def test_every_stage_in_order(environment: WorkflowEnvironment, steps: ScriptedSteps) -> None:
    async with steps.at_work(environment.client):
        handle = await start(environment.client)
        assert await handle.result() == ImportVideoResult(stage=ImportStage.COMPLETE)
        assert steps.calls == ALL_STAGES
        status = await handle.query(ImportVideo.progress)
    assert status == ImportStatus(youtube_id=YOUTUBE_ID, title="A title", stage=ImportStage.COMPLETE, progress=100)


@pytest.mark.parametrize(
    ("reached", "calls"),
    [
        (ImportStage.METADATA, ["load_import_state", "fetch_captions", "save_chapters", "complete_import"]),
        (ImportStage.CAPTIONS, ["load_import_state", "save_chapters", "complete_import"]),
    ],
)
async def test_what_is_known_is_not_asked_again(
    environment: WorkflowEnvironment, steps: ScriptedSteps, reached: ImportStage, calls: list[str]
) -> None:
    steps.on("load_import_state", ImportState(wanted=True, reached=reached, title="Known"))
    async with steps.at_work(environment.client):
        result = await (await start(environment.client)).result()
    assert result.stage is ImportStage.COMPLETE
    assert steps.calls == calls


@pytest.mark.parametrize("reached", [ImportStage.CREATED, ImportStage.COMPLETE])
async def test_a_video_that_nobody_waits_for_costs_nothing(
    environment: WorkflowEnvironment, steps: ScriptedSteps, reached: ImportStage
) -> None:
    steps.on("load_import_state", ImportState(wanted=False, reached=reached))
    async with steps.at_work(environment.client):
        result = await (await start(environment.client)).result()
    assert result.stage is reached
    assert steps.calls == ["load_import_state"]


async def test_a_permanent_error_ends_the_import_at_once(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    steps.on("fetch_metadata", application_error(PERMANENT))
    async with steps.at_work(environment.client):
        result = await (await start(environment.client)).result()
    assert result == ImportVideoResult(stage=ImportStage.ERROR, error_code=PERMANENT)
    assert steps.calls == ["load_import_state", "fetch_metadata", "fail_import"]
    assert steps.failed_with is PERMANENT


async def test_a_video_without_captions_is_complete(environment: WorkflowEnvironment, steps: ScriptedSteps) -> None:
    steps.on("fetch_captions", application_error(SKIPPED))
    async with steps.at_work(environment.client):
        result = await (await start(environment.client)).result()
    assert result.stage is ImportStage.COMPLETE
    asked_for = [step for step in steps.calls if step != "plan_transcription"]
    assert asked_for[-4:] == ["fetch_captions", "skip_captions", "save_chapters", "complete_import"]
    assert steps.skipped_because is SKIPPED


async def test_a_transient_error_is_tried_again_until_patience_ends(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    limit = ERROR_RULES[TRANSIENT_BACKOFF].max_attempts
    steps.on("fetch_metadata", *[application_error(TRANSIENT_BACKOFF)] * limit)
    async with steps.at_work(environment.client):
        begun = await environment.get_current_time()
        result = await (await start(environment.client)).result()
        took = await environment.get_current_time() - begun
    assert result.error_code is TRANSIENT_BACKOFF
    assert steps.calls.count("fetch_metadata") == limit
    assert took >= timedelta(seconds=1 + 2 + 4)


async def test_after_three_attempts_a_video_goes_on_without_youtubes_captions(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    steps.on("fetch_captions", *[application_error(TRANSIENT_BACKOFF)] * 3)
    async with steps.at_work(environment.client):
        begun = await environment.get_current_time()
        result = await (await start(environment.client)).result()
        took = await environment.get_current_time() - begun
    assert result.stage is ImportStage.COMPLETE
    assert steps.calls.count("fetch_captions") == 3
    assert steps.skipped_because is TRANSIENT_BACKOFF
    assert took >= timedelta(seconds=1 + 2)


async def test_a_transient_error_heals(environment: WorkflowEnvironment, steps: ScriptedSteps) -> None:
    steps.on("fetch_metadata", *[application_error(ErrorType.UPSTREAM_UNAVAILABLE)] * 5)
    steps.on("fetch_captions", *[application_error(ErrorType.UPSTREAM_UNAVAILABLE)] * 2)
    async with steps.at_work(environment.client):
        assert (await (await start(environment.client)).result()).stage is ImportStage.COMPLETE
    assert steps.skipped_because is None


@pytest.mark.parametrize("step", ["fetch_metadata", "fetch_captions"])
async def test_a_throttled_call_is_in_line_again_soon(
    environment: WorkflowEnvironment, steps: ScriptedSteps, step: str
) -> None:
    steps.on(step, application_error(ErrorType.BOT_CHECK), application_error(ErrorType.RATE_LIMITED))
    async with steps.at_work(environment.client):
        handle = await start(environment.client)
        assert (await handle.result()).stage is ImportStage.COMPLETE
    assert steps.calls.count(step) == 3
    timers = [event.timer_started_event_attributes for event in (await handle.fetch_history()).events]
    waits = [timer.start_to_fire_timeout.ToTimedelta() for timer in timers if timer.timer_id]
    assert waits == pytest.approx([timedelta(seconds=1)] * 2, abs=timedelta(milliseconds=200))


async def test_a_throttled_import_never_gives_up(environment: WorkflowEnvironment, steps: ScriptedSteps) -> None:
    steps.on("fetch_captions", *[application_error(ErrorType.BOT_CHECK)] * 60)
    async with steps.at_work(environment.client):
        begun = await environment.get_current_time()
        assert (await (await start(environment.client)).result()).stage is ImportStage.COMPLETE
        assert await environment.get_current_time() - begun > timedelta(days=2)
    assert steps.calls.count("fetch_captions") == 61
    assert steps.skipped_because is None


async def test_a_premiere_is_imported_after_its_beginning(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    premiere = await environment.get_current_time() + timedelta(days=3)
    steps.on(
        "fetch_metadata",
        application_error(ErrorType.UPCOMING, not_before=premiere),
        application_error(ErrorType.LIVE_NOW),
    )
    async with steps.at_work(environment.client):
        handle = await start(environment.client)
        status = await eventually(lambda: waits(handle))
        assert status.waiting_for is ErrorType.UPCOMING
        assert status.retry_at is not None
        assert abs(status.retry_at - premiere) < timedelta(minutes=1)
        assert (await handle.result()).stage is ImportStage.COMPLETE
        assert await environment.get_current_time() > premiere


@pytest.mark.usefixtures("long_backoff")
async def test_progress_tells_attempt_and_next_retry_and_retry_now_does_not_wait(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    steps.on("fetch_metadata", *[application_error(ErrorType.UPSTREAM_UNAVAILABLE)] * 5)
    async with steps.at_work(environment.client):
        handle = await start(environment.client)
        for attempt in range(2, 7):

            async def waits_for(expected: int = attempt) -> ImportStatus:
                status = await waits(handle)
                assert status.attempt == expected
                return status

            status = await eventually(waits_for)
            assert (status.stage, status.progress) == (ImportStage.CREATED, 0)
            assert status.retry_at is not None
            await handle.signal(ImportVideo.retry_now)
        await eventually(lambda: calls_reach(steps, "complete_import"))
        assert (await handle.result()).stage is ImportStage.COMPLETE


async def test_a_wait_is_recorded_when_it_begins_and_when_it_ends(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    steps.on("fetch_metadata", *[application_error(ErrorType.UPSTREAM_UNAVAILABLE)] * 2)
    async with steps.at_work(environment.client):
        assert (await (await start(environment.client)).result()).stage is ImportStage.COMPLETE
    # The begin; after a second, which is no wait to be seen; after two seconds.
    before, after_one_second, waits_for_two, after_two = steps.waits
    assert (before, after_one_second, after_two) == (None, None, None)
    assert waits_for_two is not None
    assert (waits_for_two.reason, waits_for_two.attempt) == (ErrorType.UPSTREAM_UNAVAILABLE, 3)


async def test_a_list_that_attaches_during_a_wait_shows_it(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    steps.on("fetch_metadata", application_error(ErrorType.LIVE_NOW))
    async with steps.at_work(environment.client):
        handle = await start(environment.client)
        await eventually(lambda: waits(handle))
        await handle.signal(ImportVideo.attach, Attach(user_id=uuid4()))
        await eventually(lambda: calls_reach(steps, "load_import_state", 2))
        await handle.signal(ImportVideo.retry_now)
        await handle.result()
    _, begun, attached, *_ = steps.waits
    assert begun is not None
    assert attached == begun


async def test_a_wait_that_cannot_be_recorded_is_waited_for_all_the_same(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    steps.on("fetch_metadata", application_error(ErrorType.LIVE_NOW))
    steps.on("record_wait", ApplicationError("a bug", type=ErrorType.INTERNAL_ERROR, non_retryable=True))
    async with steps.at_work(environment.client):
        assert (await (await start(environment.client)).result()).stage is ImportStage.COMPLETE


NOBODY = ImportState(wanted=False)


async def test_cancel_ends_a_wait(environment: WorkflowEnvironment, steps: ScriptedSteps) -> None:
    steps.on("fetch_metadata", application_error(ErrorType.LIVE_NOW))
    steps.on("load_import_state", ImportState(wanted=True), NOBODY)
    async with steps.at_work(environment.client):
        handle = await start(environment.client)
        await eventually(lambda: waits(handle))
        await handle.signal(ImportVideo.cancel)
        assert (await handle.result()).stage is ImportStage.CREATED
        assert (await handle.query(ImportVideo.progress)).waiting_for is None
    assert steps.calls == ["load_import_state", "fetch_metadata", "load_import_state"]


async def test_cancel_takes_a_queued_request_back(client: Client, steps: ScriptedSteps) -> None:
    steps.on("load_import_state", ImportState(wanted=True), NOBODY)
    async with steps.at_work(client, asking=False):
        handle = await start(client)
        await eventually(lambda: asks_youtube(handle))
        await handle.signal(ImportVideo.cancel)
        assert (await handle.result()).stage is ImportStage.CREATED
        assert (await handle.query(ImportVideo.progress)).upstream is None
    assert steps.calls == ["load_import_state", "load_import_state"]


async def queued(handle: Handle) -> list[tuple[int, str]]:
    """Priority and fairness key of every call that was queued."""
    history = await handle.fetch_history()
    events = [event.activity_task_scheduled_event_attributes for event in history.events]
    return [(event.priority.priority_key, event.priority.fairness_key) for event in events if event.activity_id]


async def test_a_bulk_video_that_a_person_adds_singly_is_raised(client: Client, steps: ScriptedSteps) -> None:
    crowd, person, another = uuid4(), uuid4(), uuid4()
    async with steps.at_work(client, asking=False):
        handle = await start_import(client, YOUTUBE_ID, crowd, priority=PRIORITY_BULK)
        await eventually(lambda: asks_youtube(handle))
        await start_import(client, YOUTUBE_ID, another, priority=PRIORITY_BULK)
        await start_import(client, YOUTUBE_ID, person)
        await start_import(client, YOUTUBE_ID, another)

        async def is_raised() -> bool:
            return len(await queued(handle)) == 2

        await eventually(is_raised)
    async with steps.at_work(client):
        assert (await handle.result()).stage is ImportStage.COMPLETE
    raised = (PRIORITY_PERSON, str(person))
    # The first call is taken back and queued again; the second one is queued like that at once.
    assert await queued(handle) == [(PRIORITY_BULK, str(crowd)), raised, raised]
    assert steps.calls.count("fetch_metadata") == 1


async def test_a_person_who_adds_the_video_before_the_bulk_import_has_done_anything_raises_it(
    client: Client, steps: ScriptedSteps
) -> None:
    person = uuid4()
    handle = await start_import(client, YOUTUBE_ID, uuid4(), priority=PRIORITY_BULK)
    await start_import(client, YOUTUBE_ID, person)
    async with steps.at_work(client):
        assert (await handle.result()).stage is ImportStage.COMPLETE
    assert await queued(handle) == [(PRIORITY_PERSON, str(person))] * 2


async def test_a_call_that_has_begun_is_not_made_again_to_be_raised(client: Client, steps: ScriptedSteps) -> None:
    answer = asyncio.Event()
    steps.on("fetch_metadata", answer)
    async with steps.at_work(client):
        handle = await start_import(client, YOUTUBE_ID, uuid4(), priority=PRIORITY_BULK)
        await eventually(lambda: calls_reach(steps, "fetch_metadata"))
        await start_import(client, YOUTUBE_ID, uuid4())
        await eventually(lambda: is_set(steps.cancelled))
        answer.set()
        assert (await handle.result()).stage is ImportStage.COMPLETE
    assert steps.calls.count("fetch_metadata") == 1


async def is_set(event: asyncio.Event) -> bool:
    return event.is_set()


async def test_a_cancel_while_a_call_is_answered_ends_the_import_in_good_order(
    client: Client, steps: ScriptedSteps
) -> None:
    answer = asyncio.Event()
    steps.on("fetch_metadata", answer)
    steps.on("load_import_state", ImportState(wanted=True), NOBODY)
    async with steps.at_work(client):
        handle = await start(client)
        await eventually(lambda: calls_reach(steps, "fetch_metadata"))
        await handle.signal(ImportVideo.cancel)
        answer.set()
        assert (await handle.result()).stage is ImportStage.CREATED
    assert steps.calls == ["load_import_state", "fetch_metadata", "load_import_state"]


async def test_what_has_begun_in_bulk_is_finished_before_more_is_begun(client: Client, steps: ScriptedSteps) -> None:
    user = uuid4()
    async with steps.at_work(client):
        handle = await start_import(client, YOUTUBE_ID, user, priority=PRIORITY_BULK)
        await handle.result()
    assert await queued(handle) == [(PRIORITY_BULK, str(user)), (PRIORITY_BULK_BEGUN, str(user))]


async def test_what_is_throttled_again_and_again_goes_last(client: Client, steps: ScriptedSteps) -> None:
    steps.on("fetch_metadata", *[application_error(ErrorType.BOT_CHECK)] * 3)
    async with steps.at_work(client):
        handle = await start(client)
        await eventually(lambda: calls_reach(steps, "fetch_metadata", 3))
        await eventually(lambda: waits(handle))
        await handle.signal(ImportVideo.retry_now)
        await handle.result()
    keys = [key for key, _ in await queued(handle)]
    assert keys == [PRIORITY_PERSON, PRIORITY_PERSON, PRIORITY_BULK, PRIORITY_BULK, PRIORITY_PERSON]


async def test_who_attaches_while_a_call_waits_in_line_is_brought_up_to_date(
    client: Client, steps: ScriptedSteps
) -> None:
    async with steps.at_work(client, asking=False):
        handle = await start(client)
        await eventually(lambda: asks_youtube(handle))
        await start_import(client, YOUTUBE_ID, uuid4())
        await eventually(lambda: calls_reach(steps, "load_import_state", 2))
    async with steps.at_work(client):
        assert (await handle.result()).stage is ImportStage.COMPLETE


async def test_a_cancel_that_came_too_late_stops_nothing(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    steps.on("fetch_metadata", application_error(ErrorType.LIVE_NOW))
    async with steps.at_work(environment.client):
        handle = await start(environment.client)
        await eventually(lambda: waits(handle))
        await handle.signal(ImportVideo.cancel)  # but somebody else wants the video by now
        assert (await handle.result()).stage is ImportStage.COMPLETE


async def test_a_lost_cancel_costs_no_request(environment: WorkflowEnvironment, steps: ScriptedSteps) -> None:
    steps.on("fetch_metadata", application_error(ErrorType.RATE_LIMITED))
    steps.on("load_import_state", ImportState(wanted=True), NOBODY, NOBODY)
    async with steps.at_work(environment.client):
        await (await start(environment.client)).result()
    assert steps.calls.count("fetch_metadata") == 1


async def test_an_unknown_refusal_ends_in_an_error_that_can_be_retried(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    steps.on("fetch_metadata", *[ApplicationError("later code knows", type="new_type", non_retryable=True)] * 6)
    async with steps.at_work(environment.client):
        result = await (await start(environment.client)).result()
    assert result.error_code is ErrorType.INTERNAL_ERROR


async def test_sixty_users_may_want_the_same_video(client: Client, steps: ScriptedSteps) -> None:
    wanted = asyncio.Event()
    steps.on("fetch_metadata", wanted)
    async with steps.at_work(client):
        handle = await start(client)
        await eventually(lambda: calls_reach(steps, "fetch_metadata"))
        for _ in range(60):
            await handle.signal(ImportVideo.attach, Attach(user_id=uuid4()))
        assert (await handle.query(ImportVideo.progress)).stage is ImportStage.CREATED
        wanted.set()
        assert (await handle.result()).stage is ImportStage.COMPLETE


async def test_a_long_story_goes_on_in_a_new_run(client_with_short_runs: Client, steps: ScriptedSteps) -> None:
    client = client_with_short_runs
    steps.on("fetch_metadata", *[application_error(ErrorType.LIVE_NOW)] * 20)
    async with steps.at_work(client):
        handle = await start(client)
        for attempt in range(1, 21):
            await eventually(partial(calls_reach, steps, "fetch_metadata", attempt))
            latest: Handle = client.get_workflow_handle(handle.id)
            await eventually(partial(waits, latest))
            await latest.signal(ImportVideo.retry_now)
        last: Handle = client.get_workflow_handle(handle.id, result_type=ImportVideoResult)
        assert (await last.result()).stage is ImportStage.COMPLETE
        runs = [run async for run in client.list_workflows(f"WorkflowId = '{handle.id}'")]
    assert len(runs) > 1
    assert steps.calls.count("fetch_metadata") == 21


async def test_an_attach_at_closing_time_is_served(environment: WorkflowEnvironment, steps: ScriptedSteps) -> None:
    closing = asyncio.Event()
    steps.on("complete_import", closing)
    steps.on("load_import_state", ImportState(wanted=True), ImportState(wanted=False, reached=ImportStage.COMPLETE))
    async with steps.at_work(environment.client):
        handle = await start(environment.client)
        await eventually(lambda: calls_reach(steps, "complete_import"))
        await start_import(environment.client, YOUTUBE_ID, uuid4())
        closing.set()
        assert (await handle.result()).stage is ImportStage.COMPLETE
    # The server refuses to close a workflow that has an unread signal: the last steps, which ask nobody, run again.
    assert [call for call in steps.calls if call.startswith("fetch")] == ["fetch_metadata", "fetch_captions"]
    assert steps.calls[-1] == "load_import_state"


async def test_who_attaches_during_a_wait_is_brought_up_to_date(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    steps.on("fetch_captions", application_error(ErrorType.LIVE_NOW))
    async with steps.at_work(environment.client):
        handle = await start(environment.client)
        await eventually(lambda: waits(handle))
        await start_import(environment.client, YOUTUBE_ID, uuid4())
        await eventually(lambda: calls_reach(steps, "load_import_state", 2))
        assert (await handle.query(ImportVideo.progress)).stage is ImportStage.METADATA
        assert (await handle.result()).stage is ImportStage.COMPLETE


async def test_our_own_trouble_is_retried_without_counting(
    environment: WorkflowEnvironment, steps: ScriptedSteps
) -> None:
    steps.on("load_import_state", *[ConnectionError("the database is away")] * 12)
    steps.on("fetch_metadata", *[ConnectionError("the database is away")] * 12, VideoMetadata(title="Here"))
    async with steps.at_work(environment.client):
        handle = await start(environment.client)
        assert (await handle.result()).stage is ImportStage.COMPLETE
        assert (await handle.query(ImportVideo.progress)).title == "Here"
    assert steps.failed_with is None
