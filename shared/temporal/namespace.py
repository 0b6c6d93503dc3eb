"""What a Temporal namespace needs before the first import: search attributes and schedules, and no old workflows."""

import asyncio
from datetime import timedelta
from functools import partial

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleDescription,
    ScheduleIntervalSpec,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
    WorkflowExecution,
)
from temporalio.service import RPCError

from shared.contracts.imports import ReconcileInput
from shared.temporal.errors import is_not_found
from shared.temporal.names import (
    IMPORT_STAGE,
    RATE_GOVERNOR,
    RECONCILE_IMPORTS,
    RECONCILE_SCHEDULE_ID,
    SWEEP_AUDIO,
    SWEEP_AUDIO_SCHEDULE_ID,
    UPGRADE_CAPTIONS,
    UPGRADE_CAPTIONS_SCHEDULE_ID,
    USER_ID,
    WORKFLOW_TASK_TIMEOUT,
    WORKFLOW_TYPES,
    YOUTUBE_ID,
    TaskQueue,
)
from shared.temporal.schedules import catch_up_once, is_overdue

SEARCH_ATTRIBUTES: dict[str, IndexedValueType.ValueType] = {
    YOUTUBE_ID.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    IMPORT_STAGE.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    USER_ID.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
}

TERMINATED_AT_ONCE = 20
"""Calls to Temporal."""
TERMINATED_PER_PASS = 1_000
_TERMINATED = [name for name in WORKFLOW_TYPES if name != RATE_GOVERNOR]
_RUNNING = f"WorkflowType IN ({', '.join(repr(name) for name in _TERMINATED)}) AND ExecutionStatus = 'Running'"


async def set_up_namespace(client: Client, *, reconcile_interval_seconds: int) -> None:
    """Bring the namespace to what this code needs; safe to repeat. Raises what the Temporal client raises."""
    await _ensure_search_attributes(client)
    for schedule_id, schedule in _schedules(timedelta(seconds=reconcile_interval_seconds)).items():
        await _ensure_schedule(client, schedule_id, schedule)


async def _ensure_search_attributes(client: Client) -> None:
    known = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    missing = {name: kind for name, kind in SEARCH_ATTRIBUTES.items() if name not in known.custom_attributes}
    if missing:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
        )


async def terminate_workflows(client: Client, reason: str) -> int:
    """Terminate running workflows of ours, at most `TERMINATED_PER_PASS`; returns how many Temporal listed as running.

    `RateGovernor`s are left: `services.worker.background.governors` restarts them, so that no operator's pause is lost.
    The list lags a moment behind. Raises what the Temporal client raises.
    """
    slots = asyncio.Semaphore(TERMINATED_AT_ONCE)

    async def terminate(execution: WorkflowExecution) -> None:
        async with slots:
            try:
                await client.get_workflow_handle(execution.id, run_id=execution.run_id).terminate(reason)
            except RPCError as error:
                if not is_not_found(error):  # it has ended already
                    raise

    listed = [execution async for execution in client.list_workflows(_RUNNING, limit=TERMINATED_PER_PASS)]
    await asyncio.gather(*(terminate(execution) for execution in listed))
    return len(listed)


def _schedules(reconcile_interval: timedelta) -> dict[str, Schedule]:
    return {
        RECONCILE_SCHEDULE_ID: _every(
            reconcile_interval,
            ScheduleActionStartWorkflow(
                RECONCILE_IMPORTS,
                ReconcileInput(),
                id=RECONCILE_SCHEDULE_ID,
                task_queue=TaskQueue.IMPORTS,
                execution_timeout=timedelta(minutes=15),
                task_timeout=WORKFLOW_TASK_TIMEOUT,
                static_summary="Starts imports without a workflow",
            ),
        ),
        UPGRADE_CAPTIONS_SCHEDULE_ID: _hourly(
            UPGRADE_CAPTIONS, UPGRADE_CAPTIONS_SCHEDULE_ID, "Replaces transcripts with YouTube's captions"
        ),
        SWEEP_AUDIO_SCHEDULE_ID: _hourly(SWEEP_AUDIO, SWEEP_AUDIO_SCHEDULE_ID, "Deletes orphaned audio"),
    }


def _hourly(workflow: str, schedule_id: str, summary: str) -> Schedule:
    hour = timedelta(hours=1)
    return _every(
        hour,
        ScheduleActionStartWorkflow(
            workflow,
            id=schedule_id,
            task_queue=TaskQueue.IMPORTS,
            execution_timeout=hour,
            task_timeout=WORKFLOW_TASK_TIMEOUT,
            static_summary=summary,
        ),
    )


def _every(interval: timedelta, action: ScheduleActionStartWorkflow) -> Schedule:
    return Schedule(
        action=action,
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=interval)]),
        policy=catch_up_once(interval),
    )


async def _ensure_schedule(client: Client, schedule_id: str, schedule: Schedule) -> None:
    handle = client.get_schedule_handle(schedule_id)
    try:
        await client.create_schedule(schedule_id, schedule)
    except ScheduleAlreadyRunningError:
        present = await handle.describe()
        await handle.update(partial(_keep_state, schedule))
        if _has_missed_a_run(present, schedule):
            await handle.trigger()


def _keep_state(schedule: Schedule, present: ScheduleUpdateInput) -> ScheduleUpdate:
    schedule.state = present.description.schedule.state  # an operator may have paused it
    return ScheduleUpdate(schedule=schedule)


def _has_missed_a_run(present: ScheduleDescription, schedule: Schedule) -> bool:
    latest = max([present.info.created_at, *(run.started_at for run in present.info.recent_actions)])
    [every] = schedule.spec.intervals  # not the present ones, which an operator may have changed
    return not present.schedule.state.paused and is_overdue(latest, every.every)
