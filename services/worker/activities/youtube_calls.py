"""One call to YouTube: a blocking adapter on a thread, and a word to the governor."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

from services.worker.activities.answers import refused
from services.worker.adapters.models import YoutubeError
from services.worker.reporting import UpstreamReporter
from shared.contracts.errors import ErrorType
from shared.contracts.upstreams import UpstreamStatus

T = TypeVar("T")


class YoutubeCalls:
    """Makes the calls of one worker."""

    def __init__(self, reporter: UpstreamReporter, threads: Executor) -> None:
        self._reporter = reporter
        self._threads = threads

    async def ask(self, youtube: UpstreamStatus | None, subject: str, ask: Callable[[], T]) -> T:
        """One call; whatever comes of it, the governor hears of it. A refusal is raised as the workflow wants it.

        `youtube`: how it stands as the call begins; `subject`: the video or list that is asked for.
        """
        error_type: ErrorType | None = ErrorType.UPSTREAM_UNAVAILABLE  # what a call counts as that ends with the worker
        retry_after_seconds = None
        try:
            answer = await asyncio.get_running_loop().run_in_executor(self._threads, ask)
            error_type = None
        except YoutubeError as error:
            error_type, retry_after_seconds = error.error_type, error.retry_after_seconds
            raise refused(error) from None
        finally:
            self._reporter.call_ended(youtube, subject, error_type, retry_after_seconds=retry_after_seconds)
        return answer
