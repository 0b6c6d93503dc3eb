"""Workflows that are under way go on after a restart: committed histories are replayed.

Where one no longer replays, `WORKFLOW_GENERATION` has to be raised (CONTRIBUTING.md, "Change a workflow").
"""

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from services.worker.workers import WORKFLOWS
from tests.workflows.record_histories import HISTORIES, SCENARIOS

RECORDED = sorted(HISTORIES.glob("*.json"))


@pytest.fixture(params=RECORDED, ids=lambda path: path.stem)
def history(request: pytest.FixtureRequest) -> WorkflowHistory:
    path: Path = request.param
    return WorkflowHistory.from_json(path.stem, path.read_text())


async def test_a_recorded_history_replays(history: WorkflowHistory) -> None:
    await Replayer(workflows=WORKFLOWS, data_converter=pydantic_data_converter).replay_workflow(history)


def test_every_scenario_is_recorded_and_nothing_else() -> None:
    assert {scenario.__name__ for scenario in SCENARIOS} == {path.stem for path in RECORDED}
