"""What schedules do for captions from speech: a second look at YouTube after a week."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment

from services.worker.activities.speech import UPGRADE_AFTER
from shared.contracts.errors import ErrorType
from shared.contracts.speech import SweepResult, UpgradableVideos
from shared.contracts.youtube import CaptionsKind, CaptionsSource
from shared.db import enrichments
from shared.db.driver import transaction
from shared.db.models import VideoEnrichment
from shared.settings import Settings
from shared.temporal.names import UPGRADE_CAPTIONS_SCHEDULE_ID, TaskQueue
from tests.standin import Fault, Standin, StandinVideo, captions
from tests.support.waiting import eventually
from tests.support.worker import worker_at_work
from tests.workflows.steps import ScriptedSteps, refused
from workflows.upkeep import SweepAudio, UpgradeCaptions

HAS_CAPTIONS, HAS_NONE, IS_YOUNG, WAS_LOOKED_AT = "captioned__", "silent_____", "young______", "looked_at__"
DAY = timedelta(days=1)
NOT_ASKED = [
    ErrorType.RATE_LIMITED,
    ErrorType.BOT_CHECK,
    ErrorType.CERTIFICATE_UNTRUSTED,
    ErrorType.UPSTREAM_UNAVAILABLE,
]
ANSWERED = [
    ErrorType.CAPTIONS_NONE,
    ErrorType.CAPTIONS_TOKEN_REQUIRED,
    ErrorType.VIDEO_UNAVAILABLE,
    ErrorType.LIVE_NOW,
    ErrorType.LINK_EXPIRED,
    ErrorType.UNEXPECTED_ANSWER,
]


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
            lines=[(0, 1, "Heard.")],
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
    return found.captions_source, found.looked_again_at is not None


async def first_line(engine: AsyncEngine, youtube_id: str) -> str:
    statement = text("SELECT text FROM transcript_segments WHERE youtube_id = :id ORDER BY position")
    async with engine.connect() as connection:
        return str(await connection.scalar(statement, {"id": youtube_id}))


async def test_captions_that_youtube_has_by_now_replace_those_from_speech(
    client: Client, settings: Settings, engine: AsyncEngine, standin: Standin
) -> None:
    standin.library.add(
        *(StandinVideo(each, captions=(captions("en", "Read."),)) for each in (HAS_CAPTIONS, IS_YOUNG, WAS_LOOKED_AT)),
        StandinVideo(HAS_NONE),
    )
    for youtube_id in (HAS_CAPTIONS, HAS_NONE, WAS_LOOKED_AT):
        await from_speech(engine, youtube_id, UPGRADE_AFTER + DAY)
    await from_speech(engine, IS_YOUNG, UPGRADE_AFTER - DAY)
    async with engine.begin() as connection:
        statement = text("UPDATE video_enrichments SET looked_again_at = now() WHERE youtube_id = :id")
        await connection.execute(statement, {"id": WAS_LOOKED_AT})
    standin.faults.add(Fault(youtube_id=HAS_CAPTIONS, status=429, times=1))

    async with worker_at_work(client, settings, engine, standin):
        assert await upgrade(client) < 2
        assert await source(engine, HAS_CAPTIONS) == ("whisper", False)  # YouTube did not want to say

        await client.get_schedule_handle(UPGRADE_CAPTIONS_SCHEDULE_ID).trigger()  # an hour later

        async def were_looked_at() -> bool:
            found = [await source(engine, each) for each in (HAS_CAPTIONS, HAS_NONE)]
            return found == [("youtube", True), ("whisper", True)]

        await eventually(were_looked_at)
        assert await first_line(engine, HAS_CAPTIONS) == "Read."
        asked = len(standin.requests)
        assert await upgrade(client) == 0
        assert len(standin.requests) == asked
    assert await source(engine, IS_YOUNG) == ("whisper", False)
    assert await first_line(engine, HAS_NONE) == "Heard."
    assert await first_line(engine, WAS_LOOKED_AT) == "Heard."


@pytest.mark.parametrize(
    ("said", "is_noted"), [*((each, False) for each in NOT_ASKED), *((each, True) for each in ANSWERED)]
)
async def test_it_is_looked_at_again_only_where_youtube_could_not_be_asked(
    environment: WorkflowEnvironment, steps: ScriptedSteps, said: ErrorType, is_noted: bool
) -> None:
    """Then the others wait as well. Any other answer may be the same for ever, and costs no more than one look."""
    steps.on("find_upgradable_videos", UpgradableVideos(youtube_ids=[HAS_CAPTIONS, HAS_NONE]))
    steps.on("fetch_captions", refused(said))
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
