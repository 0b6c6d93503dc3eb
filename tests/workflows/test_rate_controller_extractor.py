"""When an outdated extractor is noticed, and what follows, as scenarios."""

from datetime import timedelta

import pytest

from shared.contracts.errors import ErrorType
from shared.contracts.upstreams import ExtractorState, PauseReason, RateGovernorInput, Upstream, UpstreamState
from tests.workflows.rate_limit_story import BEGIN, HOUR, MINUTES, POLICY, Story
from workflows.rate_limits.controller import RateController
from workflows.rate_limits.decisions import pack, restore, unpack
from workflows.rate_limits.evidence import RECENT_CALLS

CLOSED, OPEN, HALF_OPEN = UpstreamState.CLOSED, UpstreamState.OPEN, UpstreamState.HALF_OPEN
FIVE = [f"video {number}" for number in range(5)]
REQUESTS_PER_FAILURE = 4
"""The watch page, and a player for each of three clients."""
CONCURRENT = 3
"""Calls that are under way when the pause begins: `YOUTUBE_MAX_CONCURRENT`."""


@pytest.fixture
def story() -> Story:
    """A controller that has just started."""
    return Story()


@pytest.fixture
def outage() -> Story:
    """A controller that has just found the extractor broken."""
    story = Story()
    story.failed(*FIVE)
    assert (story.status.state, story.status.reason) == (OPEN, PauseReason.EXTRACTOR_OUTDATED)
    return story


class TestEvidence:
    def test_three_videos_are_suspect_and_five_pause_all_calls(self, story: Story) -> None:
        story.failed(*FIVE[:2])
        assert story.status.extractor is None
        story.failed(FIVE[2])
        assert story.status.extractor is not None
        assert (story.status.extractor.state, story.status.state) == (ExtractorState.SUSPECT, CLOSED)
        story.failed(*FIVE[3:])
        assert story.status.extractor.state is ExtractorState.BROKEN
        assert (story.status.extractor.videos, story.status.extractor.since) == (5, BEGIN)
        assert story.status.reason is PauseReason.EXTRACTOR_OUTDATED
        assert story.pause_left == 15 * MINUTES
        assert story.status.max_calls_per_second == story.controller.rate  # nobody asked us to slow down

    def test_one_video_is_no_evidence_however_often_it_fails(self, story: Story) -> None:
        for _ in range(20):
            story.failed("bad")
            story.later(MINUTES)
        assert (story.status.state, story.status.extractor) == (CLOSED, None)

    def test_three_that_keep_failing_are_enough_where_there_are_no_others(self, story: Story) -> None:
        for _ in range(3):
            assert story.status.state is CLOSED
            for _ in range(5):  # at the same time: that says nothing new
                story.failed(*FIVE[:3])
            story.later(MINUTES)
        assert story.status.state is OPEN

    def test_an_answer_of_the_same_step_ends_the_row(self, story: Story) -> None:
        for _ in range(3):
            story.failed(*FIVE[:4])
            story.answered()
        assert (story.status.state, story.status.extractor) == (CLOSED, None)

    def test_an_answer_of_another_step_does_not(self, story: Story) -> None:
        story.failed(*FIVE[:4])
        story.answered(step="captions")
        story.failed(FIVE[4])
        assert story.status.state is OPEN

    def test_different_failures_are_not_alike(self, story: Story) -> None:
        for number in range(20):
            story.failed(f"video {number}", fingerprint=f"text {number}")
        assert story.status.state is CLOSED

    def test_hardly_any_answer_is_an_outage_too(self, story: Story) -> None:
        story.failed(*FIVE[:4])
        for number in range(RECENT_CALLS):
            story.failed(f"video {number}")
            if number % 7 == 0 and story.status.state is CLOSED:
                story.answered()
        assert story.status.state is OPEN

    def test_every_other_answer_is_not(self, story: Story) -> None:
        for number in range(3 * RECENT_CALLS):
            story.failed(f"video {number}")
            story.answered()
        assert story.status.state is CLOSED

    def test_one_channel_may_have_a_fault_of_its_own(self, story: Story) -> None:
        story.failed(*FIVE, channel_id="the same")
        assert story.status.state is CLOSED
        story.failed("video 5", channel_id="another")
        assert story.status.state is OPEN

    def test_ten_videos_of_one_channel_are_enough(self, story: Story) -> None:
        story.failed(*(f"video {number}" for number in range(10)), channel_id="the same")
        assert story.status.state is OPEN

    def test_after_half_an_hour_a_failure_is_forgotten(self, story: Story) -> None:
        story.failed(*FIVE[:4])
        story.later(30 * MINUTES)
        assert story.status.extractor is None
        story.failed(FIVE[4])
        assert story.status.state is CLOSED

    @pytest.mark.parametrize("error_type", [ErrorType.BOT_CHECK, ErrorType.RATE_LIMITED])
    def test_what_fails_around_a_throttle_is_no_evidence(self, story: Story, error_type: ErrorType) -> None:
        story.failed(*FIVE[:4])
        story.throttled(error_type)
        if story.status.state is OPEN:
            story.wait_for_probe()
        story.failed(FIVE[4])
        assert (story.status.state, story.status.extractor) == (CLOSED, None)

    def test_calls_without_an_answer_say_nothing(self, story: Story) -> None:
        story.failed(*FIVE[:4])
        story.unanswered()
        story.failed(FIVE[4])
        assert story.status.state is OPEN

    def test_a_refused_client_is_enough(self, story: Story) -> None:
        story.failed("first", is_conclusive=True)
        assert (story.status.state, story.status.reason) == (OPEN, PauseReason.EXTRACTOR_OUTDATED)

    def test_but_not_twice_for_the_same_video(self, story: Story) -> None:
        story.failed("first", is_conclusive=True)
        story.controller.resume(story.now)
        story.answered()
        story.failed("first", is_conclusive=True)
        assert story.status.state is CLOSED

    def test_a_doubted_extractor_makes_no_burst(self, story: Story) -> None:
        story.later(HOUR)
        assert story.status.is_burst
        story.failed(*FIVE[:2])
        story.later(20 * MINUTES)
        assert not story.status.is_burst
        assert story.status.report_after_seconds == 0
        story.answered()
        story.later(HOUR)
        assert story.status.is_burst


