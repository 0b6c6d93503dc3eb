"""`ImportBatch` with scripted activities: what it does when, and how long it waits."""

import asyncio
from datetime import timedelta
from functools import partial

import pytest
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from shared.contracts.batches import BatchChange, BatchState, ListedPage, ListingState, SourcePreview
from shared.contracts.errors import ErrorType
from shared.temporal.names import PRIORITY_BULK, PRIORITY_PERSON, import_batch_id
from tests.support.waiting import eventually
from tests.workflows.batch_script import BATCH_ID, LAST_PAGE, USER_ID, ScriptedBatch, start_batch_script
from tests.workflows.steps import application_error
from workflows.batches.client import preview_source
from workflows.batches.timing import LISTING_RESTART_DELAY, POLL
from workflows.batches.workflow import ImportBatch
from workflows.common.errors import UpstreamError

PAGE = ListedPage(has_more=True)
PREVIEW = SourcePreview(title="Harbours", announced=2, youtube_ids=["abcdefghijk"], unavailable=1, has_more=False)


async def has_advanced(batch: ScriptedBatch, times: int) -> bool:
    return len(batch.advances) >= times


async def test_it_ends_when_nothing_is_left(environment: WorkflowEnvironment) -> None:
    batch = ScriptedBatch()
    async with batch.at_work(environment.client):
        result = await (await start_batch_script(environment.client)).result()
    assert result.summary is not None
    assert result.summary.completed_at is not None
    assert len(batch.advances) == 1


async def test_a_signal_advances_the_batch_with_its_slot_holders(environment: WorkflowEnvironment) -> None:
    batch = ScriptedBatch(running=["abcdefghijk"])
    async with batch.at_work(environment.client):
        handle = await start_batch_script(environment.client)
        await eventually(partial(has_advanced, batch, 1))
        batch.running.clear()
        await handle.signal(ImportBatch.wake)
        await handle.result()
    assert [advance.slot_holders for advance in batch.advances[:2]] == [[], ["abcdefghijk"]]


async def test_a_lost_signal_costs_seconds(environment: WorkflowEnvironment) -> None:
    batch = ScriptedBatch(running=["abcdefghijk"])
    async with batch.at_work(environment.client):
        handle = await start_batch_script(environment.client)
        await eventually(partial(has_advanced, batch, 1))
        batch.running.clear()
        await handle.result()
        events = (await handle.fetch_history()).events
    timers = [each.timer_started_event_attributes for each in events if _is_timer(each)]
    assert [timer.start_to_fire_timeout.ToTimedelta() for timer in timers] == [
        pytest.approx(POLL.interval, abs=timedelta(seconds=1))
    ]


async def test_it_polls_fast_while_a_workflow_is_about_to_end_up_to_a_limit(
    environment: WorkflowEnvironment,
) -> None:
    batch = ScriptedBatch(running=["abcdefghijk"])
    batch.finishing_polls = POLL.max_finishing_polls + 1
    async with batch.at_work(environment.client):
        handle = await start_batch_script(environment.client)
        await eventually(partial(has_advanced, batch, 1))
        await environment.sleep(60)
        batch.running.clear()
        await handle.result()
    assert [advance.slot_holders for advance in batch.advances].index([], 1) == POLL.max_finishing_polls


async def test_changes_are_passed_on_in_their_order(environment: WorkflowEnvironment) -> None:
    batch = ScriptedBatch(running=["abcdefghijk"])
    async with batch.at_work(environment.client):
        handle = await start_batch_script(environment.client)
        for signal in (ImportBatch.pause, ImportBatch.resume, ImportBatch.pause):
            await handle.signal(signal)
        await eventually(partial(is_at, handle, BatchState.PAUSED))
        await handle.signal(ImportBatch.cancel)
        await eventually(partial(is_at, handle, BatchState.CANCELLED))
        batch.running.clear()
        await handle.signal(ImportBatch.wake)
        await handle.result()
    changes = [change for advance in batch.advances for change in advance.changes]
    assert changes == [BatchChange.PAUSE, BatchChange.RESUME, BatchChange.PAUSE, BatchChange.CANCEL]


