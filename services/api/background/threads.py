"""Threads for work that takes much memory or a second of a core: a few at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class BoundedThreads:
    """Bounds concurrent work, and keeps it off the threads that other requests use."""

    def __init__(self, size: int, name: str) -> None:
        self.slots = asyncio.Semaphore(size)
        """A caller holds one while it has the input of a run in memory."""
        self._threads = ThreadPoolExecutor(size, thread_name_prefix=name)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `function` on one of the threads. Raises what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: function(*args, **kwargs))

    def close(self) -> None:
        """End the threads, without waiting for running work."""
        self._threads.shutdown(wait=False, cancel_futures=True)
