"""A busy event loop is not an outage."""

import asyncio
import time

import pytest

from shared.deadlines import responsive_timeout

SECONDS = 0.2


async def test_time_without_a_turn_of_the_loop_hardly_counts() -> None:
    answer = asyncio.get_running_loop().create_future()
    async with responsive_timeout(SECONDS):
        asyncio.get_running_loop().call_soon(time.sleep, 2 * SECONDS)
        asyncio.get_running_loop().call_soon(answer.set_result, "answered")
        await asyncio.sleep(0)
        assert await answer == "answered"
        await asyncio.sleep(0)


async def test_no_answer_is_an_outage() -> None:
    with pytest.raises(TimeoutError):
        async with responsive_timeout(SECONDS):
            await asyncio.Event().wait()


async def test_what_ends_in_time_leaves_nothing_behind() -> None:
    async with responsive_timeout(SECONDS):
        await asyncio.sleep(0)
    await asyncio.sleep(2 * SECONDS)
