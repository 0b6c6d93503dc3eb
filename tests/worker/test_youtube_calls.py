"""What a call does about a bot check: whom it tells, and as whom the next one asks."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from fakes.youtube import FakeVideo, FakeYoutube, Kind
from services.worker.activities.support.heartbeats import heartbeats
from services.worker.activities.support.youtube_calls import YoutubeCalls
from services.worker.adapters.models import YoutubeError
from services.worker.adapters.youtube.connection import Connection
from services.worker.adapters.youtube.exits import Exits
from services.worker.background.usage_reports import UpstreamReporter
from shared.contracts.errors import ErrorType
from shared.contracts.upstreams import PauseReason, Upstream, UpstreamState, UpstreamStatus
from shared.contracts.youtube_requests import CallStage
from shared.settings import Settings
from tests.support.upstreams import GOING, paused
from tests.support.youtube_audio import audio_adapter
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
