"""Progress of one import: from the workflow while it runs, from Postgres otherwise."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from shared.contracts.errors import ErrorType
from shared.contracts.imports import ImportState
from shared.contracts.stages import SPEECH_DOWNLOADED, ImportStage
from shared.contracts.texts import Language, waiting_text
from shared.contracts.upstreams import PauseReason, Upstream, UpstreamState
from tests.api.support import Api
from tests.api.upstreams import paused
from tests.support.upstreams import GOING, SPEECH_GOING, write_down
from tests.support.waiting import eventually
from tests.workflows.speech_script import WANTED
from tests.workflows.steps import ScriptedSteps, refused


@pytest.fixture
def steps() -> ScriptedSteps:
    """Steps that all succeed until a test says otherwise."""
    return ScriptedSteps()


async def _reported(api: Api, video_id: str, **expected: object) -> dict[str, Any]:
    """The video's progress. Raises AssertionError while it is not as expected."""
    progress = await api.get(f"/videos/{video_id}/progress")
    assert progress.items() >= expected.items(), progress
    return progress


async def test_a_running_import_answers_itself(api: Api, client: Client, steps: ScriptedSteps) -> None:
    may_go_on = asyncio.Event()
    steps.on("fetch_captions", may_go_on)
    async with steps.at_work(client):
        video = await api.add(await api.new_list())

        progress = await eventually(lambda: _reported(api, video["id"], source="workflow", stage="metadata"))
        may_go_on.set()

    assert progress == {
        "video_id": video["id"],
        "youtube_id": video["youtube_id"],
        "stage": "metadata",
        "progress": 25,
        "attempt": 1,
        "retry_at": None,
        "waiting_for": None,
        "error_code": None,
        "message": None,
        "source": "workflow",
    }


async def test_an_import_that_waits_says_for_what_and_until_when(
    api: Api, client: Client, steps: ScriptedSteps
) -> None:
    steps.on("fetch_metadata", refused(ErrorType.UPSTREAM_UNAVAILABLE))
    async with steps.at_work(client):
        video = await api.add(await api.new_list())
        progress = await eventually(lambda: _reported(api, video["id"], waiting_for="upstream_unavailable"))
        german = await api.http.get(f"/api/videos/{video['id']}/progress", headers={"Accept-Language": "de"})

    assert (progress["stage"], progress["progress"], progress["attempt"]) == ("created", 0, 2)
    assert datetime.fromisoformat(progress["retry_at"]) > datetime.fromisoformat(video["created_at"])
    assert progress["message"].startswith("YouTube cannot be reached right now.")
    assert german.json()["message"].startswith("YouTube ist gerade nicht erreichbar.")


@pytest.mark.parametrize("reason", PauseReason)
async def test_an_import_that_asks_youtube_waits_for_the_end_of_a_pause(
    api: Api, client: Client, engine: AsyncEngine, steps: ScriptedSteps, reason: PauseReason
) -> None:
    may_go_on = asyncio.Event()
    steps.on("fetch_metadata", may_go_on)
    async with steps.at_work(client):
        video = await api.add(await api.new_list())
        await eventually(lambda: _reported(api, video["id"], source="workflow", waiting_for=None))
        await write_down(engine, paused(reason))

        waiting = {"waiting_for": reason, "retry_at": "2026-11-23T14:10:00Z", "attempt": 1}
        for language in Language:
            headers = {"Accept-Language": language}
            response = await api.http.get(f"/api/videos/{video['id']}/progress", headers=headers)
            assert (
                response.json().items()
                >= {**waiting, "message": waiting_text(Upstream.YOUTUBE, reason, language)}.items()
            )
        await write_down(engine, GOING)
        await _reported(api, video["id"], waiting_for=None, retry_at=None, message=None)
        may_go_on.set()


@pytest.fixture
def speaking(steps: ScriptedSteps) -> ScriptedSteps:
    """Steps for a video that YouTube has no captions for."""
    steps.on("fetch_captions", refused(ErrorType.CAPTIONS_NONE))
    steps.on("plan_speech_to_text", WANTED)
    return steps


