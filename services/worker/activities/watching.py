"""A blocking download on a thread, watched: it heartbeats how far it is, and ends when it is no longer wanted."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from typing import Any, TypeVar

from temporalio import activity

T = TypeVar("T")
WATCH_SECONDS = 1.0

Tell = Callable[[float], Awaitable[None]]
"""Told which fraction (0-1) is here."""


class Stopped(Exception):
    """The download is to go on another time; what is here stays."""


async def watched(threads: Executor, download: Callable[[Callable[[float], None]], T], tell: Tell) -> T:
    """`download(on_progress)` on a thread. A cancellation and the worker's end stop it with its next bytes.

    Raises Stopped when the worker ends: Temporal lets another one go on.
    """
    stop = threading.Event()
    fraction = 0.0

    def on_progress(now: float) -> None:
        nonlocal fraction
        fraction = now
        if stop.is_set():
            raise Stopped("no longer wanted here")

    work = asyncio.get_running_loop().run_in_executor(threads, download, on_progress)
    worker_ends = asyncio.create_task(activity.wait_for_worker_shutdown())
    try:
        while not work.done():
            ends: list[asyncio.Future[Any]] = [work, worker_ends]
            await asyncio.wait(ends, timeout=WATCH_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if worker_ends.done():
                stop.set()
            activity.heartbeat(f"{fraction:.1%}")
            await tell(fraction)
    finally:
        worker_ends.cancel()
        stop.set()
        await asyncio.gather(work, worker_ends, return_exceptions=True)
    return work.result()
