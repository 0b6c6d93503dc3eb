"""`ImportBatch` with scripted steps: what it does when, and for how long it waits."""

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
from tests.workflows.batch_script import BATCH_ID, LAST_PAGE, USER_ID, ScriptedBatch, begin
from tests.workflows.steps import refused
from workflows.import_batch import ImportBatch
from workflows.policies import BATCH_LOOKS, LISTING_ANEW
from workflows.refusals import Refused
from workflows.start import preview_source

PAGE = ListedPage(has_more=True)
PREVIEW = SourcePreview(title="Harbours", announced=2, youtube_ids=["abcdefghijk"], unavailable=1, has_more=False)


async def looked(batch: ScriptedBatch, times: int) -> bool:
    return len(batch.looks) >= times


async def test_it_ends_when_nothing_is_left(environment: WorkflowEnvironment) -> None:
    batch = ScriptedBatch()
    async with batch.at_work(environment.client):
        result = await (await begin(environment.client)).result()
    assert result.summary is not None
    assert result.summary.completed_at is not None
    assert len(batch.looks) == 1


async def test_it_looks_when_it_is_told_and_remembers_whom_it_watches(environment: WorkflowEnvironment) -> None:
    batch = ScriptedBatch(under_way=["abcdefghijk"])
    async with batch.at_work(environment.client):
        handle = await begin(environment.client)
        await eventually(partial(looked, batch, 1))
        batch.under_way.clear()
        await handle.signal(ImportBatch.look_again)
        await handle.result()
    assert [look.watched for look in batch.looks[:2]] == [[], ["abcdefghijk"]]


async def test_a_lost_hint_costs_seconds(environment: WorkflowEnvironment) -> None:
    batch = ScriptedBatch(under_way=["abcdefghijk"])
    async with batch.at_work(environment.client):
        handle = await begin(environment.client)
        await eventually(partial(looked, batch, 1))
        batch.under_way.clear()
        await handle.result()
        events = (await handle.fetch_history()).events
    timers = [each.timer_started_event_attributes for each in events if _is_timer(each)]
    assert [timer.start_to_fire_timeout.ToTimedelta() for timer in timers] == [
        pytest.approx(BATCH_LOOKS.usual, abs=timedelta(seconds=1))
    ]


async def test_it_looks_soon_while_a_workflow_is_about_to_end_and_gives_up_in_the_end(
    environment: WorkflowEnvironment,
) -> None:
    batch = ScriptedBatch(under_way=["abcdefghijk"])
    batch.closing = BATCH_LOOKS.patience + 1
    async with batch.at_work(environment.client):
        handle = await begin(environment.client)
        await eventually(partial(looked, batch, 1))
        await environment.sleep(60)
        batch.under_way.clear()
        await handle.result()
    assert [look.watched for look in batch.looks].index([], 1) == BATCH_LOOKS.patience


async def test_it_asks_around_now_and_then(environment: WorkflowEnvironment) -> None:
    batch = ScriptedBatch(under_way=["abcdefghijk"])
    async with batch.at_work(environment.client):
        handle = await begin(environment.client)
        await eventually(partial(looked, batch, 1))
        await environment.sleep(BATCH_LOOKS.asking_around * 2 + BATCH_LOOKS.usual * 2)
        batch.under_way.clear()
        await handle.result()
    asks = [look.asks_around for look in batch.looks]
    assert not any(asks[:10])
    assert asks.count(True) == 2, "not with every look from then on"


async def test_changes_are_passed_on_in_their_order(environment: WorkflowEnvironment) -> None:
    batch = ScriptedBatch(under_way=["abcdefghijk"])
    async with batch.at_work(environment.client):
        handle = await begin(environment.client)
        for signal in (ImportBatch.pause, ImportBatch.resume, ImportBatch.pause):
            await handle.signal(signal)
        await eventually(partial(is_at, handle, BatchState.PAUSED))
        await handle.signal(ImportBatch.cancel)
        await eventually(partial(is_at, handle, BatchState.CANCELLED))
        batch.under_way.clear()
        await handle.signal(ImportBatch.look_again)
        await handle.result()
    asked = [change for look in batch.looks for change in look.changes]
    assert asked == [BatchChange.PAUSE, BatchChange.RESUME, BatchChange.PAUSE, BatchChange.CANCEL]


