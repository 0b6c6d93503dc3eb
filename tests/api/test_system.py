"""Health, readiness and configuration."""

import os
import pwd
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker

from services.api.http.problem_codes import DegradedReasonCode
from services.api.system import endpoints
from services.stack.postgres import EmbeddedPostgres
from shared.contracts.upstreams import PauseReason, UpstreamState, UpstreamStatus
from shared.db.connection import transaction
from shared.db.engine import create_engine
from shared.db.workers import report
from shared.i18n.catalog import sentences, text
from shared.i18n.languages import Language
from shared.settings import Settings, TranscriptionOff
from shared.temporal import failing
from tests.api.support import Api, problem, serving
from tests.api.upstreams import paused
from tests.support.upstreams import GOING, SPEECH_GOING, write_down
from tests.support.waiting import PATIENCE_SECONDS, eventually


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers that are there may take their time: the machine may be busy."""
    monkeypatch.setattr(endpoints, "CHECK_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr(failing, "ANSWER_TIMEOUT", timedelta(seconds=PATIENCE_SECONDS))


@pytest.fixture(autouse=True)
async def _worker(engine: AsyncEngine) -> None:
    """A worker has just reported."""
    async with transaction(engine) as connection:
        await report(connection, "worker")


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of 2 MiB where PostgreSQL may go; skips if it cannot be mounted."""
    place = Path(tempfile.mkdtemp())
    owner = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.geteuid()
    command = ["mount", "-t", "tmpfs", "-o", f"size=2m,mode=0700,uid={owner}", "none", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        place.rmdir()
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)
    place.rmdir()


async def codes(api: Api) -> list[str]:
    """The problems of the response."""
    return [trouble["code"] for trouble in (await api.get("/ready"))["problems"]]


async def test_with_everything_there_it_is_ready(api: Api) -> None:
    assert await api.get("/ready") == {"status": "ready", "database": "ok", "temporal": "ok", "problems": []}


async def test_without_temporal_it_is_degraded_but_ready(api_without_temporal: Api) -> None:
    readiness = await api_without_temporal.get("/ready")

    [trouble] = readiness.pop("problems")
    assert readiness == {"status": "degraded", "database": "ok", "temporal": "away"}
    assert trouble["code"] == "temporal_away"
    assert trouble["message"] == text("degraded.temporal_away")


@pytest.mark.parametrize(
    "change", ["DELETE FROM worker_reports", "UPDATE worker_reports SET at = at - interval '1 minute'"]
)
async def test_without_a_worker_it_is_degraded(api: Api, change: str) -> None:
    await api.execute(change)

    readiness = await api.get("/ready")

    assert (readiness["status"], [trouble["code"] for trouble in readiness["problems"]]) == ("degraded", ["no_worker"])


async def test_full_disk_is_degraded(
    settings: Settings, small_disk: Path, postgres: EmbeddedPostgres, database_url: str, client: Client
) -> None:
    name = database_url.rpartition("/")[2]
    connection = await asyncpg.connect(postgres.url("postgres"))
    await connection.execute(f"CREATE TABLESPACE small_{name} LOCATION '{small_disk}'")
    await connection.execute(f"ALTER DATABASE {name} SET temp_tablespaces = small_{name}")
    engine = create_engine(settings)
    try:
        async with serving(settings, engine) as api:
            assert await codes(api) == []
            rest = small_disk / "rest"
            with suppress(OSError), rest.open("wb", buffering=0) as file:
                while file.write(bytes(4096)):
                    """Until there is no room left."""
            assert await codes(api) == ["database_cannot_write"]
            rest.unlink()
            assert await codes(api) == []
    finally:
        await engine.dispose()
        await connection.execute(f"ALTER DATABASE {name} RESET temp_tablespaces")
        await connection.execute(f"DROP TABLESPACE small_{name}")
        await connection.close()


async def test_read_only_database_is_degraded(api: Api, settings: Settings, database_url: str) -> None:
    name = database_url.rpartition("/")[2]
    await api.execute(f"ALTER DATABASE {name} SET temp_file_limit = 0")
    engine = create_engine(settings)
    async with serving(settings, engine) as other:
        assert await codes(other) == ["database_cannot_write"]
    await engine.dispose()


@workflow.defn(name="Broken", sandboxed=False)
class Broken:
    @workflow.run
    async def run(self) -> None:
        raise KeyError("nobody foresaw this")


async def test_failing_workflows_are_degraded(api: Api, client: Client) -> None:
    async with Worker(client, task_queue="broken", workflows=[Broken]):
        handle = await client.start_workflow(Broken.run, id="broken", task_queue="broken")

        async def are_told() -> bool:
            assert await codes(api) == ["workflows_failing"]
            return True

        await eventually(are_told)
        await handle.terminate()
        await eventually(lambda: is_ready(api))


async def is_ready(api: Api) -> bool:
    return bool((await api.get("/ready"))["status"] == "ready")


@pytest.mark.parametrize("state", [UpstreamState.OPEN, UpstreamState.HALF_OPEN])
@pytest.mark.parametrize("reason", [PauseReason.CERTIFICATE_UNTRUSTED, PauseReason.EXTRACTOR_OUTDATED])
async def test_what_prevents_calls_to_youtube_until_the_operator_acts_is_degraded(
    api: Api, engine: AsyncEngine, state: UpstreamState, reason: PauseReason
) -> None:
    await write_down(engine, paused(reason, state))

    for language in Language:
        response = await api.http.get("/api/ready", headers={"Accept-Language": language})
        message = text(f"degraded.{DegradedReasonCode(reason)}", language)
        assert "POST /api/upstreams/youtube/resume" in message
        assert response.status_code == 200
        assert response.json() == {
            "status": "degraded",
            "database": "ok",
            "temporal": "ok",
            "problems": [{"code": reason, "message": message}],
        }


