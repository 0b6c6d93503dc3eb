"""Where imports stand: on connecting, and when asked for."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from services.notifier.server import Notifier
from services.notifier.snapshots import MAX_IN_FLIGHT
from shared.contracts.errors import ErrorType
from shared.contracts.imports import ImportWait
from shared.contracts.stages import ImportStage
from shared.contracts.upstreams import PauseReason, Upstream, UpstreamState
from shared.i18n.languages import Language
from shared.i18n.messages import import_error_text, waiting_text
from tests.notifier.support import Browser, Library, other_library, snapshot
from tests.support.upstreams import paused, write_down

VIDEO = "aaaaaaaaaaa"
RESUME_AT = datetime(2040, 1, 2, 3, 4, 5, tzinfo=UTC)


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


async def test_every_import_of_a_paused_upstream_waits(notifier: Notifier, library: Library) -> None:
    for name in (VIDEO, "needs_none_"):
        await library.add(name)
    await library.advance("needs_none_", ImportStage.CAPTIONS)
    await write_down(library.engine, paused(PauseReason.RATE_LIMITED, resume_at=RESUME_AT))

    codes = {video["youtube_id"]: video["error_code"] for video in (await snapshot(notifier))["videos"]}

    assert codes == {VIDEO: "rate_limited", "needs_none_": None}


WAIT = ImportWait(reason=ErrorType.UPCOMING, retry_at=RESUME_AT, attempt=2)


async def test_a_wait_of_its_own_is_pushed_and_part_of_snapshots(notifier: Notifier, library: Library) -> None:
    await library.add(VIDEO)
    async with Browser(notifier.port, "?lang=de") as browser:
        await browser.receive()
        begun = await library.wait(VIDEO, WAIT)
        pushed = await browser.receive()
        asked = await subscribed(notifier, library.video_ids[VIDEO])
        await library.wait(VIDEO, None)
        ended = await browser.receive()

    assert (pushed["type"], pushed["stage"], pushed["progress"]) == ("import_progress", "created", 0)
    assert (pushed["seq"], pushed["attempt"]) == (begun.message.seq, 2)
    waits = ("upcoming", "upcoming", "2040-01-02T03:04:05Z")
    for message in (pushed, asked["videos"][0]):
        assert (message["waiting_for"], message["error_code"], message["retry_at"]) == waits
    assert pushed["message"] == waiting_text(None, ErrorType.UPCOMING, Language.DE)
    assert (ended["waiting_for"], ended["error_code"], ended["retry_at"], ended["message"]) == (None, None, None, None)
