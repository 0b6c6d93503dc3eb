"""Temporal's test server, from the wheel."""

import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from shared.temporal.names import IMPORT_STAGE, USER_ID, YOUTUBE_ID
from shared.temporal.namespace import SEARCH_ATTRIBUTES


@asynccontextmanager
async def time_skipping_environment(identity: str | None = None) -> AsyncIterator[WorkflowEnvironment]:
    """A server that lets days pass in milliseconds while time skipping is unlocked.

    It cannot call off an activity that ends while the workflow task that does so is open: it rejects that task
    (`ACTIVITY_UNKNOWN`) and goes on with a history that no worker can read, and the workflow stands still. The real
    server records the request and then how the activity ended. Where a call may end as it is called off, a test needs
    that one.
    """
    environment = await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=shutil.which("temporal-test-server", path=str(Path(sys.executable).parent)),
        data_converter=pydantic_data_converter,
        identity=identity,
    )
    async with environment:
        await environment.client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=environment.client.namespace, search_attributes=SEARCH_ATTRIBUTES)
        )
        yield environment


@asynccontextmanager
async def real_environment(identity: str | None = None) -> AsyncIterator[WorkflowEnvironment]:
    """The server that the product runs on: the one that skips time knows no priorities."""
    environment = await WorkflowEnvironment.start_local(
        dev_server_existing_path=shutil.which("temporal", path=str(Path(sys.executable).parent)),
        data_converter=pydantic_data_converter,
        identity=identity,
        search_attributes=[YOUTUBE_ID, IMPORT_STAGE, USER_ID],
    )
    async with environment:
        yield environment
