"""Fixtures of the workflow tests: a server that skips time, and steps with a script."""

from collections.abc import AsyncIterator

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.workflows.environment import time_skipping_environment
from tests.workflows.steps import ScriptedSteps


@pytest.fixture
async def environment() -> AsyncIterator[WorkflowEnvironment]:
    """A server that lets days pass in milliseconds while time skipping is unlocked."""
    async with time_skipping_environment() as environment:
        yield environment


@pytest.fixture
def steps() -> ScriptedSteps:
    """Steps that all succeed until a test says otherwise."""
    return ScriptedSteps()
