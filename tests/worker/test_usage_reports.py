"""Usage reports, read from the governor's history, where every signal is an event."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError

from services.stack.temporal import EmbeddedTemporal
from services.worker.background import usage_reports
from services.worker.background.usage_reports import UpstreamReporter
from shared.contracts.errors import ErrorType
from shared.contracts.upstreams import Suspicion, ThrottledCall, Upstream, UpstreamReport, UpstreamStatus
from shared.settings import Settings
from shared.temporal.client import connect
from shared.temporal.names import rate_governor_id
from tests.support.servers import free_port, server
from tests.support.upstreams import GOING
from tests.support.waiting import eventually
from workflows.rate_limits.client import GovernorClient

ID = "abcdefghijk"
LATER = 60.0
"""Longer than a test lasts."""
SOON = 0.05


def status(epoch: int, report_after_seconds: float) -> UpstreamStatus:
    return GOING.model_copy(update={"epoch": epoch, "report_after_seconds": report_after_seconds})


async def reports(client: Client) -> list[UpstreamReport]:
    """The reports that the governor, which no worker runs, has received."""
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
    return GovernorClient(client, Upstream.YOUTUBE, settings.youtube_rate_limits)


@pytest.fixture
async def reporter(client: Client, settings: Settings) -> AsyncIterator[UpstreamReporter]:
    async with UpstreamReporter(governor(client, settings)) as reporter:
        yield reporter


async def test_calls_are_reported_together(client: Client, reporter: UpstreamReporter) -> None:
    for _ in range(3):
        reporter.request_sent()
        reporter.request_sent()
        reporter.call_finished(status(1, SOON), ID, None)
    assert await first_reports(client, 1) == [UpstreamReport(epoch=1, answered=True, calls=3, requests=6)]


async def test_answers_are_counted_by_step_until_a_call_casts_doubt_on_the_extractor(
    client: Client, reporter: UpstreamReporter
) -> None:
    suspicion = Suspicion(step="fetch_metadata", fingerprint="alike", detail="alike")
    outdated = ErrorType.EXTRACTOR_OUTDATED
    for step in ("fetch_metadata", "fetch_metadata", "fetch_captions"):
        reporter.call_finished(status(1, LATER), ID, None, step=step)
    reporter.call_finished(status(1, LATER), ID, ErrorType.VIDEO_PRIVATE, step="fetch_metadata")
    reporter.call_finished(status(1, LATER), ID, ErrorType.UPSTREAM_UNAVAILABLE, step="fetch_metadata")
    reporter.call_finished(status(1, LATER), ID, outdated, step="fetch_metadata", suspicion=suspicion)
    assert await first_reports(client, 1) == [
        UpstreamReport(
            epoch=1,
            answered=True,
            calls=6,
            requests=0,
            answered_steps={"fetch_metadata": 3, "fetch_captions": 1},
            throttle=ThrottledCall(error_type=outdated, youtube_id=ID, suspicion=suspicion),
        )
    ]


async def test_the_requests_of_a_download_are_reported_before_any_call_ends(
    client: Client, reporter: UpstreamReporter
) -> None:
    reporter.requests_sent(status(1, SOON))  # none yet: that is no news
    for _ in range(2):
        reporter.request_sent()
        reporter.requests_sent(status(1, SOON))
    assert sum([report.requests for report in await first_reports(client, 1)]) == 2
    assert {report.calls for report in await reports(client)} == {0}


@pytest.mark.usefixtures("fully_drained")
async def test_waiting_reports_are_sent_at_the_end(client: Client, settings: Settings) -> None:
    async with UpstreamReporter(governor(client, settings)) as reporter:
        reporter.call_finished(status(1, LATER), ID, None)
        assert await reports(client) == []
    assert [report.calls for report in await reports(client)] == [1]


async def test_a_throttle_is_sent_at_once_with_the_waiting_reports(client: Client, reporter: UpstreamReporter) -> None:
    reporter.call_finished(status(4, LATER), ID, None)
    reporter.call_finished(status(4, LATER), ID, ErrorType.RATE_LIMITED, retry_after_seconds=7)
    throttle = ThrottledCall(error_type=ErrorType.RATE_LIMITED, youtube_id=ID, retry_after_seconds=7)
    assert await first_reports(client, 1) == [
        UpstreamReport(epoch=4, answered=True, calls=2, requests=0, throttle=throttle)
    ]


async def test_every_throttle_of_a_wave_is_reported(client: Client, reporter: UpstreamReporter) -> None:
    wave = [ErrorType.BOT_CHECK, ErrorType.RATE_LIMITED, ErrorType.RATE_LIMITED]
    for error_type in wave:
        reporter.call_finished(status(4, LATER), ID, error_type)
    told = await first_reports(client, 3)
    assert [report.throttle.error_type for report in told if report.throttle] == wave


async def test_calls_of_different_epochs_are_reported_separately(client: Client, reporter: UpstreamReporter) -> None:
    reporter.call_finished(status(1, LATER), ID, None)
    reporter.call_finished(status(2, 0), ID, ErrorType.UPSTREAM_UNAVAILABLE)
    told = [(report.epoch, report.answered) for report in await first_reports(client, 2)]
    assert told == [(1, True), (2, False)]


@pytest.mark.parametrize("error_type", [ErrorType.VIDEO_PRIVATE, ErrorType.CAPTIONS_NONE, ErrorType.UNEXPECTED_ANSWER])
async def test_a_refusal_of_one_video_is_an_answer(
    client: Client, reporter: UpstreamReporter, error_type: ErrorType
) -> None:
    reporter.call_finished(status(2, 0), ID, error_type)
    assert await first_reports(client, 1) == [UpstreamReport(epoch=2, answered=True, calls=1, requests=0)]


@pytest.mark.parametrize("error_type", [ErrorType.UPSTREAM_UNAVAILABLE, ErrorType.TRANSCRIPTION_UNAVAILABLE])
async def test_an_unanswered_call_counts_but_is_no_answer(
    client: Client, reporter: UpstreamReporter, error_type: ErrorType
) -> None:
    reporter.call_finished(status(2, 0), ID, error_type)
    assert await first_reports(client, 1) == [UpstreamReport(epoch=2, calls=1, requests=0)]


async def test_usage_is_reported_at_once_and_the_outcome_later(client: Client, reporter: UpstreamReporter) -> None:
    reporter.call_started(status(3, LATER), 599.5)
    spent = UpstreamReport(epoch=3, calls=0, requests=1, audio_seconds=599.5)
    assert await first_reports(client, 1) == [spent]
    reporter.call_finished(status(3, LATER), ID, None)
    reporter.call_finished(status(3, 0), ID, ErrorType.TRANSCRIPTION_REFUSED)
    assert await first_reports(client, 2) == [spent, UpstreamReport(epoch=3, answered=True, calls=2, requests=0)]


async def test_calls_that_start_together_are_reported_together(client: Client, reporter: UpstreamReporter) -> None:
    for _ in range(3):
        reporter.call_started(None, 600)
    assert await first_reports(client, 1) == [UpstreamReport(epoch=0, calls=0, requests=3, audio_seconds=1800)]


async def test_the_log_names_the_upstream_of_a_failed_report(caplog: pytest.LogCaptureFixture) -> None:
    nowhere = Settings(temporal_address=f"127.0.0.1:{free_port()}")
    away = GovernorClient(await connect(nowhere), Upstream.TRANSCRIPTION, nowhere.transcription_rate_limits)
    async with UpstreamReporter(away) as reporter:
        reporter.call_started(None, 600)
    assert "task=usage_reporter:transcription" in caplog.text


async def test_before_the_governor_has_said_anything_calls_are_of_no_epoch(
    client: Client, reporter: UpstreamReporter
) -> None:
    reporter.call_finished(None, ID, None)
    assert await first_reports(client, 1) == [UpstreamReport(epoch=0, answered=True, calls=1, requests=0)]


async def test_a_later_call_that_is_watched_more_closely_hurries_the_report(
    client: Client, reporter: UpstreamReporter
) -> None:
    reporter.call_finished(status(1, LATER), ID, None)
    reporter.call_finished(status(1, 0), ID, None)
    assert [report.calls for report in await first_reports(client, 1)] == [2]


class OnceDeafGovernor(GovernorClient):
    """Fails to take the first report."""

    def __init__(self, client: Client, settings: Settings) -> None:
        super().__init__(client, Upstream.YOUTUBE, settings.youtube_rate_limits)
        self.has_failed = False
        self.told: list[UpstreamReport] = []

    async def report(self, report: UpstreamReport) -> None:
        if not self.has_failed:
            self.has_failed = True
            raise OSError("as scripted")
        self.told.append(report)


async def test_a_throttle_does_not_wait_because_the_report_before_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage_reports, "RETRY_SECONDS", 10 * LATER)
    nowhere = Settings(temporal_address=f"127.0.0.1:{free_port()}")
    deaf = OnceDeafGovernor(await connect(nowhere), nowhere)

    async def has_failed() -> bool:
        return deaf.has_failed

    async def are_told() -> bool:
        return [report.throttle is not None for report in deaf.told] == [False, True]

    async with UpstreamReporter(deaf) as reporter:
        reporter.call_finished(status(1, 0), ID, None)
        await eventually(has_failed)
        reporter.call_finished(status(2, LATER), ID, ErrorType.BOT_CHECK)
        await eventually(are_told)


async def test_reports_during_an_outage_of_temporal_are_sent_later(tmp_path: Path) -> None:
    port = free_port()
    settings = Settings(temporal_address=f"127.0.0.1:{port}")
    async with UpstreamReporter(governor(await connect(settings), settings)) as reporter:
        reporter.call_finished(status(1, 0), ID, ErrorType.BOT_CHECK)
        reporter.call_finished(status(1, 0), ID, None)
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

    return await eventually(connects)
