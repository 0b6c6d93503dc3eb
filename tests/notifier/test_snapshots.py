"""Where imports stand: on connecting, and when asked for."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client

from fakes.youtube import FakeVideo, FakeYoutube, VideoState
from services.notifier.server import Notifier
from services.notifier.snapshots import MAX_IN_FLIGHT, MAX_QUERIED
from shared.contracts.errors import ErrorType
from shared.contracts.stages import ImportStage
from shared.contracts.upstreams import PauseReason, Upstream, UpstreamState
from shared.i18n.languages import Language
from shared.i18n.messages import import_error_text, waiting_text
from shared.settings import Settings
from tests.notifier.support import Browser, Library, other_library, snapshot, until_it_waits
from tests.support.upstreams import paused, write_down
from tests.support.waiting import eventually
from tests.support.worker import worker_at_work
from workflows.imports.client import start_import

VIDEO = "aaaaaaaaaaa"
RESUME_AT = datetime(2040, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
async def starts_at(
    client: Client, settings: Settings, library: Library, fake_youtube: FakeYoutube
) -> AsyncIterator[datetime]:
    """Real workers, and a video that begins then."""
    starts_at = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    fake_youtube.library.add(FakeVideo(VIDEO, state=VideoState.UPCOMING, starts_at=starts_at))
    async with worker_at_work(client, settings, library.engine, fake_youtube):
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
        "failed_____": ("error", 0, "video_private", import_error_text(ErrorType.VIDEO_PRIVATE)),
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


async def waits(notifier: Notifier) -> tuple[str | None, ...]:
    """Until when the only import waits, and why."""
    [video] = (await snapshot(notifier))["videos"]
    return video["retry_at"], video["error_code"], video["message"]


async def test_an_import_waits_while_youtube_is_paused(notifier: Notifier, library: Library) -> None:
    await library.add(VIDEO)
    assert await waits(notifier) == (None, None, None)
    await write_down(library.engine, paused(PauseReason.BOT_CHECK, resume_at=RESUME_AT))
    message = waiting_text(Upstream.YOUTUBE, PauseReason.BOT_CHECK)
    assert await waits(notifier) == ("2040-01-02T03:04:05Z", "bot_check", message)
    await write_down(library.engine, paused(PauseReason.OPERATOR, UpstreamState.PAUSED))
    assert await waits(notifier) == (None, None, waiting_text(Upstream.YOUTUBE, PauseReason.OPERATOR))  # no error


async def test_imports_that_are_not_queried_wait_as_well(notifier: Notifier, library: Library) -> None:
    await library.add(VIDEO)
    newer = await library.add_newer(MAX_QUERIED + 1)
    await library.advance(newer[0], ImportStage.CAPTIONS)  # needs YouTube no more
    await write_down(library.engine, paused(PauseReason.RATE_LIMITED, resume_at=RESUME_AT))

    codes = {video["youtube_id"]: video["error_code"] for video in (await snapshot(notifier))["videos"]}

    assert codes == dict.fromkeys([VIDEO, *newer], "rate_limited") | {newer[0]: None}


async def test_asks_the_running_import_itself(
    notifier: Notifier, client: Client, library: Library, starts_at: datetime
) -> None:
    """Only the workflow knows that it waits, why, and until when."""
    await library.add(VIDEO)
    await start_import(client, VIDEO, library.user_id)
    video = await until_it_waits(notifier)
    assert (video["stage"], video["progress"], video["attempt"]) == ("created", 0, 1)
    assert video["error_code"] == "upcoming"
    assert video["message"] == waiting_text(Upstream.YOUTUBE, ErrorType.UPCOMING, Language.DE)
    assert abs(datetime.fromisoformat(video["retry_at"]) - starts_at) < timedelta(minutes=1)

    async def is_told_when_asked_for() -> bool:  # a busy worker may not have answered in time
        asked_for = await subscribed(notifier, library.video_ids[VIDEO])
        return bool(asked_for["videos"][0]["retry_at"] == video["retry_at"])

    await eventually(is_told_when_asked_for)


@pytest.mark.usefixtures("starts_at")
async def test_what_is_over_is_told_from_postgres(notifier: Notifier, client: Client, library: Library) -> None:
    """A video that was asked for again is not told by the import that ended before."""
    await library.add(VIDEO)
    await start_import(client, VIDEO, library.user_id)
    await until_it_waits(notifier)
    await client.get_workflow_handle(f"import-video:{VIDEO}").terminate("the test ends it")
    video = (await snapshot(notifier))["videos"][0]
    assert (video["stage"], video["retry_at"], video["error_code"]) == ("created", None, None)
