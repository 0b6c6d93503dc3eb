"""Time limits for what other servers do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

TICKS = 10


@asynccontextmanager
async def responsive_timeout(seconds: float) -> AsyncIterator[None]:
    """Raise TimeoutError after `seconds` in which this process could have noticed an answer.

    `asyncio.timeout` also counts the time in which other work keeps the event loop busy, and takes that for an outage
    of the server that has answered long ago. Here, a time without a turn of the loop counts as one tick.
    """
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle

    def tick(left: int) -> None:
        nonlocal timer
        if left:
            timer = loop.call_later(seconds / TICKS, tick, left - 1)
        else:
            limit.reschedule(loop.time())

    async with asyncio.timeout(None) as limit:
        timer = loop.call_later(seconds / TICKS, tick, TICKS - 1)
        try:
            yield
        finally:
            timer.cancel()
