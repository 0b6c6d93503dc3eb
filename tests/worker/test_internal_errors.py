"""Unexpected errors with the production worker: one round of requests, and the answers are stored."""

import logging
from collections.abc import AsyncIterator
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from fakes.youtube import FakeList, FakeVideo, FakeYoutube, Kind, captions
from services.worker.activities.support.heartbeats import heartbeats
from services.worker.activities.support.progress import ProgressReporter
from services.worker.activities.support.youtube_calls import MAX_CALLS, YoutubeCalls
from services.worker.adapters.youtube import metadata
from services.worker.background.usage_reports import UpstreamReporter
from services.worker.dependencies import dependencies
from services.worker.internal_errors import MAX_PAYLOAD_BYTES, InternalErrors
from services.worker.workers import build_workers
from shared.contracts.batches import ListingState
from shared.contracts.errors import ERROR_RULES, ErrorType
from shared.contracts.stages import ImportStage
from shared.contracts.upstreams import Upstream
from shared.contracts.youtube_requests import CallStage
from shared.db.videos import retry_video
from shared.settings import Settings
from tests.support.batches import add_listed_batch, when_over
from tests.support.entries import add_video, events_of, find_video
from tests.support.worker import worker_at_work
from workflows.batches.client import start_batch
from workflows.common import retry
from workflows.common.retry import Backoff
from workflows.imports.client import start_import
from workflows.rate_limits.client import GovernorClient

ID = "abcdefghijk"
ATTEMPTS = ERROR_RULES[ErrorType.INTERNAL_ERROR].max_attempts
SOON = timedelta(milliseconds=20)