class TestPause:
    def test_a_failed_probe_doubles_the_pause_up_to_six_hours(self, outage: Story) -> None:
        pauses = []
        for number in range(7):
            outage.wait_for_probe()
            outage.failed(f"probe {number}")
            pauses.append(outage.pause_left)
        assert pauses == [30 * MINUTES, HOUR, 2 * HOUR, 4 * HOUR, 6 * HOUR, 6 * HOUR, 6 * HOUR]

    def test_an_answered_probe_ends_it(self, outage: Story) -> None:
        outage.wait_for_probe()
        outage.answered()
        assert (outage.status.state, outage.status.extractor) == (CLOSED, None)
        assert outage.status.calls_per_second == POLICY.calls_per_second

    def test_a_private_video_is_an_answer(self, outage: Story) -> None:
        """As every error that is about the video: the reporter counts it as answered."""
        outage.wait_for_probe()
        outage.answered(step="metadata")
        assert outage.status.state is CLOSED

    @pytest.mark.parametrize("step", ["captions", None], ids=["captions", "audio, which is not watched"])
    def test_a_probe_of_a_step_that_works_is_followed_by_another(self, outage: Story, step: str | None) -> None:
        outage.wait_for_probe()
        probe = outage.queue_rate.probe
        outage.answered(step=step)
        assert outage.status.state is HALF_OPEN
        assert outage.queue_rate.probe != probe
        outage.failed("probe")
        assert (outage.status.state, outage.pause_left) == (OPEN, 30 * MINUTES)

    def test_the_operator_tries_at_once(self, outage: Story) -> None:
        outage.controller.resume(outage.now)
        assert outage.status.state is HALF_OPEN
        outage.answered()
        assert outage.status.state is CLOSED

    def test_a_worker_that_starts_may_have_another_extractor(self, outage: Story) -> None:
        outage.configure(POLICY)
        assert outage.status.state is HALF_OPEN

    def test_late_failures_do_not_prolong_it(self, outage: Story) -> None:
        outage.later(5)
        outage.failed("late", "later")
        assert outage.pause_left == 15 * MINUTES - 5

    def test_where_nothing_was_queued_for_a_probe_one_failure_is_enough(self, outage: Story) -> None:
        outage.wait_for_probe()
        outage.later(HOUR)
        assert outage.status.state is CLOSED
        assert outage.status.is_extractor_broken
        outage.failed("next")
        assert (outage.status.state, outage.pause_left) == (OPEN, 30 * MINUTES)

    def test_a_bot_check_of_a_probe_does_not_hide_it(self, outage: Story) -> None:
        outage.wait_for_probe()
        outage.throttled(ErrorType.BOT_CHECK)
        assert outage.status.reason is PauseReason.BOT_CHECK
        outage.wait_for_probe()
        outage.failed("probe")
        assert (outage.status.state, outage.status.reason) == (OPEN, PauseReason.EXTRACTOR_OUTDATED)

    def test_a_probe_after_a_bot_check_counts_as_answered(self, story: Story) -> None:
        story.throttled(ErrorType.BOT_CHECK)
        story.wait_for_probe()
        story.failed("one")
        assert story.status.state is CLOSED

    def test_it_outlives_the_governor(self, outage: Story) -> None:
        saved = outage.status
        governor = RateGovernorInput(upstream=Upstream.YOUTUBE, policy=POLICY)
        for state in (pack(outage.controller), None):  # without a readable state, the status has to do
            again = restore(governor, state, saved, outage.now)
            assert again.status(outage.now).is_extractor_broken
            assert again.status(outage.now).resume_at == saved.resume_at

    def test_a_state_of_an_earlier_version_is_continued(self, story: Story) -> None:
        story.controller.pause(story.now)
        fields = story.controller.model_dump(mode="json", exclude={"evidence"})
        assert unpack(pack(RateController.model_validate(fields))) == story.controller


class TestCost:
    def test_an_outage_of_hours_costs_at_most_fifty_requests(self, story: Story) -> None:
        """However many videos wait: only the first calls and the probes are made."""
        calls = 0
        while story.status.state is CLOSED:
            story.failed(f"video {calls}")
            calls += 1
        story.failed(*(f"late {number}" for number in range(CONCURRENT)))
        calls += CONCURRENT
        end = story.now + timedelta(hours=6)
        while story.status.resume_at and story.status.resume_at < end:
            story.wait_for_probe()
            story.failed(f"probe {calls}")
            calls += 1
        assert calls * REQUESTS_PER_FAILURE <= 50
