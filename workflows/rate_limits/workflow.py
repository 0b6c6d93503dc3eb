"""`RateGovernor`: the rate limit of one upstream, for the whole installation."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError, FailureError
from temporalio.exceptions import TimeoutError as ActivityTimeout

with workflow.unsafe.imports_passed_through():
    from shared.contracts.upstreams import (
        GovernInput,
        GovernorDecision,
        GovernorEvent,
        GovernorEventKind,
        RateGovernorInput,
        RateLimitPolicy,
        UpstreamReport,
        UpstreamStatus,
    )
    from shared.temporal.names import RATE_GOVERNOR
    from workflows.common import execution
    from workflows.rate_limits.activities import GovernorActivities

DECISION_RETRY_DELAY = timedelta(seconds=1)
"""After a decision that timed out or could not be made."""


@workflow.defn(name=RATE_GOVERNOR)
class RateGovernor:
    """Circuit breaker and adaptive rate of one upstream.

    The workflow records events and their times; an activity decides and applies the decision (docs/adr/0015). So no
    setting and no threshold is in the history, and a change of one never makes it unreadable.

    The rate is that of the upstream's task queue in Temporal: it holds for every worker on every machine, and stays
    while no worker runs. The workflow runs indefinitely.
    """

    @workflow.init
    def __init__(self, start: RateGovernorInput) -> None:
        """Take over from the previous run, or start."""
        self._last = start.last
        self._events = [*start.events]

    @workflow.run
    async def run(self, start: RateGovernorInput) -> None:
        """Decide until the history has grown long; then continue as new, with the events that are not handled yet."""
        while not workflow.info().is_continue_as_new_suggested():
            if decision := await self._decide(start):
                await self._wait_for_event(decision.next_at)
            else:
                await workflow.sleep(DECISION_RETRY_DELAY)
        workflow.continue_as_new(start.model_copy(update={"last": self._last, "events": self._events}))

    @workflow.signal
    def configure(self, policy: RateLimitPolicy) -> None:
        """Apply these settings."""
        self._record(GovernorEventKind.CONFIGURE, policy=policy)

    @workflow.signal
    def report(self, report: UpstreamReport) -> None:
        """A worker reports usage."""
        self._record(GovernorEventKind.REPORT, report=report)

    @workflow.signal
    def pause(self) -> None:
        """Pause all calls until `resume`."""
        self._record(GovernorEventKind.PAUSE)

    @workflow.signal
    def resume(self) -> None:
        """End a pause, of the operator or the breaker."""
        self._record(GovernorEventKind.RESUME)

    @workflow.signal
    def reapply(self) -> None:
        """Set the task queue's rate again: it is not what was decided."""
        self._record(GovernorEventKind.REAPPLY)

    @workflow.query
    def status(self) -> UpstreamStatus:
        """Return the upstream's status at the last decision."""
        if self._last is None:
            raise ApplicationError("no decision yet")
        return self._last.status

    @workflow.query
    def has_decided(self) -> bool:
        """Return whether a decision has handled everything that arrived, and was applied."""
        return self._last is not None and not self._events

    def _record(
        self, kind: GovernorEventKind, *, policy: RateLimitPolicy | None = None, report: UpstreamReport | None = None
    ) -> None:
        self._events.append(GovernorEvent(at=workflow.now(), kind=kind, policy=policy, report=report))

    async def _decide(self, start: RateGovernorInput) -> GovernorDecision | None:
        """Decide; None where that failed. The events are kept until a decision has handled them."""
        handled = len(self._events)
        governor = start.model_copy(update={"last": self._last, "events": self._events[:handled]})
        try:
            decision = await execution.run_local(
                GovernorActivities.govern, GovernInput(governor=governor, now=workflow.now())
            )
        except FailureError as error:
            if not isinstance(error.cause or error, ActivityTimeout):
                # An internal error fails the workflow task: Temporal retries it with growing delays, and shows it. The
                # workers restart a governor that does not recover (services/worker/background/governor_watch.py).
                raise RuntimeError("the governor cannot decide") from error
            if self._last:  # the rate may have been set nevertheless
                self._last = self._last.model_copy(update={"applied": None})
            return None
        if decision:
            self._last = decision
            del self._events[:handled]
            workflow.set_current_details(decision.details)
        return decision

    async def _wait_for_event(self, next_at: datetime | None) -> None:
        timeout = None if next_at is None else max(next_at - workflow.now(), timedelta())
        with suppress(asyncio.TimeoutError):
            await workflow.wait_condition(
                lambda: bool(self._events) or workflow.info().is_continue_as_new_suggested(), timeout=timeout
            )
