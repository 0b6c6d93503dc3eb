"""What `vidferry doctor` finds where nothing runs, with real servers that are there or not."""

import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client

from services.stack import checks
from services.stack.home import Home
from services.stack.postgres import EmbeddedPostgres
from shared.contracts.upstreams import PauseReason
from shared.settings import Settings
from tests.stack.conftest import left_over
from tests.stack.reports import Environment, Report, examine
from tests.standin import Standin
from tests.support.servers import free_port
from tests.support.upstreams import GOING, SPEECH_GOING, paused, write_down
from tests.support.waiting import eventually
from tests.support.worker import worker_at_work


@pytest.fixture
def terminal(home: Home, environment: Environment, silent: str, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home from which nothing was started; this terminal names the test's own servers."""
    speech = {"GROQ_API_KEY": "a-key", "TRANSCRIPTION_BASE_URL": f"http://{silent}/v1", "NO_PROXY": "127.0.0.1"}
    for name, value in {**environment, **speech}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("no_proxy", raising=False)
    return home


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that accepts and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
async def unused_namespace(client: Client) -> str:
    """One that no worker has ever polled."""
    request = RegisterNamespaceRequest(namespace=f"doctor-{os.urandom(4).hex()}")
    request.workflow_execution_retention_period.FromSeconds(86_400)
    await client.workflow_service.register_namespace(request)
    return request.namespace


async def test_all_is_well(
    terminal: Home, client: Client, settings: Settings, engine: AsyncEngine, standin: Standin
) -> None:
    async with worker_at_work(client, settings, engine, standin):

        async def is_well() -> Report:
            report = await examine(terminal)
            assert report.code == 0, report.lines
            return report

        report = await eventually(is_well)
    assert report.about("Settings") == "✓ Settings: every variable of this terminal has a possible value."
    assert report.about("Temporal answers") == f"✓ Temporal answers at {settings.temporal_address}, namespace default."
    assert report.about("worker") == "✓ A worker takes work from Temporal."
    assert report.about("PostgreSQL").endswith(" and has every migration.")
    assert report.about("YouTube: ").startswith("✓")
    assert report.about("The way to YouTube is open, through the proxy").startswith("✓")


async def test_nothing_runs_and_no_server_is_named(terminal: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.delenv("TEMPORAL_ADDRESS")
    report = await examine(terminal)
    assert report.code == 0
    assert report.lines[0] == f"– Vidferry is not running (home {terminal.path}): `make up` starts it."
    assert report.lines[2] == "✓ The ports that Vidferry needs are free."
    assert [line[0] for line in report.lines] == ["–", "✓", "✓", "✓", "✓"]
    with socket.create_server(("127.0.0.1", int(os.environ["VIDFERRY_POSTGRES_PORT"]))):
        assert "set VIDFERRY_POSTGRES_PORT" in (await examine(terminal)).about("✗")


async def test_the_last_processes_of_a_killed_launcher_are_ending(terminal: Home) -> None:
    with left_over(terminal):
        report = await examine(terminal)
    assert report.lines[0].startswith("– The launcher is gone; its last processes are ending")
    assert "ports" not in str(report)


async def test_servers_that_are_named_and_not_there(terminal: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = free_port()
    monkeypatch.setenv("DATABASE_URL", f"postgresql://me:hidden@127.0.0.1:{nowhere}/mine")
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{nowhere}")
    report = await examine(terminal)
    assert report.about("PostgreSQL") == (
        f"✗ PostgreSQL does not answer at 127.0.0.1:{nowhere} (connection refused): "
        "start that server, or correct DATABASE_URL."
    )
    assert report.about("Temporal") == (
        f"✗ Temporal cannot be used at 127.0.0.1:{nowhere}, namespace default (connection refused): "
        "start that server, or correct TEMPORAL_ADDRESS or TEMPORAL_NAMESPACE."
    )
    assert "hidden" not in str(report)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql://me:hid@den@127.0.0.1:1/mine", "127.0.0.1:1"),
        ("postgresql://me:hid/den@127.0.0.1:1/mine", "127.0.0.1:1"),
        ("postgresql:///mine", "its usual place (DATABASE_URL names no host)"),
    ],
)
async def test_a_database_is_named_without_its_password(
    terminal: Home, monkeypatch: pytest.MonkeyPatch, url: str, place: str
) -> None:
    monkeypatch.setenv("PGHOST", "127.0.0.1")
    monkeypatch.setenv("PGPORT", str(free_port()))
    monkeypatch.setenv("DATABASE_URL", url)
    report = await examine(terminal)
    assert report.about("PostgreSQL").startswith(f"✗ PostgreSQL does not answer at {place} (")
    assert "hid" not in str(report)
    assert "den@" not in str(report)


async def test_every_impossible_variable_is_named(terminal: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    impossible = {"YOUTUBE_PAUSE_SECONDS": "0", "YOUTUBE_CA_FILE": "/nothing", "VIDFERRY_TEMPORAL_PORT": "many"}
    for name, value in impossible.items():
        monkeypatch.setenv(name, value)
    _, *refused = (await examine(terminal)).lines
    assert sorted(line.partition(":")[0] for line in refused) == sorted(f"✗ {name}" for name in impossible)


async def test_no_worker_has_polled(terminal: Home, unused_namespace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_NAMESPACE", unused_namespace)

    async def is_told() -> str:  # it takes the server a moment to know a new namespace everywhere
        return (await examine(terminal)).about("No worker")

    assert (await eventually(is_told)).endswith(": start Vidferry.")


async def test_servers_that_waiting_would_not_mend(terminal: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", os.environ["DATABASE_URL"].replace(":test@", ":guess@"))
    monkeypatch.setenv("TEMPORAL_ADDRESS", "no such:7233")
    report = await examine(terminal)
    assert report.about("PostgreSQL") == (
        '✗ PostgreSQL cannot be used: password authentication failed for user "vidferry". Correct DATABASE_URL.'
    )
    assert report.about("Temporal") == (
        "✗ Temporal cannot be used: no such:7233 is no possible address. Correct TEMPORAL_ADDRESS."
    )


async def test_a_database_of_another_version(
    terminal: Home, postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", postgres.url("postgres"))
    assert "has the tables of another version" in (await examine(terminal)).about("✗ PostgreSQL")


async def test_only_a_pause_that_somebody_has_to_end_is_an_error(terminal: Home, engine: AsyncEngine) -> None:
    assert (await examine(terminal)).about("nothing was asked yet").startswith("✓")
    await write_down(engine, GOING.model_copy(update={"at": datetime.now(UTC)}))
    assert (await examine(terminal)).about("412 of 900 requests").startswith("✓")
    await write_down(engine, paused(PauseReason.BOT_CHECK, at=datetime.now(UTC)))
    assert (await examine(terminal)).about("YouTube: paused. YouTube asks for a longer pause.").startswith("–")


async def test_a_certificate_is_an_error_until_the_way_is_open(
    terminal: Home, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write_down(engine, paused(PauseReason.CERTIFICATE_UNTRUSTED))
    assert "tries at once" in (await examine(terminal)).about("– YouTube: paused.")
    monkeypatch.delenv("YOUTUBE_CA_FILE")
    report = await examine(terminal)
    assert "YOUTUBE_CA_FILE" in report.about("✗ YouTube: paused.")
    assert "set YOUTUBE_CA_FILE" in report.about("✗ The certificate")


async def test_speech_to_text_is_told_once_it_was_asked(terminal: Home, engine: AsyncEngine) -> None:
    assert "Speech-to-text" not in str(await examine(terminal))
    await write_down(engine, SPEECH_GOING)
    assert (await examine(terminal)).about("Speech-to-text: 0.25 calls per second").startswith("✓")
    await write_down(engine, paused(PauseReason.TRANSCRIPTION_MISCONFIGURED, of=SPEECH_GOING))
    report = await examine(terminal)
    assert "TRANSCRIPTION_BASE_URL" in report.about("✗ Speech-to-text: paused.")
    assert "a-key" not in str(report)


async def test_speech_to_text_without_a_key_is_no_error(
    terminal: Home, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write_down(engine, paused(PauseReason.TRANSCRIPTION_MISCONFIGURED, of=SPEECH_GOING))
    monkeypatch.delenv("GROQ_API_KEY")
    monkeypatch.delenv("TRANSCRIPTION_BASE_URL")
    assert (await examine(terminal)).about("Speech-to-text").startswith("– Speech-to-text is off: neither")
    monkeypatch.setenv("TRANSCRIPTION_BASE_URL", "http://127.0.0.1:8000/v1")  # which may want none
    assert (await examine(terminal)).about("Speech-to-text").startswith("✗ Speech-to-text: paused.")


async def test_a_speech_to_text_server_that_is_not_there(
    terminal: Home, silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await examine(terminal)).about("speech-to-text server") == (
        f"✓ The speech-to-text server at {silent} can be reached."
    )
    nowhere = free_port()
    monkeypatch.setenv("TRANSCRIPTION_BASE_URL", f"http://127.0.0.1:{nowhere}/v1")
    assert (await examine(terminal)).about("speech-to-text server") == (
        f"✗ The speech-to-text server at 127.0.0.1:{nowhere} cannot be reached: connection refused; "
        "check TRANSCRIPTION_BASE_URL."
    )
    monkeypatch.setenv("TRANSCRIPTION_ENABLED", "false")
    assert "speech-to-text" not in str(await examine(terminal))


async def test_what_nobody_foresaw_is_told_as_well(terminal: Home, engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("DROP TABLE upstreams"))
    report = await examine(terminal)
    assert report.about("could not be checked") == (
        '✗ YouTube could not be checked (relation "upstreams" does not exist).'
    )
    assert report.about("The way to YouTube is open").startswith("✓")


async def test_nothing_is_waited_for_without_end(terminal: Home, silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "CHECK_SECONDS", 0.5)
    monkeypatch.setenv("DATABASE_URL", f"postgresql://me@{silent}/mine")
    monkeypatch.setenv("TEMPORAL_ADDRESS", silent)
    monkeypatch.setenv("YOUTUBE_PROXY", f"http://{silent}")
    report = await examine(terminal)
    late = "could not be checked within 0.5 s: look at network and firewall."
    assert report.lines[3:6] == [f"✗ {what} {late}" for what in ("Temporal", "PostgreSQL", "YouTube")]
