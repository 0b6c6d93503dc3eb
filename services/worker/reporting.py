"""What this worker tells an upstream's `RateGovernor`: now and then while all goes well, everything else at once."""

import asyncio
import logging
import threading
import time
from collections import deque
from contextlib import AbstractAsyncContextManager, suppress
from types import TracebackType

from shared.contracts.errors import ERROR_RULES, ErrorType, Throttle
from shared.contracts.upstreams import ThrottledCall, UpstreamReport, UpstreamStatus
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
        self._waiting: deque[UpstreamReport] = deque()
        self._due = float("inf")
        """When the waiting reports are to go, in monotonic time."""
        self._changed = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def request_sent(self) -> None:
        """Count a request; called from the threads that send them."""
        with self._lock:
            self._requests += 1

    def call_began(self, began: UpstreamStatus | None, audio_seconds: float) -> None:
        """Tell of a call that sends one request with so much sound, before the next one may go, which it may prevent.

        `began` is as for `call_ended`, which has to follow. Returns at once, never fails.
        """
        self._add(UpstreamReport(epoch=_epoch(began), calls=0, requests=1, audio_seconds=audio_seconds), due_in=0)

    def call_ended(
        self,
        began: UpstreamStatus | None,
        youtube_id: str,
        error_type: ErrorType | None,
        *,
        retry_after_seconds: float | None = None,
        unheard_seconds: float = 0,
    ) -> None:
        """Note a call: how the upstream stood when it began, and what came of it. Returns at once, never fails.

        `unheard_seconds`: of the sound that `call_began` told of, what nobody has listened to.
        """
        report = UpstreamReport(epoch=_epoch(began), calls=1, requests=0, audio_seconds=-unheard_seconds)
        if error_type and ERROR_RULES[error_type].throttle is not Throttle.NO:
            report.throttle = ThrottledCall(
                error_type=error_type, youtube_id=youtube_id, retry_after_seconds=retry_after_seconds
            )
        else:
            report.answered = error_type is None or not ERROR_RULES[error_type].is_no_answer
        patience = began.report_after_seconds if began else FIRST_REPORT_SECONDS
        self._add(report, due_in=0 if report.throttle else patience)

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

    def _add(self, report: UpstreamReport, *, due_in: float) -> None:
        """Together with the one before it, unless that ends in a throttle or is of another epoch."""
        last = self._waiting[-1] if self._waiting else None
        if last is None or last.throttle or last.epoch != report.epoch:
            self._waiting.append(report)
        else:
            last.calls += report.calls
            last.requests += report.requests
            last.audio_seconds += report.audio_seconds
            last.answered = last.answered or report.answered
            last.throttle = report.throttle
        self._due = min(self._due, time.monotonic() + due_in)
        self._changed.set()

    async def _run(self) -> None:
        while not self._stopping:
            await self._until_due()
            await self._send()
        await self._send()  # what came while the last one was on its way

    async def _until_due(self) -> None:
        while not self._stopping and (left := self._due - time.monotonic()) > 0:
            self._changed.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), None if left == float("inf") else left)

    async def _send(self) -> None:
        """Everything that waits, in order; what cannot be told now is tried again soon."""
        self._due = float("inf")
        while self._waiting:
            report = self._waiting.popleft()
            report.requests += self._take_requests()
            try:
                await asyncio.wait_for(self._governor.report(report), SEND_SECONDS)
            except Exception as error:  # whatever it was: the governor is to hear of it some time
                upstream = self._governor.upstream
                logger.warning("the governor of %s cannot be told of calls yet: %r", upstream, error)
                self._waiting.appendleft(report)
                self._due = time.monotonic() + AGAIN_SECONDS
                return

    def _take_requests(self) -> int:
        with self._lock:
            taken, self._requests = self._requests, 0
        return taken


def _epoch(began: UpstreamStatus | None) -> int:
    return began.epoch if began else UNKNOWN_EPOCH
