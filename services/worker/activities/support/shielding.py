"""Finishes a call that has started, although its activity is cancelled."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from temporalio import activity

T = TypeVar("T")


async def shield_from_cancellation(work: Coroutine[Any, Any, T]) -> T:
    """Finish `work` in spite of a cancellation: its request has been spent, and a second call would cost another.

    Only the worker's end stops it, with CancelledError.
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
