"""One running product for all tests of this package, healthy at the start of each."""

import json
from collections.abc import AsyncIterator, Generator

import httpx
import pytest

from tests.e2e.clients import Api, FakeYoutubeControl
from tests.e2e.stack import Stack, running_stack

REQUEST_SECONDS = 60


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Function) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test shows what the processes logged last."""
    report = yield
    if report.failed and isinstance(stack := item.funcargs.get("stack"), Stack):
        report.sections.append(("The ends of the stack's logs", stack.ends_of_logs()))
    return report


@pytest.fixture(scope="package")
async def demo(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """The running product."""
    async with running_stack(tmp_path_factory.mktemp("e2e")) as stack:
        yield stack


@pytest.fixture
async def stack(demo: Stack) -> Stack:
    """The running product with all its processes."""
    await demo.until_healthy()
    return demo


@pytest.fixture
async def api(stack: Stack) -> AsyncIterator[Api]:
    """A client of its API."""
    async with httpx.AsyncClient(base_url=stack.api_url, timeout=REQUEST_SECONDS) as http:
        yield Api(http)


@pytest.fixture
async def fake_youtube(stack: Stack) -> AsyncIterator[FakeYoutubeControl]:
    """Its fake YouTube, answering as usual at the start and at the end."""
    url = json.loads(stack.fake_youtube_file.read_text())["control_url"]
    async with httpx.AsyncClient(base_url=url, timeout=REQUEST_SECONDS) as http:
        control = FakeYoutubeControl(http)
        await control.clear_faults()
        yield control
        await control.clear_faults()
