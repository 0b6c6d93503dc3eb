"""What `vidferry doctor` finds where nothing runs, with real servers that are there or not."""

import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client

from fakes.youtube import FakeYoutube
from services.stack import checks
from services.stack.findings import FindingCode, Level
from services.stack.home import Home
from services.stack.postgres import EmbeddedPostgres
from shared.contracts.upstreams import PauseReason, Upstream
from shared.contracts.youtube_requests import Endpoint, RequestRecord, SentRequest
from shared.db.connection import transaction
from shared.db.youtube_requests import record
from shared.settings import Settings
from tests.stack.conftest import left_over
from tests.stack.reports import Environment, Report, examine
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


async def test_no_problem(
    terminal: Home, client: Client, settings: Settings, engine: AsyncEngine, fake_youtube: FakeYoutube
) -> None:
    async with worker_at_work(client, settings, engine, fake_youtube):

        async def is_well() -> Report:
            report = await examine(terminal)
            assert report.exit_code == 0, report.findings
            return report

        report = await eventually(is_well)
    assert report.codes[:8] == [
        FindingCode.NOT_RUNNING,
        FindingCode.SETTINGS_VALID,
        FindingCode.PORTS_FREE,
        FindingCode.TEMPORAL_OK,
        FindingCode.WORKER_POLLS,
        FindingCode.POSTGRES_OK,
        FindingCode.YOUTUBE_REACHABLE,
        FindingCode.TRANSCRIPTION_SERVER_REACHABLE,
    ]
    assert Upstream.YOUTUBE in {finding.subject for finding in report.findings[8:]}
    assert {finding.level for finding in report.findings[1:]} == {Level.OK}


