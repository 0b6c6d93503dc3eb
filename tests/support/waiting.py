"""Waiting for a condition instead of for a time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE_SECONDS = 120
"""Far beyond what anything takes while other processes keep every core busy; it costs nothing when all is well."""
SHORTEST_PAUSE, LONGEST_PAUSE = 0.02, 0.2
"""Between two looks, in seconds: looking takes the time of what is waited for."""


async def eventually(check: Callable[[], Awaitable[T]], *, within_seconds: float = PATIENCE_SECONDS) -> T:
    """Repeat `check` until its result is true and return it.

    An AssertionError inside counts as "not yet"; at the deadline it is raised, so that the test says what was missing.
    """
    began = time.monotonic()
    while True:
        last: AssertionError | None = None
        try:
            if found := await check():
                return found
        except AssertionError as error:
            last = error
        waited = time.monotonic() - began
        if waited > within_seconds:
            raise last or AssertionError(f"{check} did not become true within {within_seconds} s")
        await asyncio.sleep(min(max(SHORTEST_PAUSE, waited / 20), LONGEST_PAUSE))
