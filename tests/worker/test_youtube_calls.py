"""What the governor hears of a call, what a call waits for, and as whom it asks."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from fakes.youtube import FakeVideo, FakeYoutube, Kind
from services.worker.activities.support import youtube_calls
from services.worker.activities.support.heartbeats import heartbeats
from services.worker.activities.support.youtube_calls import YoutubeCalls
from services.worker.adapters.models import YoutubeError
from services.worker.adapters.youtube.connection import Connection
from services.worker.adapters.youtube.exits import Exits
from services.worker.background.usage_reports import UpstreamReporter
from shared.contracts.errors import ErrorType
from shared.contracts.upstreams import PauseReason, Upstream, UpstreamReport, UpstreamState, UpstreamStatus
from shared.contracts.youtube_requests import CallStage
from shared.settings import Settings
from tests.support.upstreams import GOING, paused
from tests.support.waiting import eventually
from tests.support.youtube_audio import audio_adapter
from workflows.common.activity_options import options_of
from workflows.imports.activities import YoutubeActivities
from workflows.rate_limits.client import GovernorClient

ID = "abcdefghijk"


class Heard(UpstreamReporter):
    """Keeps what the governor would hear."""

    def __init__(self, governor: GovernorClient) -> None:
        super().__init__(governor)
        self.outcomes: list[ErrorType | None] = []

    def call_finished(
        self, status: UpstreamStatus | None, youtube_id: str, error_type: ErrorType | None, **options: object
    ) -> None:
        """Keep the outcome."""
        self.outcomes.append(error_type)


async def test_the_governor_hears_of_the_last_exits_bot_check_only(client: Client, settings: Settings) -> None:
    connection = Connection(Exits(["http://one:1", "http://two:2"]), None)
    heard = Heard(GovernorClient(client, Upstream.YOUTUBE, settings.youtube_rate_limits))
    asked: list[str | None] = []

    def ask() -> None:
        asked.append(connection.proxy)
        raise YoutubeError(ErrorType.BOT_CHECK, "are you a bot")

    with ThreadPoolExecutor(1) as threads:
        calls = YoutubeCalls(heard, threads)

        async def call() -> None:
            async with heartbeats():
                await calls.run(None, ID, CallStage.METADATA, ask)

        for _ in range(2):
            with pytest.raises(ApplicationError) as caught:
                await ActivityEnvironment().run(call)
            assert caught.value.type == ErrorType.BOT_CHECK
    assert sorted(map(str, asked)) == ["http://one:1", "http://two:2"]
    assert heard.outcomes == [ErrorType.UPSTREAM_UNAVAILABLE, ErrorType.BOT_CHECK]


@pytest.mark.parametrize(
    ("status", "kinds"),
    [
        (GOING, [Kind.PLAYER]),
        (paused(PauseReason.RATE_LIMITED, UpstreamState.HALF_OPEN), [Kind.PLAYER]),
        (paused(PauseReason.BOT_CHECK, UpstreamState.HALF_OPEN), [Kind.WATCH, Kind.PLAYER]),
    ],
    ids=["running", "another pause", "bot check"],
)
async def test_the_call_that_ends_a_bot_checks_pause_asks_as_a_new_guest_in_every_worker(
    client: Client, settings: Settings, fake_youtube: FakeYoutube, status: UpstreamStatus, kinds: list[Kind]
) -> None:
    fake_youtube.library.add(FakeVideo(ID))
    adapter = audio_adapter(fake_youtube)
    heard = Heard(GovernorClient(client, Upstream.YOUTUBE, settings.youtube_rate_limits))
    with ThreadPoolExecutor(1) as threads:
        calls = YoutubeCalls(heard, threads)

        async def call() -> None:
            async with heartbeats():
                await calls.run(status, ID, CallStage.AUDIO, lambda: adapter.find(ID))

        await ActivityEnvironment().run(call)
    assert [request.kind for request in fake_youtube.requests] == kinds
    assert heard.outcomes == [None]


class SlowGovernor(GovernorClient):
    """Decides when it is told to."""

    is_asked = False
    decides = False

    async def report(self, report: UpstreamReport) -> None:
        """Hear it."""

    async def has_decided(self) -> bool:
        """As told."""
        self.is_asked = True
        return self.decides


async def test_a_call_that_casts_doubt_keeps_its_slot_until_the_governor_has_decided(
    client: Client, settings: Settings
) -> None:
    slow = SlowGovernor(client, Upstream.YOUTUBE, settings.youtube_rate_limits)

    def ask() -> None:
        raise YoutubeError(ErrorType.EXTRACTOR_OUTDATED, "every client is refused")

    async def is_asked() -> bool:
        return slow.is_asked

    with ThreadPoolExecutor(1) as threads:
        async with UpstreamReporter(slow) as reporter:
            calls = YoutubeCalls(reporter, threads)

            async def call() -> None:
                async with heartbeats():
                    await calls.run(None, ID, CallStage.METADATA, ask)

            running = asyncio.create_task(ActivityEnvironment().run(call))
            await eventually(is_asked)
            assert not running.done()
            slow.decides = True
            with pytest.raises(ApplicationError) as caught:
                await running
    assert caught.value.type == ErrorType.EXTRACTOR_OUTDATED


async def test_a_governor_that_cannot_be_asked_holds_up_no_call(client: Client, settings: Settings) -> None:
    class Unreachable(SlowGovernor):
        async def has_decided(self) -> bool:
            raise OSError("as scripted")

    async with UpstreamReporter(Unreachable(client, Upstream.YOUTUBE, settings.youtube_rate_limits)) as reporter:
        await reporter.until_decided()


async def test_a_call_without_an_answer_ends_as_an_unavailable_youtube(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(youtube_calls, "CALL_SECONDS", 0.1)
    heard = Heard(GovernorClient(client, Upstream.YOUTUBE, settings.youtube_rate_limits))
    may_end = Event()

    with ThreadPoolExecutor(1) as threads:

        async def call() -> None:
            async with heartbeats():
                await YoutubeCalls(heard, threads).run(None, ID, CallStage.METADATA, may_end.wait)

        with pytest.raises(ApplicationError) as caught:
            await ActivityEnvironment().run(call)
        may_end.set()
    assert caught.value.type == ErrorType.UPSTREAM_UNAVAILABLE
    assert heard.outcomes == [ErrorType.UPSTREAM_UNAVAILABLE]


@pytest.mark.parametrize("activity", [YoutubeActivities.fetch_metadata, YoutubeActivities.fetch_captions])
def test_an_answer_may_wait_for_postgresql_much_longer_than_a_call_takes(activity: Callable[..., object]) -> None:
    assert options_of(activity).timeout > timedelta(seconds=100 * youtube_calls.CALL_SECONDS)
