"""While the namespace does not exist, nothing is known of a workflow: it is not taken for one that has ended."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest
from temporalio.client import Client
from temporalio.service import RPCError

from services.worker.background.governors import restart_governors
from shared.settings import Settings
from shared.temporal.client import connect
from shared.temporal.schedules import delete_schedule
from workflows.imports.client import cancel_import

CALLS: dict[str, Callable[[Client], Awaitable[None]]] = {
    "cancel_import": lambda client: cancel_import(client, "abcdefghijk"),
    "delete_schedule": lambda client: delete_schedule(client, uuid4()),
    "restart_governors": lambda client: restart_governors(client, Settings(), "as scripted"),
}


@pytest.mark.parametrize("name", CALLS)
async def test_what_does_not_run_is_ignored_and_a_missing_namespace_is_not(
    name: str, client: Client, settings: Settings
) -> None:
    await CALLS[name](client)
    with pytest.raises(RPCError):
        await CALLS[name](await connect(settings.model_copy(update={"temporal_namespace": "not-created"})))
