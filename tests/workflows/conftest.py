"""Fixtures of the workflow tests: a server that skips time, and activities with a script."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from services.stack.temporal import EmbeddedTemporal
from shared.settings import Settings
from shared.temporal.client import connect
from shared.temporal.errors import is_temporal_unavailable
from shared.temporal.namespace import set_up_namespace
from tests.support.servers import free_port, server
from tests.support.waiting import eventually
from tests.workflows.environment import time_skipping_environment
from tests.workflows.steps import ScriptedSteps
from workflows.common import retry
from workflows.common.retry import Backoff


@pytest.fixture
async def environment() -> AsyncIterator[WorkflowEnvironment]:
    """A server that lets days pass in milliseconds while time skipping is unlocked."""
    async with time_skipping_environment() as environment:
        yield environment


@pytest.fixture
def steps() -> ScriptedSteps:
    """Activities that all succeed until a test says otherwise."""
    return ScriptedSteps()


@pytest.fixture
def long_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed call waits until a test ends its wait: none ends while the test looks at it."""
    monkeypatch.setattr(retry, "TRANSIENT_BACKOFF", Backoff(timedelta(hours=1), timedelta(hours=1)))


@pytest.fixture
async def client_with_short_runs(settings: Settings, tmp_path: Path) -> AsyncIterator[Client]:
    """A Temporal server that suggests a new run after 100 events instead of 4,096."""
    port = free_port()
    argv = [*EmbeddedTemporal(port).argv(), "--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=100"]
    with server(argv, tmp_path / "temporal.log"):
        short = settings.model_copy(update={"temporal_address": f"127.0.0.1:{port}"})

        async def connected() -> Client:
            try:
                client = await connect(short, lazy=False)
                await set_up_namespace(client, reconcile_interval_seconds=3600)
            except Exception as error:
                if not is_temporal_unavailable(error):
                    raise
                raise AssertionError("Temporal does not answer") from error
            return client

        yield await eventually(connected)
