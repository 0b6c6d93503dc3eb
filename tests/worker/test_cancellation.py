"""A call that has started ends, unless its worker does."""

import asyncio

import pytest
from temporalio.activity import ActivityCancellationDetails
from temporalio.testing import ActivityEnvironment

from services.worker.activities.support.shielding import shield_from_cancellation


class Call:
    """A call that is answered when the test says so."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.answer = asyncio.Event()
        self.ended = False

    async def run(self) -> str:
        async def work() -> str:
            self.began.set()
            try:
                await self.answer.wait()
            finally:
                self.ended = True
            return "answer"

        return await shield_from_cancellation(work())


@pytest.fixture
def call() -> Call:
    return Call()


async def test_a_recalled_call_is_answered_all_the_same(call: Call) -> None:
    environment = ActivityEnvironment()
    running = asyncio.ensure_future(environment.run(call.run))
    await call.began.wait()
    environment.cancel(ActivityCancellationDetails(cancel_requested=True))
    await asyncio.sleep(0)
    call.answer.set()
    assert await running == "answer"


async def test_the_end_of_the_worker_ends_it(call: Call) -> None:
    environment = ActivityEnvironment()
    running = asyncio.ensure_future(environment.run(call.run))
    await call.began.wait()
    environment.cancel(ActivityCancellationDetails(worker_shutdown=True))
    with pytest.raises(asyncio.CancelledError):
        await running
    assert call.ended


async def test_the_end_of_the_worker_ends_one_that_was_recalled_before(call: Call) -> None:
    environment = ActivityEnvironment()
    running = asyncio.ensure_future(environment.run(call.run))
    await call.began.wait()
    environment.cancel(ActivityCancellationDetails(cancel_requested=True))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