async def test_settings_that_prevent_transcription_are_degraded(api: Api, engine: AsyncEngine) -> None:
    await write_down(engine, paused(PauseReason.TRANSCRIPTION_MISCONFIGURED, of=SPEECH_GOING))

    response = await api.http.get("/api/ready")

    assert (response.status_code, response.json()["status"]) == (200, "degraded")
    [trouble] = response.json()["problems"]
    assert trouble["code"] == "transcription_misconfigured"
    for variable in ("TRANSCRIPTION_API_KEY", "GROQ_API_KEY", "TRANSCRIPTION_BASE_URL", "TRANSCRIPTION_MODEL"):
        assert variable in trouble["message"]


@pytest.mark.parametrize(
    "status",
    [
        GOING,
        paused(PauseReason.BOT_CHECK),
        paused(PauseReason.OPERATOR),
        paused(PauseReason.TRANSCRIPTION_LIMITED, of=SPEECH_GOING),
        paused(PauseReason.TRANSCRIPTION_ALLOWANCE, UpstreamState.CLOSED, of=SPEECH_GOING),
        paused(PauseReason.TRANSCRIPTION_MISCONFIGURED, UpstreamState.HALF_OPEN, of=SPEECH_GOING),
    ],
)
async def test_temporary_and_operator_pauses_are_not_degraded(
    api: Api, engine: AsyncEngine, status: UpstreamStatus
) -> None:
    await write_down(engine, status)

    assert (await api.get("/ready"))["status"] == "ready"


async def test_all_degraded_reasons_are_reported(api_without_temporal: Api, engine: AsyncEngine) -> None:
    misconfigured = paused(PauseReason.TRANSCRIPTION_MISCONFIGURED, of=SPEECH_GOING)
    await write_down(engine, paused(PauseReason.CERTIFICATE_UNTRUSTED), misconfigured)

    codes = [trouble["code"] for trouble in (await api_without_temporal.get("/ready"))["problems"]]

    assert codes == ["temporal_away", "certificate_untrusted", "transcription_misconfigured"]


def test_sentences_for_the_operator_name_settings_that_exist() -> None:
    variables = {field.validation_alias for field in Settings.model_fields.values()}
    for key, english in sentences(Language.EN).items():
        named = [set(re.findall(r"[A-Z]+_[A-Z_]+", each)) for each in (english, sentences(Language.DE)[key])]
        assert named[0] == named[1] <= variables, key


async def test_without_postgres_it_is_alive_but_not_ready(api_without_postgres: Api) -> None:
    problem(await api_without_postgres.http.get("/api/ready"), 503, "database_away")
    assert await api_without_postgres.get("/health") == {"status": "ok"}


async def test_before_its_migrations_the_database_is_not_ready(api_without_temporal: Api) -> None:
    await api_without_temporal.execute("DELETE FROM alembic_version")
    await api_without_temporal.execute("DROP TABLE upstreams")

    problem(await api_without_temporal.http.get("/api/ready"), 503, "database_not_migrated")


async def test_the_configuration_names_what_a_user_interface_needs(settings: Settings, engine: AsyncEngine) -> None:
    other = {
        "notifier_url": "wss://vidferry.example",
        "temporal_ui_url": "https://t.example",
        "temporal_namespace": "default",
        "import_progress_enabled": False,
    }
    async with serving(settings.model_copy(update=other), engine) as api:
        config = await api.get("/config")

    assert config == {
        "websocket_url": "wss://vidferry.example/api/ws/progress",
        "temporal_ui_url": "https://t.example",
        "temporal_namespace": "default",
        "features": {"import_progress": False},
        "speech_to_text": config["speech_to_text"],
        "languages": ["en", "de"],
        "version": config["version"],
    }
    assert config["version"][0].isdigit()


@pytest.mark.parametrize("host", ["127.0.0.1", "vidferry.lan", "[::1]"])
async def test_websocket_url_has_the_host_of_the_request(host: str, settings: Settings, engine: AsyncEngine) -> None:
    known = settings.model_copy(update={"allowed_hosts": "127.0.0.1,vidferry.lan,::1", "notifier_port": 9001})
    async with serving(known, engine) as api:
        config = (await api.http.get("/api/config", headers={"Host": f"{host}:9000"})).json()

    assert config["websocket_url"] == f"ws://{host}:9001/api/ws/progress"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"transcription_api_key": SecretStr("hidden")}, None),
        ({"transcription_base_url": "http://127.0.0.1:8008/v1"}, None),
        ({}, TranscriptionOff.NO_KEY),
        ({"transcription_api_key": SecretStr("hidden"), "transcription_enabled": False}, TranscriptionOff.SWITCHED_OFF),
    ],
)
@pytest.mark.parametrize("language", Language)
async def test_the_configuration_says_whether_there_is_speech_to_text(
    settings: Settings, engine: AsyncEngine, changes: dict[str, object], reason: TranscriptionOff | None, language: str
) -> None:
    in_use = {"transcription_model": "small", "transcription_max_minutes": 90}
    async with serving(settings.model_copy(update=in_use | changes), engine) as api:
        response = await api.http.get("/api/config", headers={"Accept-Language": language})

    assert response.json()["speech_to_text"] == {
        "enabled": reason is None,
        "reason": reason,
        "message": text(f"transcription_off.{reason}", Language(language)) if reason else None,
        "model": "small",
        "max_minutes": 90,
    }
    assert "hidden" not in response.text


async def test_progress_is_shown_by_default(api_without_temporal: Api) -> None:
    assert (await api_without_temporal.get("/config"))["features"] == {"import_progress": True}
