"""Events on their way from the feed and from Postgres to the browser."""

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from services.notifier import feed
from services.notifier.server import Notifier
from services.notifier.store import Store
from shared.contracts.errors import ErrorType
from shared.contracts.stages import ImportStage
from shared.db.models import LOCAL_USER_ID
from shared.i18n.catalog import text
from shared.i18n.languages import Language
from shared.settings import Settings
from shared.temporal.feed import FeedPublisher
from shared.temporal.names import progress_feed_id
from tests.notifier.support import Browser, Library, other_library, sub_progress, until_feed_is_read
from tests.support.waiting import eventually

VIDEO = "aaaaaaaaaaa"
STAGES = [ImportStage.METADATA, ImportStage.CAPTIONS, ImportStage.CHAPTERS, ImportStage.COMPLETE]


async def test_one_import_from_start_to_end(notifier: Notifier, publisher: FeedPublisher, library: Library) -> None:
    async with Browser(notifier.port) as browser:
        assert (await browser.receive())["videos"] == []
        publisher.publish([await library.add(VIDEO)])
        for stage in STAGES:
            publisher.publish([await library.advance(VIDEO, stage)])
        messages = [await browser.receive() for _ in range(5)]
        await browser.assert_silent()
    assert [(message["stage"], message["progress"]) for message in messages] == [
        ("created", 0),
        ("metadata", 25),
        ("captions", 60),
        ("chapters", 90),
        ("complete", 100),
    ]
    assert {(m["type"], m["video_id"], m["youtube_id"], m["message"]) for m in messages} == {
        ("import_progress", library.video_ids[VIDEO], VIDEO, None)
    }
    assert [message["seq"] for message in messages] == sorted({message["seq"] for message in messages})


async def test_sub_progress_comes_through_the_feed(
    notifier: Notifier, publisher: FeedPublisher, library: Library
) -> None:
    await library.add(VIDEO)
    async with Browser(notifier.port) as browser:
        await browser.receive()
        await until_feed_is_read(browser, publisher, library, VIDEO)
        publisher.publish([sub_progress(library, VIDEO, 42)])
        message = await browser.receive()
    assert (message["stage"], message["progress"], message["seq"]) == ("captions", 42, None)


async def test_what_the_feed_lost_comes_before_the_next_event(
    notifier: Notifier, publisher: FeedPublisher, library: Library
) -> None:
    await library.add(VIDEO)
    async with Browser(notifier.port) as browser:
        await browser.receive()
        await until_feed_is_read(browser, publisher, library, VIDEO)
        lost = [await library.advance(VIDEO, stage) for stage in STAGES[:3]]
        complete = await library.advance(VIDEO, ImportStage.COMPLETE)
        publisher.publish([complete])
        assert await browser.receive_seqs(4) == [event.message.seq for event in [*lost, complete]]


async def test_an_event_that_was_not_published_is_delivered(notifier: Notifier, library: Library) -> None:
    async with Browser(notifier.port) as browser:
        await browser.receive()
        created = await library.add(VIDEO)
        assert await browser.receive_seqs(1) == [created.message.seq]


