"""The activity of a rate governor: its contract."""

from abc import ABC, abstractmethod
from datetime import timedelta

from shared.contracts.upstreams import GovernInput, GovernorDecision
from shared.temporal.names import TaskQueue
from workflows.common.activity_options import NO_RETRY, local_activity

GOVERN_TIMEOUT = timedelta(seconds=15)
"""Reading and saving (3 s each), and three short calls of Temporal (2 s each)."""


class GovernorActivities(ABC):
    """Decides for a `RateGovernor`."""

    # Not retried: the workflow decides again, with what has been reported by then.
    @local_activity(queue=TaskQueue.GOVERNORS, timeout=GOVERN_TIMEOUT, retry_policy=NO_RETRY)
    @abstractmethod
    async def govern(self, given: GovernInput) -> GovernorDecision | None:
        """Decide, set the rate of the upstream's task queue, and save the upstream's status; safe to repeat.

        The decision names what could not be set or saved. None: the governor's saved state could not be read.
        """
