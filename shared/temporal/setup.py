"""What a Temporal namespace needs before the first import: search attributes and the schedule."""

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
    await _ensure_reconcile_schedule(client, timedelta(seconds=reconcile_interval_seconds))


async def _ensure_search_attributes(client: Client) -> None:
    known = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    missing = {name: kind for name, kind in SEARCH_ATTRIBUTES.items() if name not in known.custom_attributes}
    if missing:
        await client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
        )


async def _ensure_reconcile_schedule(client: Client, interval: timedelta) -> None:
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(
            RECONCILE_IMPORTS,
            ReconcileInput(),
            id=RECONCILE_SCHEDULE_ID,
            task_queue=TaskQueue.IMPORTS,
            execution_timeout=timedelta(minutes=15),
            static_summary="Starts imports that nobody has started yet",
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=interval)]),
        # What was missed while Temporal was away needs no catching up: one look sees everything.
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(minutes=1)),
    )
    try:
        await client.create_schedule(RECONCILE_SCHEDULE_ID, schedule)
    except ScheduleAlreadyRunningError:
        handle = client.get_schedule_handle(RECONCILE_SCHEDULE_ID)

        def keep_state(present: ScheduleUpdateInput) -> ScheduleUpdate:
            schedule.state = present.description.schedule.state  # an operator may have paused it
            return ScheduleUpdate(schedule=schedule)

        await handle.update(keep_state)
