"""The governor as a workflow: what `RateController` decides reaches the task queue, the table and the Web UI."""

import asyncio
import zlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from shared.contracts.errors import ErrorType
from shared.contracts.upstreams import ApplyRateInput, PauseReason, Upstream, UpstreamReport, UpstreamState
from shared.db.upstreams import SavedUpstream
from tests.support.waiting import eventually
from tests.workflows.governor_steps import COMPLETED, Governed
from tests.workflows.rate_limit_story import POLICY, TRANSCRIPTION_POLICY, throttled
from workflows.common.activity_options import options_of
from workflows.rate_limits import budget, controller, timing
from workflows.rate_limits.activities import GovernorActivities
from workflows.rate_limits.client import GovernorClient
from workflows.rate_limits.timing import PROBE_SECONDS
from workflows.rate_limits.workflow import RateGovernor

FULL = POLICY.calls_per_second
CLOSED, OPEN, HALF_OPEN, PAUSED = UpstreamState
DAY = 86_400


@pytest.fixture
async def governed(environment: WorkflowEnvironment) -> AsyncIterator[Governed]:
    """A governor in a server that skips time, as the first worker starts it."""
    governed = Governed(environment.client)
    async with governed.steps.at_work(environment.client):
        await governed.client.configure()
        await governed.is_at(CLOSED, FULL)
        yield governed


@pytest.fixture
async def half_open(environment: WorkflowEnvironment, governed: Governed) -> Governed:
    """A governor that waits for the outcome of one call."""
    await governed.throttled(times=3)
    await governed.is_at(OPEN, 0)
    await environment.sleep(POLICY.pause_seconds)
    await governed.is_at(HALF_OPEN, 0)
    return governed


async def test_the_full_rate_is_the_first_thing(governed: Governed) -> None:
    assert [rate.calls_per_second for rate in governed.steps.rates] == [FULL]
    assert governed.steps.statuses[0].calls_per_second == FULL


async def test_three_throttles_stop_the_queue_in_the_very_task_that_hears_of_them(governed: Governed) -> None:
    await governed.throttled(times=3)
    await governed.is_at(OPEN, 0)
    assert governed.steps.probes == []
    events = [event.event_type for event in (await governed.handle.fetch_history()).events]
    since_the_last_signal = events[::-1][: events[::-1].index(EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED)]
    assert since_the_last_signal.count(COMPLETED) == 1


async def test_it_says_when_it_has_decided_on_what_was_reported(governed: Governed) -> None:
    await governed.throttled(times=3)
    await eventually(governed.client.has_decided)
    assert governed.steps.rates[-1].calls_per_second == 0


async def test_after_the_pause_exactly_one_call_is_let_through(
    environment: WorkflowEnvironment, half_open: Governed
) -> None:
    assert half_open.steps.probes == [1]
    await environment.sleep(PROBE_SECONDS[Upstream.YOUTUBE] / 2)
    await half_open.client.configure()
    await half_open.is_at(HALF_OPEN, 0)
    assert len(half_open.steps.probes) == 1


async def test_its_success_lets_calls_go(half_open: Governed) -> None:
    await half_open.answered()
    await half_open.is_at(CLOSED, FULL / 8)


async def test_its_failure_doubles_the_pause(environment: WorkflowEnvironment, half_open: Governed) -> None:
    await half_open.throttled()
    await half_open.is_at(OPEN, 0)
    await environment.sleep(POLICY.pause_seconds + 10)
    assert (await half_open.status()).state is OPEN
    await environment.sleep(POLICY.pause_seconds)
    await half_open.is_at(HALF_OPEN, 0)
    assert len(half_open.steps.probes) == 2


async def test_the_operators_pause_and_its_end(environment: WorkflowEnvironment, governed: Governed) -> None:
    await governed.client.pause()
    await governed.is_at(PAUSED, 0)
    await environment.sleep(DAY)
    assert (await governed.status()).state is PAUSED
    await governed.client.resume()
    await governed.is_at(CLOSED, FULL)


async def test_a_table_that_cannot_be_written_holds_up_no_change_of_rate(
    environment: WorkflowEnvironment, governed: Governed
) -> None:
    governed.steps.is_table_refusing = True
    await governed.throttled(times=3)
    await governed.is_at(CLOSED, 0)  # the table still says so
    await environment.sleep(POLICY.pause_seconds)

    async def has_let_one_through() -> bool:
        return len(governed.steps.probes) == 1 and await governed.is_idle()

    await eventually(has_let_one_through)
    governed.steps.is_table_refusing = False
    await environment.sleep(10)
    await governed.is_at(HALF_OPEN, 0)


