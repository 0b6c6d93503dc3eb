"""What a cancellation means for a call that has begun: nothing."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from temporalio import activity

T = TypeVar("T")


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Let `work` end although it was cancelled: its answer has been paid for, and a second call would cost another.

    Only the end of the worker ends it, with CancelledError.
    """
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        details = activity.cancellation_details()
        if details is None or details.worker_shutdown:
            task.cancel()
            raise
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:  # a cancellation comes once; this is the worker's end
        task.cancel()
        raise
