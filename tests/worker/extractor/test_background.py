"""What a worker does by itself: it updates, it restarts without losing an import, it takes a bad version back."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from fakes.youtube import FakeVideo, FakeYoutube, Fault, Kind, captions
from services.worker.extractor import activation
from services.worker.extractor.store import State, Store
from services.worker.extractor.trial import MIN_CALLS, TRIAL, TRIAL_CALLS, Trial
from shared.contracts.errors import ErrorType
from shared.contracts.stages import ImportStage
from shared.contracts.upstreams import ExtractorState, PauseReason
from shared.settings import Settings
from tests.support.entries import add_video, find_video
from tests.support.upstreams import doubted, paused, write_down
from tests.support.waiting import eventually
from tests.worker.extractor.one_worker import YOUTUBE_ID, OneWorker
from tests.worker.extractor.releases import NEWER, NEWEST, NIGHTLY, Index, install
from tests.worker.extractor.test_store import put, selected
from tests.worker.test_health import START_SECONDS, RunningWorker, running_worker
from workflows.imports.client import start_import

STALL_SECONDS = 3.0
NOW = datetime.now(UTC)
DUE = State(next_check_at=NOW, next_canary_at=NOW + timedelta(days=1))


@pytest.fixture
def active(store: Store) -> Iterator[str]:
    """A version that is on trial, and that this process uses."""
    put(store, NEWER)
    store.select(NEWER, on_trial=True)
    activation._active.append(NEWER)
    yield NEWER
    activation._active.clear()


async def test_a_new_version_is_selected_and_the_worker_restarts(
    one_worker: OneWorker, store: Store, index: Index
) -> None:
    index.add(NEWER)
    await one_worker.step()
    assert index.requests == [], "it is not due"
    assert store.state().next_check_at is not None
    store.save_state(DUE)
    await one_worker.step()
    assert (selected(store), one_worker.stop.is_set()) == (NEWER, False)
    await one_worker.step()
    assert one_worker.stop.is_set()


@pytest.mark.usefixtures("asked")
async def test_workers_of_one_machine_restart_one_after_the_other(
    client: Client, engine: AsyncEngine, settings: Settings, store: Store
) -> None:
    workers = [OneWorker(client, engine, settings, store) for _ in range(2)]
    put(store, NEWER)
    store.select(NEWER)
    for worker in workers:
        await worker.step()
    assert [worker.stop.is_set() for worker in workers] == [True, False]


async def test_an_outdated_version_is_replaced_at_once_by_whatever_helps(
    one_worker: OneWorker, engine: AsyncEngine, store: Store, index: Index
) -> None:
    index.add(NIGHTLY, details={"upload-time": datetime.now(UTC).isoformat()})
    store.save_state(State(checked_at=NOW - timedelta(hours=4), next_check_at=NOW + timedelta(hours=20)))
    await one_worker.step()
    assert selected(store) is None
    await write_down(engine, doubted(ExtractorState.BROKEN))
    await one_worker.step()
    assert selected(store) == NIGHTLY


@pytest.mark.parametrize("why", ["off", "pinned"])
@pytest.mark.usefixtures("asked")
async def test_nothing_is_updated_against_the_operators_will(
    client: Client, engine: AsyncEngine, settings: Settings, store: Store, index: Index, why: str
) -> None:
    index.add(NEWER)
    store.select(None, pinned=why == "pinned")
    store.save_state(DUE)
    updates = "off" if why == "off" else "nightly"
    changed = settings.model_copy(update={"extractor_index": index.url, "extractor_updates": updates})
    await OneWorker(client, engine, changed, store).step()
    assert index.requests == []


async def test_an_update_waits_while_calls_are_paused(
    one_worker: OneWorker, engine: AsyncEngine, store: Store, index: Index, asked: list[Path | None]
) -> None:
    index.add(NEWER)
    store.save_state(DUE)
    await write_down(engine, paused(PauseReason.BOT_CHECK))
    await one_worker.step()
    assert (selected(store), asked, store.state().outcome) == (None, [], "postponed")


async def test_a_version_that_does_worse_is_taken_back(one_worker: OneWorker, store: Store, active: str) -> None:
    one_worker.calls(TRIAL_CALLS, ErrorType.VIDEO_PRIVATE)
    await one_worker.step()
    assert selected(store) == active
    one_worker.calls(TRIAL_CALLS, ErrorType.UNEXPECTED_ANSWER)
    await one_worker.step()
    assert (selected(store), [*store.refusals()]) == (None, [active])
    assert one_worker.stop.is_set()


async def test_an_upgrade_of_vidferry_tests_the_version_again(
    one_worker: OneWorker, store: Store, asked: list[Path | None]
) -> None:
    put(store, NEWER, tested_with="an older Vidferry")
    store.select(NEWER)
    await one_worker.step()
    assert (selected(store), asked) == (NEWER, [store.path_of(NEWER)])


@pytest.mark.parametrize(
    ("calls", "unreadable", "before", "after", "is_worse"),
    [
        (TRIAL_CALLS, TRIAL_CALLS, 0.0, timedelta(0), True),
        (TRIAL_CALLS - 1, TRIAL_CALLS - 1, 0.0, timedelta(0), False),
        (MIN_CALLS, MIN_CALLS, 0.0, TRIAL, True),
        (MIN_CALLS, MIN_CALLS, 0.0, 3 * TRIAL, False),
        (TRIAL_CALLS, 3, 0.0, timedelta(0), False),
        (TRIAL_CALLS, TRIAL_CALLS, 0.9, timedelta(0), False),
    ],
)
def test_a_trial(calls: int, unreadable: int, before: float, after: timedelta, is_worse: bool) -> None:
    trial = Trial()
    for number in range(calls):
        trial.note(ErrorType.UNEXPECTED_ANSWER if number < unreadable else None)
    for _ in range(TRIAL_CALLS):
        trial.note(ErrorType.UPSTREAM_UNAVAILABLE)  # says nothing about a version
    assert trial.is_worse(before, selected_at=NOW, now=NOW + after) == is_worse


async def test_a_running_import_survives_the_restart(
    client: Client, settings: Settings, engine: AsyncEngine, fake_youtube: FakeYoutube, store: Store
) -> None:
    fake_youtube.library.add(FakeVideo(YOUTUBE_ID, captions=(captions("en", "Good morning"),)))
    fake_youtube.faults.add(Fault(kind=Kind.PLAYER, stall_seconds=STALL_SECONDS, times=1))
    video = await add_video(engine, YOUTUBE_ID)

    async def is_asked() -> bool:
        return any(request.kind is Kind.PLAYER for request in fake_youtube.requests)

    async def is_complete() -> bool:
        return (await find_video(engine, video.id)).import_stage == ImportStage.COMPLETE

    async with worker_with(store, settings, fake_youtube) as first:
        await start_import(client, YOUTUBE_ID, video.user_id)
        await eventually(is_asked)
        install(store, NEWEST)
        store.select(NEWEST)
        log = await ended(first)
    assert first.process.returncode == 0, log
    assert f"extractor_restart before=bundled after={NEWEST}" in log
    async with worker_with(store, settings, fake_youtube) as second:
        await eventually(is_complete)
        second.process.terminate()
        log = await ended(second)
    assert f"extractor_in_use version={NEWEST} bundled=false" in log
    assert sum(request.kind is Kind.PLAYER for request in fake_youtube.requests) == 1


@asynccontextmanager
async def worker_with(store: Store, settings: Settings, fake_youtube: FakeYoutube) -> AsyncIterator[RunningWorker]:
    environment = {
        "YOUTUBE_PROXY": fake_youtube.proxy_url,
        "YOUTUBE_CA_FILE": str(fake_youtube.ca_file),
        "YOUTUBE_EXTRACTOR_DIRECTORY": str(store.directory),
        "YOUTUBE_EXTRACTOR_UPDATES": "off",
        "VIDFERRY_RECONCILE_INTERVAL_SECONDS": "1",
        "VIDFERRY_DRAIN_SECONDS": "60",
    }
    async with running_worker(settings, environment=environment) as worker:
        yield worker


async def ended(worker: RunningWorker) -> str:
    """Wait for the end of a process; returns its log."""
    _, log = await asyncio.wait_for(worker.process.communicate(), START_SECONDS)
    return log.decode()