async def test_a_rate_that_could_not_be_set_is_set_to_what_is_right_by_then(
    environment: WorkflowEnvironment, governed: Governed
) -> None:
    governed.steps.is_queue_refusing = True
    await governed.throttled()
    await governed.is_at(CLOSED, FULL)  # the queue still goes so fast
    await governed.client.pause()
    await governed.is_at(PAUSED, FULL)
    governed.steps.is_queue_refusing = False
    await environment.sleep(10)
    await governed.is_at(PAUSED, 0)
    assert [rate.calls_per_second for rate in governed.steps.rates] == [FULL, 0]


async def test_a_change_that_failed_may_have_been_made_and_is_undone(
    environment: WorkflowEnvironment, governed: Governed
) -> None:
    governed.steps.is_queue_refusing = True
    await governed.client.pause()
    await governed.is_at(PAUSED, FULL)
    await governed.client.resume()
    await governed.is_at(CLOSED, FULL)
    governed.steps.is_queue_refusing = False
    await environment.sleep(10)

    async def is_undone() -> bool:
        return [rate.calls_per_second for rate in governed.steps.rates] == [FULL, FULL]

    await eventually(is_undone)


async def test_what_is_reported_during_a_step_is_not_lost(governed: Governed) -> None:
    governed.steps.table_is_free.clear()
    await governed.client.pause()
    await eventually(governed.is_writing)
    await governed.client.resume()
    governed.steps.table_is_free.set()
    await governed.is_at(CLOSED, FULL)


