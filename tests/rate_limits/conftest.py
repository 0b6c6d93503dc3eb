"""An installation per test, with the settings of the test's module."""

from collections.abc import AsyncIterator, Generator
from pathlib import Path

import pytest

from fakes.youtube import FakeYoutube
from tests.rate_limits.installation import Installation

INSTALLATION = pytest.StashKey[Installation]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Function) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test shows what the processes logged last."""
    report = yield
    if report.failed and INSTALLATION in item.stash:
        report.sections.append(("The ends of the installation's logs", item.stash[INSTALLATION].ends_of_logs()))
    return report


@pytest.fixture
async def installation(
    tmp_path: Path, fake_youtube: FakeYoutube, request: pytest.FixtureRequest
) -> AsyncIterator[Installation]:
    """A running installation with the settings `PACE` of the test's module."""
    installation = request.node.stash[INSTALLATION] = Installation(tmp_path, fake_youtube, request.module.PACE)
    try:
        await installation.start()
        yield installation
    finally:
        await installation.close()