@pytest.fixture
async def worker(
    client: Client, settings: Settings, engine: AsyncEngine, fake_youtube: FakeYoutube, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[None]:
    """The production worker; its attempts follow each other quickly."""
    monkeypatch.setattr(retry, "TRANSIENT_BACKOFF", Backoff(SOON, SOON))
    async with worker_at_work(client, settings, engine, fake_youtube):
        yield


async def execute(engine: AsyncEngine, *statements: str) -> None:
    async with engine.begin() as connection:
        for statement in statements:
            await connection.execute(text(statement))


async def kept_answers(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int(await connection.scalar(text("SELECT count(*) FROM upstream_answers")) or 0)


def asked(fake_youtube: FakeYoutube, before: int = 0) -> list[Kind]:
    """The paths of the requests to YouTube, after so many of them."""
    return [request.kind for request in fake_youtube.requests][before:]


def foreign_key(table: str) -> tuple[list[str], list[str]]:
    """Statements that make every new row of a table fail, and those that mend it."""
    key = f"ALTER TABLE {table} ADD CONSTRAINT broken FOREIGN KEY (youtube_id) REFERENCES allowed"
    return ["CREATE TABLE allowed (youtube_id text PRIMARY KEY)", key], [f"ALTER TABLE {table} DROP CONSTRAINT broken"]


TOO_LARGE = (
    ["ALTER TABLE video_enrichments ALTER title TYPE varchar(3)"],
    ["ALTER TABLE video_enrichments ALTER title TYPE text"],
)
METADATA, TIMEDTEXT = [Kind.WATCH, Kind.PLAYER], [Kind.TIMEDTEXT]


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize(
    ("faults", "first", "after"),
    [
        pytest.param(foreign_key("video_enrichments"), METADATA, TIMEDTEXT, id="foreign key, metadata"),
        pytest.param(TOO_LARGE, METADATA, TIMEDTEXT, id="value too large"),
        pytest.param(foreign_key("transcript_segments"), METADATA + TIMEDTEXT, [], id="foreign key, captions"),
        pytest.param(foreign_key("chapters"), METADATA + TIMEDTEXT, [], id="foreign key, chapters"),
    ],
)
async def test_an_answer_that_cannot_be_saved_is_requested_once(
    client: Client,
    engine: AsyncEngine,
    fake_youtube: FakeYoutube,
    caplog: pytest.LogCaptureFixture,
    faults: tuple[list[str], list[str]],
    first: list[Kind],
    after: list[Kind],
) -> None:
    description = "0:00 One\n1:00 Two\n2:00 Three"
    fake_youtube.library.add(FakeVideo(ID, description=description, captions=(captions("en", "Hello"),)))
    broken, mended = faults
    await execute(engine, *broken)
    video = await add_video(engine, ID)
    result = await (await start_import(client, ID, video.user_id)).result()
    assert (result.stage, result.error_code) == (ImportStage.ERROR, ErrorType.INTERNAL_ERROR)
    assert asked(fake_youtube) == first
    *_, last = await events_of(engine, video)
    assert (last.stage, last.error_code) == (ImportStage.ERROR, ErrorType.INTERNAL_ERROR)
    assert (await find_video(engine, video.id)).error_code == ErrorType.INTERNAL_ERROR
    logged = [record for record in caplog.records if record.levelno == logging.ERROR and record.exc_info]
    assert 3 <= len(logged) <= ATTEMPTS

    await execute(engine, *mended)
    async with engine.begin() as connection:
        await retry_video(connection, video.user_id, video.id)
    assert (await (await start_import(client, ID, video.user_id)).result()).stage is ImportStage.COMPLETE
    assert asked(fake_youtube, before=len(first)) == after
    assert await kept_answers(engine) == 0


@pytest.mark.usefixtures("worker")
async def test_an_answer_that_cannot_be_read_is_requested_once(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_youtube.library.add(FakeVideo(ID, captions=(captions("en", "Hello"),)))

    def broken(_info: object) -> None:
        raise KeyError("start_time")

    with monkeypatch.context() as bug:
        bug.setattr(metadata, "_chapters", broken)
        video = await add_video(engine, ID)
        result = await (await start_import(client, ID, video.user_id)).result()
        assert result.error_code is ErrorType.INTERNAL_ERROR
        assert asked(fake_youtube) == METADATA
    async with engine.begin() as connection:
        await retry_video(connection, video.user_id, video.id)
    assert (await (await start_import(client, ID, video.user_id)).result()).stage is ImportStage.COMPLETE
    assert asked(fake_youtube) == METADATA + TIMEDTEXT
    assert await kept_answers(engine) == 0


@pytest.mark.usefixtures("worker")
async def test_an_answer_that_can_never_be_saved_is_finally_requested_again(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    """The answer itself may be what is wrong: after an import and a retry, YouTube may say something better."""
    fake_youtube.library.add(FakeVideo(ID, title="Far too long a title"))
    await execute(engine, "ALTER TABLE video_enrichments ALTER title TYPE varchar(10)")
    video = await add_video(engine, ID)
    for _ in range(2):
        result = await (await start_import(client, ID, video.user_id)).result()
        assert result.error_code is ErrorType.INTERNAL_ERROR
        assert asked(fake_youtube) == METADATA
        async with engine.begin() as connection:
            await retry_video(connection, video.user_id, video.id)
    fake_youtube.library.add(FakeVideo(ID, title="Short"))
    assert (await (await start_import(client, ID, video.user_id)).result()).stage is ImportStage.COMPLETE
    assert asked(fake_youtube)[:4] == METADATA + METADATA


@pytest.mark.usefixtures("worker")
async def test_a_page_that_cannot_be_saved_is_requested_once(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    ids = tuple(f"listvideo{number:02}" for number in range(4))
    fake_youtube.library.add(*(FakeVideo(youtube_id) for youtube_id in ids))
    fake_youtube.library.lists.add(FakeList("PLharboursoftheworld0", "Harbours", ids, page_size=2))
    await execute(engine, "ALTER TABLE import_batches ADD CONSTRAINT broken CHECK (listing_pages < 2)")
    url = "https://www.youtube.com/playlist?list=PLharboursoftheworld0"
    batch_id = await add_listed_batch(engine, url)
    await start_batch(client, batch_id, uuid4())
    over = await when_over(engine, batch_id)
    assert (over.listing, over.error_code) == (ListingState.FAILED, ErrorType.INTERNAL_ERROR)
    assert over.imported == 2  # of the first page
    assert [kind for kind in asked(fake_youtube) if kind is Kind.BROWSE] == [Kind.BROWSE] * 3


@pytest.mark.usefixtures("worker")
async def test_values_that_make_no_sense_are_left_out(
    client: Client, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    fake_youtube.library.add(
        FakeVideo(ID, title="T" * 100_000 + "\ud83d", description="D" * 1_000_000, view_count=10**30)
    )
    video = await add_video(engine, ID)
    assert (await (await start_import(client, ID, video.user_id)).result()).stage is ImportStage.COMPLETE


UNFORESEEN: list[Exception] = [
    KeyError("title"),
    ValueError("x" * 10_000_000),
    TypeError("not a number"),
    asyncpg.ForeignKeyViolationError("a foreign key"),
    asyncpg.StringDataRightTruncationError("value too long"),
    asyncpg.exceptions._base.DataError("value out of int32 range"),
    asyncpg.UndefinedTableError("no such table"),
    RPCError("not allowed", RPCStatusCode.INVALID_ARGUMENT, b""),
    RuntimeError("of whatever kind"),
    FileNotFoundError(2, "No such file or directory", "/somewhere/else"),
]
PASSING: list[Exception] = [
    ConnectionRefusedError("PostgreSQL is starting"),
    TimeoutError(),
    asyncpg.DeadlockDetectedError("deadlock"),
    asyncpg.SerializationError("serialization"),
    asyncpg.LockNotAvailableError("lock timeout"),
    asyncpg.QueryCanceledError("statement timeout"),
    asyncpg.IdleInTransactionSessionTimeoutError("idle"),
    asyncpg.AdminShutdownError("shutting down"),
    ConnectionResetError("the connection to PostgreSQL was lost"),
    RPCError("away", RPCStatusCode.UNAVAILABLE, b""),
]


class Failing:
    """An activity that raises, twice, or answers something that cannot be handed over."""

    def __init__(self, outcome: object) -> None:
        self.outcome, self.attempts = outcome, 0

    @activity.defn(name="attempt")
    async def attempt(self) -> str:
        self.attempts += 1
        if isinstance(self.outcome, Exception):
            if self.attempts > 2:
                return "done"
            raise self.outcome
        return str(self.outcome)


@workflow.defn(sandboxed=False)
class Attempt:
    """One activity, retried as database steps are."""

    @workflow.run
    async def run(self, is_local: bool) -> str:
        """Its result, or the type of what it failed with."""
        policy = RetryPolicy(initial_interval=SOON, maximum_interval=SOON)
        limit = timedelta(seconds=10)
        try:
            if is_local:
                return str(
                    await workflow.execute_local_activity(
                        "attempt", start_to_close_timeout=limit, retry_policy=policy, result_type=str
                    )
                )
            return str(
                await workflow.execute_activity(
                    "attempt", start_to_close_timeout=limit, retry_policy=policy, result_type=str
                )
            )
        except (ActivityError, ApplicationError) as error:
            cause = error.cause if isinstance(error, ActivityError) else error
            return str(getattr(cause, "type", cause))


class CutOff:
    """An activity that asks YouTube and is cut off each time, as by the end of its worker."""

    def __init__(self, client: Client, threads: Executor) -> None:
        governor = GovernorClient(client, Upstream.YOUTUBE, Settings().youtube_rate_limits)
        self._calls = YoutubeCalls(UpstreamReporter(governor), threads)
        self.asked = 0

    @activity.defn
    async def attempt(self) -> None:
        async with heartbeats():
            await self._calls.run(None, ID, CallStage.METADATA, self._ask)

    def _ask(self) -> None:
        self.asked += 1
        raise ConnectionError


async def test_calls_that_never_come_to_their_end_are_bounded(client: Client) -> None:
    with ThreadPoolExecutor(1) as threads:
        cut_off = CutOff(client, threads)
        assert await attempt(client, cut_off, is_local=False) == ErrorType.INTERNAL_ERROR
    assert cut_off.asked == MAX_CALLS


async def attempt(client: Client, failing: Failing | CutOff, *, is_local: bool) -> str:
    queue = str(uuid4())
    worker = Worker(
        client,
        task_queue=queue,
        workflows=[Attempt],
        activities=[failing.attempt],
        interceptors=[InternalErrors()],
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    async with worker:
        return await client.execute_workflow(Attempt.run, is_local, id=queue, task_queue=queue)


@pytest.mark.parametrize("is_local", [False, True])
@pytest.mark.parametrize("outcome", [*UNFORESEEN, "half a pair: \ud83d", "x" * MAX_PAYLOAD_BYTES], ids=type)
async def test_the_unforeseen_is_not_retried_by_temporal(client: Client, outcome: object, is_local: bool) -> None:
    failing = Failing(outcome)
    assert await attempt(client, failing, is_local=is_local) == ErrorType.INTERNAL_ERROR
    assert failing.attempts == 1


async def test_no_worker_leaves_the_unforeseen_to_temporal(
    client: Client, settings: Settings, engine: AsyncEngine
) -> None:
    async with dependencies(client, settings, engine) as needs:
        for worker in build_workers(client, settings, needs):
            interceptors = worker.config().get("interceptors", [])
            assert [type(each) for each in interceptors] == [InternalErrors], worker.task_queue


@pytest.mark.parametrize("is_local", [False, True])
@pytest.mark.parametrize("outcome", PASSING, ids=type)
async def test_transient_errors_are_retried_by_temporal(client: Client, outcome: Exception, is_local: bool) -> None:
    failing = Failing(outcome)
    assert await attempt(client, failing, is_local=is_local) == "done"
    assert failing.attempts == 3


async def test_progress_that_cannot_be_written_stops_nothing(engine: AsyncEngine) -> None:
    """A deadlock, made by a trigger that says so."""
    await add_video(engine, ID)
    await execute(
        engine,
        "CREATE FUNCTION deadlock() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = 'deadlock_detected'; END $$",
        "CREATE TRIGGER deadlock BEFORE UPDATE ON videos EXECUTE FUNCTION deadlock()",
    )
    await ProgressReporter(engine, lambda _: None).report(ID, 30)


async def test_every_worker_has_the_interceptor(client: Client, settings: Settings, engine: AsyncEngine) -> None:
    async with dependencies(client, settings, engine) as needs:
        workers = build_workers(client, settings, needs)
        without = [worker.task_queue for worker in workers if not _has_interceptor(worker)]
    assert without == []


def _has_interceptor(worker: Worker) -> bool:
    return any(isinstance(interceptor, InternalErrors) for interceptor in worker.config()["interceptors"])
