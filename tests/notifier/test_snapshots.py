"""Where imports stand: on connecting, and when asked for."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from temporalio.client import Client
from temporalio.worker import Worker

from services.notifier.app import Notifier
from services.notifier.snapshots import MAX_IN_FLIGHT, progress_of
from services.notifier.store import VideoRow
from services.worker.activities.imports import ImportActivities
from shared.contracts.errors import ErrorType
from shared.contracts.imports import ImportStatus
from shared.contracts.stages import ImportStage
from shared.contracts.texts import TRYING_AGAIN, Language, pause_text
from shared.contracts.upstreams import PauseReason, UpstreamState
from shared.settings import Settings
from shared.temporal.names import TaskQueue
from tests.notifier.support import Browser, Library, other_library, youtube
from tests.standin import Standin, StandinVideo, VideoState
from tests.support.upstreams import write_down
from tests.support.worker import worker_at_work
from workflows.import_video import ImportVideo
from workflows.progress_feed import ProgressFeed
from workflows.start import start_import

VIDEO = "aaaaaaaaaaa"
RESUME_AT = datetime(2040, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
async def starts_at(client: Client, settings: Settings, library: Library, standin: Standin) -> AsyncIterator[datetime]:
    """Real workers, and a video that begins then."""
    starts_at = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    standin.library.add(StandinVideo(VIDEO, state=VideoState.UPCOMING, starts_at=starts_at))
    async with worker_at_work(client, settings, library.engine, standin):
        yield starts_at


@pytest.fixture
async def queued_import(client: Client, library: Library) -> AsyncIterator[None]:
    """A running import whose call waits in the queue to YouTube."""
    imports = ImportActivities(library.engine, lambda _items: None)
    async with Worker(
        client, task_queue=TaskQueue.IMPORTS, workflows=[ImportVideo, ProgressFeed], activities=[imports.begin_import]
    ):
        await library.add(VIDEO)
        await start_import(client, VIDEO, library.user_id)
        yield


async def snapshot(notifier: Notifier, query: str = "") -> dict[str, Any]:
    async with Browser(notifier.port, query) as browser:
        message = await browser.receive()
    assert message["type"] == "snapshot"
    return message


async def subscribed(notifier: Notifier, *video_ids: str) -> dict[str, Any]:
    async with Browser(notifier.port) as browser:
        await browser.receive()
        await browser.send(type="subscribe", video_ids=list(video_ids))
        message = await browser.receive()
    assert message["type"] == "snapshot"
    return message


async def test_begins_with_what_is_in_flight(notifier: Notifier, library: Library) -> None:
    for name in ("waiting", "running", "done", "failed"):
        await library.add(name.ljust(11, "_"))
    await library.advance("running____", ImportStage.CAPTIONS)
    await library.advance("done_______", ImportStage.COMPLETE)
    newest = await library.fail("failed_____", ErrorType.VIDEO_PRIVATE)
    message = await snapshot(notifier)
    assert message["seq"] == newest.message.seq
    assert [(video["youtube_id"], video["stage"], video["progress"]) for video in message["videos"]] == [
        ("running____", "captions", 60),
        ("waiting____", "created", 0),
    ]
    running = message["videos"][0]
    assert (running["type"], running["message"]) == ("import_progress", None)
    assert (running["video_id"], running["list_id"]) == (library.video_ids["running____"], str(library.list_id))


async def test_begins_with_the_newest_only(notifier: Notifier, library: Library) -> None:
    await library.add(VIDEO)
    async with library.engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO videos (id, list_id, user_id, youtube_id, thumbnail_url, created_at) "
                "SELECT gen_random_uuid(), list_id, user_id, 'newer' || to_char(number, 'FM000000'), '', "
                "created_at + number * interval '1 s' FROM videos, generate_series(1, :count) AS number"
            ),
            {"count": MAX_IN_FLIGHT},
        )
    videos = (await snapshot(notifier))["videos"]
    assert [video["youtube_id"] for video in videos] == [f"newer{n:06}" for n in range(MAX_IN_FLIGHT, 0, -1)]


async def test_an_empty_installation_begins_with_nothing(notifier: Notifier) -> None:
    assert await snapshot(notifier) == {"type": "snapshot", "seq": 0, "videos": []}


async def test_tells_of_the_videos_that_were_asked_for(notifier: Notifier, library: Library) -> None:
    for name in ("done_______", "failed_____", "not_asked__"):
        await library.add(name)
    await library.advance("done_______", ImportStage.COMPLETE)
    await library.fail("failed_____", ErrorType.VIDEO_PRIVATE)
    stranger = await other_library(library.engine)
    await stranger.add("not_mine___")
    asked = [library.video_ids["done_______"], library.video_ids["failed_____"]]
    message = await subscribed(notifier, *asked, *asked, stranger.video_ids["not_mine___"], str(uuid4()))
    told = {v["youtube_id"]: (v["stage"], v["progress"], v["error_code"], v["message"]) for v in message["videos"]}
    assert told == {
        "done_______": ("complete", 100, None, None),
        "failed_____": ("error", 0, "video_private", "This video is private."),
    }
    assert len(message["videos"]) == 2


async def test_subscribing_does_not_filter(notifier: Notifier, library: Library) -> None:
    await library.add(VIDEO)
    async with Browser(notifier.port) as browser:
        await browser.receive()
        await browser.send(type="subscribe", video_ids=[])
        assert (await browser.receive())["videos"] == []
        event = await library.advance(VIDEO, ImportStage.METADATA)
        assert await browser.receive_seqs(1) == [event.message.seq]


@pytest.mark.parametrize(
    ("stored", "answered", "told"),
    [
        ((ImportStage.METADATA, 25), None, (ImportStage.METADATA, 25)),
        ((ImportStage.METADATA, 25), (ImportStage.METADATA, 40), (ImportStage.METADATA, 40)),
        # The row was written already, the workflow has not heard of it yet.
        ((ImportStage.CAPTIONS, 60), (ImportStage.METADATA, 25), (ImportStage.CAPTIONS, 60)),
        # An entry that came while the import was ending: it goes once more.
        ((ImportStage.CREATED, 0), (ImportStage.ERROR, 25), (ImportStage.CREATED, 0)),
        ((ImportStage.CREATED, 0), (ImportStage.COMPLETE, 100), (ImportStage.CREATED, 0)),
    ],
)
def test_tells_what_is_further(
    stored: tuple[ImportStage, int], answered: tuple[ImportStage, int] | None, told: tuple[ImportStage, int]
) -> None:
    row = VideoRow(uuid4(), uuid4(), None, VIDEO, stored[0].value, stored[1], None)
    status = ImportStatus(youtube_id=VIDEO, stage=answered[0], progress=answered[1]) if answered else None
    entry = progress_of(row, status, Language.EN)
    assert (entry.stage, entry.progress) == told


async def test_asks_the_running_import_itself(
    notifier: Notifier, client: Client, library: Library, starts_at: datetime
) -> None:
    """Only the workflow knows that it waits, why, and until when."""
    await library.add(VIDEO)
    await start_import(client, VIDEO, library.user_id)
    video = await until_it_waits(notifier)
    assert (video["stage"], video["progress"], video["attempt"]) == ("created", 0, 1)
    assert video["error_code"] == "upcoming"
    assert video["message"] == "Dieses Video hat noch nicht begonnen. Es wird danach importiert."
    assert abs(datetime.fromisoformat(video["retry_at"]) - starts_at) < timedelta(minutes=1)
    asked_for = await subscribed(notifier, library.video_ids[VIDEO])
    assert asked_for["videos"][0]["retry_at"] == video["retry_at"]


async def until_it_waits(notifier: Notifier) -> dict[str, Any]:
    while True:
        video: dict[str, Any] = (await snapshot(notifier, "?lang=de"))["videos"][0]
        if video["retry_at"]:
            return video


@pytest.mark.usefixtures("starts_at")
async def test_what_is_over_is_told_from_postgres(notifier: Notifier, client: Client, library: Library) -> None:
    """A video that was asked for again is not told by the import that ended before."""
    await library.add(VIDEO)
    await start_import(client, VIDEO, library.user_id)
    await until_it_waits(notifier)
    await client.get_workflow_handle(f"import-video:{VIDEO}").terminate("the test ends it")
    video = (await snapshot(notifier))["videos"][0]
    assert (video["stage"], video["retry_at"], video["error_code"]) == ("created", None, None)


@pytest.mark.usefixtures("queued_import")
async def test_an_import_in_the_queue_waits_for_as_long_as_youtube_is_paused(
    notifier: Notifier, library: Library
) -> None:
    await write_down(library.engine, youtube(UpstreamState.OPEN, PauseReason.BOT_CHECK, RESUME_AT))
    video = await until_it_waits(notifier)
    assert (video["retry_at"], video["error_code"]) == ("2040-01-02T03:04:05Z", "bot_check")
    assert video["message"] == "YouTube bittet um eine Pause. Der Import geht von selbst weiter."
    await write_down(library.engine, youtube(UpstreamState.PAUSED, PauseReason.OPERATOR))
    assert await what_it_waits_for(notifier) == (None, None, "Der Betreiber hat die Importe angehalten.")
    await write_down(library.engine, youtube(UpstreamState.CLOSED))
    assert await what_it_waits_for(notifier) == (None, None, None)


async def what_it_waits_for(notifier: Notifier) -> tuple[str | None, ...]:
    [video] = (await snapshot(notifier, "?lang=de"))["videos"]
    return video["retry_at"], video["error_code"], video["message"]


@pytest.mark.parametrize(
    ("reason", "error_code", "message"),
    [
        (None, None, None),
        (ErrorType.UPSTREAM_UNAVAILABLE, ErrorType.UPSTREAM_UNAVAILABLE, TRYING_AGAIN[Language.EN]),
        (PauseReason.RATE_LIMITED, ErrorType.RATE_LIMITED, pause_text(PauseReason.RATE_LIMITED)),
        (PauseReason.HOURLY_REQUESTS, None, pause_text(PauseReason.HOURLY_REQUESTS)),
    ],
)
def test_what_an_import_waits_for_has_a_code_where_it_is_an_error(
    reason: ErrorType | PauseReason | None, error_code: ErrorType | None, message: str | None
) -> None:
    row = VideoRow(uuid4(), uuid4(), None, VIDEO, ImportStage.CREATED, 0, None)
    status = ImportStatus(youtube_id=VIDEO, stage=ImportStage.CREATED, progress=0, waiting_for=reason)
    entry = progress_of(row, status, Language.EN)
    assert (entry.error_code, entry.message) == (error_code, message)
