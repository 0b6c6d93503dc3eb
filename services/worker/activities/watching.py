"""A blocking download on a thread, watched: it heartbeats how far it is, and ends when it is no longer wanted."""

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

Tell = Callable[[float], Awaitable[None]]
"""Told which fraction (0-1) is here."""


class Stopped(ApplicationError):
    """The download is to go on another time; what is here stays."""

    def __init__(self) -> None:
        super().__init__("no longer wanted here", category=ApplicationErrorCategory.BENIGN)  # no stack trace in the log


async def watched(threads: Executor, download: Callable[[Callable[[float], None]], T], tell: Tell) -> T:
    """`download(on_progress)` on a thread. A cancellation and the worker's end stop it with its next bytes.

    Raises Stopped when the worker ends: Temporal lets another one go on. The thread has ended in any case: whoever
    follows does not meet it at work.
    """
    stop = threading.Event()
    fraction = 0.0

    def on_progress(now: float) -> None:
        nonlocal fraction
        fraction = now
        if stop.is_set():
            raise Stopped

    async def stop_with_the_worker() -> None:
        await activity.wait_for_worker_shutdown()
        stop.set()

    async def beat() -> None:
        while True:
            activity.heartbeat(f"{fraction:.1%}")
            await asyncio.sleep(WATCH_SECONDS)

    # Heartbeats must not wait for anything: neither for a database that takes its time, nor for the last bytes.
    async with _meanwhile(beat(), stop_with_the_worker()):
        work = asyncio.get_running_loop().run_in_executor(threads, download, on_progress)
        try:
            while not work.done():
                await asyncio.wait([work], timeout=WATCH_SECONDS)
                await tell(fraction)
        finally:
            stop.set()
            await asyncio.gather(work, return_exceptions=True)
        found = work.result()
        await tell(1.0)  # also of what was here before, or came while the last one was told
    return found


@asynccontextmanager
async def _meanwhile(*works: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
