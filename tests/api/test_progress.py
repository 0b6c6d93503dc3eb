"""Progress of one import: from the workflow while it runs, from Postgres otherwise."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker

from shared.contracts.errors import ErrorType
from shared.contracts.imports import ImportStatus, ImportVideoInput
from shared.contracts.stages import SPEECH_DOWNLOADED, ImportStage
from shared.contracts.upstreams import PauseReason, Upstream, UpstreamState
from shared.i18n.languages import Language
from shared.i18n.messages import import_error_text, waiting_text
from shared.temporal.names import IMPORT_VIDEO, TaskQueue
from tests.api.support import Api
from tests.api.upstreams import paused
from tests.support.upstreams import GOING, SPEECH_GOING, write_down
from tests.support.waiting import PATIENCE_SECONDS, eventually
from tests.workflows.speech_script import WANTED
from tests.workflows.steps import ScriptedSteps, application_error
from workflows.common import retry
from workflows.common.retry import Backoff
from workflows.imports import client as imports
from workflows.imports.client import running_status
from workflows.progress_feed import ProgressFeed


@workflow.defn(name=IMPORT_VIDEO, sandboxed=False)
class FailedImport:
    """An import that has failed, and whose run has not ended because the video was retried meanwhile."""

    @workflow.run
    async def run(self, video: ImportVideoInput) -> None:
        """Wait for the end of the test."""
        await workflow.wait_condition(lambda: False)

    @workflow.query
    def progress(self) -> ImportStatus:
        """The stage that the failure has left."""
        return ImportStatus(youtube_id="abcdefghijk", stage=ImportStage.ERROR, progress=25)


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A running import may take its time to answer: the machine may be busy."""
    monkeypatch.setattr(imports, "ANSWER_SECONDS", PATIENCE_SECONDS)


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
    api: Api, client: Client, steps: ScriptedSteps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "TRANSIENT_BACKOFF", Backoff(timedelta(hours=1), timedelta(hours=1)))
    steps.on("fetch_metadata", application_error(ErrorType.UPSTREAM_UNAVAILABLE))
    async with steps.at_work(client):
        video = await api.add(await api.new_list())
        progress = await eventually(lambda: _reported(api, video["id"], waiting_for="upstream_unavailable"))
        german = await api.http.get(f"/api/videos/{video['id']}/progress", headers={"Accept-Language": "de"})

    assert (progress["stage"], progress["progress"], progress["attempt"]) == ("created", 0, 2)
    assert datetime.fromisoformat(progress["retry_at"]) > datetime.fromisoformat(video["created_at"])
    assert progress["message"] == waiting_text(Upstream.YOUTUBE, ErrorType.UPSTREAM_UNAVAILABLE)
    assert german.json()["message"] == waiting_text(Upstream.YOUTUBE, ErrorType.UPSTREAM_UNAVAILABLE, Language.DE)


async def test_an_import_that_asks_youtube_waits_for_the_end_of_a_pause(
    api: Api, client: Client, engine: AsyncEngine, steps: ScriptedSteps
) -> None:
    may_go_on, reason = asyncio.Event(), PauseReason.BOT_CHECK
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
    steps.on("fetch_captions", application_error(ErrorType.CAPTIONS_NONE))
    steps.on("plan_transcription", WANTED)
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
        await _reported(api, video["id"], message=waiting_text(Upstream.TRANSCRIPTION, PauseReason.OPERATOR))
        await write_down(engine, SPEECH_GOING)
        await _reported(api, video["id"], waiting_for=None, retry_at=None)
        may_go_on.set()


async def test_a_retry_ends_the_wait(api: Api, client: Client, steps: ScriptedSteps) -> None:
    steps.on("fetch_metadata", application_error(ErrorType.LIVE_NOW))
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
    assert progress["message"] == import_error_text(ErrorType.MEMBERS_ONLY)


async def test_a_retried_import_is_not_shown_as_failed_because_its_run_has_not_ended(api: Api, client: Client) -> None:
    async with Worker(client, task_queue=TaskQueue.IMPORTS, workflows=[FailedImport, ProgressFeed]):
        video = await api.add(await api.new_list())
        await eventually(lambda: running_status(client, video["youtube_id"]))

        await _reported(api, video["id"], source="database", stage="created", progress=0)


async def test_without_a_worker_the_database_answers(
    api: Api, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "ANSWER_SECONDS", 0.1)
    video = await api.add(await api.new_list())

    await _reported(api, video["id"], source="database", stage="created", progress=0, waiting_for=None)
    await write_down(engine, paused(PauseReason.HOURLY_REQUESTS, UpstreamState.CLOSED))
    await _reported(api, video["id"], source="database", waiting_for="hourly_requests", attempt=None)
