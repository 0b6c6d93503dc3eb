"""Reports calls and usage to an upstream's `RateGovernor`: throttles and audio at once, the rest in batches."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable

from shared.background import BackgroundTask
from shared.contracts.errors import ERROR_RULES, ErrorType, Throttle
from shared.contracts.upstreams import Suspicion, ThrottledCall, UpstreamReport, UpstreamStatus
from workflows.rate_limits.client import GovernorClient

UNKNOWN_EPOCH = 0
FIRST_REPORT_SECONDS = 1.0
"""How soon calls are reported before the governor's own interval is known."""
SEND_SECONDS = 5.0
RETRY_SECONDS = 1.0
DECISION_SECONDS = 10.0
"""How long a call may wait for the governor's decision: a second on a machine with nothing else to do."""
DECISION_POLL_SECONDS = 0.2
_SLOWS_DOWN = (Throttle.COUNTS, Throttle.PAUSES)


CallListener = Callable[[str, str | None, ErrorType | None], None]
"""Hears what a call was about, its step, and its outcome, as `UpstreamReporter.call_finished` does."""


class UpstreamReporter(BackgroundTask):
    """Collects the calls of one worker and reports them in batches; leaving the context sends what is left.

    A crash loses the unsent reports: the governor then counts a few calls less.
    """

    def __init__(self, governor: GovernorClient) -> None:
        super().__init__(f"usage_reporter:{governor.upstream}", retry_seconds=RETRY_SECONDS)
        self._governor = governor
        self._lock = threading.Lock()
        self._requests = 0
        self._waiting: deque[UpstreamReport] = deque()
        self._is_sending = False
        self._listeners: list[CallListener] = []

    def listen(self, listener: CallListener) -> None:
        """Call `listener` for every call that finishes; it must return at once and never fail."""
        self._listeners.append(listener)

    def request_sent(self) -> None:
        """Count a request; called on the threads that send them."""
        with self._lock:
            self._requests += 1

    def requests_sent(self, status: UpstreamStatus | None) -> None:
        """Report counted requests before their call finishes: a download's. Returns at once, never fails."""
        if self._requests:
            self._add(UpstreamReport(epoch=UNKNOWN_EPOCH, calls=0, requests=0), due_in=_report_delay(status))

    def call_started(self, status: UpstreamStatus | None, audio_seconds: float) -> None:
        """Report at once a call that sends one request with so much audio: it may exhaust a budget.

        `status` is as for `call_finished`, which has to follow. Returns at once, never fails.
        """
        self._add(UpstreamReport(epoch=_epoch(status), calls=0, requests=1, audio_seconds=audio_seconds))

    def call_finished(
        self,
        status: UpstreamStatus | None,
        youtube_id: str,
        error_type: ErrorType | None,
        *,
        step: str | None = None,
        retry_after_seconds: float | None = None,
        suspicion: Suspicion | None = None,
        refunded_audio_seconds: float = 0,
    ) -> None:
        """Report the outcome of a call. Returns at once, never fails.

        Args:
            status: The upstream's status when the call started.
            youtube_id: The video, or the list, that the call was about.
            error_type: None: the call succeeded.
            step: The kind of call, where its failures may show that the extractor is outdated.
            retry_after_seconds: As the upstream said.
            suspicion: What the failure says of the extractor.
            refunded_audio_seconds: Audio that `call_started` reported and the server has not processed.
        """
        for listener in self._listeners:
            listener(youtube_id, step, error_type)
        report = UpstreamReport(epoch=_epoch(status), calls=1, requests=0, audio_seconds=-refunded_audio_seconds)
        throttle = ERROR_RULES[error_type].throttle if error_type else Throttle.NO
        if error_type and (throttle in _SLOWS_DOWN or suspicion):
            report.throttle = ThrottledCall(
                error_type=error_type,
                youtube_id=youtube_id,
                retry_after_seconds=retry_after_seconds,
                suspicion=suspicion,
            )
        else:
            report.answered = error_type is None or not ERROR_RULES[error_type].is_unreachable
            report.answered_steps = {step: 1} if step and report.answered else {}
        self._add(report, due_in=None if report.throttle else _report_delay(status))

    async def until_decided(self) -> None:
        """Wait until the governor has decided on everything that was reported, for a while at most. Never fails."""
        try:
            async with asyncio.timeout(DECISION_SECONDS):
                while not await self._is_decided():  # noqa: ASYNC110 - the governor is another process
                    await asyncio.sleep(DECISION_POLL_SECONDS)
        except Exception as error:  # any failure: a governor that cannot be asked may not hold up calls
            self.log_failure(error)

    async def _is_decided(self) -> bool:
        return not self._waiting and not self._is_sending and await self._governor.has_decided()

    def _add(self, report: UpstreamReport, *, due_in: float | None = None) -> None:
        """Add to the last report, unless that ends in a throttle or is of another epoch.

        `due_in`: None is at once, even in the pause after a report that failed.
        """
        last = self._waiting[-1] if self._waiting else None
        if last is None or last.throttle or last.epoch != report.epoch:
            self._waiting.append(report)
        else:
            last.calls += report.calls
            last.requests += report.requests
            last.audio_seconds += report.audio_seconds
            last.answered = last.answered or report.answered
            for step, calls in report.answered_steps.items():
                last.answered_steps[step] = last.answered_steps.get(step, 0) + calls
            last.throttle = report.throttle
        if due_in is None:
            self.wake_now()
        else:
            self.wake(due_in)

    async def run_once(self) -> None:
        """Send the waiting reports in order. The one that fails stays first."""
        while self._waiting:
            report = self._waiting.popleft()
            report.requests += self._take_requests()
            self._is_sending = True
            try:
                await asyncio.wait_for(self._governor.report(report), SEND_SECONDS)
            except Exception:
                self._waiting.appendleft(report)
                raise
            finally:
                self._is_sending = False

    def _take_requests(self) -> int:
        with self._lock:
            taken, self._requests = self._requests, 0
        return taken


def _report_delay(status: UpstreamStatus | None) -> float:
    return status.report_after_seconds if status else FIRST_REPORT_SECONDS


def _epoch(status: UpstreamStatus | None) -> int:
    return status.epoch if status else UNKNOWN_EPOCH
