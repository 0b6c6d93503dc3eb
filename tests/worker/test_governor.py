"""The rate of the task queue, on the real server: what the governor says is what workers are given."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from services.worker.activities.rate_limits import PROBE_CALLS_PER_SECOND, GovernorActivities
from services.worker.background.queue_rate import queue_rate
from shared.contracts.upstreams import ApplyRateInput, Upstream, UpstreamStatus
from shared.db.connection import transaction
from shared.db.upstreams import find_status
from tests.support.upstreams import GOING
from tests.support.waiting import eventually
from tests.workflows.steps import ScriptedSteps
from workflows.imports.client import start_import

IDS = [f"abcdefghij{number}" for number in range(5)]
FULL_RATE = ApplyRateInput(upstream=Upstream.YOUTUBE, calls_per_second=1000)
PAUSED = ApplyRateInput(upstream=Upstream.YOUTUBE, calls_per_second=0)


@pytest.fixture
async def activities(client: Client, engine: AsyncEngine) -> AsyncIterator[GovernorActivities]:
    """The queue is at full rate afterwards, for the tests that come."""
    activities = GovernorActivities(engine, client)
    yield activities
    await activities.apply_rate(FULL_RATE)


def called(steps: ScriptedSteps, step: str) -> int:
    return steps.calls.count(step)


async def test_the_queue_obeys(client: Client, activities: GovernorActivities) -> None:
    """Nothing at rate 0, one call for a probe, everything at full rate."""
    steps = ScriptedSteps()

    async def calls_are(step: str, count: int) -> bool:
        assert called(steps, step) == count, steps.calls
        return True

    await activities.apply_rate(PAUSED)
    async with steps.at_work(client):
        for youtube_id in IDS:
            await start_import(client, youtube_id, uuid4())
        await eventually(lambda: calls_are("load_import_state", len(IDS)))
        assert called(steps, "fetch_metadata") == 0
        await activities.apply_rate(PAUSED.model_copy(update={"probe": 1}))
        await eventually(lambda: calls_are("fetch_metadata", 1))
        # The next: in an hour.
        assert await queue_rate(client, Upstream.YOUTUBE) == pytest.approx(PROBE_CALLS_PER_SECOND, rel=1e-3)
        await activities.apply_rate(PAUSED.model_copy(update={"probe": 2}))
        await eventually(lambda: second_call(steps))
        assert await queue_rate(client, Upstream.YOUTUBE) == pytest.approx(PROBE_CALLS_PER_SECOND, rel=1e-3)
        await activities.apply_rate(FULL_RATE)
        await eventually(lambda: calls_are("complete_import", len(IDS)))


async def second_call(steps: ScriptedSteps) -> bool:
    """Whichever is first in line: the captions of the first video or the metadata of the second."""
    calls = called(steps, "fetch_metadata") + called(steps, "fetch_captions")
    assert calls == 2, steps.calls
    return True


async def test_each_upstream_has_a_queue_of_its_own(client: Client, activities: GovernorActivities) -> None:
    speech = ApplyRateInput(upstream=Upstream.TRANSCRIPTION, calls_per_second=0.25)
    await activities.apply_rate(FULL_RATE)
    await activities.apply_rate(speech)
    assert await queue_rate(client, Upstream.TRANSCRIPTION) == 0.25
    assert await queue_rate(client, Upstream.YOUTUBE) == FULL_RATE.calls_per_second
    await activities.apply_rate(speech.model_copy(update={"calls_per_second": 1000}))


async def kept(engine: AsyncEngine) -> UpstreamStatus | None:
    async with transaction(engine) as connection:
        return await find_status(connection, Upstream.YOUTUBE)


async def test_the_newest_status_is_saved(engine: AsyncEngine, activities: GovernorActivities) -> None:
    now = datetime.now(UTC)
    assert await kept(engine) is None
    newer = GOING.model_copy(update={"at": now, "requests_left": 5})
    older = GOING.model_copy(update={"at": now - timedelta(seconds=1), "requests_left": 6})
    for each in (older, newer, older, newer):
        await activities.save(each, b"state")
    assert await kept(engine) == newer
