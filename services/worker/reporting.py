"""What this worker tells an upstream's `RateGovernor`: now and then while all goes well, everything else at once."""

import asyncio
import logging
import threading
import time
from contextlib import AbstractAsyncContextManager, suppress
from types import TracebackType

from shared.contracts import errors
from shared.contracts.errors import ERROR_RULES, ErrorType
from shared.contracts.upstreams import Throttle, UpstreamReport, UpstreamStatus
from shared.temporal.client import TEMPORAL_AWAY
from workflows.governors import GovernorClient

UNKNOWN_EPOCH = 0
FIRST_REPORT_SECONDS = 1.0
"""How soon calls are reported before the governor has said it."""
SEND_SECONDS = 5.0
AGAIN_SECONDS = 1.0

logger = logging.getLogger(__name__)


class UpstreamReporter(AbstractAsyncContextManager["UpstreamReporter"]):
    """Collects the calls of one worker and reports them in batches; leaving the context sends what is left.

    What has not been sent is lost with the process: the governor then knows of a few calls less.
    """

    def __init__(self, governor: GovernorClient) -> None:
        self._governor = governor
        self._lock = threading.Lock()
        self._requests = 0
        self._waiting: UpstreamReport | None = None
        self._due = float("inf")
        """When the waiting report is to go, in monotonic time."""
        self._changed = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def request_sent(self) -> None:
        """Count a request; called from the threads that send them."""
        with self._lock:
            self._requests += 1

    def call_ended(
        self, began: UpstreamStatus | None, error_type: ErrorType | None, *, retry_after_seconds: float | None = None
    ) -> None:
        """Note a call: how the upstream stood when it began, and what came of it. Returns at once, never fails."""
        epoch = began.epoch if began else UNKNOWN_EPOCH
        report = UpstreamReport(epoch=epoch, calls=1, requests=0)
        if error_type and ERROR_RULES[error_type].throttle is not errors.Throttle.NO:
            report.throttle = Throttle(error_type=error_type, retry_after_seconds=retry_after_seconds)
        elif error_type is not ErrorType.UPSTREAM_UNAVAILABLE:
            report.answered_epoch = epoch
        self._waiting = _together(self._waiting, report) if self._waiting else report
        patience = began.report_after_seconds if began else FIRST_REPORT_SECONDS
        self._due = min(self._due, time.monotonic() + (0 if report.throttle else patience))
        self._changed.set()

    async def __aenter__(self) -> "UpstreamReporter":
        self._task = asyncio.create_task(self._run(), name="upstream-reporter")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping = True
        self._changed.set()
        if self._task:
            await self._task

    async def _run(self) -> None:
        while not self._stopping:
            await self._until_due()
            await self._send()

    async def _until_due(self) -> None:
        while not self._stopping and (left := self._due - time.monotonic()) > 0:
            self._changed.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), None if left == float("inf") else left)

    async def _send(self) -> None:
        report, self._waiting = self._waiting, None
        self._due = float("inf")
        if report is None:
            return
        with self._lock:
            report.requests += self._requests
            self._requests = 0
        try:
            await asyncio.wait_for(self._governor.report(report), SEND_SECONDS)
        except (*TEMPORAL_AWAY, TimeoutError) as error:
            logger.warning("the governor cannot be told of %d calls yet: %s", report.calls, error)
            self._put_back(report)
            self._due = time.monotonic() + AGAIN_SECONDS

    def _put_back(self, report: UpstreamReport) -> None:
        self._waiting = _together(report, self._waiting) if self._waiting else report


def _together(earlier: UpstreamReport, later: UpstreamReport) -> UpstreamReport:
    """Both in one. A throttle is kept, whatever came after it."""
    answered = [epoch for epoch in (earlier.answered_epoch, later.answered_epoch) if epoch is not None]
    return UpstreamReport(
        epoch=max(earlier.epoch, later.epoch),
        answered_epoch=max(answered, default=None),
        calls=earlier.calls + later.calls,
        requests=earlier.requests + later.requests,
        throttle=later.throttle or earlier.throttle,
    )