async def test_a_decision_that_takes_too_long_is_made_again(
    environment: WorkflowEnvironment, governed: Governed, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasty = replace(options_of(GovernorActivities.govern), timeout=timedelta(seconds=0.2))
    monkeypatch.setattr(GovernorActivities.govern, "activity_options", hasty)
    governed.steps.queue_is_free.clear()
    await governed.client.pause()

    async def has_timed_out() -> bool:
        kinds = [event.event_type for event in (await governed.handle.fetch_history()).events]
        return kinds.count(EventType.EVENT_TYPE_MARKER_RECORDED) >= 2

    await eventually(has_timed_out)
    governed.steps.queue_is_free.set()
    await environment.sleep(5)
    await governed.is_at(PAUSED, 0)


async def test_a_governor_that_hears_nothing_does_next_to_nothing(
    environment: WorkflowEnvironment, governed: Governed
) -> None:
    await governed.answered()
    await environment.sleep(DAY)
    await governed.is_at(CLOSED, POLICY.burst_calls_per_second)
    assert governed.steps.statuses[-1].requests_left == POLICY.hourly_requests
    assert len(governed.steps.statuses) <= 5


async def test_the_web_ui_tells_the_story(half_open: Governed) -> None:
    metadata = await half_open.handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    title, now, *story = metadata.current_details.split("\n\n")
    assert title == "**youtube: probing**"
    assert now == "one probe; 894 of 900 requests left in this hour"
    told = [line.split(": ", 1)[1] for line in story]
    assert told[0] == "one probe"
    assert told[1].startswith("no calls until")
    assert told[2:] == [f"rate_limited: slowed down to {rate} calls per second" for rate in (0.125, 0.25)]


async def test_its_history_replays(environment: WorkflowEnvironment, half_open: Governed) -> None:
    half_open.steps.is_table_refusing = True
    await half_open.answered()
    await half_open.is_at(HALF_OPEN, FULL / 8)
    half_open.steps.is_table_refusing = False
    await environment.sleep(10)
    await half_open.is_at(CLOSED, FULL / 8)
    replayer = Replayer(workflows=[RateGovernor], data_converter=pydantic_data_converter)
    await replayer.replay_workflow(await half_open.handle.fetch_history())


async def test_its_history_replays_under_other_thresholds(
    environment: WorkflowEnvironment, half_open: Governed, monkeypatch: pytest.MonkeyPatch
) -> None:
    await half_open.throttled()
    await half_open.is_at(OPEN, 0)
    monkeypatch.setattr(controller, "SLOWEST", 1)
    monkeypatch.setattr(controller, "RATE_STEP", 1)
    monkeypatch.setattr(controller, "PROBE_SECONDS", dict.fromkeys(Upstream, 1.0))
    monkeypatch.setattr(controller, "first_pause_seconds", lambda policy, error_type: 0.0)
    monkeypatch.setattr(budget, "RESERVED_SHARE", 1)
    monkeypatch.setattr(timing, "MAX_REPORT_SECONDS", 1.0)
    replayer = Replayer(workflows=[RateGovernor], data_converter=pydantic_data_converter)
    await replayer.replay_workflow(await half_open.handle.fetch_history())


async def test_speech_to_text_has_a_governor_of_its_own(environment: WorkflowEnvironment, governed: Governed) -> None:
    full = TRANSCRIPTION_POLICY.calls_per_second
    speech = Governed(environment.client, TRANSCRIPTION_POLICY, Upstream.TRANSCRIPTION)
    speech.steps = governed.steps  # one worker runs them all
    await speech.client.configure()
    await speech.is_at(CLOSED, full)
    for _ in range(12):
        await speech.client.report(UpstreamReport(epoch=1, calls=0, requests=1, audio_seconds=600))
    await speech.is_at(CLOSED, 0)
    assert speech.steps.statuses[-1].reason is PauseReason.TRANSCRIPTION_ALLOWANCE
    await environment.sleep(61 * 60)
    await speech.is_at(CLOSED, full)
    await speech.throttled(ErrorType.TRANSCRIPTION_LIMITED, times=3)
    await speech.is_at(OPEN, 0)
    metadata = await speech.handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    assert metadata.current_details.split("\n\n")[:2] == [
        "**transcription: paused**",
        "0 calls per second; 1982 of 2000 requests left in these 24 hours, "
        "7200 of 7200 seconds of audio left in this hour, 21600 of 28800 seconds of audio left in these 24 hours",
    ]
    assert (await governed.status()).state is CLOSED
    assert ApplyRateInput(upstream=Upstream.YOUTUBE, calls_per_second=0) not in governed.steps.rates
    replayer = Replayer(workflows=[RateGovernor], data_converter=pydantic_data_converter)
    await replayer.replay_workflow(await speech.handle.fetch_history())


async def test_every_signal_starts_a_governor_that_does_not_run(environment: WorkflowEnvironment) -> None:
    governed = Governed(environment.client)
    async with governed.steps.at_work(environment.client):
        for signal, state in [
            (governed.client.configure, CLOSED),
            (governed.client.pause, PAUSED),
            (governed.client.resume, CLOSED),
            (governed.answered, CLOSED),
        ]:
            await signal()
            await governed.is_at(state, 0 if state is PAUSED else FULL)
            await governed.handle.terminate()
            governed.steps.statuses.clear()


async def test_the_operators_pause_outlives_the_workflow(governed: Governed) -> None:
    await governed.client.pause()
    await governed.is_at(PAUSED, 0)
    await governed.handle.terminate()
    governed.steps.statuses.clear()
    await governed.client.configure()
    await governed.is_at(PAUSED, 0)
    await governed.client.resume()
    await governed.is_at(CLOSED, FULL)


async def test_an_open_breaker_outlives_the_workflow(environment: WorkflowEnvironment, governed: Governed) -> None:
    await governed.throttled(times=3)
    await governed.is_at(OPEN, 0)
    before = await governed.status()
    await governed.handle.terminate()
    governed.steps.statuses.clear()
    await governed.client.reapply()
    await governed.is_at(OPEN, 0)
    assert (await governed.status()).model_copy(update={"at": before.at}) == before
    await environment.sleep(POLICY.pause_seconds)
    await governed.is_at(HALF_OPEN, 0)
    assert governed.steps.probes == [1]


@pytest.mark.parametrize(
    "state", [None, b"broken", zlib.compress(b'{"of": "another version"}')], ids=["none", "broken", "other"]
)
async def test_without_a_readable_state_the_saved_status_has_to_do(
    environment: WorkflowEnvironment, governed: Governed, state: bytes | None
) -> None:
    async def start_anew() -> None:
        await governed.handle.terminate()
        governed.steps.saved[Upstream.YOUTUBE] = SavedUpstream(state, governed.steps.statuses[-1])
        governed.steps.statuses.clear()
        await governed.client.configure()

    await governed.throttled(times=3)
    await governed.is_at(OPEN, 0)
    opened = await governed.status()
    await start_anew()
    await governed.is_at(OPEN, 0)
    status = await governed.status()
    assert (status.resume_at, status.requests_left) == (opened.resume_at, opened.requests_left)
    assert status.epoch > opened.epoch
    await governed.client.pause()
    await governed.is_at(PAUSED, 0)
    await start_anew()
    await governed.is_at(PAUSED, 0)
    await governed.client.resume()
    await governed.is_at(CLOSED, FULL / 8)


async def test_it_begins_with_what_is_saved_or_not_at_all(environment: WorkflowEnvironment, governed: Governed) -> None:
    await governed.client.pause()
    await governed.is_at(PAUSED, 0)
    await governed.handle.terminate()
    governed.steps.is_table_refusing = True
    await governed.client.configure()
    await governed.client.report(throttled(ErrorType.RATE_LIMITED, 1))
    await environment.sleep(5)
    assert [rate.calls_per_second for rate in governed.steps.rates] == [FULL, 0]
    governed.steps.is_table_refusing = False
    await environment.sleep(5)
    await governed.is_at(PAUSED, 0)
    assert governed.steps.statuses[-1].requests_left == 898


async def test_a_restart_keeps_what_the_operator_wants(client: Client) -> None:
    """The governor is terminated in the middle of a decision, and the pause is in none.

    On a real server: the one that skips time drops the signals that arrive during a workflow task that never ends.
    """
    governed = Governed(client)
    async with governed.steps.at_work(client):
        await governed.client.configure()
        await governed.is_at(CLOSED, FULL)
        governed.steps.table_is_free.clear()
        await governed.client.report(throttled(ErrorType.BOT_CHECK, 1))
        await eventually(governed.is_writing)
        await governed.client.resume()
        await governed.client.pause()
        description = await governed.handle.describe()
        assert description.run_id
        await governed.client.restart(description.run_id, "as scripted")
        governed.steps.is_table_refusing = True  # the terminated governor's decision is not saved
        governed.steps.table_is_free.set()
        await eventually(governed.is_done_writing)
        governed.steps.is_table_refusing = False
        await governed.is_at(PAUSED, 0)
        with pytest.raises(RPCError):
            await governed.client.restart(description.run_id, "by another worker")
        await governed.client.resume()
        await governed.is_at(CLOSED, FULL)


async def test_a_restart_keeps_what_no_decision_was_made_of(
    environment: WorkflowEnvironment, governed: Governed
) -> None:
    await governed.handle.terminate()
    governed.steps.is_table_refusing = True
    await governed.client.pause()
    await environment.sleep(5)  # a new governor tries every second, and decides nothing
    description = await governed.handle.describe()
    assert description.run_id
    await governed.client.restart(description.run_id, "as scripted")
    governed.steps.is_table_refusing = False
    await environment.sleep(5)
    await governed.is_at(PAUSED, 0)


async def test_other_settings_are_obeyed(environment: WorkflowEnvironment, governed: Governed) -> None:
    faster = POLICY.model_copy(update={"calls_per_second": 2})
    await GovernorClient(environment.client, Upstream.YOUTUBE, faster).configure()
    await governed.is_at(CLOSED, 2)


async def test_the_next_run_knows_everything_and_repeats_no_probe(client_with_short_runs: Client) -> None:
    policy = POLICY.model_copy(update={"pause_seconds": 0.1})
    governed = Governed(client_with_short_runs, policy)
    async with governed.steps.at_work(client_with_short_runs):
        await governed.client.configure()
        await governed.is_at(CLOSED, FULL)
        await governed.throttled(times=3)
        await governed.is_at(HALF_OPEN, 0)

        async def is_in_its_third_run() -> bool:
            await governed.client.configure()
            runs = [run async for run in client_with_short_runs.list_workflows(f"WorkflowId = '{governed.handle.id}'")]
            return len(runs) >= 3

        before = await governed.status()
        await eventually(is_in_its_third_run)
        assert (await governed.status()).model_copy(update={"at": before.at}) == before
        assert len(governed.steps.probes) == 1
        await governed.answered()
        await governed.is_at(CLOSED, FULL / 8)


async def test_no_report_is_lost_between_two_runs(client_with_short_runs: Client) -> None:
    governed = Governed(client_with_short_runs)
    async with governed.steps.at_work(client_with_short_runs):
        await governed.client.configure()
        await governed.is_at(CLOSED, FULL)
        for _ in range(15):
            await asyncio.gather(
                *(
                    governed.client.report(UpstreamReport(epoch=1, answered=True, calls=1, requests=1))
                    for _ in range(10)
                )
            )

        async def are_counted() -> bool:
            (hour,) = (await governed.status()).budgets
            return hour.limit - hour.left == 150

        await eventually(are_counted)
        first = await governed.handle.describe()
        assert first.raw_description.workflow_execution_info.first_run_id != first.run_id
