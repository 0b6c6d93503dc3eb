"""The fixtures of every test: real servers per run, an empty database per test."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import hypothesis
import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from temporalio.service import RPCError
from xdist.scheduler import LoadScopeScheduling

from fakes.youtube import FakeYoutube
from services.stack.postgres import EmbeddedPostgres
from services.stack.temporal import EmbeddedTemporal
from shared import background
from shared.contracts.upstreams import Upstream
from shared.db.engine import create_engine, ping
from shared.db.migrate import upgrade
from shared.db.models import LOCAL_USER_ID
from shared.process import exit_now
from shared.settings import Settings
from shared.temporal.client import connect
from shared.temporal.errors import is_temporal_unavailable
from shared.temporal.names import progress_feed_id, rate_governor_id
from shared.temporal.namespace import set_up_namespace
from tests.support.databases import TEMPLATE, Databases, execute
from tests.support.servers import free_port, server
from tests.support.standstill import StoppablePostgres
from tests.support.waiting import PATIENCE_SECONDS, eventually

RUNNING = "ExecutionStatus = 'Running' AND TemporalNamespaceDivision IS NULL"
# A busy machine meets no deadline. `HYPOTHESIS_PROFILE=thorough` looks further.
hypothesis.settings.register_profile("quick", deadline=None, max_examples=50)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=1000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
# What a developer's machine may have set must not reach the tests.
for name in [*os.environ]:
    if (
        name.startswith(("VIDFERRY_", "YOUTUBE_", "TEMPORAL_", "TRANSCRIPTION_", "GROQ_"))
        and name != "VIDFERRY_RECORDINGS"
    ) or name in {
        "DATABASE_URL",
        "REQUESTS_CA_BUNDLE",
        "SSL_CERT_FILE",
        *("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"),
    }:
        del os.environ[name]

# A script's background job inherits SIGINT ignored, and so would every process that a test starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

SLOWEST_FIRST = (
    "tests/e2e/",
    "tests/browser/",
    "tests/transcription/test_faults.py",
    "tests/stack/test_hangs.py",
    "tests/stack/test_up.py",
    "tests/rate_limits/test_storm.py",
    "tests/transcription/",
    "tests/stack/test_cli.py",
    "tests/stack/test_launcher.py",
    "tests/rate_limits/",
    "tests/worker/test_internal_errors.py",
    "tests/worker/test_upgrade.py",
    "tests/worker/test_governor_watch.py",
    "tests/worker/test_health.py",
    "tests/worker/",
)
"""What takes longest, so that no process is left with it in the end; everything else takes a minute at most."""


class _ByFile(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    """One process runs a whole file, and all of e2e, and all of browser: what they share is started once."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return next((whole for whole in ("tests/e2e/", "tests/browser/") if path.startswith(whole)), path)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> _ByFile:
    """How several processes (`pytest -n`) share the tests."""
    config.option.loadscopereorder = False  # not by the number of tests
    return _ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In one of several processes, begin with the slowest."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    turns = (turn for turn, path in enumerate(SLOWEST_FIRST) if item.nodeid.startswith(path))
    return next(turns, len(SLOWEST_FIRST))


def pytest_unconfigure(config: pytest.Config) -> None:
    """End without finalizing the interpreter, which the Temporal SDK can abort (see shared.process)."""
    status = config.stash.get(EXIT_STATUS, None)
    if status is not None:
        exit_now(status)