async def test_the_list_is_read_page_by_page(environment: WorkflowEnvironment) -> None:
    batch = ScriptedBatch(pages=[PAGE, PAGE, LAST_PAGE])
    async with batch.at_work(environment.client):
        await (await begin(environment.client)).result()
    assert batch.pages_asked == 3


@pytest.mark.parametrize("error_type", [ErrorType.UPSTREAM_UNAVAILABLE, ErrorType.RATE_LIMITED, ErrorType.BOT_CHECK])
async def test_a_page_that_could_not_be_read_is_asked_for_again(
    environment: WorkflowEnvironment, error_type: ErrorType
) -> None:
    batch = ScriptedBatch(pages=[PAGE, *[refused(error_type)] * 3, LAST_PAGE])
    async with batch.at_work(environment.client):
        await (await begin(environment.client)).result()
    assert (batch.pages_asked, batch.failed_with) == (5, None)


async def test_a_list_that_is_not_there_is_given_up(environment: WorkflowEnvironment) -> None:
    batch = ScriptedBatch(pages=[refused(ErrorType.LIST_UNAVAILABLE)])
    async with batch.at_work(environment.client):
        result = await (await begin(environment.client)).result()
    assert (batch.pages_asked, batch.failed_with) == (1, ErrorType.LIST_UNAVAILABLE)
    assert result.summary is not None
    assert result.summary.listing is ListingState.FAILED


async def test_patience_ends_with_answers_that_make_no_sense(environment: WorkflowEnvironment) -> None:
    batch = ScriptedBatch(pages=[refused(ErrorType.UNEXPECTED_ANSWER)] * 6)
    async with batch.at_work(environment.client):
        await (await begin(environment.client)).result()
    assert (batch.pages_asked, batch.failed_with) == (6, ErrorType.UNEXPECTED_ANSWER)


async def test_a_list_that_came_short_is_read_again_after_a_while(environment: WorkflowEnvironment) -> None:
    batch = ScriptedBatch(pages=[ListedPage(has_more=True, begins_anew=True), LAST_PAGE])
    async with batch.at_work(environment.client):
        handle = await begin(environment.client)
        await handle.result()
        history = await handle.fetch_history()
    assert batch.pages_asked == 2
    began, ended = history.events[0].event_time.ToDatetime(), history.events[-1].event_time.ToDatetime()
    assert ended - began >= LISTING_ANEW


async def test_only_the_first_page_goes_before_everybodys_videos(environment: WorkflowEnvironment) -> None:
    batch = ScriptedBatch(pages=[PAGE, PAGE, LAST_PAGE])
    async with batch.at_work(environment.client):
        handle = await begin(environment.client)
        await handle.result()
        events = (await handle.fetch_history()).events
    asked = [each.activity_task_scheduled_event_attributes for each in events]
    pages = [each.priority for each in asked if each.activity_type.name == "list_next_page"]
    assert [page.priority_key for page in pages] == [PRIORITY_PERSON, PRIORITY_BULK, PRIORITY_BULK]
    assert {page.fairness_key for page in pages} == {str(USER_ID)}


async def test_it_looks_by_itself_while_its_list_waits_for_youtube(environment: WorkflowEnvironment) -> None:
    batch = ScriptedBatch(pages=[LAST_PAGE], under_way=["abcdefghijk"])
    async with batch.at_work(environment.client, asking=False):
        handle = await begin(environment.client)

        async def waits_for_both() -> bool:
            events = (await handle.fetch_history()).events
            assert any(each.HasField("activity_task_scheduled_event_attributes") for each in events)
            timers = [each.timer_started_event_attributes for each in events if _is_timer(each)]
            return any(timer.start_to_fire_timeout.ToTimedelta() <= BATCH_LOOKS.usual for timer in timers)

        await eventually(waits_for_both)
        await handle.terminate()


