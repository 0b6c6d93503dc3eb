"""What schedules do for captions: another look at YouTube, after a week or with another extractor."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from fakes.youtube import FakeVideo, FakeYoutube, Fault, captions
from services.worker.activities.transcripts import UPGRADE_AFTER
from shared.contracts.errors import ErrorType
from shared.contracts.transcription import CaptionUpgradeCandidates, SweepResult
from shared.contracts.upstreams import ExtractorOrigin
from shared.contracts.youtube import CaptionsKind, CaptionsSource
from shared.db import enrichments
from shared.db.connection import transaction
from shared.db.installation import record_extractor
from shared.db.models import VideoEnrichment
from shared.settings import Settings
from shared.temporal.names import UPGRADE_CAPTIONS_SCHEDULE_ID, TaskQueue
from tests.support.waiting import eventually
from tests.support.worker import worker_at_work
from tests.workflows.steps import ScriptedSteps, application_error
from workflows.maintenance.workflows import SweepAudio, UpgradeCaptions

HAS_CAPTIONS, HAS_NONE, IS_YOUNG, WAS_LOOKED_AT = "captioned__", "silent_____", "young______", "looked_at__"
DAY = timedelta(days=1)
NOT_ASKED = [ErrorType.RATE_LIMITED, ErrorType.UPSTREAM_UNAVAILABLE]
ANSWERED = [ErrorType.CAPTIONS_NONE, ErrorType.UNEXPECTED_ANSWER]


async def upgrade(client: Client) -> int:
    return await client.execute_workflow(UpgradeCaptions.run, id="upgrade-now", task_queue=TaskQueue.IMPORTS)


async def from_speech(engine: AsyncEngine, youtube_id: str, age: timedelta) -> None:
    """A video whose captions were made from speech so long ago."""
    async with transaction(engine) as connection:
        await enrichments.save_metadata(connection, VideoEnrichment(youtube_id=youtube_id, title="A lens"))
        await enrichments.save_captions(
            connection,
            youtube_id,
            language="en",
            kind=CaptionsKind.AUTOMATIC,
            lines=[(0, 1, "SpeechSegment.")],
            source=CaptionsSource.WHISPER,
        )
        await enrichments.mark_complete(connection, youtube_id)
        statement = "UPDATE video_enrichments SET captions_at = now() - $1::interval WHERE youtube_id = $2"
        await connection.execute(statement, age, youtube_id)


async def source(engine: AsyncEngine, youtube_id: str) -> tuple[str | None, bool]:
    """Where its captions are from, and whether they were looked for again."""
    async with transaction(engine) as connection:
        found = await enrichments.find_enrichment(connection, youtube_id)
    assert found is not None
    return found.captions_source, found.captions_rechecked_at is not None


async def first_line(engine: AsyncEngine, youtube_id: str) -> str:
    statement = text("SELECT text FROM transcript_segments WHERE youtube_id = :id ORDER BY position")
    async with engine.connect() as connection:
        return str(await connection.scalar(statement, {"id": youtube_id}))


async def test_captions_that_youtube_has_by_now_replace_those_from_speech(
    client: Client, settings: Settings, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    fake_youtube.library.add(
        *(FakeVideo(each, captions=(captions("en", "Read."),)) for each in (HAS_CAPTIONS, IS_YOUNG, WAS_LOOKED_AT)),
        FakeVideo(HAS_NONE),
    )
    for youtube_id in (HAS_CAPTIONS, HAS_NONE, WAS_LOOKED_AT):
        await from_speech(engine, youtube_id, UPGRADE_AFTER + DAY)
    await from_speech(engine, IS_YOUNG, UPGRADE_AFTER - DAY)
    async with engine.begin() as connection:
        statement = text("UPDATE video_enrichments SET captions_rechecked_at = now() WHERE youtube_id = :id")
        await connection.execute(statement, {"id": WAS_LOOKED_AT})
    fake_youtube.faults.add(Fault(youtube_id=HAS_CAPTIONS, status=429, times=1))

    async with worker_at_work(client, settings, engine, fake_youtube):
        assert await upgrade(client) < 2
        assert await source(engine, HAS_CAPTIONS) == ("whisper", False)  # YouTube did not want to say

        await client.get_schedule_handle(UPGRADE_CAPTIONS_SCHEDULE_ID).trigger()  # an hour later

        async def were_looked_at() -> bool:
            found = [await source(engine, each) for each in (HAS_CAPTIONS, HAS_NONE)]
            return found == [("youtube", True), ("whisper", True)]

        await eventually(were_looked_at)
        assert await first_line(engine, HAS_CAPTIONS) == "Read."
        asked = len(fake_youtube.requests)
        assert await upgrade(client) == 0
        assert len(fake_youtube.requests) == asked
    assert await source(engine, IS_YOUNG) == ("whisper", False)
    assert await first_line(engine, HAS_NONE) == "SpeechSegment."
    assert await first_line(engine, WAS_LOOKED_AT) == "SpeechSegment."


async def without_captions(engine: AsyncEngine, youtube_id: str, reason: ErrorType) -> None:
    """A video that is complete without captions."""
    async with transaction(engine) as connection:
        await enrichments.save_metadata(connection, VideoEnrichment(youtube_id=youtube_id, title="A lens"))
        await enrichments.save_missing_captions(connection, youtube_id, reason)
        await enrichments.mark_complete(connection, youtube_id)


async def extractor_is(engine: AsyncEngine, version: str) -> bool:
    async with transaction(engine) as connection:
        return await record_extractor(connection, version, ExtractorOrigin.STABLE)


async def test_another_extractor_looks_again_once_where_captions_were_missing_for_a_passing_reason(
    client: Client, settings: Settings, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    fake_youtube.library.add(
        FakeVideo(HAS_CAPTIONS, captions=(captions("en", "Read."),)), FakeVideo(HAS_NONE), FakeVideo(WAS_LOOKED_AT)
    )
    assert await extractor_is(engine, "1")
    await without_captions(engine, HAS_CAPTIONS, ErrorType.EXTRACTOR_OUTDATED)
    await without_captions(engine, HAS_NONE, ErrorType.CAPTIONS_TOKEN_REQUIRED)
    await without_captions(engine, WAS_LOOKED_AT, ErrorType.CAPTIONS_DISABLED)

    async with worker_at_work(client, settings, engine, fake_youtube):
        assert not await extractor_is(engine, "1")
        assert await upgrade(client) == 0
        assert await extractor_is(engine, "2")
        assert await upgrade(client) == 2
        assert await upgrade(client) == 0
    assert await source(engine, HAS_CAPTIONS) == ("youtube", True)
    assert await source(engine, HAS_NONE) == ("none", True)
    assert await source(engine, WAS_LOOKED_AT) == ("none", False)


@pytest.mark.parametrize(
    ("said", "is_noted"), [*((each, False) for each in NOT_ASKED), *((each, True) for each in ANSWERED)]
)
async def test_it_is_looked_at_again_only_where_youtube_could_not_be_asked(
    environment: WorkflowEnvironment, steps: ScriptedSteps, said: ErrorType, is_noted: bool
) -> None:
    """Then the others wait as well. Any other answer may be the same for ever, and costs no more than one look."""
    steps.on("find_caption_upgrade_candidates", CaptionUpgradeCandidates(youtube_ids=[HAS_CAPTIONS, HAS_NONE]))
    steps.on("fetch_captions", application_error(said))
    async with steps.at_work(environment.client):
        looked_at = await upgrade(environment.client)
    assert steps.speech.looked_again == ([HAS_CAPTIONS, HAS_NONE] if is_noted else [])
    assert looked_at == len(steps.speech.looked_again)
    assert steps.calls.count("fetch_captions") == (2 if is_noted else 1)


async def test_a_sweep_says_what_it_found(environment: WorkflowEnvironment, steps: ScriptedSteps) -> None:
    steps.on("sweep_audio", SweepResult(discarded=3))
    async with steps.at_work(environment.client):
        swept = await environment.client.execute_workflow(SweepAudio.run, id="sweep-now", task_queue=TaskQueue.IMPORTS)
    assert swept == SweepResult(discarded=3)