async def test_a_poll_that_fails_is_not_the_last(
    notifier: Notifier, library: Library, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def failed() -> bool:
        return any("poll_failed" in record.getMessage() for record in caplog.records)

    async with Browser(notifier.port) as browser:
        await browser.receive()
        with monkeypatch.context() as patched:
            patched.setattr(Store, "latest_seqs", None)
            await eventually(failed)
        created = await library.add(VIDEO)
        assert await browser.receive_seqs(1) == [created.message.seq]


async def test_a_notifier_whose_polls_have_ended_stops(
    any_port: Settings, engine: AsyncEngine, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "POLL_SECONDS", None)
    async with Notifier(any_port, engine, client) as notifier:
        with pytest.raises(RuntimeError, match="the task polls has ended"):
            await asyncio.wait_for(notifier.serve_until(asyncio.Event()), 20)


async def test_duplicates_and_latecomers_are_dropped(
    notifier: Notifier, publisher: FeedPublisher, library: Library
) -> None:
    await library.add(VIDEO)
    async with Browser(notifier.port) as browser:
        await browser.receive()
        await until_feed_is_read(browser, publisher, library, VIDEO)
        first, second = [await library.advance(VIDEO, stage) for stage in STAGES[:2]]
        publisher.publish([second, first, second, first, sub_progress(library, VIDEO, 70), second])
        assert await browser.receive_seqs(2) == [first.message.seq, second.message.seq]
        third = await library.advance(VIDEO, STAGES[2])
        publisher.publish([first, third])
        message = await browser.receive()
        while message["seq"] is None:  # sub-progress that came after catching up
            message = await browser.receive()
        assert message["seq"] == third.message.seq


async def test_every_notifier_gets_everything(
    any_port: Settings, engine: AsyncEngine, client: Client, publisher: FeedPublisher, library: Library
) -> None:
    created = await library.add(VIDEO)
    async with (
        Notifier(any_port, engine, client) as one,
        Notifier(any_port, engine, client) as other,
        Browser(one.port) as browser,
        Browser(other.port) as second_browser,
    ):
        for each in (browser, second_browser):
            assert (await each.receive())["seq"] == created.message.seq
        # The second waits only after the first, so each finds its own proof that its notifier reads the feed.
        await until_feed_is_read(browser, publisher, library, VIDEO)
        events = [await library.advance(VIDEO, stage) for stage in STAGES]
        publisher.publish(events)
        seqs = [event.message.seq for event in events]
        assert await browser.receive_seqs(4) == seqs
        heard = [await second_browser.receive()]
        while heard[-1]["stage"] != "complete":
            heard.append(await second_browser.receive())
        assert [message["seq"] for message in heard if message["seq"]] == seqs


async def test_errors_are_sent_in_the_language_of_the_connection(notifier: Notifier, library: Library) -> None:
    async with (
        Browser(notifier.port) as english,
        Browser(notifier.port, "?lang=de") as german,
        Browser(notifier.port, additional_headers={"Accept-Language": "de-CH"}) as swiss,
    ):
        browsers = [english, german, swiss]
        for browser in browsers:
            await browser.receive()
        await library.add(VIDEO)
        await library.fail(VIDEO, ErrorType.VIDEO_PRIVATE)
        failures = []
        for browser in browsers:
            assert (await browser.receive())["message"] is None
            failures.append(await browser.receive())
    assert [failure["message"] for failure in failures] == [
        text("import_error.video_private"),
        text("import_error.video_private", Language.DE),
        text("import_error.video_private", Language.DE),
    ]
    assert {(failure["stage"], failure["error_code"]) for failure in failures} == {("error", "video_private")}


async def test_other_users_events_stay_with_them(notifier: Notifier, engine: AsyncEngine, library: Library) -> None:
    stranger = await other_library(engine)
    async with Browser(notifier.port) as browser:
        await browser.receive()
        await stranger.add(VIDEO)
        mine = await library.add(VIDEO)
        assert mine.user_id == LOCAL_USER_ID
        assert await browser.receive_seqs(1) == [mine.message.seq]
        await browser.assert_silent()


async def test_the_feed_is_read_again_after_it_was_ended(
    notifier: Notifier, client: Client, publisher: FeedPublisher, library: Library
) -> None:
    await library.add(VIDEO)
    async with Browser(notifier.port) as browser:
        await browser.receive()
        await until_feed_is_read(browser, publisher, library, VIDEO)
        first_run = await client.get_workflow_handle(progress_feed_id(0)).describe()
        await client.get_workflow_handle(progress_feed_id(0)).terminate("the test ends it")

        async def runs_again() -> bool:
            return (await client.get_workflow_handle(progress_feed_id(0)).describe()).run_id != first_run.run_id

        await eventually(runs_again)
        await until_feed_is_read(browser, publisher, library, VIDEO)
