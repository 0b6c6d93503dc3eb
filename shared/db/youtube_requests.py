"""The log of requests to YouTube: one row each, kept for two weeks, and what it says about the last day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.contracts.youtube_requests import RequestRecord, SentRequest
from shared.db.connection import AsyncpgConnection

KEEP_REQUESTS = timedelta(days=14)
FIGURES_OVER = timedelta(hours=24)

_RECORD = """
    INSERT INTO youtube_requests (
        at, endpoint, milliseconds, stage, youtube_id, client, http_status, byte_count, playability, reason,
        tracks_named, tracks_gated, yt_dlp_version, worker
    )
    SELECT *, $13, $14 FROM unnest(
        $1::timestamptz[], $2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::int[], $8::bigint[],
        $9::text[], $10::text[], $11::int[], $12::int[]
    )
    """
_FORGET_OLD = "DELETE FROM youtube_requests WHERE at < now() - $1::interval"
_FIGURES = """
    WITH recent AS (
        SELECT * FROM youtube_requests WHERE at > now() - $1::interval AND stage IS DISTINCT FROM 'canary'
    ),
    players AS (
        SELECT id, at, youtube_id, client, first_value(client) OVER (PARTITION BY youtube_id ORDER BY at, id) AS first
        FROM recent WHERE endpoint = 'player' AND client IS NOT NULL
    ),
    fetched AS (
        SELECT youtube_id, max(at) AS at FROM recent
        WHERE endpoint = 'timedtext' AND http_status = 200 AND reason IS NULL GROUP BY youtube_id
    ),
    captions AS (
        SELECT DISTINCT ON (fetched.youtube_id) coalesce(players.client <> players.first, false) AS is_second
        FROM fetched LEFT JOIN players ON players.youtube_id = fetched.youtube_id AND players.at <= fetched.at
        ORDER BY fetched.youtube_id, players.at DESC, players.id DESC
    )
    SELECT count(*) AS requests,
        count(*) FILTER (WHERE of_video)::float / nullif(count(DISTINCT youtube_id) FILTER (WHERE of_video), 0)
            AS per_video,
        (SELECT avg(is_second::int)::float FROM captions) AS second_client,
        count(*) FILTER (WHERE reason = 'bot_check')::float / nullif(count(*), 0) AS bot_checks,
        sum(tracks_gated)::float / nullif(sum(tracks_named), 0) AS gated,
        count(*) FILTER (WHERE endpoint = 'player' AND is_refused)::float
            / nullif(count(*) FILTER (WHERE endpoint = 'player'), 0) AS refused
    FROM recent, LATERAL (SELECT
        youtube_id IS NOT NULL AND endpoint <> 'media' AS of_video,
        playability IN ('unplayable', 'error', 'login_required') OR http_status >= 400 AS is_refused
    ) AS kinds
    """


@dataclass(frozen=True, slots=True)
class RequestFigures:
    """What the log says about the last `FIGURES_OVER`, canaries left out.

    A share (0-1) is None where there is nothing to divide.
    """

    requests: int
    per_video: float | None
    """Requests per video, without those for media."""
    second_client: float | None
    """The share of videos whose captions came from another client of the player than the first one that was asked."""
    bot_checks: float | None
    """The share of requests that YouTube answered with a bot check."""
    gated: float | None
    """The share of named caption tracks that need a proof-of-origin token."""
    refused: float | None
    """The share of requests to the player that were refused."""


async def record(
    connection: AsyncpgConnection, requests: Sequence[RequestRecord], *, yt_dlp_version: str, worker: str
) -> None:
    """Add the requests that one process sent with one version of yt-dlp."""
    columns = zip(*((*_values(each.request), each.tracks_named, each.tracks_gated) for each in requests), strict=True)
    await connection.execute(_RECORD, *(list(column) for column in columns), yt_dlp_version, worker)


async def forget_old(connection: AsyncpgConnection) -> None:
    """Delete what is older than `KEEP_REQUESTS`."""
    await connection.execute(_FORGET_OLD, KEEP_REQUESTS)


async def request_figures(connection: AsyncpgConnection) -> RequestFigures:
    """Return what the log says about the last `FIGURES_OVER`."""
    row = await connection.fetchrow(_FIGURES, FIGURES_OVER)
    if row is None:
        raise RuntimeError("an aggregate without a row")
    return RequestFigures(**row)


def _values(request: SentRequest) -> tuple[object, ...]:
    return (
        request.at,
        request.endpoint,
        request.milliseconds,
        request.stage,
        request.youtube_id,
        request.client,
        request.http_status,
        request.byte_count,
        request.playability,
        request.reason,
    )