async def test_an_import_that_has_its_speech_recognised_waits_for_that_server_alone(
    api: Api, client: Client, engine: AsyncEngine, speaking: ScriptedSteps
) -> None:
    may_go_on = asyncio.Event()
    speaking.on("transcribe_chunk", *[may_go_on] * 3)
    async with speaking.at_work(client):
        video = await api.add(await api.new_list())
        await eventually(lambda: _reported(api, video["id"], stage="captions", progress=SPEECH_DOWNLOADED))
        await write_down(engine, paused(PauseReason.BOT_CHECK))
        await _reported(api, video["id"], source="workflow", waiting_for=None, retry_at=None)

        allowance = PauseReason.TRANSCRIPTION_ALLOWANCE
        await write_down(engine, paused(allowance, of=SPEECH_GOING))
        waiting = {"waiting_for": allowance, "retry_at": "2026-11-23T14:10:00Z", "source": "workflow"}
        message = waiting_text(Upstream.TRANSCRIPTION, allowance)
        await eventually(lambda: _reported(api, video["id"], **waiting, message=message))  # once the sound is cut
        await write_down(engine, paused(PauseReason.OPERATOR, UpstreamState.PAUSED, of=SPEECH_GOING))
        await _reported(api, video["id"], message="The operator has paused speech recognition.")
        await write_down(engine, SPEECH_GOING)
        await _reported(api, video["id"], waiting_for=None, retry_at=None)
        may_go_on.set()


async def test_what_a_step_has_written_down_is_told_with_why_the_import_waits(
    api: Api, client: Client, speaking: ScriptedSteps
) -> None:
    """Only the workflow knows that it waits; how much of the sound is here, it hears at the end of the step."""
    speaking.on("extract_audio", refused(ErrorType.UPSTREAM_UNAVAILABLE))
    async with speaking.at_work(client):
        video = await api.add(await api.new_list())
        await eventually(lambda: _reported(api, video["id"], waiting_for="upstream_unavailable", progress=25))
        await api.execute("UPDATE videos SET import_stage = 'metadata', import_progress = 33")

        waiting = {"waiting_for": "upstream_unavailable", "attempt": 2, "source": "workflow"}
        await _reported(api, video["id"], **waiting, stage="captions", progress=33)


async def test_an_import_that_waits_for_something_else_says_that(
    api: Api, client: Client, engine: AsyncEngine, steps: ScriptedSteps
) -> None:
    steps.on("fetch_metadata", refused(ErrorType.LIVE_NOW))
    await write_down(engine, paused(PauseReason.BOT_CHECK))
    async with steps.at_work(client):
        video = await api.add(await api.new_list())

        await eventually(lambda: _reported(api, video["id"], waiting_for="live_now"))


@pytest.mark.parametrize(
    ("error", "is_later"), [(ErrorType.RATE_LIMITED, True), (ErrorType.BOT_CHECK, True), (ErrorType.LIVE_NOW, False)]
)
async def test_a_throttled_import_that_stepped_aside_waits_for_the_later_of_two_times(
    api: Api, client: Client, engine: AsyncEngine, steps: ScriptedSteps, error: ErrorType, is_later: bool
) -> None:
    steps.on("fetch_metadata", *[refused(error)] * 3)
    earlier, later = datetime(2026, 1, 2, tzinfo=UTC), datetime(2040, 1, 2, tzinfo=UTC)
    async with steps.at_work(client):
        video = await api.add(await api.new_list())
        own = await eventually(lambda: _waiting_by_itself(api, video["id"], error))

        await write_down(engine, paused(PauseReason.BOT_CHECK, resume_at=earlier))
        await _reported(api, video["id"], waiting_for=error, retry_at=own)
        await write_down(engine, paused(PauseReason.BOT_CHECK, resume_at=later))
        expected = "2040-01-02T00:00:00Z" if is_later else own
        await _reported(api, video["id"], waiting_for=error, retry_at=expected)


async def _waiting_by_itself(api: Api, video_id: str, error: ErrorType) -> str:
    """Until when. Raises AssertionError while it is in line, where the time is now."""
    retry_at = str((await _reported(api, video_id, waiting_for=error))["retry_at"])
    assert datetime.fromisoformat(retry_at) > datetime.now(UTC)
    return retry_at


