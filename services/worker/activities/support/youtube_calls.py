"""Runs one call to YouTube: a blocking adapter on a thread, and a report to the governor."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

from services.worker.activities.support.errors import application_error
from services.worker.activities.support.heartbeats import count_call
from services.worker.activities.support.suspicions import suspicion_of
from services.worker.adapters.models import YoutubeError
from services.worker.adapters.youtube.sent_requests import Call, calling
from services.worker.background.usage_reports import UpstreamReporter
from shared.contracts.errors import ErrorType
from shared.contracts.upstreams import PauseReason, Suspicion, UpstreamState, UpstreamStatus
from shared.contracts.youtube_requests import CallStage

T = TypeVar("T")
CALL_SECONDS = 180.0
"""Of one call: a few requests of at most 20 s each through the slowest of proxies. Where clients are refused there are
up to ten, each answered quickly: one that is not ends the call."""
MAX_CALLS = 5
"""Calls that one activity may start if none of them finishes: YouTube's answer may be what kills the worker."""


class CallsCutOffError(Exception):
    """Every attempt so far has sent a request, and ended before its answer was handled."""


class YoutubeCalls:
    """Runs the calls of one worker."""

    def __init__(self, reporter: UpstreamReporter, threads: Executor) -> None:
        self._reporter = reporter
        self._threads = threads

    async def run(
        self,
        status: UpstreamStatus | None,
        subject: str,
        stage: CallStage,
        call: Callable[[], T],
        *,
        channel_id: str | None = None,
    ) -> T:
        """Run `call` on a thread, and report its outcome to the governor. Use it inside `heartbeats`.

        Args:
            status: YouTube's status as the call starts.
            subject: The video or list that the call is about.
            stage: What the call is for.
            call: Sends the requests; raises YoutubeError.
            channel_id: The video's channel, where it is known.

        Raises:
            ApplicationError: For a YoutubeError.
            CallsCutOffError: Instead of call number `MAX_CALLS` + 1.
        """
        if count_call() >= MAX_CALLS:
            raise CallsCutOffError(f"{MAX_CALLS} calls about {subject} were cut off")

        this_call = Call(subject, stage, needs_new_guest=_follows_a_bot_check(status))

        def run_on_thread() -> T:
            with calling(this_call):
                return call()

        error_type: ErrorType | None = ErrorType.UPSTREAM_UNAVAILABLE  # if the worker ends first, or nothing comes
        retry_after_seconds, suspicion = None, None
        try:
            async with asyncio.timeout(CALL_SECONDS):
                answer = await asyncio.get_running_loop().run_in_executor(self._threads, run_on_thread)
            error_type = None
        except TimeoutError:
            late = YoutubeError(ErrorType.UPSTREAM_UNAVAILABLE, f"no answer within {CALL_SECONDS:.0f} s")
            raise application_error(late) from None
        except YoutubeError as error:
            error_type, retry_after_seconds = error.error_type, error.retry_after_seconds
            suspicion = None if stage is CallStage.AUDIO else suspicion_of(error, stage, subject, channel_id)
            raise application_error(error, is_outage=_is_outage(status, suspicion)) from None
        finally:
            is_passable = this_call.route is not None and this_call.route.report(error_type)
            if is_passable and error_type is ErrorType.BOT_CHECK:
                error_type = ErrorType.UPSTREAM_UNAVAILABLE  # a pause would stop the other exits as well
            self._reporter.call_finished(
                status,
                subject,
                error_type,
                step=None if stage is CallStage.AUDIO else stage,
                retry_after_seconds=retry_after_seconds,
                suspicion=suspicion,
            )
            if suspicion:  # until it is known whether there is an outage, this call's slot starts no other
                await self._reporter.until_decided()
        return answer


def _is_outage(status: UpstreamStatus | None, suspicion: Suspicion | None) -> bool:
    return suspicion is not None and status is not None and status.is_extractor_broken


def _follows_a_bot_check(status: UpstreamStatus | None) -> bool:
    """Whether this is the call that shows whether YouTube trusts another guest. Any worker may get it."""
    return status is not None and status.state is UpstreamState.HALF_OPEN and status.reason is PauseReason.BOT_CHECK
