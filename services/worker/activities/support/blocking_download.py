"""Runs a blocking download on a thread, heartbeats its progress, and stops it on cancellation."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

T = TypeVar("T")
WATCH_SECONDS = 1.0

ReportProgress = Callable[[float], Awaitable[None]]
"""Receives the fraction (0-1) that is downloaded."""


class DownloadInterruptedError(ApplicationError):
    """The worker stops: another attempt continues the download from the partial file."""

    def __init__(self) -> None:
        super().__init__("interrupted", category=ApplicationErrorCategory.BENIGN)  # no stack trace in the log


async def run_download(
    threads: Executor, download: Callable[[Callable[[float], None]], T], report: ReportProgress
) -> T:
    """Run `download(on_progress)` on a thread; a cancellation or the worker's end stops it at its next bytes.

    Raises DownloadInterruptedError when the worker ends; Temporal then retries elsewhere. The thread has ended in any
    case, so that the next attempt does not write to the same file at the same time.
    """
    stop = threading.Event()
    fraction = 0.0

    def on_progress(now: float) -> None:
        nonlocal fraction
        fraction = now
        if stop.is_set():
            raise DownloadInterruptedError

    async def stop_with_worker() -> None:
        await activity.wait_for_worker_shutdown()
        stop.set()

    async def beat() -> None:
        while True:
            activity.heartbeat(f"{fraction:.1%}")
            await asyncio.sleep(WATCH_SECONDS)

    # Heartbeats must wait neither for a slow database nor for the last bytes.
    async with _running(beat(), stop_with_worker()):
        work = asyncio.get_running_loop().run_in_executor(threads, download, on_progress)
        try:
            while not work.done():
                await asyncio.wait([work], timeout=WATCH_SECONDS)
                await report(fraction)
        finally:
            stop.set()
            await asyncio.gather(work, return_exceptions=True)
        found = work.result()
        await report(1.0)  # also if the file was complete before, or became so during the last report
    return found


@asynccontextmanager
async def _running(*works: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
