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
from shared.contracts.upstreams import ThrottledCall, Upstream, UpstreamReport, UpstreamStatus
from shared.settings import Settings
from shared.temporal.client import connect
from shared.temporal.names import rate_governor_id
from tests.support.servers import free_port, server
from tests.support.upstreams import GOING
from tests.support.waiting import eventually
from workflows.governors import GovernorClient

ID = "abcdefghijk"
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
        reporter.call_ended(status(1, SOON), ID, None)
    assert await first_reports(client, 1) == [UpstreamReport(epoch=1, answered=True, calls=3, requests=6)]


async def test_what_is_left_is_reported_at_the_end(client: Client, settings: Settings) -> None:
    async with UpstreamReporter(governor(client, settings)) as reporter:
        reporter.call_ended(status(1, LATER), ID, None)
        assert await reports(client) == []
    assert [report.calls for report in await reports(client)] == [1]


async def test_a_throttle_goes_at_once_and_takes_along_what_waits(client: Client, reporter: UpstreamReporter) -> None:
    reporter.call_ended(status(4, LATER), ID, None)
    reporter.call_ended(status(4, LATER), ID, ErrorType.RATE_LIMITED, retry_after_seconds=7)
    throttle = ThrottledCall(error_type=ErrorType.RATE_LIMITED, youtube_id=ID, retry_after_seconds=7)
    assert await first_reports(client, 1) == [
        UpstreamReport(epoch=4, answered=True, calls=2, requests=0, throttle=throttle)
    ]


async def test_every_throttle_of_a_wave_is_told(client: Client, reporter: UpstreamReporter) -> None:
    wave = [ErrorType.BOT_CHECK, ErrorType.RATE_LIMITED, ErrorType.RATE_LIMITED]
    for error_type in wave:
        reporter.call_ended(status(4, LATER), ID, error_type)
    told = await first_reports(client, 3)
    assert [report.throttle.error_type for report in told if report.throttle] == wave


async def test_calls_of_different_epochs_are_told_apart(client: Client, reporter: UpstreamReporter) -> None:
    reporter.call_ended(status(1, LATER), ID, None)
    reporter.call_ended(status(2, 0), ID, ErrorType.UPSTREAM_UNAVAILABLE)
    told = [(report.epoch, report.answered) for report in await first_reports(client, 2)]
    assert told == [(1, True), (2, False)]


@pytest.mark.parametrize("error_type", [ErrorType.VIDEO_PRIVATE, ErrorType.CAPTIONS_NONE, ErrorType.UNEXPECTED_ANSWER])
async def test_a_refusal_of_one_video_is_an_answer(
    client: Client, reporter: UpstreamReporter, error_type: ErrorType
) -> None:
    reporter.call_ended(status(2, 0), ID, error_type)
    assert await first_reports(client, 1) == [UpstreamReport(epoch=2, answered=True, calls=1, requests=0)]


@pytest.mark.parametrize("error_type", [ErrorType.UPSTREAM_UNAVAILABLE, ErrorType.TRANSCRIPTION_UNAVAILABLE])
async def test_a_call_that_nobody_answers_counts_but_is_no_answer(
    client: Client, reporter: UpstreamReporter, error_type: ErrorType
) -> None:
    reporter.call_ended(status(2, 0), ID, error_type)
    assert await first_reports(client, 1) == [UpstreamReport(epoch=2, calls=1, requests=0)]


async def test_what_a_call_spends_is_told_at_once_and_what_comes_of_it_later(
    client: Client, reporter: UpstreamReporter
) -> None:
    reporter.call_began(status(3, LATER), 599.5)
    spent = UpstreamReport(epoch=3, calls=0, requests=1, audio_seconds=599.5)
    assert await first_reports(client, 1) == [spent]
    reporter.call_ended(status(3, LATER), ID, None)
    reporter.call_ended(status(3, 0), ID, ErrorType.TRANSCRIPTION_REFUSED)
    assert await first_reports(client, 2) == [spent, UpstreamReport(epoch=3, answered=True, calls=2, requests=0)]


async def test_calls_that_begin_together_are_told_together(client: Client, reporter: UpstreamReporter) -> None:
    for _ in range(3):
        reporter.call_began(None, 600)
    assert await first_reports(client, 1) == [UpstreamReport(epoch=0, calls=0, requests=3, audio_seconds=1800)]


async def test_the_upstream_is_named_that_cannot_be_told_of(caplog: pytest.LogCaptureFixture) -> None:
    nowhere = Settings(temporal_address=f"127.0.0.1:{free_port()}")
    away = GovernorClient(await connect(nowhere), Upstream.TRANSCRIPTION, nowhere.transcription_pace)
    async with UpstreamReporter(away) as reporter:
        reporter.call_began(None, 600)
    assert "the governor of transcription cannot be told" in caplog.text


async def test_before_the_governor_has_said_anything_calls_are_of_no_epoch(
    client: Client, reporter: UpstreamReporter
) -> None:
    reporter.call_ended(None, ID, None)
    assert await first_reports(client, 1) == [UpstreamReport(epoch=0, answered=True, calls=1, requests=0)]


async def test_a_later_call_that_is_watched_more_closely_hurries_the_report(
    client: Client, reporter: UpstreamReporter
) -> None:
    reporter.call_ended(status(1, LATER), ID, None)
    reporter.call_ended(status(1, 0), ID, None)
    assert [report.calls for report in await first_reports(client, 1)] == [2]


async def test_what_cannot_be_told_while_temporal_is_away_is_told_later(tmp_path: Path) -> None:
    port = free_port()
    settings = Settings(temporal_address=f"127.0.0.1:{port}")
    async with UpstreamReporter(governor(await connect(settings), settings)) as reporter:
        reporter.call_ended(status(1, 0), ID, ErrorType.BOT_CHECK)
        reporter.call_ended(status(1, 0), ID, None)
        with server(EmbeddedTemporal(port).argv(), tmp_path / "log"):
            client = await asyncio.wait_for(_connected(settings), timeout=60)
            told = await first_reports(client, 2)
    assert [report.throttle.error_type if report.throttle else None for report in told] == [ErrorType.BOT_CHECK, None]


async def _connected(settings: Settings) -> Client:
    async def connects() -> Client:
        try:
            return await connect(settings, lazy=False)
        except RuntimeError as error:
            raise AssertionError(f"Temporal does not answer: {error}") from error

    return await eventually(connects, within_seconds=60)
