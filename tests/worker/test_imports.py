"""Whole imports by the production worker: real Temporal, PostgreSQL, yt-dlp and youtube-transcript-api."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import col
from temporalio.client import Client, WorkflowExecutionStatus

from fakes.youtube import Chapter as FakeChapter
from fakes.youtube import FakeVideo, FakeYoutube, Fault, Kind, VideoState, captions
from shared.contracts.errors import ErrorType
from shared.contracts.imports import ImportVideoResult
from shared.contracts.messages import ImportProgress
from shared.contracts.stages import ImportStage
from shared.contracts.youtube import CaptionsKind, CaptionsSource
from shared.db.connection import transaction
from shared.db.enrichments import find_enrichment
from shared.db.models import Chapter, TranscriptSegment, Video, VideoEnrichment
from shared.db.reimport import reimport_video
from shared.i18n.messages import import_error_text
from shared.temporal.names import IMPORT_STAGE, USER_ID, YOUTUBE_ID, import_video_id
from tests.support.entries import add_user, add_video, events_of, find_video
from tests.support.waiting import eventually
from workflows.imports.client import start_import
from workflows.imports.workflow import ImportVideo

pytestmark = pytest.mark.usefixtures("worker")

ID = "abcdefghijk"
ALL_STAGES = [("created", 0), ("metadata", 25), ("captions", 60), ("chapters", 90), ("complete", 100)]


async def run_import(client: Client, youtube_id: str, user_id: UUID) -> ImportVideoResult:
    return await (await start_import(client, youtube_id, user_id)).result()


async def enrichment(engine: AsyncEngine, youtube_id: str = ID) -> VideoEnrichment:
    async with transaction(engine) as connection:
        found = await find_enrichment(connection, youtube_id)
    assert found is not None
    return found


async def texts(engine: AsyncEngine) -> list[str]:
    async with engine.connect() as connection:
        rows = await connection.execute(select(TranscriptSegment).order_by(col(TranscriptSegment.position)))
        return [row.text for row in rows]


async def chapters(engine: AsyncEngine) -> list[tuple[float, float | None, str]]:
    async with engine.connect() as connection:
        rows = await connection.execute(select(Chapter).order_by(col(Chapter.position)))
        return [(row.start_seconds, row.end_seconds, row.title) for row in rows]


def stages(events: list[ImportProgress]) -> list[tuple[str, int]]:
    """What was reached; waits repeat a stage."""
    return [reached for reached, _ in groupby((event.stage.value, event.progress) for event in events)]


async def test_a_captioned_video_in_three_requests(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    fake_youtube.library.add(
        FakeVideo(
            ID,
            title="Mine",
            captions=(captions("en", "auto", automatic=True), captions("en", "Hello", "world")),
            chapters=(FakeChapter(0, "One"), FakeChapter(100, "Two"), FakeChapter(200, "Three")),
        )
    )
    video = await add_video(engine, ID)
    assert await run_import(client, ID, video.user_id) == ImportVideoResult(stage=ImportStage.COMPLETE)

    assert stages(await events_of(engine, video)) == ALL_STAGES
    known = await enrichment(engine)
    assert (known.title, known.channel, known.duration_seconds) == ("Mine", "Harbour Films", 300)
    assert known.published_at is not None
    assert known.completed_at is not None
    assert (known.captions_source, known.captions_language, known.captions_kind) == (
        CaptionsSource.YOUTUBE,
        "en",
        CaptionsKind.MANUAL,
    )
    assert await texts(engine) == ["Hello", "world"]
    assert await chapters(engine) == [(0, 100, "One"), (100, 200, "Two"), (200, 300, "Three")]
    assert [request.kind for request in fake_youtube.requests] == [Kind.WATCH, Kind.PLAYER, Kind.TIMEDTEXT]


async def test_a_video_without_captions_takes_its_chapters_from_the_description(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    fake_youtube.library.add(FakeVideo(ID, description="0:00 Start\n1:00 Middle\n2:00 End"))
    video = await add_video(engine, ID)
    await run_import(client, ID, video.user_id)
    assert stages(await events_of(engine, video)) == ALL_STAGES
    assert (await enrichment(engine)).captions_source == CaptionsSource.NONE
    assert await texts(engine) == []
    assert [title for _, _, title in await chapters(engine)] == ["Start", "Middle", "End"]


async def test_the_next_import_retries_unavailable_captions(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    fake_youtube.library.add(FakeVideo(ID, captions=(captions("en", "Hello"),)))
    fake_youtube.faults.add(Fault(kind=Kind.TIMEDTEXT, status=503, times=3))
    video = await add_video(engine, ID)
    await run_import(client, ID, video.user_id)
    assert stages(await events_of(engine, video)) == ALL_STAGES
    missing = await enrichment(engine)
    assert (missing.captions_source, missing.captions_missing) == (
        CaptionsSource.NONE,
        ErrorType.UPSTREAM_UNAVAILABLE,
    )

    another = await add_video(engine, ID, await add_user(engine))
    await run_import(client, ID, another.user_id)
    assert stages(await events_of(engine, another)) == ALL_STAGES
    found = await enrichment(engine)
    assert (found.captions_source, found.captions_missing) == (CaptionsSource.YOUTUBE, None)
    assert await texts(engine) == ["Hello"]


async def test_a_private_video_ends_in_error_with_plain_words(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    fake_youtube.library.add(FakeVideo(ID, state=VideoState.PRIVATE))
    video = await add_video(engine, ID)
    result = await run_import(client, ID, video.user_id)
    assert result == ImportVideoResult(stage=ImportStage.ERROR, error_code=ErrorType.VIDEO_PRIVATE)
    *_, last = await events_of(engine, video)
    assert (last.stage, last.progress, last.error_code) == (ImportStage.ERROR, 0, ErrorType.VIDEO_PRIVATE)
    assert last.message == import_error_text(ErrorType.VIDEO_PRIVATE)
    assert (await find_video(engine, video.id)).error_code == ErrorType.VIDEO_PRIVATE


async def test_an_upcoming_video_is_told_with_title_channel_and_start(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    starts_at = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    premiere = FakeVideo(ID, title="Launch", channel="The Pier", state=VideoState.PREMIERE, starts_at=starts_at)
    fake_youtube.library.add(premiere)
    video = await add_video(engine, ID)
    handle = await start_import(client, ID, video.user_id)

    async def waits() -> ImportProgress:
        *_, last = await events_of(engine, video)
        assert last.waiting_for is ErrorType.UPCOMING
        return last

    told = await eventually(waits)
    assert (told.title, told.channel, told.starts_at, told.duration_seconds) == ("Launch", "The Pier", starts_at, None)
    assert told.retry_at is not None
    assert abs(told.retry_at - starts_at) < timedelta(minutes=1)

    fake_youtube.library.add(replace(premiere, state=VideoState.OK, title="Launched"))
    await handle.signal(ImportVideo.retry_now)
    await handle.result()
    *_, complete = await events_of(engine, video)
    assert (complete.title, complete.starts_at, complete.waiting_for) == ("Launched", None, None)
    assert complete.duration_seconds == premiere.duration_seconds


async def test_one_import_serves_every_list_and_user(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    fake_youtube.library.add(FakeVideo(ID, captions=(captions("en", "Hello"),)))
    somebody = await add_user(engine)
    entries = [await add_video(engine, ID), await add_video(engine, ID), await add_video(engine, ID, somebody)]
    await asyncio.gather(*(start_import(client, ID, entry.user_id) for entry in entries))
    for entry in entries:
        await eventually(partial(_is_complete, engine, entry))
        assert stages(await events_of(engine, entry)) == ALL_STAGES
    assert len(fake_youtube.requests) == 3


async def test_a_known_video_is_complete_at_once_and_without_a_request(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    fake_youtube.library.add(FakeVideo(ID))
    await run_import(client, ID, (await add_video(engine, ID)).user_id)
    requests = len(fake_youtube.requests)
    assert requests == 2, "page and player agree that there are no captions"
    second = await add_video(engine, ID)
    assert (await run_import(client, ID, second.user_id)).stage is ImportStage.COMPLETE
    assert stages(await events_of(engine, second)) == [("created", 0), ("complete", 100)]
    assert len(fake_youtube.requests) == requests


async def test_a_failed_request_is_repeated_and_nothing_before_it(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    fake_youtube.library.add(FakeVideo(ID, captions=(captions("en", "Hello"),)))
    fake_youtube.faults.add(Fault(kind=Kind.TIMEDTEXT, status=503, times=1))
    video = await add_video(engine, ID)
    await run_import(client, ID, video.user_id)
    assert stages(await events_of(engine, video)) == ALL_STAGES
    assert [request.kind for request in fake_youtube.requests].count(Kind.WATCH) == 1


async def test_the_import_can_be_found_by_what_it_does(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    fake_youtube.library.add(FakeVideo(ID, title="Stuck", captions=(captions("en", "Hello"),)))
    fake_youtube.faults.add(Fault(kind=Kind.TIMEDTEXT, status=429, times=-1))
    video = await add_video(engine, ID)
    somebody = await add_user(engine)
    handle = await start_import(client, ID, video.user_id)
    await start_import(client, ID, somebody)

    async def stuck_at_captions() -> bool:
        query = f"{IMPORT_STAGE.name} = 'captions' AND {YOUTUBE_ID.name} = '{ID}' AND ExecutionStatus = 'Running'"
        found = [execution async for execution in client.list_workflows(query)]
        assert [execution.id for execution in found] == [import_video_id(ID)]
        return found[0].typed_search_attributes[USER_ID] == [str(video.user_id), str(somebody)]

    await eventually(stuck_at_captions)

    async def says_that_it_waits() -> bool:  # the first two waits are short
        details = (await handle.query("__temporal_workflow_metadata")).current_details
        return "**Stuck**" in details and "waits until" in details

    await eventually(says_that_it_waits)
    description = await handle.describe()
    assert await description.static_summary() == f"YouTube video {ID}"
    fake_youtube.faults.clear()
    await handle.signal(ImportVideo.retry_now)
    assert (await handle.result()).stage is ImportStage.COMPLETE


async def test_a_deleted_list_entry_stops_its_import(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    handle = await start_import(client, ID, await add_user(engine))
    await handle.result()
    assert (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED
    assert fake_youtube.requests == []


async def _is_complete(engine: AsyncEngine, video: Video) -> bool:
    return (await find_video(engine, video.id)).import_stage == ImportStage.COMPLETE


async def test_a_complete_video_gets_the_captions_that_it_has_by_now(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    fake_youtube.library.add(FakeVideo(ID))
    video = await add_video(engine, ID)
    await run_import(client, ID, video.user_id)
    assert (await enrichment(engine)).captions_source == CaptionsSource.NONE
    fake_youtube.library.add(FakeVideo(ID, captions=(captions("en", "Now it has some"),)))
    async with engine.begin() as connection:
        assert await reimport_video(connection, video.user_id, video.id)
    await run_import(client, ID, video.user_id)
    assert (await find_video(engine, video.id)).import_stage == ImportStage.COMPLETE
    assert await texts(engine) == ["Now it has some"]


async def test_captions_stay_where_a_further_import_finds_none(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    fake_youtube.library.add(FakeVideo(ID, captions=(captions("en", "Said once"),)))
    video = await add_video(engine, ID)
    await run_import(client, ID, video.user_id)
    fake_youtube.library.add(FakeVideo(ID))
    async with engine.begin() as connection:
        assert await reimport_video(connection, video.user_id, video.id)
    await run_import(client, ID, video.user_id)
    assert (await find_video(engine, video.id)).import_stage == ImportStage.COMPLETE
    known = await enrichment(engine)
    assert (known.captions_source, known.captions_language, known.captions_missing) == (
        CaptionsSource.YOUTUBE,
        "en",
        None,
    )
    assert await texts(engine) == ["Said once"]
