"""YouTube changes in the middle of many imports: they wait, cost little, and are complete once it is over."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col
from temporalio.client import Client

from fakes.youtube import FakeVideo, FakeYoutube, Fault, Kind, captions
from shared.contracts.upstreams import PauseReason, Upstream, UpstreamState, UpstreamStatus
from shared.db.connection import transaction
from shared.db.models import Video
from shared.db.upstreams import find_status
from shared.settings import Settings
from tests.support.entries import add_video
from tests.support.waiting import eventually
from tests.support.worker import worker_at_work
from workflows.imports.client import start_import
from workflows.rate_limits.client import GovernorClient

IDS = [f"abcdefghi{number:02}" for number in range(12)]
MAX_REQUESTS = 50


@pytest.fixture
def paced(settings: Settings) -> Settings:
    """A rate that is slow beside the time in which a report changes it, as the default is."""
    return settings.model_copy(update={"youtube_calls_per_second": 1, "youtube_burst_calls": 0})


@pytest.fixture
async def governor(
    client: Client, paced: Settings, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> AsyncIterator[GovernorClient]:
    """The governor of a worker whose every call to a player is refused."""
    fake_youtube.library.add(*(FakeVideo(each, captions=(captions("en", "Read."),)) for each in IDS))
    fake_youtube.faults.add(Fault(kind=Kind.PLAYER, body="{}"))
    governor = GovernorClient(client, Upstream.YOUTUBE, paced.youtube_rate_limits)
    async with worker_at_work(client, paced, engine, fake_youtube):
        yield governor


async def status(engine: AsyncEngine) -> UpstreamStatus:
    async with transaction(engine) as connection:
        found = await find_status(connection, Upstream.YOUTUBE)
    assert found is not None
    return found


async def stages(engine: AsyncEngine) -> list[str]:
    async with engine.connect() as connection:
        return list(await connection.scalars(select(col(Video.import_stage))))


async def test_imports_wait_and_are_complete_when_it_is_over(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube, governor: GovernorClient
) -> None:
    async def is_paused(seconds: float) -> UpstreamStatus:
        found = await status(engine)
        assert (found.state, found.reason) == (UpstreamState.OPEN, PauseReason.EXTRACTOR_OUTDATED), found
        assert found.resume_at is not None
        assert (found.resume_at - found.since).total_seconds() == seconds
        return found

    async def are_complete() -> bool:
        found = await stages(engine)
        assert set(found) == {"complete"}, found
        return True

    for youtube_id in IDS:
        video = await add_video(engine, youtube_id)
        await start_import(client, youtube_id, video.user_id)

    await eventually(lambda: is_paused(900))
    await governor.resume()  # too early
    await eventually(lambda: is_paused(1800))
    assert len(fake_youtube.requests) <= MAX_REQUESTS
    assert set(await stages(engine)) == {"created"}

    fake_youtube.faults.clear()
    await governor.resume()
    await eventually(are_complete)
    assert (await status(engine)).extractor is None
