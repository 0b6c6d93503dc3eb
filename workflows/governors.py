"""How a `RateGovernor` is reached: every signal starts it where it does not run."""

from typing import Literal

from pydantic import BaseModel
from temporalio.client import Client

from shared.contracts.upstreams import PacePolicy, Upstream, UpstreamReport
from shared.temporal.names import TaskQueue, rate_governor_id
from workflows.pace import RateGovernorInput
from workflows.rate_governor import RateGovernor


class GovernorClient:
    """The governor of one upstream. Every method raises one of TEMPORAL_AWAY while Temporal is."""

    def __init__(self, client: Client, upstream: Upstream, policy: PacePolicy) -> None:
        self._client = client
        self._start = RateGovernorInput(upstream=upstream, policy=policy)

    @property
    def upstream(self) -> Upstream:
        """Whose pace it keeps."""
        return self._start.upstream

    async def configure(self) -> None:
        """Have the policy obeyed."""
        await self._signal("configure", self._start.policy)

    async def report(self, report: UpstreamReport) -> None:
        """Tell what was done."""
        await self._signal("report", report)

    async def pause(self) -> None:
        """Let no call go until `resume`."""
        await self._signal("pause")

    async def resume(self) -> None:
        """End a pause, whoever began it."""
        await self._signal("resume")

    async def _signal(self, signal: Literal["configure", "report", "pause", "resume"], *values: BaseModel) -> None:
        await self._client.start_workflow(
            RateGovernor.run,
            self._start,
            id=rate_governor_id(self.upstream),
            task_queue=TaskQueue.GOVERNORS,
            start_signal=signal,
            start_signal_args=values,
            static_summary=f"The pace of {self.upstream}",
        )
