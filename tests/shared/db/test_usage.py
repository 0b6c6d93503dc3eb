"""What speech-to-text was used for: from when on a call counts, and by video."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.db.connection import raw_connection
from shared.db.transcription import Usage, page_of_video_usage, usage_totals

NOTHING = Usage(requests=0, audio_seconds=0, estimated_usd=0)
ONE = Usage(requests=1, audio_seconds=600, estimated_usd=0.0185)


@pytest.fixture
async def connection(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection in a transaction: it is the same moment all the time."""
    async with engine.begin() as connection:
        yield connection


async def call(connection: AsyncConnection, at: str, youtube_id: str = "abcdefghijk") -> None:
    """A call at a moment of SQL."""
    await connection.execute(
        text(
            "INSERT INTO transcription_calls (youtube_id, model, audio_seconds, estimated_usd, at) "
            f"VALUES (:youtube_id, 'whisper-large-v3', 600, 0.0185, {at})"
        ),
        {"youtube_id": youtube_id},
    )


async def test_without_calls_everything_is_zero(connection: AsyncConnection) -> None:
    totals = await usage_totals(raw_connection(connection))

    assert [totals.last_hour, totals.last_24_hours, totals.this_month, totals.total] == [NOTHING] * 4
    assert await page_of_video_usage(raw_connection(connection), limit=10) == []


@pytest.mark.parametrize(
    ("age", "last_hour", "last_24_hours"),
    [
        ("1 hour", ONE, ONE),
        ("1 hour 0.000001 seconds", NOTHING, ONE),
        ("24 hours", NOTHING, ONE),
        ("24 hours 0.000001 seconds", NOTHING, NOTHING),
    ],
)
async def test_a_call_counts_for_an_hour_and_a_day(
    connection: AsyncConnection, age: str, last_hour: Usage, last_24_hours: Usage
) -> None:
    await call(connection, f"now() - interval '{age}'")

    totals = await usage_totals(raw_connection(connection))

    assert (totals.last_hour, totals.last_24_hours, totals.total) == (last_hour, last_24_hours, ONE)


@pytest.mark.parametrize("time_zone", ["UTC", "Pacific/Kiritimati", "Pacific/Honolulu"])
@pytest.mark.parametrize(("since_midnight", "this_month"), [("+ '0'", ONE), ("- '0.000001 seconds'", NOTHING)])
async def test_a_month_begins_at_midnight_utc_wherever_the_server_is(
    connection: AsyncConnection, time_zone: str, since_midnight: str, this_month: Usage
) -> None:
    await connection.execute(text(f"SET LOCAL TIME ZONE '{time_zone}'"))
    midnight = "(date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC')"
    await call(connection, f"{midnight} {since_midnight}::interval")

    totals = await usage_totals(raw_connection(connection))

    assert (totals.this_month, totals.total) == (this_month, ONE)


async def test_a_video_has_the_sum_of_its_calls_and_the_time_of_the_newest(connection: AsyncConnection) -> None:
    await call(connection, "now()")
    await call(connection, "now() - interval '2 hours'")
    await call(connection, "now() - interval '1 hour'", youtube_id="another0001")

    video, another = await page_of_video_usage(raw_connection(connection), limit=10)

    assert (video.youtube_id, video.requests, video.audio_seconds, video.title) == ("abcdefghijk", 2, 1200, None)
    assert video.estimated_usd == pytest.approx(0.037)
    assert video.last_at == (await connection.execute(text("SELECT now()"))).scalar_one()
    assert (another.youtube_id, another.requests) == ("another0001", 1)
