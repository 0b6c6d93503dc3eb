"""What speech-to-text was used for, and what it cost: of the whole installation, and by video."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.lists import FIRST_PAGE, PageStart


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What was recognised, and what that cost."""

    requests: int
    audio_seconds: float
    estimated_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageTotals:
    """The whole installation's usage."""

    last_hour: Usage
    last_24_hours: Usage
    this_month: Usage
    """A month begins at midnight UTC."""
    total: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoUsage(Usage):
    """One video's usage."""

    id: UUID
    """Of its newest call: with `last_at` it says where a page goes on."""
    youtube_id: str
    title: str | None
    last_at: datetime


# Hours, not a day: the session's time zone may have days of 23 or 25 hours.
_TOTALS = text(
    """
    SELECT w.name, count(c.id) AS requests, coalesce(sum(c.audio_seconds), 0) AS audio_seconds,
           coalesce(sum(c.estimated_usd), 0) AS estimated_usd
    FROM (VALUES
        ('last_hour', now() - interval '1 hour'),
        ('last_24_hours', now() - interval '24 hours'),
        ('this_month', date_trunc('month', now(), 'UTC')),
        ('total', '-infinity')
    ) AS w (name, since)
    LEFT JOIN transcription_calls c ON c.at >= w.since
    GROUP BY w.name
    """
)
# A call's number in the form of a UUID: the page goes on as the pages of all other lists do.
_NEWEST = "CAST(lpad(to_hex(max(id)), 32, '0') AS uuid)"
_PAGE = text(
    f"""
    SELECT c.*, e.title
    FROM (
        SELECT {_NEWEST} AS id, youtube_id, count(*) AS requests, sum(audio_seconds) AS audio_seconds,
               sum(estimated_usd) AS estimated_usd, max(at) AS last_at
        FROM transcription_calls GROUP BY youtube_id HAVING (max(at), {_NEWEST}) < (:created_at, :id)
        ORDER BY last_at DESC, id DESC LIMIT :limit
    ) c LEFT JOIN video_enrichments e USING (youtube_id)
    ORDER BY c.last_at DESC, c.id DESC
    """  # noqa: S608 - a constant
)


async def usage_totals(connection: AsyncConnection) -> UsageTotals:
    """The whole installation's usage; zeros where nothing was recognised."""
    rows = await connection.execute(_TOTALS)
    return UsageTotals(
        **{
            row.name: Usage(requests=row.requests, audio_seconds=row.audio_seconds, estimated_usd=row.estimated_usd)
            for row in rows
        }
    )


async def page_of_video_usage(
    connection: AsyncConnection, *, after: PageStart = FIRST_PAGE, limit: int
) -> Sequence[VideoUsage]:
    """The videos whose speech was recognised, the one with the newest call first, at most `limit` of them."""
    rows = await connection.execute(_PAGE, {"limit": limit, **after._asdict()})
    return [VideoUsage(**row) for row in rows.mappings()]
