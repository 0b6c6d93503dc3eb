"""The group's reaper is replaced, also when that does not succeed at once."""

import os
import sys

import psutil
import pytest

from services.stack.group import ProcessGroup
from tests.stack.conftest import eventually


def reapers() -> list[psutil.Process]:
    """The living reapers that this process has started."""
    return [child for child in psutil.Process(os.getpid()).children() if _is_reaper(child)]


def _is_reaper(process: psutil.Process) -> bool:
    try:
        return "services.stack.reaper" in process.cmdline()
    except psutil.NoSuchProcess:  # or a zombie
        return False


async def test_a_reaper_that_cannot_be_started_is_reported_and_retried(
    group: ProcessGroup, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await eventually(lambda: len(reapers()) == 1, "the reaper runs")
    (first,) = reapers()
    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", "/nonexistent/python")
        first.kill()
        await eventually(lambda: said, "somebody is told")
    assert said[0] == "The reaper could not be started (No such file or directory); trying again"
    await eventually(lambda: len(reapers()) == 1 and reapers()[0] != first, "a new reaper runs")
