"""How often a batch polls its videos."""

from dataclasses import dataclass
from datetime import timedelta

from workflows.common.retry import Backoff


@dataclass(frozen=True)
class PollIntervals:
    """How soon a batch is advanced without a signal."""

    finishing: Backoff
    """Once an import has reached its last stage, until its workflow has ended."""
    max_finishing_polls: int
    """After so many such polls in a row, a workflow that has not ended holds no slot any more."""
    interval: timedelta
    """Makes up for signals that were lost with a worker."""
    idle_interval: timedelta
    """While none of its imports runs."""


POLL = PollIntervals(
    finishing=Backoff(timedelta(milliseconds=100), timedelta(seconds=2)),
    max_finishing_polls=12,
    interval=timedelta(seconds=15),
    idle_interval=timedelta(minutes=10),
)
LISTING_RESTART_DELAY = timedelta(minutes=1)
"""Before a listing that ended too early is restarted: YouTube throttles silently."""
