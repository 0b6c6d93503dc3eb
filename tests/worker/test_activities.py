"""Every activity may run again, at any moment, without doing anything twice."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import select
from temporalio.testing import ActivityEnvironment

from services.worker.activities.imports import ImportActivities
from services.worker.activities.youtube import YoutubeActivities
from services.worker.adapters.models import Transcript, TranscriptLine
from services.worker.background.usage_reports import UpstreamReporter
from shared.contracts.errors import ErrorType
from shared.contracts.imports import FailImportInput, SkipCaptionsInput, VideoRef, WaitingVideo
from shared.contracts.messages import FeedItem
from shared.contracts.stages import ImportStage
from shared.contracts.upstreams import Upstream
from shared.contracts.youtube import CaptionsAnswer, CaptionsKind, CaptionTrack
from shared.db.connection import transaction
from shared.db.engine import create_engine
from shared.db.enrichments import find_enrichment, save_metadata
from shared.db.models import TranscriptSegment, VideoEnrichment
from shared.i18n.catalog import text
from shared.settings import Settings
from shared.temporal.client import connect
from tests.support.entries import add_user, add_video, events_of, find_video
from tests.support.servers import free_port
from tests.support.waiting import eventually
from workflows.rate_limits.client import GovernorClient

ID = "abcdefghijk"
VIDEO = VideoRef(youtube_id=ID)
SKIP = SkipCaptionsInput(youtube_id=ID, reason=ErrorType.CAPTIONS_DISABLED)


@pytest.fixture
def published() -> list[FeedItem]:
    return []


@pytest.fixture
def activities(engine: AsyncEngine, published: list[FeedItem]) -> ImportActivities:
    return ImportActivities(engine, published.extend, has_speech_to_text=False, wake_batches=lambda _: None)


@pytest.fixture
async def metadata_known(engine: AsyncEngine) -> None:
    """The metadata stage has been here."""
    async with transaction(engine) as connection:
        await save_metadata(connection, VideoEnrichment(youtube_id=ID, title="Known"))


@pytest.mark.usefixtures("metadata_known")
async def test_repeated_activities_publish_each_stage_once(
    engine: AsyncEngine, activities: ImportActivities, published: list[FeedItem]
) -> None:
    video = await add_video(engine, ID)
    run = ActivityEnvironment().run
    for _ in range(2):
        await run(activities.load_import_state, WaitingVideo(youtube_id=ID))
    for _ in range(2):
        await run(activities.skip_captions, SKIP)
    for step in (activities.save_chapters, activities.complete_import):
        await run(step, VIDEO)
        await run(step, VIDEO)
    events = await events_of(engine, video)
    assert [event.progress for event in events] == [0, 25, 60, 90, 100]
    assert [item.message.seq for item in published] == [event.seq for event in events[1:]]


async def test_a_failure_keeps_the_percentage_and_is_published_once(
    engine: AsyncEngine, activities: ImportActivities
) -> None:
    video = await add_video(engine, ID)
    failure = FailImportInput(youtube_id=ID, error_code=ErrorType.GEO_BLOCKED)
    await ActivityEnvironment().run(activities.fail_import, failure)
    await ActivityEnvironment().run(activities.fail_import, failure)
    *_, last = await events_of(engine, video)
    assert [event.stage for event in await events_of(engine, video)] == [ImportStage.CREATED, ImportStage.ERROR]
    assert last.message == text("import_error.geo_blocked")


@pytest.mark.usefixtures("metadata_known")
async def test_rows_never_move_backwards(engine: AsyncEngine, activities: ImportActivities) -> None:
    video = await add_video(engine, ID)
    await ActivityEnvironment().run(activities.complete_import, VIDEO)
    await ActivityEnvironment().run(activities.save_chapters, VIDEO)
    await ActivityEnvironment().run(
        activities.fail_import, FailImportInput(youtube_id=ID, error_code=ErrorType.GEO_BLOCKED)
    )
    assert (await find_video(engine, video.id)).import_stage == ImportStage.COMPLETE


async def test_only_a_waiting_entry_makes_a_video_wanted(engine: AsyncEngine, activities: ImportActivities) -> None:
    assert not (await ActivityEnvironment().run(activities.load_import_state, WaitingVideo(youtube_id=ID))).wanted
    await add_video(engine, ID)
    assert (await ActivityEnvironment().run(activities.load_import_state, WaitingVideo(youtube_id=ID))).wanted
    assert not (
        await ActivityEnvironment().run(activities.load_import_state, WaitingVideo(youtube_id="another_one"))
    ).wanted


async def test_a_step_moves_every_users_entries_and_each_hears_of_its_own(
    engine: AsyncEngine, activities: ImportActivities, published: list[FeedItem]
) -> None:
    somebody = await add_user(engine)
    videos = [await add_video(engine, ID), await add_video(engine, ID), await add_video(engine, ID, somebody)]
    await ActivityEnvironment().run(activities.skip_captions, SKIP)
    assert sorted((item.user_id, item.message.video_id) for item in published) == sorted(
        (video.user_id, video.id) for video in videos
    )


class Youtube:
    """Answers every request with one video, and counts them."""

    def __init__(self, **answer: object) -> None:
        self.asked = 0
        self.answer: dict[str, Any] = {"title": "Title", **answer}
        self.before_answering: Callable[[], None] = lambda: None

    def ask(self, youtube_id: str) -> dict[str, Any]:
        self.asked += 1
        self.before_answering()
        return self.answer

    def fetch(self, youtube_id: str, track: CaptionTrack | None, answers: Mapping[str, CaptionsAnswer]) -> Transcript:
        self.asked += 1
        return Transcript("en", CaptionsKind.MANUAL, [TranscriptLine(0, 1, "a\0b \ud83d c")])


@asynccontextmanager
async def asking(engine: AsyncEngine, youtube: Youtube) -> AsyncIterator[YoutubeActivities]:
    settings = Settings()
    reporter = UpstreamReporter(GovernorClient(await connect(settings), Upstream.YOUTUBE, settings.youtube_rate_limits))
    with ThreadPoolExecutor(1) as threads:
        yield YoutubeActivities(
            engine, lambda _: None, metadata=youtube, captions=youtube, reporter=reporter, threads=threads
        )


async def known(engine: AsyncEngine) -> VideoEnrichment:
    async with transaction(engine) as connection:
        found = await find_enrichment(connection, ID)
    assert found is not None
    return found


async def test_texts_that_postgres_cannot_store_are_cleaned(engine: AsyncEngine) -> None:
    nul = "a\0b \ud83d c"
    youtube = Youtube(title=nul, tags=[nul], chapters=[{"title": nul, "start_time": 0}])
    async with asking(engine, youtube) as activities:
        await ActivityEnvironment().run(activities.fetch_metadata, VIDEO)
        await ActivityEnvironment().run(activities.fetch_captions, VIDEO)
    found = await known(engine)
    assert (found.title, found.tags, found.youtube_chapters[0]["title"]) == ("ab  c", ["ab  c"], "ab  c")
    async with engine.connect() as connection:
        assert (await connection.execute(select(TranscriptSegment.text))).scalar() == "ab  c"


async def test_no_request_is_sent_while_postgres_is_unavailable() -> None:
    away = create_engine(Settings(database_url=SecretStr(f"postgresql://vidferry@127.0.0.1:{free_port()}/vidferry")))
    youtube = Youtube()
    async with asking(away, youtube) as activities:
        with pytest.raises(OSError, match="Connect call failed"):
            await ActivityEnvironment().run(activities.fetch_metadata, VIDEO)
    assert youtube.asked == 0


async def test_an_answer_survives_an_outage_of_postgres(
    engine: AsyncEngine, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The database is unavailable when the answer arrives; the request is still sent once only."""
    database = make_url(database_url).database
    admin = await asyncpg.connect(make_url(database_url).set(database="postgres").render_as_string(False))
    loop, youtube = asyncio.get_running_loop(), Youtube()

    async def close() -> None:
        await admin.execute(f"ALTER DATABASE {database} WITH ALLOW_CONNECTIONS false")
        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", database)

    async def has_failed_to_keep_it() -> bool:
        return "database_unavailable" in caplog.text

    youtube.before_answering = lambda: asyncio.run_coroutine_threadsafe(close(), loop).result(20)
    async with asking(engine, youtube) as activities:
        fetching = asyncio.create_task(ActivityEnvironment().run(activities.fetch_metadata, VIDEO))
        await eventually(has_failed_to_keep_it)
        assert not fetching.done()
        await admin.execute(f"ALTER DATABASE {database} WITH ALLOW_CONNECTIONS true")
        await fetching
    await admin.close()
    assert (youtube.asked, (await known(engine)).title) == (1, "Title")
