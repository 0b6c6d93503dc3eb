"""Fixtures of the workflow tests: a server that skips time, and steps with a script."""

import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from shared.temporal.setup import SEARCH_ATTRIBUTES
from tests.workflows.steps import ScriptedSteps


@pytest.fixture
async def environment() -> AsyncIterator[WorkflowEnvironment]:
    """Temporal's test server: waiting for a result lets days pass in milliseconds."""
    binary = shutil.which("temporal-test-server", path=str(Path(sys.executable).parent))
    environment = await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=binary, data_converter=pydantic_data_converter
    )
    async with environment:
        await environment.client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(namespace=environment.client.namespace, search_attributes=SEARCH_ATTRIBUTES)
        )
        yield environment


@pytest.fixture
def steps() -> ScriptedSteps:
    """Steps that all succeed until a test says otherwise."""
    return ScriptedSteps()
