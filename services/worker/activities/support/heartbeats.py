"""Heartbeats in the background of an activity, with a count of calls for its next attempt."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar

from temporalio import activity

HEARTBEAT_SECONDS = 5

_calls_started: ContextVar[list[int]] = ContextVar("calls_started")
"""Of all attempts so far. A list, so that tasks of one activity share it; sent with every heartbeat."""


@asynccontextmanager
async def heartbeats() -> AsyncIterator[None]:
    """Heartbeat in the background; the work inside has timeouts of its own."""
    started = [sum(detail for detail in activity.info().heartbeat_details if isinstance(detail, int))]
    token = _calls_started.set(started)

    async def beat() -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            activity.heartbeat(*started)

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        _calls_started.reset(token)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def count_call() -> int:
    """Count a call to an upstream; returns how many calls were started before it.

    None of those was finished: the worker died, or the attempt timed out. Use it inside `heartbeats`.
    """
    started = _calls_started.get()
    before = started[0]
    started[0] += 1
    activity.heartbeat(*started)
    return before