EXIT_STATUS = pytest.StashKey[int]()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Keep the exit status for `pytest_unconfigure`."""
    session.config.stash[EXIT_STATUS] = int(exitstatus)


async def _postgres_answers(url: str) -> bool:
    engine = create_engine(Settings(database_url=SecretStr(url)), pool_size=1)
    try:
        await ping(engine)
    except Exception as error:
        raise AssertionError(f"PostgreSQL does not answer: {error}") from error
    finally:
        await engine.dispose()
    return True


@pytest.fixture(scope="session")
async def postgres(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedPostgres]:
    """A PostgreSQL for the whole run, with a migrated template database."""
    directory = tmp_path_factory.mktemp("postgres")
    embedded = EmbeddedPostgres(directory / "data", free_port(), password="test", durable=False)
    embedded.prepare()
    embedded.execute("ALTER ROLE vidferry SUPERUSER")  # tests create databases, and disks that are full
    with server(embedded.argv(), directory / "log", signal.SIGINT):
        await eventually(lambda: _postgres_answers(embedded.url()))
        await execute(embedded.url("postgres"), f"CREATE DATABASE {TEMPLATE}")
        engine = create_engine(Settings(database_url=SecretStr(embedded.url(TEMPLATE))), pool_size=1)
        await upgrade(engine)
        await engine.dispose()
        yield embedded


@pytest.fixture(scope="session")
async def stoppable_postgres(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[StoppablePostgres]:
    """Another PostgreSQL for the whole run: tests let it stand still."""
    directory = tmp_path_factory.mktemp("stoppable_postgres")
    embedded = EmbeddedPostgres(directory / "data", free_port(), password="test", durable=False)
    embedded.prepare()
    with server(embedded.argv(), directory / "log", signal.SIGINT) as process:
        await eventually(lambda: _postgres_answers(embedded.url()))
        stoppable = StoppablePostgres(embedded.url(), process)
        engine = create_engine(stoppable.settings, pool_size=1)
        await upgrade(engine)
        await engine.dispose()
        try:
            yield stoppable
        finally:
            stoppable.go_on()


@pytest.fixture(scope="session")
async def temporal_address(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A Temporal server for the whole run, in memory, set up as the product sets it up."""
    port = free_port()
    with server(EmbeddedTemporal(port).argv(), tmp_path_factory.mktemp("temporal") / "log"):
        address = f"127.0.0.1:{port}"

        async def set_up() -> bool:
            try:
                client = await connect(Settings(temporal_address=address))
                await set_up_namespace(client, reconcile_interval_seconds=3600)
            except Exception as error:
                if not is_temporal_unavailable(error):
                    raise
                raise AssertionError(f"Temporal does not answer: {error}") from error
            return True

        await eventually(set_up)
        yield address


@pytest.fixture(scope="session")
def databases(postgres: EmbeddedPostgres) -> Databases:
    """The databases of the run's PostgreSQL."""
    return Databases(postgres)


@pytest.fixture
async def database_url(databases: Databases) -> AsyncIterator[str]:
    """The URL of an empty database with every migration."""
    yield await databases.take()
    await databases.give_back()


@pytest.fixture
async def settings(database_url: str, temporal_address: str, tmp_path: Path) -> Settings:
    """Settings for the test's own database and the run's Temporal."""
    return Settings(
        database_url=SecretStr(database_url),
        temporal_address=temporal_address,
        youtube_calls_per_second=1000,
        youtube_hourly_requests=1_000_000,
        youtube_feed_hourly_requests=1_000_000,
        audio_store=SecretStr(str(tmp_path / "audio")),
        drain_seconds=5,
    )


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """An engine on the test's own database."""
    engine = create_engine(Settings(database_url=SecretStr(database_url)))
    yield engine
    await engine.dispose()


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[Client]:
    """A client of the run's Temporal; what still runs after the test is terminated.

    One for each test: a client remembers the workers that were built with it, also those that never ran.
    """
    client = await connect(settings, lazy=False)
    await _terminate_what_no_list_shows(client)
    yield client
    await terminate_running_workflows(client)


async def _terminate_what_no_list_shows(client: Client) -> None:
    """The list of running workflows lags behind: what a test has started last may be left over."""
    for workflow_id in (progress_feed_id(0), *(rate_governor_id(upstream) for upstream in Upstream)):
        with suppress(RPCError):  # it does not run
            await client.get_workflow_handle(workflow_id).terminate("another test begins")


async def terminate_running_workflows(client: Client) -> None:
    """Leave nothing for the next test's worker to pick up, nor to be listed as running."""

    async def nothing_is_listed() -> bool:
        running = [execution async for execution in client.list_workflows(RUNNING)]
        for execution in running:
            with suppress(RPCError):  # it has ended meanwhile
                await client.get_workflow_handle(execution.id, run_id=execution.run_id).terminate("the test is over")
        return not running

    await eventually(nothing_is_listed)


@pytest.fixture(scope="session")
async def running_fake_youtube() -> AsyncIterator[FakeYoutube]:
    """One fake YouTube for all tests."""
    async with FakeYoutube.start() as fake_youtube:
        yield fake_youtube


@pytest.fixture
def fake_youtube(running_fake_youtube: FakeYoutube) -> FakeYoutube:
    """A fake YouTube without videos, faults and remembered requests."""
    running_fake_youtube.clear()
    return running_fake_youtube


@pytest.fixture
def local_user_id() -> UUID:
    """The one implicit user."""
    return LOCAL_USER_ID


@pytest.fixture
def fully_drained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Background tasks finish what waits when they end, however long a busy machine takes."""
    monkeypatch.setattr(background, "DRAIN_SECONDS", PATIENCE_SECONDS)