async def test_nothing_runs_and_no_server_is_named(terminal: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.delenv("TEMPORAL_ADDRESS")
    report = await examine(terminal)
    assert report.exit_code == 0
    assert report.codes == [
        FindingCode.NOT_RUNNING,
        FindingCode.SETTINGS_VALID,
        FindingCode.PORTS_FREE,
        FindingCode.YOUTUBE_REACHABLE,
        FindingCode.TRANSCRIPTION_SERVER_REACHABLE,
        FindingCode.EXTRACTOR,
    ]
    with socket.create_server(("127.0.0.1", int(os.environ["VIDFERRY_POSTGRES_PORT"]))):
        taken = (await examine(terminal)).about(FindingCode.PORT_UNUSABLE)
    assert "VIDFERRY_POSTGRES_PORT" in taken.text


async def test_optional_ways_into_youtube_that_cannot_be_used(
    terminal: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("YOUTUBE_JS_RUNTIME", str(tmp_path / "deno"))
    monkeypatch.setenv("YOUTUBE_COOKIES_FILE", str(tmp_path / "cookies.txt"))
    monkeypatch.setenv("YOUTUBE_POT_PROVIDER_URL", f"http://127.0.0.1:{free_port()}")
    report = await examine(terminal)
    expected = {FindingCode.JS_RUNTIME_UNUSABLE, FindingCode.ACCOUNT_UNUSABLE, FindingCode.TOKEN_SERVER_UNUSABLE}
    assert expected <= set(report.problems)
    assert "YOUTUBE_ACCOUNT_DIRECTORY" not in report.about(FindingCode.ACCOUNT_UNUSABLE).text, "the home has one"


async def test_the_last_processes_of_a_killed_launcher_are_ending(terminal: Home) -> None:
    with left_over(terminal):
        report = await examine(terminal)
    assert report.codes[0] is FindingCode.LAUNCHER_DIED
    assert FindingCode.PORTS_FREE not in report.codes


async def test_servers_that_are_named_and_not_there(terminal: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = free_port()
    monkeypatch.setenv("DATABASE_URL", f"postgresql://me:hidden@127.0.0.1:{nowhere}/mine")
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{nowhere}")
    report = await examine(terminal)
    assert report.problems == [FindingCode.TEMPORAL_UNAVAILABLE, FindingCode.POSTGRES_UNAVAILABLE]
    for code, variable in zip(report.problems, ("TEMPORAL_ADDRESS", "DATABASE_URL"), strict=True):
        text = report.about(code).text
        assert [part for part in (f"127.0.0.1:{nowhere}", variable) if part not in text] == []
    assert "hidden" not in str(report)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql://me:hid@den@127.0.0.1:1/mine", "127.0.0.1:1"),
        ("postgresql://me:hid/den@127.0.0.1:1/mine", "127.0.0.1:1"),
        ("postgresql:///mine", "its default address"),
    ],
)
async def test_a_database_is_named_without_its_password(
    terminal: Home, monkeypatch: pytest.MonkeyPatch, url: str, place: str
) -> None:
    monkeypatch.setenv("PGHOST", "127.0.0.1")
    monkeypatch.setenv("PGPORT", str(free_port()))
    monkeypatch.setenv("DATABASE_URL", url)
    report = await examine(terminal)
    assert place in report.about(FindingCode.POSTGRES_UNAVAILABLE).text
    assert "hid" not in str(report)
    assert "den@" not in str(report)


async def test_every_impossible_variable_is_named(terminal: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    impossible = {"YOUTUBE_PAUSE_SECONDS": "0", "YOUTUBE_CA_FILE": "/nothing", "VIDFERRY_TEMPORAL_PORT": "many"}
    for name, value in impossible.items():
        monkeypatch.setenv(name, value)
    _, *refused = (await examine(terminal)).findings
    assert {finding.code for finding in refused} == {FindingCode.SETTING_INVALID}
    assert sorted(str(finding.subject) for finding in refused) == sorted(impossible)


async def test_no_worker_has_polled(terminal: Home, unused_namespace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_NAMESPACE", unused_namespace)

    async def is_told() -> bool:  # it takes the server a moment to know a new namespace everywhere
        return FindingCode.WORKER_MISSING in (await examine(terminal)).problems

    await eventually(is_told)


async def test_server_errors_that_waiting_does_not_fix(terminal: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", os.environ["DATABASE_URL"].replace(":test@", ":guess@"))
    monkeypatch.setenv("TEMPORAL_ADDRESS", "no such:7233")
    problems = (await examine(terminal)).problems
    assert problems == [FindingCode.TEMPORAL_MISCONFIGURED, FindingCode.POSTGRES_MISCONFIGURED]


async def test_a_database_of_another_version(
    terminal: Home, postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", postgres.url("postgres"))
    assert FindingCode.POSTGRES_NOT_MIGRATED in (await examine(terminal)).problems


async def test_only_a_pause_that_needs_attention_is_a_problem(terminal: Home, engine: AsyncEngine) -> None:
    await write_down(engine, GOING.model_copy(update={"at": datetime.now(UTC)}))
    assert (await examine(terminal)).about(FindingCode.UPSTREAM_OPEN, Upstream.YOUTUBE).level is Level.OK
    await write_down(engine, paused(PauseReason.BOT_CHECK, at=datetime.now(UTC)))
    assert (await examine(terminal)).about(FindingCode.UPSTREAM_PAUSED, Upstream.YOUTUBE).level is Level.INFO


async def test_an_untrusted_certificate_is_a_problem_until_youtube_can_be_reached(
    terminal: Home, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write_down(engine, paused(PauseReason.CERTIFICATE_UNTRUSTED))
    assert (await examine(terminal)).about(FindingCode.UPSTREAM_PAUSED, Upstream.YOUTUBE).level is Level.INFO
    monkeypatch.delenv("YOUTUBE_CA_FILE")
    problems = {FindingCode.YOUTUBE_CERTIFICATE_UNTRUSTED, FindingCode.UPSTREAM_PAUSED}
    assert problems <= set((await examine(terminal)).problems)


async def test_each_proxy_is_tried(terminal: Home, fake_youtube: FakeYoutube, monkeypatch: pytest.MonkeyPatch) -> None:
    dead = f"127.0.0.1:{free_port()}"
    monkeypatch.setenv("YOUTUBE_PROXY", f"{fake_youtube.proxy_url},http://me:hidden@{dead}")
    report = await examine(terminal)
    assert FindingCode.YOUTUBE_REACHABLE in report.codes
    assert dead in report.about(FindingCode.YOUTUBE_PROXY_UNREACHABLE).text
    assert "hidden" not in str(report)


async def test_the_figures_of_the_request_log_are_shown(terminal: Home, engine: AsyncEngine) -> None:
    request = SentRequest(at=datetime.now(UTC), endpoint=Endpoint.BROWSE, milliseconds=1)
    async with transaction(engine) as connection:
        await record(connection, [RequestRecord(request)], yt_dlp_version="1", worker="me")
    report = await examine(terminal)
    assert report.about(FindingCode.YOUTUBE_REQUESTS).level is Level.OK


async def test_transcription_is_reported_after_its_first_call(terminal: Home, engine: AsyncEngine) -> None:
    assert [each.subject for each in (await examine(terminal)).findings if each.subject] == [Upstream.YOUTUBE]
    await write_down(engine, SPEECH_GOING)
    assert (await examine(terminal)).about(FindingCode.UPSTREAM_OPEN, Upstream.TRANSCRIPTION).level is Level.OK
    await write_down(engine, paused(PauseReason.TRANSCRIPTION_MISCONFIGURED, of=SPEECH_GOING))
    report = await examine(terminal)
    assert report.about(FindingCode.UPSTREAM_PAUSED, Upstream.TRANSCRIPTION).level is Level.PROBLEM
    assert "a-key" not in str(report)


async def test_transcription_without_a_key_is_no_problem(
    terminal: Home, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await write_down(engine, paused(PauseReason.TRANSCRIPTION_MISCONFIGURED, of=SPEECH_GOING))
    monkeypatch.delenv("GROQ_API_KEY")
    monkeypatch.delenv("TRANSCRIPTION_BASE_URL")
    report = await examine(terminal)
    assert report.about(FindingCode.TRANSCRIPTION_OFF).level is Level.INFO
    assert FindingCode.UPSTREAM_PAUSED not in report.codes
    monkeypatch.setenv("TRANSCRIPTION_BASE_URL", "http://127.0.0.1:8000/v1")  # which may want none
    report = await examine(terminal)
    assert FindingCode.TRANSCRIPTION_OFF not in report.codes
    assert report.about(FindingCode.UPSTREAM_PAUSED, Upstream.TRANSCRIPTION).level is Level.PROBLEM


async def test_a_transcription_server_that_cannot_be_reached(terminal: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"127.0.0.1:{free_port()}"
    monkeypatch.setenv("TRANSCRIPTION_BASE_URL", f"http://{address}/v1")
    found = (await examine(terminal)).about(FindingCode.TRANSCRIPTION_SERVER_UNREACHABLE)
    assert found.level is Level.PROBLEM
    assert f"{address} " in found.text
    monkeypatch.setenv("TRANSCRIPTION_ENABLED", "false")
    assert not [code for code in (await examine(terminal)).codes if code.startswith("transcription")]


async def test_an_unexpected_error_is_reported(terminal: Home, engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(text("DROP TABLE upstreams"))
    report = await examine(terminal)
    assert 'relation "upstreams" does not exist' in report.about(FindingCode.CHECK_FAILED, "YouTube").text
    assert FindingCode.YOUTUBE_REACHABLE in report.codes


async def test_nothing_is_waited_for_without_end(terminal: Home, silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "CHECK_SECONDS", 0.5)
    monkeypatch.setenv("DATABASE_URL", f"postgresql://me@{silent}/mine")
    monkeypatch.setenv("TEMPORAL_ADDRESS", silent)
    monkeypatch.setenv("YOUTUBE_PROXY", f"http://{silent}")
    report = await examine(terminal)
    late = [finding.subject for finding in report.findings if finding.code is FindingCode.CHECK_TIMED_OUT]
    assert late == ["Temporal", "PostgreSQL", "YouTube"]