async def test_a_retry_ends_the_wait(api: Api, client: Client, steps: ScriptedSteps) -> None:
    steps.on("fetch_metadata", refused(ErrorType.LIVE_NOW))
    async with steps.at_work(client):
        video = await api.add(await api.new_list())
        await eventually(lambda: _reported(api, video["id"], waiting_for="live_now"))

        assert (await api.http.post(f"/api/videos/{video['id']}/retry")).status_code == 202

        await eventually(lambda: _completed(steps))


async def _completed(steps: ScriptedSteps) -> bool:
    return steps.calls[-1:] == ["complete_import"]


async def test_a_closed_import_is_read_from_the_database(api: Api, client: Client, steps: ScriptedSteps) -> None:
    async with steps.at_work(client):
        video = await api.add(await api.new_list())
        await eventually(lambda: _completed(steps))
    await api.complete()

    progress = await _reported(api, video["id"], source="database", stage="complete", progress=100)

    assert (progress["attempt"], progress["message"]) == (None, None)


async def test_a_failed_import_says_why(api_without_temporal: Api) -> None:
    video = await api_without_temporal.add(await api_without_temporal.new_list())
    await api_without_temporal.fail(video["id"], "members_only", progress=60)

    progress = await _reported(api_without_temporal, video["id"], source="database", stage="error", progress=60)

    assert progress["error_code"] == "members_only"
    assert progress["message"] == "Only members of the channel can watch this video."


async def test_an_import_that_has_just_begun_does_not_hide_what_was_reached(
    api: Api, client: Client, steps: ScriptedSteps
) -> None:
    may_go_on = asyncio.Event()
    steps.on("begin_import", may_go_on, ImportState(wanted=True, reached=ImportStage.CAPTIONS))
    async with steps.at_work(client):
        video = await api.add(await api.new_list())
        await eventually(lambda: _reported(api, video["id"], source="workflow", stage="created"))
        await api.execute("UPDATE videos SET import_stage = 'captions', import_progress = 60")

        await _reported(api, video["id"], source="database", stage="captions", progress=60)
        may_go_on.set()


async def test_without_a_worker_the_database_answers(api: Api) -> None:
    video = await api.add(await api.new_list())

    await _reported(api, video["id"], source="database", stage="created", progress=0, waiting_for=None)


@pytest.mark.parametrize(
    ("stage", "reason", "retry_at"),
    [
        ("created", "hourly_requests", "2026-11-23T14:10:00Z"),
        ("metadata", "hourly_requests", "2026-11-23T14:10:00Z"),
        ("captions", None, None),
        ("complete", None, None),
    ],
)
async def test_an_import_that_does_not_answer_waits_if_it_still_needs_youtube(
    api_without_temporal: Api, engine: AsyncEngine, stage: str, reason: str | None, retry_at: str | None
) -> None:
    video = await api_without_temporal.add(await api_without_temporal.new_list())
    await api_without_temporal.execute("UPDATE videos SET import_stage = :stage", stage=stage)
    await write_down(engine, paused(PauseReason.HOURLY_REQUESTS, UpstreamState.CLOSED))

    expected = {"source": "database", "stage": stage, "waiting_for": reason, "retry_at": retry_at, "attempt": None}
    await _reported(api_without_temporal, video["id"], **expected)


@pytest.mark.parametrize(
    ("progress", "stage", "reason"),
    [
        (25, "metadata", "bot_check"),
        (SPEECH_DOWNLOADED - 1, "captions", "bot_check"),
        (SPEECH_DOWNLOADED, "captions", "transcription_misconfigured"),
    ],
)
async def test_an_import_that_does_not_answer_needs_youtube_until_the_sound_is_here(
    api_without_temporal: Api, engine: AsyncEngine, progress: int, stage: str, reason: str
) -> None:
    video = await api_without_temporal.add(await api_without_temporal.new_list())
    statement = "UPDATE videos SET import_stage = 'metadata', import_progress = :progress"
    await api_without_temporal.execute(statement, progress=progress)
    speech = paused(PauseReason.TRANSCRIPTION_MISCONFIGURED, of=SPEECH_GOING)
    await write_down(engine, paused(PauseReason.BOT_CHECK), speech)

    expected = {"source": "database", "stage": stage, "progress": progress, "waiting_for": reason}
    await _reported(api_without_temporal, video["id"], **expected)
