"""What a decision is based on: the state of the one before, and what was heard since."""

from datetime import timedelta

import pytest

from shared.contracts.errors import ErrorType
from shared.contracts.upstreams import GovernorEvent, GovernorEventKind, RateGovernorInput, Upstream, UpstreamState
from tests.workflows.rate_limit_story import BEGIN, POLICY, Story, throttled
from workflows.rate_limits.controller import RateController
from workflows.rate_limits.decisions import advance, pack, restore, unpack

GOVERNOR = RateGovernorInput(upstream=Upstream.YOUTUBE, policy=POLICY)
NOW = BEGIN + timedelta(minutes=5)


def event(kind: GovernorEventKind) -> GovernorEvent:
    return GovernorEvent(at=NOW, kind=kind)


def test_a_decision_that_is_made_again_is_the_same() -> None:
    state = pack(Story().controller)
    reports = [
        GovernorEvent(
            at=BEGIN + timedelta(seconds=second),
            kind=GovernorEventKind.REPORT,
            report=throttled(ErrorType.RATE_LIMITED, 1),
        )
        for second in (1, 2, 40)
    ]
    controllers = [unpack(state), unpack(state)]
    for controller in controllers:
        assert controller
        advance(controller, reports, NOW)
    assert controllers[0] == controllers[1]


def test_a_saved_state_that_no_decision_is_possible_with_gives_way_to_the_status() -> None:
    story = Story(POLICY.model_copy(update={"rate_step_seconds": 0}))
    story.throttled()
    story.controller.pause(BEGIN)
    status = story.status
    story.controller.operator_paused_since = None
    with pytest.raises(ZeroDivisionError):
        story.controller.tick(NOW)
    assert restore(GOVERNOR, pack(story.controller), status, NOW).status(NOW).state is UpstreamState.PAUSED


def test_a_saved_state_that_takes_no_settings_gives_way_to_the_status() -> None:
    story = Story()
    story.controller.pause(BEGIN)
    status = story.status
    story.controller.policy = POLICY.model_copy(update={"calls_per_second": 0})
    story.controller.tick(NOW)
    with pytest.raises(ZeroDivisionError):
        story.controller.configure(POLICY, NOW)
    assert restore(GOVERNOR, pack(story.controller), status, NOW).status(NOW).state is UpstreamState.PAUSED


def test_where_nothing_is_saved_it_begins_at_the_full_rate() -> None:
    assert restore(GOVERNOR, None, None, NOW) == RateController.begin(Upstream.YOUTUBE, POLICY, NOW)


def test_it_goes_on_under_the_settings_of_today() -> None:
    faster = POLICY.model_copy(update={"calls_per_second": 2})
    governor = RateGovernorInput(upstream=Upstream.YOUTUBE, policy=faster)
    assert restore(governor, pack(Story().controller), None, NOW).rate == 2


def test_a_rate_is_set_once_more_when_it_is_asked_for_unless_that_were_a_second_probe() -> None:
    story = Story()
    assert advance(story.controller, [event(GovernorEventKind.REAPPLY)], NOW)
    assert not advance(story.controller, [event(GovernorEventKind.PAUSE)], NOW)
    assert advance(story.controller, [event(GovernorEventKind.REAPPLY)], NOW)
    story = Story()
    story.half_open()
    assert not advance(story.controller, [GovernorEvent(at=story.now, kind=GovernorEventKind.REAPPLY)], story.now)