async def test_a_batch_is_cancelled_while_its_list_waits_for_youtube(environment: WorkflowEnvironment) -> None:
    batch = ScriptedBatch(pages=[LAST_PAGE])
    async with batch.at_work(environment.client, asking=False):
        handle = await begin(environment.client)
        await eventually(partial(looked, batch, 1))
        await handle.signal(ImportBatch.cancel)
        await handle.result()
    assert batch.pages_asked == 0


async def test_imports_go_on_while_a_page_is_waited_for(environment: WorkflowEnvironment) -> None:
    answered = asyncio.Event()
    batch = ScriptedBatch(pages=[answered], under_way=["abcdefghijk"])
    async with batch.at_work(environment.client):
        handle = await begin(environment.client)
        await eventually(partial(asked, batch))
        batch.under_way.clear()
        await handle.signal(ImportBatch.look_again)
        await eventually(partial(looked, batch, 2))
        answered.set()
        await handle.result()
    assert batch.pages_asked == 1


async def test_it_ends_with_its_list(environment: WorkflowEnvironment) -> None:
    batch = ScriptedBatch(under_way=["abcdefghijk"])
    async with batch.at_work(environment.client):
        handle = await begin(environment.client)
        await eventually(partial(looked, batch, 1))
        batch.is_deleted = True
        await handle.signal(ImportBatch.look_again)
        assert (await handle.result()).summary is None


async def test_a_long_story_goes_on_in_a_new_run(client_with_short_runs: Client) -> None:
    batch = ScriptedBatch(under_way=["abcdefghijk"])
    client = client_with_short_runs
    async with batch.at_work(client):
        handle = await begin(client)
        first_run = handle.first_execution_run_id

        async def is_another_run() -> bool:
            handle = client.get_workflow_handle(import_batch_id(BATCH_ID))
            await handle.signal(ImportBatch.look_again)
            return (await handle.describe()).run_id != first_run

        await eventually(is_another_run)
        batch.under_way.clear()
        await client.get_workflow_handle(import_batch_id(BATCH_ID)).signal(ImportBatch.look_again)
        await handle.result()
    assert all(look.watched == ["abcdefghijk"] for look in batch.looks[1:]), "the new run knows whom it watches"


async def test_a_preview_is_what_the_first_page_tells(environment: WorkflowEnvironment) -> None:
    batch = ScriptedBatch(pages=[PREVIEW])
    async with batch.at_work(environment.client):
        assert await preview_source(environment.client, "https://…", USER_ID, seconds=30) == PREVIEW


async def test_a_preview_of_a_list_that_is_not_there_is_refused(environment: WorkflowEnvironment) -> None:
    batch = ScriptedBatch(pages=[refused(ErrorType.LIST_UNAVAILABLE)])
    async with batch.at_work(environment.client):
        with pytest.raises(Refused) as caught:
            await preview_source(environment.client, "https://…", USER_ID, seconds=30)
    assert caught.value.error_type is ErrorType.LIST_UNAVAILABLE


@pytest.mark.parametrize("asking", [True, False])
async def test_a_preview_does_not_wait_for_a_youtube_that_pauses(
    environment: WorkflowEnvironment, asking: bool
) -> None:
    batch = ScriptedBatch(pages=[refused(ErrorType.RATE_LIMITED)])
    async with batch.at_work(environment.client, asking=asking):
        with pytest.raises(TimeoutError):
            await preview_source(environment.client, "https://…", USER_ID, seconds=1)


async def is_at(handle: object, state: BatchState) -> bool:
    summary = await handle.query(ImportBatch.summary)  # type: ignore[attr-defined]
    return summary is not None and summary.state is state


async def asked(batch: ScriptedBatch) -> bool:
    return batch.pages_asked > 0


def _is_timer(event: HistoryEvent) -> bool:
    return event.HasField("timer_started_event_attributes")
