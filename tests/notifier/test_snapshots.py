"""Where imports stand: on connecting, and when asked for."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client

from services.notifier.app import Notifier
from services.notifier.snapshots import MAX_IN_FLIGHT, progress_of
from services.notifier.store import VideoRow
from shared.contracts.errors import ErrorType
from shared.contracts.imports import ImportStatus
from shared.contracts.stages import ImportStage
from shared.contracts.texts import Language, waiting_text
from shared.settings import Settings
from tests.notifier.support import Browser, Library, other_library, snapshot, until_it_waits
from tests.standin import Standin, StandinVideo, VideoState
from tests.support.worker import worker_at_work
from workflows.start import start_import

VIDEO = "aaaaaaaaaaa"


@pytest.fixture
async def starts_at(client: Client, settings: Settings, library: Library, standin: Standin) -> AsyncIterator[datetime]:
    """Real workers, and a video that begins then."""
    starts_at = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    standin.library.add(StandinVideo(VIDEO, state=VideoState.UPCOMING, starts_at=starts_at))
    async with worker_at_work(client, settings, library.engine, standin):
        yield starts_at


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
    newest = await library.add_newer(MAX_IN_FLIGHT)
    videos = (await snapshot(notifier))["videos"]
    assert [video["youtube_id"] for video in videos] == newest


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
        # The stage under way, as sub-progress says.
        ((ImportStage.METADATA, 33), None, (ImportStage.CAPTIONS, 33)),
        ((ImportStage.METADATA, 25), (ImportStage.METADATA, 40), (ImportStage.CAPTIONS, 40)),
        # How much of the sound is here, the workflow hears at the end of the step.
        ((ImportStage.METADATA, 33), (ImportStage.METADATA, 25), (ImportStage.CAPTIONS, 33)),
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
    entry = progress_of(row, status, [], Language.EN)
    assert (entry.stage, entry.progress) == told


def test_a_step_that_is_further_than_its_import_knows_does_not_hide_why_it_waits() -> None:
    row = VideoRow(uuid4(), uuid4(), None, VIDEO, ImportStage.METADATA, 33, None)
    retry_at = datetime(2040, 1, 2, tzinfo=UTC)
    status = ImportStatus(
        youtube_id=VIDEO,
        stage=ImportStage.METADATA,
        progress=25,
        attempt=2,
        retry_at=retry_at,
        waiting_for=ErrorType.LINK_EXPIRED,
    )
    entry = progress_of(row, status, [], Language.EN)
    assert (entry.progress, entry.attempt, entry.retry_at) == (33, 2, retry_at)
    assert (entry.error_code, entry.message) == (ErrorType.LINK_EXPIRED, waiting_text(None, ErrorType.LINK_EXPIRED))


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


@pytest.mark.usefixtures("starts_at")
async def test_what_is_over_is_told_from_postgres(notifier: Notifier, client: Client, library: Library) -> None:
    """A video that was asked for again is not told by the import that ended before."""
    await library.add(VIDEO)
    await start_import(client, VIDEO, library.user_id)
    await until_it_waits(notifier)
    await client.get_workflow_handle(f"import-video:{VIDEO}").terminate("the test ends it")
    video = (await snapshot(notifier))["videos"][0]
    assert (video["stage"], video["retry_at"], video["error_code"]) == ("created", None, None)
