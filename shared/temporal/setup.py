"""What a Temporal namespace needs before the first import: search attributes and schedules."""

from datetime import timedelta

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest, ListSearchAttributesRequest
from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from shared.contracts.imports import ReconcileInput
from shared.temporal.names import (
    IMPORT_STAGE,
    RECONCILE_IMPORTS,
    RECONCILE_SCHEDULE_ID,
    SWEEP_AUDIO,
    SWEEP_AUDIO_SCHEDULE_ID,
    UPGRADE_CAPTIONS,
    UPGRADE_CAPTIONS_SCHEDULE_ID,
    USER_ID,
    YOUTUBE_ID,
    TaskQueue,
)

SEARCH_ATTRIBUTES: dict[str, IndexedValueType.ValueType] = {
    YOUTUBE_ID.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    IMPORT_STAGE.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
    USER_ID.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
}


async def set_up_namespace(client: Client, *, reconcile_interval_seconds: int) -> None:
    """Bring the namespace to what this code needs; safe to repeat. Raises one of TEMPORAL_AWAY when it is."""
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
                static_summary="Starts imports that nobody has started yet",
            ),
        ),
        UPGRADE_CAPTIONS_SCHEDULE_ID: _every(
            timedelta(hours=1),
            ScheduleActionStartWorkflow(
                UPGRADE_CAPTIONS,
                id=UPGRADE_CAPTIONS_SCHEDULE_ID,
                task_queue=TaskQueue.IMPORTS,
                execution_timeout=timedelta(hours=1),
                static_summary="Looks whether YouTube has captions by now where they were made from speech",
            ),
        ),
        SWEEP_AUDIO_SCHEDULE_ID: _every(
            timedelta(hours=1),
            ScheduleActionStartWorkflow(
                SWEEP_AUDIO,
                id=SWEEP_AUDIO_SCHEDULE_ID,
                task_queue=TaskQueue.IMPORTS,
                execution_timeout=timedelta(hours=1),
                static_summary="Deletes sound that was left behind",
            ),
        ),
    }


def _every(interval: timedelta, action: ScheduleActionStartWorkflow) -> Schedule:
    return Schedule(
        action=action,
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=interval)]),
        # What was missed while Temporal was away needs no catching up: one look sees everything.
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(minutes=1)),
    )


async def _ensure_schedule(client: Client, schedule_id: str, schedule: Schedule) -> None:
    try:
        await client.create_schedule(schedule_id, schedule)
    except ScheduleAlreadyRunningError:
        handle = client.get_schedule_handle(schedule_id)

        def keep_state(present: ScheduleUpdateInput) -> ScheduleUpdate:
            schedule.state = present.description.schedule.state  # an operator may have paused it
            return ScheduleUpdate(schedule=schedule)

        await handle.update(keep_state)
