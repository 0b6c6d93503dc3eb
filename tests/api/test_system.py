"""Health, readiness and configuration."""

import re

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from services.api.problem_texts import TROUBLE_TEXTS, TroubleCode
from services.api.speech_schemas import SPEECH_OFF_TEXTS
from shared.contracts.texts import Language
from shared.contracts.upstreams import PauseReason, UpstreamState, UpstreamStatus
from shared.settings import Settings, TranscriptionOff
from tests.api.support import Api, problem, serving
from tests.api.upstreams import paused
from tests.support.upstreams import GOING, SPEECH_GOING, write_down


async def test_with_everything_there_it_is_ready(api: Api) -> None:
    assert await api.get("/ready") == {"status": "ready", "database": "ok", "temporal": "ok", "problems": []}


async def test_without_temporal_it_is_degraded_but_ready(api_without_temporal: Api) -> None:
    readiness = await api_without_temporal.get("/ready")

    [trouble] = readiness.pop("problems")
    assert readiness == {"status": "degraded", "database": "ok", "temporal": "away"}
    assert trouble["code"] == "temporal_away"
    assert trouble["message"].startswith("The import service cannot be reached right now.")


@pytest.mark.parametrize("state", [UpstreamState.OPEN, UpstreamState.HALF_OPEN])
async def test_settings_that_let_no_call_to_youtube_through_are_told(
    api: Api, engine: AsyncEngine, state: UpstreamState
) -> None:
    await write_down(engine, paused(PauseReason.CERTIFICATE_UNTRUSTED, state))

    for language in Language:
        response = await api.http.get("/api/ready", headers={"Accept-Language": language})
        message = TROUBLE_TEXTS[TroubleCode.CERTIFICATE_UNTRUSTED][language]
        assert "POST /api/upstreams/youtube/resume" in message
        assert response.status_code == 200
        assert response.json() == {
            "status": "degraded",
            "database": "ok",
            "temporal": "ok",
            "problems": [{"code": "certificate_untrusted", "message": message}],
        }


async def test_settings_that_speech_to_text_cannot_be_reached_with_are_told(api: Api, engine: AsyncEngine) -> None:
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
async def test_a_pause_that_ends_by_itself_or_was_wanted_is_no_problem(
    api: Api, engine: AsyncEngine, status: UpstreamStatus
) -> None:
    await write_down(engine, status)

    assert (await api.get("/ready"))["status"] == "ready"


async def test_every_problem_is_told_at_once(api_without_temporal: Api, engine: AsyncEngine) -> None:
    misconfigured = paused(PauseReason.TRANSCRIPTION_MISCONFIGURED, of=SPEECH_GOING)
    await write_down(engine, paused(PauseReason.CERTIFICATE_UNTRUSTED), misconfigured)

    codes = [trouble["code"] for trouble in (await api_without_temporal.get("/ready"))["problems"]]

    assert codes == ["temporal_away", "certificate_untrusted", "transcription_misconfigured"]


def test_what_is_wrong_has_words_in_every_language_that_name_settings_that_exist() -> None:
    variables = {field.validation_alias for field in Settings.model_fields.values()}
    assert (set(TROUBLE_TEXTS), set(SPEECH_OFF_TEXTS)) == (set(TroubleCode), set(TranscriptionOff))
    for words in [*TROUBLE_TEXTS.values(), *SPEECH_OFF_TEXTS.values()]:
        assert len(set(words.values())) == len(Language)
        named = [set(re.findall(r"[A-Z]+_[A-Z_]+", text)) for text in words.values()]
        assert named[0] == named[1] <= variables


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
async def test_the_websocket_is_where_the_page_was_found(host: str, settings: Settings, engine: AsyncEngine) -> None:
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
        "message": SPEECH_OFF_TEXTS[reason][Language(language)] if reason else None,
        "model": "small",
        "max_minutes": 90,
    }
    assert "hidden" not in response.text


async def test_progress_is_shown_by_default(api_without_temporal: Api) -> None:
    assert (await api_without_temporal.get("/config"))["features"] == {"import_progress": True}
