"""Waiting for a condition instead of for a time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(check: Callable[[], Awaitable[T]], *, within_seconds: float = 20) -> T:
    """Repeat `check` until its result is true and return it.

    An AssertionError inside counts as "not yet"; at the deadline it is raised, so that the test says what was missing.
    """
    deadline = time.monotonic() + within_seconds
    while True:
        last: AssertionError | None = None
        try:
            if found := await check():
                return found
        except AssertionError as error:
            last = error
        if time.monotonic() > deadline:
            raise last or AssertionError(f"{check} did not become true within {within_seconds} s")
        await asyncio.sleep(0.02)
