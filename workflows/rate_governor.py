"""`RateGovernor`: the pace of one upstream, for the whole installation."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from shared.contracts.upstreams import ApplyRateInput, PacePolicy, UpstreamReport, UpstreamState, UpstreamStatus
    from shared.temporal.names import RATE_GOVERNOR
    from workflows.activities import GovernorSteps
    from workflows.budget import in_words
    from workflows.pace import Pace, RateGovernorInput
    from workflows.policies import RATE_STEP, STATUS_STEP

APPLY_AGAIN = timedelta(seconds=1)
"""How soon a rate that could not be set is tried again."""
TELL_AGAIN = timedelta(seconds=5)
"""How soon a status that could not be written down is tried again."""


@workflow.defn(name=RATE_GOVERNOR)
class RateGovernor:
    """Circuit breaker and adaptive rate of one upstream; `workflows.pace` decides, this carries it out.

    The rate is that of the upstream's task queue in Temporal: every worker on every machine obeys, and it stays while
    no worker is there. It runs for ever.
    """

    @workflow.init
    def __init__(self, start: RateGovernorInput) -> None:
        """Take over from the run before, or begin."""
        self._pace = start.pace or Pace.begin(start.upstream, start.policy, workflow.now())
        self._applied = start.applied
        self._news = True

    @workflow.run
    async def run(self, start: RateGovernorInput) -> None:
        """Carry out what is decided, until the history has grown long; then go on in a new run."""
        while not workflow.info().is_continue_as_new_suggested():
            self._news = False
            self._pace.tick(workflow.now())
            if self._pace.queue_rate(workflow.now()).probe is None:
                is_applied = await self._apply_rate()
                is_told = await self._tell()
            else:  # the one call has to know that it is the one
                is_told = await self._tell()
                is_applied = await self._apply_rate()
            await self._until_news(APPLY_AGAIN if not is_applied else TELL_AGAIN if not is_told else None)
        workflow.continue_as_new(start.model_copy(update={"pace": self._pace, "applied": self._applied}))

    @workflow.signal
    def configure(self, policy: PacePolicy) -> None:
        """Obey these settings from now on."""
        self._pace.tick(workflow.now())
        self._pace.configure(policy, workflow.now())
        self._news = True

    @workflow.signal
    def report(self, report: UpstreamReport) -> None:
        """A worker tells what it did."""
        self._pace.tick(workflow.now())
        is_stray = report.epoch == self._pace.epoch and self._pace.is_stopped
        self._pace.report(report, workflow.now())
        if is_stray:
            self._applied = None  # somebody else has set the queue's rate
        self._news = True

    @workflow.signal
    def pause(self) -> None:
        """Let no call go until `resume`."""
        self._pace.pause(workflow.now())
        self._news = True

    @workflow.signal
    def resume(self) -> None:
        """End a pause, whoever began it."""
        self._pace.resume(workflow.now())
        self._news = True

    @workflow.query
    def status(self) -> UpstreamStatus:
        """How the upstream stands."""
        return self._pace.status(workflow.now())

    async def _apply_rate(self) -> bool:
        """Whether the task queue has the rate that is wanted now."""
        wanted = self._pace.queue_rate(workflow.now())
        if wanted != self._applied:
            self._applied = None  # a step that fails may have done it all the same
            with suppress(FailureError):
                await workflow.execute_local_activity_method(
                    GovernorSteps.apply_rate, wanted, **RATE_STEP, summary=_rate_in_words(wanted)
                )
                self._applied = wanted
        return self._applied == wanted

    async def _tell(self) -> bool:
        """Whether everybody can read how the upstream stands now."""
        status = self._pace.status(workflow.now())
        workflow.set_current_details(_details(self._pace, self._pace.queue_rate(workflow.now()), status))
        with suppress(FailureError):
            await workflow.execute_local_activity_method(
                GovernorSteps.keep_upstream_status, status, **STATUS_STEP, summary=f"{status.upstream}: {status.state}"
            )
            return True
        return False

    async def _until_news(self, at_most: timedelta | None) -> None:
        next_tick = self._pace.next_tick()
        waits = [at_most, next_tick - workflow.now() if next_tick else None]
        timeout = min((wait for wait in waits if wait is not None), default=None)
        with suppress(asyncio.TimeoutError):
            await workflow.wait_condition(
                lambda: self._news or workflow.info().is_continue_as_new_suggested(),
                timeout=None if timeout is None else max(timeout, timedelta()),
            )


_STATES = {
    UpstreamState.CLOSED: "calls go",
    UpstreamState.OPEN: "no calls, it asks for a pause",
    UpstreamState.HALF_OPEN: "the next call is a try",
    UpstreamState.PAUSED: "no calls, paused by the operator",
}


def _rate_in_words(rate: ApplyRateInput) -> str:
    return f"{rate.calls_per_second:.3g} calls per second" if rate.probe is None else "one call, to see"


def _details(pace: Pace, rate: ApplyRateInput, status: UpstreamStatus) -> str:
    lines = [
        f"**{status.upstream}: {_STATES[status.state]}**",
        "; ".join(filter(None, [_rate_in_words(rate), in_words(status.budgets)])),
        *reversed(pace.story),
    ]
    return "\n\n".join(lines)
