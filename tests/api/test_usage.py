"""Usage and cost of transcription."""

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.settings import Settings
from tests.api.support import Api, problem, serving, youtube_id

NOTHING = {"requests": 0, "audio_seconds": 0.0, "estimated_usd": 0.0}


async def _transcribed(api: Api, number: int, seconds: float, usd: float, at: str = "now()") -> None:
    """Insert a transcribed chunk; `at` is an SQL expression."""
    await api.execute(
        "INSERT INTO transcription_calls (youtube_id, model, audio_seconds, estimated_usd, at) "
        f"VALUES (:youtube_id, 'whisper-large-v3', :seconds, :usd, {at})",
        youtube_id=youtube_id(number),
        seconds=seconds,
        usd=usd,
    )


async def test_before_any_transcription_usage_is_zero(api_without_temporal: Api) -> None:
    assert await api_without_temporal.get("/usage") == {
        "model": "whisper-large-v3",
        "usd_per_hour": 0.111,
        "last_hour": NOTHING,
        "last_24_hours": NOTHING,
        "this_month": NOTHING,
        "total": NOTHING,
        "limits": {
            "hourly_audio_seconds": {"limit": 7200, "left": 7200.0},
            "daily_audio_seconds": {"limit": 28800, "left": 28800.0},
            "daily_requests": {"limit": 2000, "left": 2000.0},
        },
        "items": [],
        "next_cursor": None,
    }


async def test_usage_is_totalled_and_taken_from_the_limits(api_without_temporal: Api) -> None:
    api = api_without_temporal
    await _transcribed(api, 1, 600, 0.0185, at="now() - interval '100 days'")
    await _transcribed(api, 1, 600, 0.0185, at="now() - interval '2 hours'")
    await _transcribed(api, 1, 0.1, 0.000308)
    await _transcribed(api, 2, 0.2, 0.000308)

    usage = await api.get("/usage")

    assert usage["last_hour"] == {"requests": 2, "audio_seconds": 0.3, "estimated_usd": 0.0006}
    assert usage["last_24_hours"] == {"requests": 3, "audio_seconds": 600.3, "estimated_usd": 0.0191}
    assert usage["total"] == {"requests": 4, "audio_seconds": 1200.3, "estimated_usd": 0.0376}
    assert usage["limits"] == {
        "hourly_audio_seconds": {"limit": 7200, "left": 7199.7},
        "daily_audio_seconds": {"limit": 28800, "left": 28199.7},
        "daily_requests": {"limit": 2000, "left": 1997.0},
    }


async def test_usage_has_model_and_limits(settings: Settings, engine: AsyncEngine) -> None:
    other = {
        "transcription_model": "small",
        "transcription_usd_per_hour": 0.0,
        "transcription_hourly_audio_seconds": 300,
        "transcription_daily_audio_seconds": 0,
        "transcription_daily_requests": 0,
    }
    async with serving(settings.model_copy(update=other), engine) as api:
        await _transcribed(api, 1, 600, 0)
        usage = await api.get("/usage")

    assert (usage["model"], usage["usd_per_hour"]) == ("small", 0.0)
    assert usage["limits"] == {
        "hourly_audio_seconds": {"limit": 300, "left": 0.0},
        "daily_audio_seconds": None,
        "daily_requests": None,
    }


async def test_every_video_has_its_own_part_under_its_title(api_without_temporal: Api) -> None:
    api = api_without_temporal
    await api.complete(number=1)
    await _transcribed(api, 1, 600, 0.0185, at="'2026-03-01T12:00:00Z'")
    await _transcribed(api, 2, 30.5, 0.00094, at="'2026-03-01T12:30:00Z'")
    await _transcribed(api, 1, 164, 0.00506, at="'2026-03-01T13:00:00Z'")

    assert (await api.get("/usage"))["items"] == [
        {
            "youtube_id": youtube_id(1),
            "title": "A lens",
            "requests": 2,
            "audio_seconds": 764.0,
            "estimated_usd": 0.0236,
            "last_at": "2026-03-01T13:00:00Z",
        },
        {
            "youtube_id": youtube_id(2),
            "title": None,
            "requests": 1,
            "audio_seconds": 30.5,
            "estimated_usd": 0.0009,
            "last_at": "2026-03-01T12:30:00Z",
        },
    ]


async def test_pages_hold_every_video_once_even_of_the_same_moment(api_without_temporal: Api) -> None:
    api = api_without_temporal
    for number in range(7):
        for _ in range(2):
            await _transcribed(api, number, 600, 0.0185, at=f"'2026-03-01T12:00:00Z'::timestamptz + '{number // 3} h'")

    seen = [video["youtube_id"] for video in await api.all_pages("/usage", limit=2)]

    assert seen == [youtube_id(number) for number in reversed(range(7))]
    assert (await api.get("/usage", limit=7))["next_cursor"] is None


async def test_the_totals_are_of_everything_on_every_page(api_without_temporal: Api) -> None:
    api = api_without_temporal
    for number in range(2):
        await _transcribed(api, number, 600, 0.0185)

    first = await api.get("/usage", limit=1)
    second = await api.get("/usage", limit=1, cursor=first["next_cursor"])

    assert [page["total"]["requests"] for page in (first, second)] == [2, 2]


@pytest.mark.parametrize(
    ("parameters", "code"), [({"cursor": "AAAA"}, "cursor_invalid"), ({"limit": 0}, "greater_than_equal")]
)
async def test_an_impossible_page_is_refused(api_without_temporal: Api, parameters: dict[str, Any], code: str) -> None:
    response = await api_without_temporal.http.get("/api/usage", params=parameters)

    [error] = problem(response, 422, "validation_failed")["errors"]
    assert ([error["field"]], error["code"]) == ([*parameters], code)


async def test_without_postgres_it_is_unknown(api_without_postgres: Api) -> None:
    problem(await api_without_postgres.http.get("/api/usage"), 503, "database_away")
