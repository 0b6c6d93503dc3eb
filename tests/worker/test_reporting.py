"""What a worker tells the governor: read from the governor's own history, where every signal is an event."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError

from services.stack.temporal import EmbeddedTemporal
from services.worker.reporting import UpstreamReporter
from shared.contracts.errors import ErrorType
from shared.contracts.upstreams import Throttle, Upstream, UpstreamReport, UpstreamStatus
from shared.settings import Settings
from shared.temporal.client import connect
from shared.temporal.names import rate_governor_id
from tests.support.servers import free_port, server
from tests.support.upstreams import GOING
from tests.support.waiting import eventually
from workflows.governors import GovernorClient

LATER = 60.0
"""Longer than a test lasts."""
SOON = 0.05


def status(epoch: int, report_after_seconds: float) -> UpstreamStatus:
    return GOING.model_copy(update={"epoch": epoch, "report_after_seconds": report_after_seconds})


async def reports(client: Client) -> list[UpstreamReport]:
    """What the governor, which no worker runs, has been told."""
    governor = client.get_workflow_handle(rate_governor_id(Upstream.YOUTUBE))
    try:
        if (await governor.describe()).status is not WorkflowExecutionStatus.RUNNING:
            return []  # another test's
        history = await governor.fetch_history()
    except RPCError:
        return []  # nothing yet
    signals = [event.workflow_execution_signaled_event_attributes for event in history.events]
    payloads = [payload for signal in signals for payload in signal.input.payloads]
    return await pydantic_data_converter.decode(payloads, [UpstreamReport] * len(payloads))


async def first_reports(client: Client, count: int) -> list[UpstreamReport]:
    async def have_come() -> list[UpstreamReport]:
        found = await reports(client)
        assert len(found) >= count, found
        return found

    return await eventually(have_come)


def governor(client: Client, settings: Settings) -> GovernorClient:
    return GovernorClient(client, Upstream.YOUTUBE, settings.youtube_pace)


@pytest.fixture
async def reporter(client: Client, settings: Settings) -> AsyncIterator[UpstreamReporter]:
    async with UpstreamReporter(governor(client, settings)) as reporter:
        yield reporter


async def test_calls_are_reported_together(client: Client, reporter: UpstreamReporter) -> None:
    for _ in range(3):
        reporter.request_sent()
        reporter.request_sent()
        reporter.call_ended(status(1, SOON), None)
    assert await first_reports(client, 1) == [UpstreamReport(epoch=1, answered_epoch=1, calls=3, requests=6)]


async def test_what_is_left_is_reported_at_the_end(client: Client, settings: Settings) -> None:
    async with UpstreamReporter(governor(client, settings)) as reporter:
        reporter.call_ended(status(1, LATER), None)
        assert await reports(client) == []
    assert [report.calls for report in await reports(client)] == [1]


async def test_a_throttle_goes_at_once_and_takes_along_what_waits(client: Client, reporter: UpstreamReporter) -> None:
    reporter.call_ended(status(3, LATER), None)
    reporter.call_ended(status(4, LATER), ErrorType.RATE_LIMITED, retry_after_seconds=7)
    (report,) = await first_reports(client, 1)
    throttle = Throttle(error_type=ErrorType.RATE_LIMITED, retry_after_seconds=7)
    assert report == UpstreamReport(epoch=4, answered_epoch=3, calls=2, requests=0, throttle=throttle)


@pytest.mark.parametrize("error_type", [ErrorType.VIDEO_PRIVATE, ErrorType.CAPTIONS_NONE, ErrorType.UNEXPECTED_ANSWER])
async def test_a_refusal_of_one_video_is_an_answer(
    client: Client, reporter: UpstreamReporter, error_type: ErrorType
) -> None:
    reporter.call_ended(status(2, 0), error_type)
    assert await first_reports(client, 1) == [UpstreamReport(epoch=2, answered_epoch=2, calls=1, requests=0)]


async def test_a_call_that_nobody_answers_counts_but_is_no_answer(client: Client, reporter: UpstreamReporter) -> None:
    reporter.call_ended(status(2, 0), ErrorType.UPSTREAM_UNAVAILABLE)
    assert await first_reports(client, 1) == [UpstreamReport(epoch=2, calls=1, requests=0)]


async def test_before_the_governor_has_said_anything_calls_are_of_no_epoch(
    client: Client, reporter: UpstreamReporter
) -> None:
    reporter.call_ended(None, None)
    assert await first_reports(client, 1) == [UpstreamReport(epoch=0, answered_epoch=0, calls=1, requests=0)]


async def test_a_later_call_that_is_watched_more_closely_hurries_the_report(
    client: Client, reporter: UpstreamReporter
) -> None:
    reporter.call_ended(status(1, LATER), None)
    reporter.call_ended(status(2, 0), None)
    assert [report.calls for report in await first_reports(client, 1)] == [2]


async def test_what_cannot_be_told_while_temporal_is_away_is_told_later(tmp_path: Path) -> None:
    port = free_port()
    settings = Settings(temporal_address=f"127.0.0.1:{port}")
    async with UpstreamReporter(governor(await connect(settings), settings)) as reporter:
        reporter.call_ended(status(1, 0), ErrorType.BOT_CHECK)
        reporter.call_ended(status(1, 0), None)
        with server(EmbeddedTemporal(port).argv(), tmp_path / "log"):
            client = await asyncio.wait_for(_connected(settings), timeout=60)
            told = await first_reports(client, 1)
    assert sum(report.calls for report in told) == 2
    assert [report.throttle.error_type for report in told if report.throttle] == [ErrorType.BOT_CHECK]


async def _connected(settings: Settings) -> Client:
    async def connects() -> Client:
        try:
            return await connect(settings, lazy=False)
        except RuntimeError as error:
            raise AssertionError(f"Temporal does not answer: {error}") from error

    return await eventually(connects, within_seconds=60)
