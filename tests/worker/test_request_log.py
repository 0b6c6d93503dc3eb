"""The log of requests to YouTube is written in the background and is in nobody's way."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from fakes.youtube import FakeVideo, FakeYoutube, captions
from services.worker.activities.youtube import YoutubeActivities
from services.worker.adapters.models import TrackCounts
from services.worker.background import request_log
from services.worker.background.request_log import RequestLog
from services.worker.dependencies import dependencies
from shared.contracts.imports import VideoRef
from shared.contracts.youtube_requests import CallStage, Endpoint, SentRequest
from shared.db.connection import autocommit
from shared.db.engine import create_engine
from shared.db.models import YoutubeRequest
from shared.settings import Settings
from tests.support.entries import add_video
from tests.support.servers import free_port
from tests.support.waiting import PATIENCE_SECONDS

ID = "abcdefghijk"


def player(client: str) -> SentRequest:
    return SentRequest(at=datetime.now(UTC), endpoint=Endpoint.PLAYER, milliseconds=1, client=client)


async def written(engine: AsyncEngine) -> list[YoutubeRequest]:
    async with autocommit(engine) as connection:
        rows = await connection.execute(select(YoutubeRequest).order_by(text("id")))
        return [YoutubeRequest(**row._mapping) for row in rows]


@pytest.fixture(autouse=True)
def _everything_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaving the log waits for its rows on a busy machine, too."""
    monkeypatch.setattr(request_log, "DRAIN_SECONDS", PATIENCE_SECONDS)


async def test_the_requests_of_an_activity_are_written(
    client: Client, settings: Settings, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    fake_youtube.library.add(FakeVideo(ID, captions=(captions("en", "Hello"),)))
    place = {"youtube_proxy": SecretStr(fake_youtube.proxy_url), "youtube_ca_file": fake_youtube.ca_file}
    await add_video(engine, ID)
    async with dependencies(client, settings.model_copy(update=place), engine) as needs:
        activities = YoutubeActivities(
            engine,
            needs.publish,
            metadata=needs.metadata,
            captions=needs.captions,
            reporter=needs.youtube_reporter,
            threads=needs.threads,
        )
        await ActivityEnvironment().run(activities.fetch_metadata, VideoRef(youtube_id=ID))
        await ActivityEnvironment().run(activities.fetch_captions, VideoRef(youtube_id=ID))
    rows = await written(engine)
    assert [(row.stage, row.endpoint) for row in rows] == [
        (CallStage.METADATA, Endpoint.WATCH),
        (CallStage.METADATA, Endpoint.PLAYER),
        (CallStage.CAPTIONS, Endpoint.TIMEDTEXT),
    ]
    assert {(row.youtube_id, row.worker) for row in rows} == {(ID, client.identity)}
    assert all(row.yt_dlp_version for row in rows)


async def test_tracks_belong_to_the_last_request_of_a_client_on_their_thread(engine: AsyncEngine) -> None:
    with ThreadPoolExecutor(1) as other:
        async with RequestLog(engine, "me") as log:
            log.request_sent(player("visionos"))
            log.tracks_named(TrackCounts("visionos", named=6, gated=2))
            log.request_sent(player("tvhtml5"))
            log.request_sent(SentRequest(at=datetime.now(UTC), endpoint=Endpoint.OTHER, milliseconds=1))
            other.submit(log.request_sent, player("visionos")).result()
            log.tracks_named(TrackCounts("tv_samsung", named=1, gated=0))
    found = [(row.client, row.tracks_named, row.tracks_gated) for row in await written(engine)]
    assert found == [("visionos", 6, 2), ("tvhtml5", 1, 0), (None, None, None), ("visionos", None, None)]


async def test_without_a_database_requests_are_dropped() -> None:
    url = SecretStr(f"postgresql://me@127.0.0.1:{free_port()}/mine")
    engine = create_engine(Settings(database_url=url), pool_size=1)
    async with RequestLog(engine, "me") as log:
        log.request_sent(player("visionos"))
    log.request_sent(player("visionos"))  # a thread that outlives the worker
    await engine.dispose()
