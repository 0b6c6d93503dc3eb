"""When a worker asks YouTube for the canary subjects by itself."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from fakes.youtube import FakeVideo, FakeYoutube, captions
from services.worker.extractor import canary_runs
from services.worker.extractor.canary import CanaryReport, Found, environment
from services.worker.extractor.store import State, Store
from shared.contracts.errors import ErrorType
from shared.contracts.upstreams import ExtractorState, PauseReason, UpstreamState, UpstreamStatus
from shared.contracts.youtube_requests import CallStage
from shared.db.connection import transaction
from shared.db.enrichments import save_metadata
from shared.db.installation import request_start_canary
from shared.db.models import VideoEnrichment
from shared.settings import Settings
from tests.support.entries import add_video
from tests.support.upstreams import GOING, doubted, paused, write_down
from tests.support.waiting import eventually
from tests.worker.extractor.one_worker import YOUTUBE_ID, OneWorker
from tests.worker.extractor.releases import NEWER, NIGHTLY, Index
from tests.worker.extractor.test_canary import canaries
from tests.worker.extractor.test_store import selected
from tests.worker.extractor.test_updates import answered
from tests.worker.test_health import running_worker
from tests.worker.test_request_log import written
from workflows.imports.client import start_import

__all__ = ["canaries"]  # a fixture

NOW = datetime.now(UTC)


async def test_the_first_call_of_an_installation_asks_youtube(
    one_worker: OneWorker,
    client: Client,
    engine: AsyncEngine,
    settings: Settings,
    store: Store,
    asked: list[Path | None],
) -> None:
    other = OneWorker(client, engine, settings, store)
    await start_installation(engine)
    await one_worker.step()
    assert asked == [], "no worker has made a call"
    for worker in (one_worker, other, one_worker):
        worker.calls(1, None)
        await worker.step()
    assert len(asked) == 1
    await start_installation(engine)
    restarted = OneWorker(client, engine, settings, store)
    restarted.calls(1, ErrorType.VIDEO_PRIVATE)
    await restarted.step()
    assert len(asked) == 2


@pytest.mark.parametrize(
    "status",
    [
        paused(PauseReason.BOT_CHECK),
        paused(PauseReason.BOT_CHECK, UpstreamState.HALF_OPEN),
        paused(PauseReason.OPERATOR, UpstreamState.PAUSED),
        doubted(ExtractorState.BROKEN),
    ],
    ids=["bot check", "probe", "operator", "outdated"],
)
async def test_nothing_is_asked_while_calls_are_paused(
    one_worker: OneWorker, engine: AsyncEngine, store: Store, asked: list[Path | None], status: UpstreamStatus
) -> None:
    store.save_state(State(checked_at=NOW, next_check_at=NOW + timedelta(days=1), next_canary_at=NOW))
    await start_installation(engine)
    await write_down(engine, status)
    one_worker.calls(1, None)
    await one_worker.step()
    assert asked == []
    await write_down(engine, GOING)
    await one_worker.step()
    assert len(asked) == 1


async def test_a_suspicion_is_examined_once(
    one_worker: OneWorker, engine: AsyncEngine, store: Store, index: Index, asked: list[Path | None]
) -> None:
    later = NOW + timedelta(days=1)
    store.save_state(State(checked_at=NOW - timedelta(hours=4), next_check_at=later, next_canary_at=later))
    await write_down(engine, doubted(ExtractorState.SUSPECT))
    for _ in range(2):
        await one_worker.step()
    assert (len(asked), index.requests) == (1, [])


async def test_a_suspicion_that_the_canary_confirms_is_as_good_as_an_outage(
    one_worker: OneWorker, engine: AsyncEngine, store: Store, index: Index
) -> None:
    index.add(NIGHTLY)
    later = NOW + timedelta(days=1)
    store.save_state(State(next_check_at=later, next_canary_at=later, canary_at=NOW, canary="failed"))
    await one_worker.step()
    assert selected(store) is None
    await write_down(engine, doubted(ExtractorState.SUSPECT))
    await one_worker.step()
    assert selected(store) == NIGHTLY


async def test_the_canary_of_an_update_is_not_repeated(
    one_worker: OneWorker, engine: AsyncEngine, store: Store, index: Index, asked: list[Path | None]
) -> None:
    index.add(NEWER)
    store.save_state(State(next_check_at=NOW, next_canary_at=NOW))
    await write_down(engine, doubted(ExtractorState.SUSPECT))
    await one_worker.step()
    assert (selected(store), len(asked), store.state().canary) == (NEWER, 1, "passed")


@pytest.mark.usefixtures("asked")
async def test_only_proxies_that_work_are_asked_through(
    client: Client, engine: AsyncEngine, settings: Settings, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    through: list[list[str]] = []

    async def ask(settings: Settings, _overlay: Path | None) -> CanaryReport:
        through.append(settings.youtube_proxies)
        return answered(Found.FINE)

    monkeypatch.setattr(canary_runs, "ask_youtube", ask)
    proxies = ["http://one:1", "http://two:2"]
    several = settings.model_copy(update={"youtube_proxy": SecretStr(",".join(proxies))})
    worker = OneWorker(client, engine, several, store)
    resting = worker.exits.route(YOUTUBE_ID)
    resting.report(ErrorType.BOT_CHECK)
    store.save_state(State(next_check_at=NOW + timedelta(days=1), next_canary_at=NOW))
    await worker.step()
    assert through == [[each for each in proxies if each != resting.proxy]]


@pytest.mark.parametrize("has_imported", [False, True])
async def test_an_idle_installation_asks_youtube_once_a_day(
    one_worker: OneWorker, engine: AsyncEngine, store: Store, asked: list[Path | None], has_imported: bool
) -> None:
    store.save_state(State(next_check_at=NOW + timedelta(days=1), next_canary_at=NOW))
    if has_imported:
        async with transaction(engine) as connection:
            await save_metadata(connection, VideoEnrichment(youtube_id=YOUTUBE_ID, title="A ferry"))
    await one_worker.step()
    await one_worker.step()
    state = store.state()
    assert (len(asked), state.canary) == ((0, "") if has_imported else (1, "passed"))
    assert state.next_canary_at is not None
    assert state.next_canary_at - datetime.now(UTC) > timedelta(hours=5)


@pytest.mark.parametrize(("why", "is_asked"), [("off", False), ("pinned", True)])
async def test_a_pinned_version_is_watched_too(
    client: Client,
    engine: AsyncEngine,
    settings: Settings,
    store: Store,
    asked: list[Path | None],
    why: str,
    is_asked: bool,
) -> None:
    store.select(None, pinned=why == "pinned")
    updates = "off" if why == "off" else "stable"
    worker = OneWorker(client, engine, settings.model_copy(update={"extractor_updates": updates}), store)
    await start_installation(engine)
    worker.calls(1, None)
    await worker.step()
    assert bool(asked) == is_asked
    assert (store.state().next_canary_at is not None) == is_asked


@pytest.mark.parametrize("updates", ["stable", "off"])
async def test_a_failed_canary_is_forgotten_once_an_import_succeeds(
    client: Client, engine: AsyncEngine, settings: Settings, store: Store, updates: str
) -> None:
    one_worker = OneWorker(client, engine, settings.model_copy(update={"extractor_updates": updates}), store)
    later = NOW + timedelta(days=1)
    store.save_state(State(next_check_at=later, next_canary_at=later, canary_at=NOW, canary="failed"))
    one_worker.calls(1, ErrorType.UNEXPECTED_ANSWER)
    await one_worker.step()
    assert store.state().canary == "failed"
    one_worker.calls(1, None)
    await one_worker.step()
    assert store.state().canary == ""


async def test_a_worker_asks_and_logs_what_it_asked(
    client: Client,
    settings: Settings,
    engine: AsyncEngine,
    fake_youtube: FakeYoutube,
    canaries: Settings,
    store: Store,
) -> None:
    fake_youtube.library.add(FakeVideo(YOUTUBE_ID, captions=(captions("en", "Good morning"),)))
    video = await add_video(engine, YOUTUBE_ID)
    await start_installation(engine)
    given = {
        "YOUTUBE_EXTRACTOR_DIRECTORY": str(store.directory),
        "VIDFERRY_RECONCILE_INTERVAL_SECONDS": "1",
    }

    async def stages() -> Counter[str | None]:
        found = Counter(row.stage for row in await written(engine))
        assert found.keys() >= {CallStage.CANARY, CallStage.CAPTIONS}
        return found

    async with running_worker(settings, environment={**environment(canaries), **given}):
        await start_import(client, YOUTUBE_ID, video.user_id)
        found = await eventually(stages)
    assert found[CallStage.CANARY] == sum(each.youtube_id != YOUTUBE_ID for each in fake_youtube.requests)


async def start_installation(engine: AsyncEngine) -> None:
    """What set-up does before the workers start."""
    async with transaction(engine) as connection:
        await request_start_canary(connection)
