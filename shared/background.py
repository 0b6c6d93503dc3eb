"""The life cycle of work that a process does beside its requests and activities: start, wake, drain."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Self

from shared import process
from shared.db.errors import is_database_unavailable
from shared.logs import get_logger
from shared.temporal.errors import is_temporal_unavailable

DRAIN_SECONDS = 5.0
"""How long the end of a process waits for one background task, unless it has to end earlier."""

CLOSE_SECONDS = 1.5
"""What the drain leaves of a process's time, for its last writes and for closing what is open."""

LOG_AGAIN_SECONDS = 60.0
"""How long after a failure the same one is not logged again: an outage is one line a minute."""

logger = get_logger(__name__)


class BackgroundTask(ABC):
    """Calls `run_once` each time that it is woken; leaving the context finishes the work that waits.

    A subclass keeps its work in memory and calls `wake`. Only one `run_once` runs at a time. A failure never ends the
    task and is logged, unless one of the same type has just been.
    """

    def __init__(
        self,
        name: str,
        *,
        pause_seconds: float = 0,
        retry_seconds: float | None = None,
        drain_seconds: float | None = None,
        drains_waiting: bool = True,
    ) -> None:
        """Describe the task; entering the context starts it.

        Args:
            name: Names the task in the log.
            pause_seconds: The least time between two runs, in which work collects.
            retry_seconds: The pause after a failed run, which is then repeated. None: it is not repeated.
            drain_seconds: How long leaving the context may take; 0 cancels the current run. None: `DRAIN_SECONDS`.
            drains_waiting: Whether leaving the context does the work that waits. Otherwise only the current run ends.
        """
        self._name = name
        self._pause_seconds = pause_seconds
        self._retry_seconds = retry_seconds
        self._drain_seconds = DRAIN_SECONDS if drain_seconds is None else drain_seconds
        self._drains_waiting = drains_waiting
        self._due = float("inf")
        """When the next run is wanted, in monotonic time."""
        self._is_urgent = False
        """Whether the next run waits for no pause."""
        self._not_before = 0.0
        self._retry_at = 0.0
        """When a failed run may be repeated, in monotonic time; a drain waits for this only."""
        self._changed = asyncio.Event()
        self._draining = False
        self._stopping = False
        self._task: asyncio.Task[None] | None = None
        self._logged_at: dict[str, float] = {}

    @abstractmethod
    async def run_once(self) -> None:
        """Do the work that waits. What it raises is logged."""

    def wake(self, in_seconds: float = 0) -> None:
        """Request a run, which may also be earlier. Returns at once."""
        due = time.monotonic() + in_seconds
        if due < self._due:
            self._due = due
            self._changed.set()

    def wake_now(self) -> None:
        """Request a run that does not wait for the pause after the last one. Returns at once."""
        self._is_urgent = True
        self.wake()
        self._changed.set()

    @property
    def is_draining(self) -> bool:
        """Whether the context is being left: what begins now may be cut off."""
        return self._draining

    def log_failure(self, failure: object) -> None:
        """Log a failure, unless the same one was logged in the last `LOG_AGAIN_SECONDS`.

        During an outage, every error of the same type is the same failure, and its traceback says nothing.
        """
        is_outage = isinstance(failure, Exception) and _is_outage(failure)
        kind = type(failure).__name__ if is_outage else repr(failure)
        now = time.monotonic()
        if now - self._logged_at.get(kind, float("-inf")) < LOG_AGAIN_SECONDS:
            return
        self._logged_at = {logged: at for logged, at in self._logged_at.items() if now - at < LOG_AGAIN_SECONDS}
        self._logged_at[kind] = now
        traceback = failure if isinstance(failure, Exception) and not is_outage else None
        logger.warning("background_task_failed", task=self._name, error=failure, exc_info=traceback)

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name=self._name)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is None:
            return
        drain_seconds = min(self._drain_seconds, process.seconds_left() - CLOSE_SECONDS)
        if drain_seconds > 0:
            self._draining = True
            self._changed.set()
            await asyncio.wait([self._task], timeout=drain_seconds)
        self._stopping = True
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        while not self._stopping:
            await self._until_due()
            if self._due == float("inf") or (self._draining and not self._drains_waiting):
                return  # draining, and no work waits that is done at the end
            self._due, self._is_urgent, self._retry_at = float("inf"), False, 0.0
            pause_seconds = self._pause_seconds
            try:
                await self.run_once()
            except asyncio.CancelledError as error:
                task = asyncio.current_task()
                if task is None or task.cancelling():
                    raise
                self.log_failure(error)  # raised by what the run awaited: nobody cancels this task
            except Exception as error:  # a failure of any kind must not end the task
                self.log_failure(error)
                if self._retry_seconds is not None:
                    pause_seconds = self._retry_seconds
                    self._retry_at = time.monotonic() + pause_seconds
                    self.wake()
            self._not_before = time.monotonic() + pause_seconds

    async def _until_due(self) -> None:
        while not self._is_urgent:
            due = self._retry_at if self._draining else max(self._due, self._not_before)
            left = due - time.monotonic()
            if left <= 0:
                return
            self._changed.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), None if left == float("inf") else left)


@asynccontextmanager
async def running(*tasks: BackgroundTask) -> AsyncIterator[None]:
    """Run the tasks; leaving the context drains all of them at the same time, each on its own."""
    for task in tasks:
        await task.__aenter__()
    try:
        yield
    finally:
        await asyncio.gather(*(task.__aexit__(None, None, None) for task in tasks))


def _is_outage(error: Exception) -> bool:
    """Whether a server is unavailable, also where the error was raised from one that says so."""
    return any(
        is_database_unavailable(each) or is_temporal_unavailable(each) for each in (error, error.__cause__) if each
    )
