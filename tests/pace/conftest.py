"""An installation per test, with the settings of the test's module."""

from collections.abc import AsyncIterator, Generator
from pathlib import Path

import pytest

from tests.pace.installation import Installation
from tests.standin import Standin


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Function) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test shows what the processes logged last."""
    report = yield
    if report.failed and isinstance(installation := item.funcargs.get("installation"), Installation):
        report.sections.append(("The ends of the installation's logs", installation.ends_of_logs()))
    return report


@pytest.fixture
async def installation(tmp_path: Path, standin: Standin, request: pytest.FixtureRequest) -> AsyncIterator[Installation]:
    """A running installation with the settings `PACE` of the test's module."""
    installation = Installation(tmp_path, standin, request.module.PACE)
    try:
        await installation.start()
        yield installation
    finally:
        await installation.close()
