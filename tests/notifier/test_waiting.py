"""Imports that wait for YouTube: each is told why and until when, and told the same wherever it is asked for."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client
from temporalio.worker import Worker

from services.notifier.app import Notifier
from services.notifier.snapshots import MAX_ASKED, progress_of
from services.notifier.store import VideoRow
from services.worker.activities.imports import ImportActivities
from shared.contracts.errors import ErrorType
from shared.contracts.imports import ImportStatus
from shared.contracts.stages import SPEECH_DOWNLOADED, ImportStage
from shared.contracts.texts import TRYING_AGAIN, Language, waiting_text
from shared.contracts.upstreams import PauseReason, Upstream, UpstreamState, UpstreamStatus
from shared.settings import Settings
from shared.temporal.names import TaskQueue
from tests.api.support import Api, serving
from tests.notifier.support import Library, snapshot, until_it_waits, youtube
from tests.support.upstreams import GOING, SPEECH_GOING, paused, write_down
from tests.support.waiting import eventually
from tests.workflows.speech_script import WANTED
from tests.workflows.steps import ScriptedSteps, refused
from workflows.import_video import ImportVideo
from workflows.progress_feed import ProgressFeed
from workflows.start import start_import

VIDEO = "aaaaaaaaaaa"
RESUME_AT = datetime(2040, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
async def queued_import(client: Client, library: Library) -> AsyncIterator[None]:
    """A running import whose call waits in the queue to YouTube."""
    imports = ImportActivities(library.engine, lambda _items: None, has_speech_to_text=False)
    async with Worker(
        client, task_queue=TaskQueue.IMPORTS, workflows=[ImportVideo, ProgressFeed], activities=[imports.begin_import]
    ):
        await library.add(VIDEO)
        await start_import(client, VIDEO, library.user_id)
        yield


@pytest.fixture
async def api(settings: Settings, library: Library) -> AsyncIterator[Api]:
    """The API of the same installation."""
    async with serving(settings, library.engine) as api:
        yield api


def paused_for(reason: PauseReason) -> UpstreamStatus:
    state = UpstreamState.CLOSED if reason is PauseReason.HOURLY_REQUESTS else UpstreamState.OPEN
    return youtube(state, reason, RESUME_AT, calls_per_second=0)


async def what_it_waits_for(notifier: Notifier, query: str = "?lang=de") -> tuple[str | None, ...]:
    [video] = (await snapshot(notifier, query))["videos"]
    return video["retry_at"], video["error_code"], video["message"]


@pytest.mark.usefixtures("queued_import")
async def test_an_import_in_the_queue_waits_for_as_long_as_youtube_is_paused(
    notifier: Notifier, library: Library
) -> None:
    await write_down(library.engine, paused_for(PauseReason.BOT_CHECK))
    video = await until_it_waits(notifier)
    assert (video["retry_at"], video["error_code"]) == ("2040-01-02T03:04:05Z", "bot_check")
    assert video["message"] == "YouTube bittet um eine längere Pause. Der Import geht von selbst weiter."
    await write_down(library.engine, youtube(UpstreamState.PAUSED, PauseReason.OPERATOR))
    assert await what_it_waits_for(notifier) == (None, None, "Der Betreiber hat die Importe angehalten.")
    await write_down(library.engine, youtube(UpstreamState.CLOSED))
    assert await what_it_waits_for(notifier) == (None, None, None)


async def test_an_import_whose_speech_is_recognised_waits_for_that_server_alone(
    notifier: Notifier, client: Client, library: Library
) -> None:
    steps, may_go_on = ScriptedSteps(), asyncio.Event()
    steps.on("fetch_captions", refused(ErrorType.CAPTIONS_NONE))
    steps.on("plan_speech_to_text", WANTED)
    steps.on("transcribe_chunk", *[may_go_on] * 3)
    await library.add(VIDEO)
    async with steps.at_work(client):
        await start_import(client, VIDEO, library.user_id)
        await eventually(lambda: is_recognised(notifier))
        await write_down(library.engine, paused_for(PauseReason.BOT_CHECK))
        assert await what_it_waits_for(notifier) == (None, None, None)

        limited = paused(PauseReason.TRANSCRIPTION_LIMITED, of=SPEECH_GOING, resume_at=RESUME_AT)
        await write_down(library.engine, limited)
        message = waiting_text(Upstream.TRANSCRIPTION, PauseReason.TRANSCRIPTION_LIMITED, Language.DE)
        expected = ("2040-01-02T03:04:05Z", "transcription_limited", message)
        assert await what_it_waits_for(notifier) == expected
        await write_down(library.engine, paused(PauseReason.OPERATOR, UpstreamState.PAUSED, of=SPEECH_GOING))
        held = (None, None, "Der Betreiber hat die Spracherkennung angehalten.")
        assert await what_it_waits_for(notifier) == held
        may_go_on.set()


async def is_recognised(notifier: Notifier) -> bool:
    """Whether the sound is here and its speech is what the import waits for."""
    [video] = (await snapshot(notifier))["videos"]
    return (video["stage"], video["progress"]) == (ImportStage.CAPTIONS, SPEECH_DOWNLOADED)


@pytest.mark.parametrize(
    ("progress", "upstream"),
    [(25, Upstream.YOUTUBE), (SPEECH_DOWNLOADED - 1, Upstream.YOUTUBE), (SPEECH_DOWNLOADED, Upstream.TRANSCRIPTION)],
)
def test_an_import_that_does_not_answer_needs_youtube_until_the_sound_is_here(
    progress: int, upstream: Upstream
) -> None:
    row = VideoRow(uuid4(), uuid4(), None, VIDEO, ImportStage.METADATA, progress, None)
    pauses = [paused(PauseReason.OPERATOR, UpstreamState.PAUSED, of=going) for going in (GOING, SPEECH_GOING)]
    told = {each.upstream: progress_of(row, None, [each], Language.EN).message for each in pauses}
    words = waiting_text(upstream, PauseReason.OPERATOR)
    assert {asked: message for asked, message in told.items() if message} == {upstream: words}


async def test_imports_that_are_not_asked_wait_as_well(notifier: Notifier, library: Library) -> None:
    """More than are asked, and nobody answers."""
    await library.add(VIDEO)
    newer = await library.add_newer(MAX_ASKED + 1)
    await library.advance(newer[0], ImportStage.METADATA)
    await library.advance(newer[1], ImportStage.CAPTIONS)  # needs YouTube no more
    await write_down(library.engine, paused_for(PauseReason.RATE_LIMITED))

    videos = {video.pop("youtube_id"): video for video in (await snapshot(notifier))["videos"]}

    assert videos.keys() == {VIDEO, *newer}
    goes_on = videos.pop(newer[1])
    assert (goes_on["retry_at"], goes_on["error_code"], goes_on["message"]) == (None, None, None)
    assert {(video["retry_at"], video["error_code"], video["message"]) for video in videos.values()} == {
        ("2040-01-02T03:04:05Z", "rate_limited", "YouTube asks for a pause. The import goes on by itself.")
    }


def test_what_is_over_waits_for_nothing() -> None:
    row = VideoRow(uuid4(), uuid4(), None, VIDEO, ImportStage.ERROR, 0, ErrorType.VIDEO_PRIVATE)

    entry = progress_of(row, None, [paused_for(PauseReason.RATE_LIMITED)], Language.EN)

    assert (entry.error_code, entry.retry_at) == (ErrorType.VIDEO_PRIVATE, None)


@pytest.mark.parametrize("reason", PauseReason)
@pytest.mark.usefixtures("queued_import")
async def test_a_wait_is_told_in_the_same_words_everywhere(
    notifier: Notifier, api: Api, library: Library, reason: PauseReason
) -> None:
    await write_down(library.engine, paused_for(reason))
    await until_it_waits(notifier)
    for language in Language:
        told = await _progress(api, library, language)
        assert told["source"] == "workflow"
        assert told["message"] == waiting_text(Upstream.YOUTUBE, reason, language)
        assert (await what_it_waits_for(notifier, f"?lang={language}"))[2] == told["message"]


@pytest.mark.parametrize("reason", PauseReason)
async def test_a_wait_is_told_in_the_same_words_without_an_answer(
    notifier: Notifier, api: Api, library: Library, reason: PauseReason
) -> None:
    await library.add(VIDEO)
    await write_down(library.engine, paused_for(reason))
    for language in Language:
        told = await _progress(api, library, language)
        expected = {
            "source": "database",
            "waiting_for": reason,
            "message": waiting_text(Upstream.YOUTUBE, reason, language),
        }
        assert told.items() >= expected.items()
        retry_at, _, message = await what_it_waits_for(notifier, f"?lang={language}")
        assert (retry_at, message) == (told["retry_at"], told["message"])


async def _progress(api: Api, library: Library, language: Language) -> dict[str, Any]:
    path = f"/api/videos/{library.video_ids[VIDEO]}/progress"
    return dict((await api.http.get(path, headers={"Accept-Language": language})).json())


def test_one_import_is_one_import() -> None:
    """Sentences about all imports are for messages about YouTube."""
    for reason in set(PauseReason) - {PauseReason.OPERATOR}:
        assert "Imports" not in waiting_text(Upstream.YOUTUBE, reason, Language.EN)
        assert "Importe " not in waiting_text(Upstream.YOUTUBE, reason, Language.DE)


@pytest.mark.parametrize(
    ("reason", "error_code", "message"),
    [
        (None, None, None),
        (ErrorType.UPSTREAM_UNAVAILABLE, ErrorType.UPSTREAM_UNAVAILABLE, TRYING_AGAIN[Language.EN]),
        (PauseReason.RATE_LIMITED, ErrorType.RATE_LIMITED, waiting_text(None, ErrorType.RATE_LIMITED)),
        (PauseReason.HOURLY_REQUESTS, None, waiting_text(None, PauseReason.HOURLY_REQUESTS)),
    ],
)
def test_what_an_import_waits_for_has_a_code_where_it_is_an_error(
    reason: ErrorType | PauseReason | None, error_code: ErrorType | None, message: str | None
) -> None:
    row = VideoRow(uuid4(), uuid4(), None, VIDEO, ImportStage.CREATED, 0, None)
    status = ImportStatus(youtube_id=VIDEO, stage=ImportStage.CREATED, progress=0, waiting_for=reason)
    entry = progress_of(row, status, [], Language.EN)
    assert (entry.error_code, entry.message) == (error_code, message)