async def test_the_listing_is_read_page_by_page(environment: WorkflowEnvironment) -> None:
    batch = ScriptedBatch(pages=[PAGE, PAGE, LAST_PAGE])
    async with batch.at_work(environment.client):
        await (await start_batch_script(environment.client)).result()
    assert batch.listing_calls == 3


@pytest.mark.parametrize("error_type", [ErrorType.UPSTREAM_UNAVAILABLE, ErrorType.RATE_LIMITED, ErrorType.BOT_CHECK])
async def test_a_failed_page_is_retried(environment: WorkflowEnvironment, error_type: ErrorType) -> None:
    batch = ScriptedBatch(pages=[PAGE, *[application_error(error_type)] * 3, LAST_PAGE])
    async with batch.at_work(environment.client):
        await (await start_batch_script(environment.client)).result()
    assert (batch.listing_calls, batch.failed_with) == (5, None)


async def test_an_unavailable_list_fails_the_listing(environment: WorkflowEnvironment) -> None:
    batch = ScriptedBatch(pages=[application_error(ErrorType.LIST_UNAVAILABLE)])
    async with batch.at_work(environment.client):
        result = await (await start_batch_script(environment.client)).result()
    assert (batch.listing_calls, batch.failed_with) == (1, ErrorType.LIST_UNAVAILABLE)
    assert result.summary is not None
    assert result.summary.listing is ListingState.FAILED


async def test_attempts_with_unexpected_answers_are_limited(environment: WorkflowEnvironment) -> None:
    batch = ScriptedBatch(pages=[application_error(ErrorType.UNEXPECTED_ANSWER)] * 6)
    async with batch.at_work(environment.client):
        await (await start_batch_script(environment.client)).result()
    assert (batch.listing_calls, batch.failed_with) == (6, ErrorType.UNEXPECTED_ANSWER)


async def test_a_short_listing_is_restarted_after_a_delay(environment: WorkflowEnvironment) -> None:
    batch = ScriptedBatch(pages=[ListedPage(has_more=True, restarts=True), LAST_PAGE])
    async with batch.at_work(environment.client):
        handle = await start_batch_script(environment.client)
        await handle.result()
        history = await handle.fetch_history()
    assert batch.listing_calls == 2
    began, ended = history.events[0].event_time.ToDatetime(), history.events[-1].event_time.ToDatetime()
    assert ended - began >= LISTING_RESTART_DELAY


async def test_only_the_first_page_is_interactive(environment: WorkflowEnvironment) -> None:
    batch = ScriptedBatch(pages=[PAGE, PAGE, LAST_PAGE])
    async with batch.at_work(environment.client):
        handle = await start_batch_script(environment.client)
        await handle.result()
        events = (await handle.fetch_history()).events
    scheduled = [each.activity_task_scheduled_event_attributes for each in events]
    pages = [each.priority for each in scheduled if each.activity_type.name == "list_next_page"]
    assert [page.priority_key for page in pages] == [PRIORITY_PERSON, PRIORITY_BULK, PRIORITY_BULK]
    assert {page.fairness_key for page in pages} == {str(USER_ID)}


async def test_it_polls_while_its_listing_is_queued(environment: WorkflowEnvironment) -> None:
    batch = ScriptedBatch(pages=[LAST_PAGE], running=["abcdefghijk"])
    async with batch.at_work(environment.client, asking=False):
        handle = await start_batch_script(environment.client)

        async def waits_for_both() -> bool:
            events = (await handle.fetch_history()).events
            assert any(each.HasField("activity_task_scheduled_event_attributes") for each in events)
            timers = [each.timer_started_event_attributes for each in events if _is_timer(each)]
            return any(timer.start_to_fire_timeout.ToTimedelta() <= POLL.interval for timer in timers)

        await eventually(waits_for_both)
        await handle.terminate()


