"""Sends signals to a `RateGovernor`; each starts it where it does not run."""

from pydantic import BaseModel
from temporalio.api.common.v1 import Payloads
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client

from shared.contracts.upstreams import GovernorEventKind, RateGovernorInput, RateLimitPolicy, Upstream, UpstreamReport
from shared.logs import get_logger
from shared.temporal.names import WORKFLOW_TASK_TIMEOUT, TaskQueue, rate_governor_id
from workflows.rate_limits.workflow import RateGovernor

logger = get_logger(__name__)

OPERATORS = {GovernorEventKind.PAUSE, GovernorEventKind.RESUME}


class GovernorClient:
    """The governor of one upstream. Every method raises what the Temporal client raises."""

    def __init__(self, client: Client, upstream: Upstream, policy: RateLimitPolicy) -> None:
        self._client = client
        self._start = RateGovernorInput(upstream=upstream, policy=policy)

    @property
    def upstream(self) -> Upstream:
        """The upstream whose calls it limits."""
        return self._start.upstream

    @property
    def workflow_id(self) -> str:
        """The id of its workflow."""
        return rate_governor_id(self.upstream)

    async def configure(self) -> None:
        """Apply the policy."""
        await self._signal(GovernorEventKind.CONFIGURE, self._start.policy)

    async def report(self, report: UpstreamReport) -> None:
        """Report usage."""
        await self._signal(GovernorEventKind.REPORT, report)

    async def has_decided(self) -> bool:
        """Whether a decision has handled all that was reported so far."""
        return await self._client.get_workflow_handle(self.workflow_id).query(RateGovernor.has_decided)

    async def pause(self) -> None:
        """Pause all calls until `resume`."""
        await self._signal(GovernorEventKind.PAUSE)

    async def resume(self) -> None:
        """End a pause, of the operator or the breaker."""
        await self._signal(GovernorEventKind.RESUME)

    async def reapply(self) -> None:
        """Set the task queue's rate again; start the governor where it does not run."""
        await self._signal(GovernorEventKind.REAPPLY)

    async def restart(self, run_id: str, reason: str, *, with_reports: bool = False) -> None:
        """Terminate this run and start a new one, which continues from what is saved in PostgreSQL.

        The operator's requests that no decision has handled are sent to the new one. `with_reports`: so is usage that
        no decision has counted, which may be what the old one failed at. Without it no more is lost than with a worker
        that dies.

        Raises:
            RPCError: the run has ended already, because another worker restarts it.
        """
        run = self._client.get_workflow_handle(self.workflow_id, run_id=run_id)
        await run.terminate(reason)
        unhandled: list[GovernorEventKind] = []
        reports: list[Payloads] = []
        before_last_decision = 0
        async for event in run.fetch_history_events():
            if _is_decision(event):
                # What came while this decision was made is before its marker, too, and may not be part of it.
                unhandled = unhandled[before_last_decision:]
                before_last_decision = len(unhandled)
                reports.clear()
            elif (name := event.workflow_execution_signaled_event_attributes.signal_name) in OPERATORS:
                unhandled.append(GovernorEventKind(name))
            elif name == GovernorEventKind.REPORT and with_reports:
                reports.append(event.workflow_execution_signaled_event_attributes.input)
        for payloads in reports:
            if report := await self._decoded(payloads):
                await self.report(report)
        for kind in unhandled:
            await self._signal(kind)
        await self.reapply()

    async def _decoded(self, payloads: Payloads) -> UpstreamReport | None:
        """None: another generation has sent it, in a form that this one does not know."""
        try:
            [report] = await self._client.data_converter.decode(payloads.payloads, [UpstreamReport])
        except Exception as error:  # whatever a converter raises: the governor must be started nevertheless
            logger.warning("upstream_report_unreadable", upstream=self.upstream, error=error)
            return None
        return report if isinstance(report, UpstreamReport) else None

    async def _signal(self, signal: GovernorEventKind, *values: BaseModel) -> None:
        await self._client.start_workflow(
            RateGovernor.run,
            self._start,
            id=self.workflow_id,
            task_queue=TaskQueue.GOVERNORS,
            start_signal=signal,
            start_signal_args=values,
            task_timeout=WORKFLOW_TASK_TIMEOUT,
            static_summary=f"The rate limit of {self.upstream}",
        )


def _is_decision(event: HistoryEvent) -> bool:
    """Whether the event is a decision; one that timed out, or could not be made, has a marker as well."""
    details = event.marker_recorded_event_attributes.details
    return "result" in details and any(payload.data for payload in details["result"].payloads)
