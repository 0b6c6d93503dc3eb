"""The figures of the request log, and how long it is kept."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.youtube_requests import CallStage, Endpoint, RequestRecord, SentRequest
from shared.db.connection import transaction
from shared.db.youtube_requests import FIGURES_OVER, KEEP_REQUESTS, forget_old, record, request_figures

NOW = datetime.now(UTC)
_numbers = itertools.count()


def sent(
    endpoint: Endpoint, youtube_id: str | None = None, *, tracks: tuple[int, int] | None = None, **fields: Any
) -> RequestRecord:
    """A request, a millisecond after the previous one."""
    at = NOW - timedelta(hours=1) + timedelta(milliseconds=next(_numbers))
    request = SentRequest(at=at, endpoint=endpoint, milliseconds=5, youtube_id=youtube_id, http_status=200)
    request = replace(request, **fields)
    named, gated = tracks or (None, None)
    return RequestRecord(request, tracks_named=named, tracks_gated=gated)


async def add(engine: AsyncEngine, *rows: RequestRecord) -> None:
    async with transaction(engine) as connection:
        await record(connection, rows, yt_dlp_version="2026.1.1", worker="me")


async def test_nothing_is_known_without_requests(engine: AsyncEngine) -> None:
    async with transaction(engine) as connection:
        figures = await request_figures(connection)
    assert figures.requests == 0
    assert {figures.per_video, figures.second_client, figures.bot_checks, figures.gated, figures.refused} == {None}


async def test_the_figures_of_a_day(engine: AsyncEngine) -> None:
    old = NOW - FIGURES_OVER - timedelta(minutes=1)
    await add(
        engine,
        # Captions at once, from the page.
        sent(Endpoint.WATCH, "video_five_", client="web", playability="ok"),
        sent(Endpoint.TIMEDTEXT, "video_five_"),
        # From the first client.
        sent(Endpoint.WATCH, "video_one__"),
        sent(Endpoint.PLAYER, "video_one__", client="visionos", playability="ok", tracks=(6, 0)),
        sent(Endpoint.TIMEDTEXT, "video_one__"),
        # An empty track, then those of another client.
        sent(Endpoint.WATCH, "video_two__"),
        sent(Endpoint.PLAYER, "video_two__", client="visionos", playability="ok", tracks=(2, 2)),
        sent(Endpoint.TIMEDTEXT, "video_two__", reason="captions_token_required"),
        sent(Endpoint.PLAYER, "video_two__", client="android", playability="ok"),
        sent(Endpoint.TIMEDTEXT, "video_two__"),
        # Neither counts as a request per video.
        sent(Endpoint.MEDIA, "video_two__"),
        sent(Endpoint.BROWSE),
        sent(Endpoint.PLAYER, "video_three", client="visionos", playability="login_required", reason="bot_check"),
        sent(Endpoint.PLAYER, "canaryManu_", client="visionos", stage=CallStage.CANARY, reason="bot_check"),
        sent(Endpoint.PLAYER, "video_four_", client="visionos", at=old, reason="bot_check"),
    )
    async with transaction(engine) as connection:
        figures = await request_figures(connection)
    assert figures.requests == 13
    assert figures.per_video == pytest.approx(11 / 4)
    assert figures.second_client == pytest.approx(1 / 3)
    assert figures.bot_checks == pytest.approx(1 / 13)
    assert figures.gated == pytest.approx(2 / 8)
    assert figures.refused == pytest.approx(1 / 4)


async def test_old_requests_are_forgotten(engine: AsyncEngine) -> None:
    await add(engine, sent(Endpoint.WATCH), sent(Endpoint.WATCH, at=NOW - KEEP_REQUESTS - timedelta(minutes=1)))
    async with transaction(engine) as connection:
        await forget_old(connection)
        assert await connection.fetchval("SELECT count(*) FROM youtube_requests") == 1
