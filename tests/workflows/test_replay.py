"""Imports that were begun by earlier code go on under today's: committed histories are replayed."""

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

from services.worker.build import WORKFLOWS
from tests.workflows.record_histories import HISTORIES, SCENARIOS, VERSION

RECORDED = sorted(HISTORIES.glob("*.json"))


@pytest.fixture(params=RECORDED, ids=lambda path: path.stem)
def history(request: pytest.FixtureRequest) -> WorkflowHistory:
    path: Path = request.param
    return WorkflowHistory.from_json(path.stem, path.read_text())


async def test_a_recorded_history_replays(history: WorkflowHistory) -> None:
    await Replayer(workflows=WORKFLOWS, data_converter=pydantic_data_converter).replay_workflow(history)


def test_every_scenario_of_this_version_is_recorded() -> None:
    assert {f"{scenario.__name__}__{VERSION}" for scenario in SCENARIOS} <= {path.stem for path in RECORDED}
