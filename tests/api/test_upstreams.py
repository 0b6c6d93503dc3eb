"""The status of upstreams, and the operator's pause."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from services.api.system import upstreams
from shared.contracts.upstreams import ExtractorState, PauseReason, Upstream, UpstreamState
from shared.i18n.catalog import text
from shared.i18n.languages import Language
from shared.i18n.messages import pause_text
from shared.settings import Settings
from tests.api.support import Api, problem, serving
from tests.api.upstreams import governor_at_work, paused
from tests.support.upstreams import GOING, SPEECH_GOING, doubted, write_down
from tests.support.waiting import eventually


async def _youtube(api: Api, **expected: object) -> dict[str, Any]:
    """The status of YouTube. Raises AssertionError while it is not as expected."""
    items = (await api.get("/upstreams"))["items"]
    assert [item["name"] for item in items] == ["youtube"]
    assert items[0].items() >= expected.items(), items
    return dict(items[0])


async def test_before_the_first_report_there_is_no_status(api_without_temporal: Api) -> None:
    assert await api_without_temporal.get("/upstreams") == {"items": []}


async def test_closed_upstream_has_no_message(api_without_temporal: Api, engine: AsyncEngine) -> None:
    await write_down(engine, GOING.model_copy(update={"calls_per_second": 3, "is_burst": True}))

    assert await _youtube(api_without_temporal) == {
        "name": "youtube",
        "state": "closed",
        "paused": False,
        "reason": None,
        "message": None,
        "since": "2026-11-23T13:55:00Z",
        "resume_at": None,
        "calls_per_second": 3.0,
        "max_calls_per_second": 0.5,
        "burst": True,
        "hourly_requests": 900,
        "requests_left": 412,
        "budgets": [{"unit": "requests", "per_seconds": 3600, "limit": 900, "left": 412}],
        "extractor": None,
        "at": "2026-11-23T13:55:00Z",
    }


@pytest.mark.parametrize("state", ExtractorState)
async def test_a_doubted_extractor_is_shown(
    api_without_temporal: Api, engine: AsyncEngine, state: ExtractorState
) -> None:
    await write_down(engine, doubted(state))
    await _youtube(api_without_temporal, extractor=state)


async def test_transcription_has_its_own_limits(api_without_temporal: Api, engine: AsyncEngine) -> None:
    spent = paused(PauseReason.TRANSCRIPTION_ALLOWANCE, UpstreamState.CLOSED, of=SPEECH_GOING)
    await write_down(engine, GOING, spent)

    speech, youtube = (await api_without_temporal.get("/upstreams"))["items"]

    assert (speech["name"], youtube["name"]) == ("transcription", "youtube")
    assert (speech["hourly_requests"], speech["requests_left"]) == (None, None)
    assert speech["budgets"] == [
        {"unit": "requests", "per_seconds": 86_400, "limit": 2000, "left": 1999},
        {"unit": "audio_seconds", "per_seconds": 3600, "limit": 7200, "left": 6600},
    ]
    assert (speech["paused"], youtube["paused"]) == (True, False)
    assert speech["message"] == text("pause.transcription_allowance")
    assert speech["resume_at"] == "2026-11-23T14:10:00Z"


@pytest.mark.parametrize("reason", PauseReason)
async def test_a_pause_is_explained_in_the_language_of_the_request(
    api_without_temporal: Api, engine: AsyncEngine, reason: PauseReason
) -> None:
    await write_down(engine, paused(reason))

    for language in Language:
        response = await api_without_temporal.http.get("/api/upstreams", headers={"Accept-Language": language})
        [youtube] = response.json()["items"]
        assert (youtube["state"], youtube["reason"], youtube["calls_per_second"]) == ("open", reason, 0)
        assert youtube["paused"]
        assert youtube["message"] == pause_text(Upstream.YOUTUBE, reason, language)
        assert youtube["resume_at"] == "2026-11-23T14:10:00Z"


async def test_used_up_budget_is_a_pause(api_without_temporal: Api, engine: AsyncEngine) -> None:
    await write_down(engine, paused(PauseReason.HOURLY_REQUESTS, UpstreamState.CLOSED, requests_left=0))

    youtube = await _youtube(api_without_temporal, state="closed", reason="hourly_requests", requests_left=0)

    assert youtube["paused"]
    assert youtube["message"] == text("pause.hourly_requests")


async def test_nearly_used_up_budget_is_not_a_pause(api_without_temporal: Api, engine: AsyncEngine) -> None:
    slow = {"calls_per_second": 0.1, "requests_left": 20}
    await write_down(engine, paused(PauseReason.HOURLY_REQUESTS, UpstreamState.CLOSED, **slow))

    await _youtube(api_without_temporal, state="closed", paused=False, reason="hourly_requests", **slow)


async def test_the_operator_pauses_and_resumes(api: Api, client: Client, engine: AsyncEngine) -> None:
    async with governor_at_work(client, engine):
        response = await api.http.post("/api/upstreams/youtube/pause")
        assert (response.status_code, response.json()) == (202, {"name": "youtube", "requested": "pause"})
        stopped = await eventually(lambda: _youtube(api, state="paused", calls_per_second=0))

        response = await api.http.post("/api/upstreams/youtube/resume")
        assert (response.status_code, response.json()) == (202, {"name": "youtube", "requested": "resume"})
        going = await eventually(lambda: _youtube(api, state="closed", reason=None))

    assert (stopped["reason"], stopped["resume_at"]) == ("operator", None)
    assert stopped["message"] == text("pause.operator")
    assert going["calls_per_second"] == going["max_calls_per_second"] == 1000  # the settings of these tests


async def test_operator_pauses_transcription_only(api: Api, client: Client, engine: AsyncEngine) -> None:
    async def stands(state: str) -> dict[str, Any]:
        items = (await api.get("/upstreams"))["items"]
        assert [(speech["name"], speech["state"]) for speech in items] == [("transcription", state)]
        return dict(items[0])

    async with governor_at_work(client, engine):
        response = await api.http.post("/api/upstreams/transcription/pause")
        assert (response.status_code, response.json()) == (202, {"name": "transcription", "requested": "pause"})
        stopped = await eventually(lambda: stands("paused"))
        assert (await api.http.post("/api/upstreams/transcription/resume")).status_code == 202
        going = await eventually(lambda: stands("closed"))

    assert stopped["message"] == text("pause.operator_transcription")
    assert going["calls_per_second"] == pytest.approx(20 / 60)
    assert [budget["left"] for budget in going["budgets"]] == [2000, 7200, 28_800]


async def test_operator_pause_waits_for_a_worker(api: Api, client: Client, engine: AsyncEngine) -> None:
    assert (await api.http.post("/api/upstreams/youtube/pause")).status_code == 202
    assert (await api.get("/upstreams"))["items"] == []

    async with governor_at_work(client, engine):
        await eventually(lambda: _youtube(api, state="paused"))


@pytest.mark.parametrize("change", ["pause", "resume"])
async def test_unknown_upstream_is_rejected(api_without_temporal: Api, change: str) -> None:
    for language in Language:
        response = await api_without_temporal.http.post(
            f"/api/upstreams/vimeo/{change}", headers={"Accept-Language": language}
        )
        [error] = problem(response, 422, "validation_failed")["errors"]
        assert (error["field"], error["code"]) == ("upstream", "enum")
        assert error["message"] == text("field.enum", language)


@pytest.mark.parametrize("change", ["pause", "resume"])
async def test_without_temporal_operator_changes_are_a_503(api_without_temporal: Api, change: str) -> None:
    for language in Language:
        response = await api_without_temporal.http.post(
            f"/api/upstreams/youtube/{change}", headers={"Accept-Language": language}
        )
        assert problem(response, 503, "temporal_away")["detail"] == text("problem.temporal_away", language)
        assert int(response.headers["Retry-After"]) > 0


async def test_a_temporal_that_does_not_answer_is_not_waited_for(
    settings: Settings, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstreams, "ACCEPT_SECONDS", 0.2)
    finished = asyncio.Event()

    async def stay_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await finished.wait()
        writer.close()

    silent = await asyncio.start_server(stay_silent, "127.0.0.1")
    port = silent.sockets[0].getsockname()[1]
    async with silent, serving(settings.model_copy(update={"temporal_address": f"127.0.0.1:{port}"}), engine) as api:
        problem(await api.http.post("/api/upstreams/youtube/pause"), 503, "temporal_away")
        finished.set()


async def test_without_postgres_the_operator_can_still_pause(api_without_postgres: Api, client: Client) -> None:
    problem(await api_without_postgres.http.get("/api/upstreams"), 503, "database_away")
    assert (await api_without_postgres.http.post("/api/upstreams/youtube/pause")).status_code == 202


async def test_other_websites_may_not_pause(api_without_temporal: Api) -> None:
    response = await api_without_temporal.http.post(
        "/api/upstreams/youtube/pause", headers={"Origin": "https://evil.example"}
    )

    problem(response, 403, "cross_site_request")