async def test_a_batch_is_cancelled_while_its_listing_is_queued(environment: WorkflowEnvironment) -> None:
    batch = ScriptedBatch(pages=[LAST_PAGE])
    async with batch.at_work(environment.client, asking=False):
        handle = await start_batch_script(environment.client)
        await eventually(partial(has_advanced, batch, 1))
        await handle.signal(ImportBatch.cancel)
        await handle.result()
    assert batch.listing_calls == 0


async def test_imports_continue_while_a_page_is_queued(environment: WorkflowEnvironment) -> None:
    answered = asyncio.Event()
    batch = ScriptedBatch(pages=[answered], running=["abcdefghijk"])
    async with batch.at_work(environment.client):
        handle = await start_batch_script(environment.client)
        await eventually(partial(has_listed, batch))
        batch.running.clear()
        await handle.signal(ImportBatch.wake)
        await eventually(partial(has_advanced, batch, 2))
        answered.set()
        await handle.result()
    assert batch.listing_calls == 1


async def test_it_ends_when_its_list_is_deleted(environment: WorkflowEnvironment) -> None:
    batch = ScriptedBatch(running=["abcdefghijk"])
    async with batch.at_work(environment.client):
        handle = await start_batch_script(environment.client)
        await eventually(partial(has_advanced, batch, 1))
        batch.is_deleted = True
        await handle.signal(ImportBatch.wake)
        assert (await handle.result()).summary is None


async def test_a_long_history_continues_as_new(client_with_short_runs: Client) -> None:
    batch = ScriptedBatch(running=["abcdefghijk"])
    client = client_with_short_runs
    async with batch.at_work(client):
        handle = await start_batch_script(client)
        first_run = handle.first_execution_run_id

        async def is_another_run() -> bool:
            handle = client.get_workflow_handle(import_batch_id(BATCH_ID))
            await handle.signal(ImportBatch.wake)
            return (await handle.describe()).run_id != first_run

        await eventually(is_another_run)
        batch.running.clear()
        await client.get_workflow_handle(import_batch_id(BATCH_ID)).signal(ImportBatch.wake)
        await handle.result()
    assert all(advance.slot_holders == ["abcdefghijk"] for advance in batch.advances[1:]), (
        "the new run knows the slot holders"
    )


async def test_a_preview_holds_the_first_page(environment: WorkflowEnvironment) -> None:
    batch = ScriptedBatch(pages=[PREVIEW])
    async with batch.at_work(environment.client):
        assert await preview_source(environment.client, "https://…", USER_ID, seconds=30) == PREVIEW


async def test_a_preview_of_an_unavailable_list_fails(environment: WorkflowEnvironment) -> None:
    batch = ScriptedBatch(pages=[application_error(ErrorType.LIST_UNAVAILABLE)])
    async with batch.at_work(environment.client):
        with pytest.raises(UpstreamError) as caught:
            await preview_source(environment.client, "https://…", USER_ID, seconds=30)
    assert caught.value.error_type is ErrorType.LIST_UNAVAILABLE


@pytest.mark.parametrize("asking", [True, False])
async def test_a_preview_times_out_while_youtube_is_paused(environment: WorkflowEnvironment, asking: bool) -> None:
    batch = ScriptedBatch(pages=[application_error(ErrorType.RATE_LIMITED)])
    async with batch.at_work(environment.client, asking=asking):
        with pytest.raises(TimeoutError):
            await preview_source(environment.client, "https://…", USER_ID, seconds=1)


async def is_at(handle: object, state: BatchState) -> bool:
    summary = await handle.query(ImportBatch.summary)  # type: ignore[attr-defined]
    return summary is not None and summary.state is state


async def has_listed(batch: ScriptedBatch) -> bool:
    return batch.listing_calls > 0


def _is_timer(event: HistoryEvent) -> bool:
    return event.HasField("timer_started_event_attributes")
