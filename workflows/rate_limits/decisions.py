"""What a `RateGovernor` decides, as pure functions of its state, its events and the time.

An activity runs this, not the workflow: a threshold or a setting that changes leaves recorded histories replayable.
"""

import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import ValidationError

from shared.contracts.upstreams import (
    ApplyRateInput,
    BudgetUnit,
    GovernorEvent,
    GovernorEventKind,
    RateGovernorInput,
    RateLimitPolicy,
    UpstreamReport,
    UpstreamState,
    UpstreamStatus,
)
from shared.logs import get_logger
from workflows.rate_limits.budget import HOUR_SECONDS, format_budgets
from workflows.rate_limits.controller import SLOWEST, RateController

logger = get_logger(__name__)


def pack(controller: RateController) -> bytes:
    """Compress the state for histories and PostgreSQL: with a day's budgets it is up to 160 kB of JSON per decision."""
    return zlib.compress(controller.model_dump_json().encode())


def unpack(state: bytes) -> RateController | None:
    """Return what `pack` compressed; None where another version did, which this one cannot read."""
    try:
        return RateController.model_validate_json(zlib.decompress(state))
    except (zlib.error, ValidationError) as error:
        logger.error("governor_state_unreadable", error=error)
        return None


def restore(
    governor: RateGovernorInput, state: bytes | None, status: UpstreamStatus | None, now: datetime
) -> RateController:
    """Restore the state of a governor that starts from what is saved, so that a pause outlives it.

    Where the state is unusable, the status is used: it holds pauses and the spent requests as well.
    """
    controller = unpack(state) if state else None
    if controller is None or not _is_usable(controller, governor.policy, now):
        controller = (
            _from_status(governor, status, now)
            if status
            else RateController.begin(governor.upstream, governor.policy, now)
        )
    if controller.policy != governor.policy:
        controller.configure(governor.policy, now)
    return controller


def advance(controller: RateController, events: Sequence[GovernorEvent], now: datetime) -> bool:
    """Apply the events and the time; return whether the queue's rate may differ from the one that was set."""
    is_uncertain = False
    for event in events:
        controller.tick(event.at)
        is_uncertain = _apply(controller, event) or is_uncertain
    controller.tick(now)
    return is_uncertain


def details(controller: RateController, rate: ApplyRateInput, status: UpstreamStatus) -> str:
    """Format the upstream's status and the latest changes, newest first, in Markdown."""
    lines = [
        f"**{status.upstream}: {_STATES[status.state]}**",
        "; ".join(filter(None, [_format_rate(rate), format_budgets(status.budgets)])),
        *reversed(controller.event_log),
    ]
    return "\n\n".join(lines)


def _apply(controller: RateController, event: GovernorEvent) -> bool:
    """Apply an event; return whether the queue's rate has to be set again."""
    match event.kind:
        case GovernorEventKind.CONFIGURE if event.policy:
            controller.configure(event.policy, event.at)
        case GovernorEventKind.REPORT if event.report:
            came_while_stopped = event.report.epoch == controller.epoch and controller.is_stopped
            controller.report(event.report, event.at)
            return came_while_stopped  # a call that was not allowed: the queue's rate was changed elsewhere
        case GovernorEventKind.PAUSE:
            controller.pause(event.at)
        case GovernorEventKind.RESUME:
            controller.resume(event.at)
        case GovernorEventKind.REAPPLY:
            return controller.queue_rate(event.at).probe is None  # setting a probe's rate lets another call through
    return False


def _is_usable(controller: RateController, policy: RateLimitPolicy, now: datetime) -> bool:
    """Whether a decision is possible with the state: no saved state must keep a governor from starting."""
    trial = controller.model_copy(deep=True)
    try:
        trial.tick(now)
        trial.configure(policy, now)
        trial.status(now)
        trial.queue_rate(now)
    except Exception as error:  # any error would be the same at every attempt
        logger.error("governor_state_unusable", error=error)
        return False
    return True


def _from_status(governor: RateGovernorInput, status: UpstreamStatus, now: datetime) -> RateController:
    full = governor.policy.calls_per_second
    controller = RateController.begin(governor.upstream, governor.policy, now).model_copy(
        update={
            "epoch": status.epoch + 1,
            "rate": min(max(status.calls_per_second, full * SLOWEST), full),
            "operator_paused_since": status.since if status.state is UpstreamState.PAUSED else None,
        }
    )
    if status.state in {UpstreamState.OPEN, UpstreamState.HALF_OPEN} and status.reason:
        resume_at = status.resume_at or now
        controller.state, controller.reason = UpstreamState.OPEN, status.reason
        controller.since, controller.resume_at = status.since, resume_at
        controller.pause_seconds = max(resume_at - status.since, timedelta()).total_seconds()
    if status.is_extractor_broken:
        controller.evidence.broken = status.extractor
    for budget in status.budgets:
        if (budget.unit, budget.per_seconds) == (BudgetUnit.REQUESTS, HOUR_SECONDS):
            spent = round(budget.limit - budget.left)
            controller.budgets.spend(UpstreamReport(epoch=0, calls=spent, requests=spent), now)
    return controller


_STATES = {
    UpstreamState.CLOSED: "running",
    UpstreamState.OPEN: "paused",
    UpstreamState.HALF_OPEN: "probing",
    UpstreamState.PAUSED: "paused by the operator",
}


def _format_rate(rate: ApplyRateInput) -> str:
    return f"{rate.calls_per_second:.3g} calls per second" if rate.probe is None else "one probe"
