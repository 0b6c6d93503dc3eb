"""Calls that no adapter can tell of: of several exits, without an answer, and whose answer waits for PostgreSQL."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from services.worker.activities.support import youtube_calls
from services.worker.activities.support.heartbeats import heartbeats
from services.worker.activities.support.youtube_calls import YoutubeCalls
from services.worker.adapters.models import YoutubeError
from services.worker.adapters.youtube.connection import Connection
from services.worker.adapters.youtube.exits import Exits
from services.worker.background.usage_reports import UpstreamReporter
from shared.contracts.errors import ErrorType
from shared.contracts.upstreams import Upstream, UpstreamStatus
from shared.contracts.youtube_requests import CallStage
from shared.settings import Settings
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
    assert heard.outcomes == [None, ErrorType.BOT_CHECK]


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
