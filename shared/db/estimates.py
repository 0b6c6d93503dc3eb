"""What an estimate of an import's time and cost is made of. Figures of the whole installation, but for one list's."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.contracts.errors import ErrorType
from shared.db.connection import AsyncpgConnection
from shared.db.lists import NOT_DELETED

NEWEST_VIDEOS = 1000
"""Sample size for the share of videos that need transcription."""
QUEUED_VIDEOS = 1000
"""Sample size, per batch, for the share of queued videos that need requests."""

_NOTHING_TO_RECOGNISE = [
    ErrorType.CAPTIONS_TOKEN_REQUIRED,
    ErrorType.CAPTIONS_AGE_RESTRICTED,
    ErrorType.SPEECH_TOO_LONG,
]
"""Reasons for missing captions for which no audio is downloaded."""

# Without the queued videos of paused batches, and without parked videos.
_UNDER_WAY = f"""
    videos v LEFT JOIN video_enrichments e USING (youtube_id) LEFT JOIN import_batches b ON b.id = v.batch_id
    WHERE v.import_stage NOT IN ('complete', 'error') AND e.completed_at IS NULL AND v.{NOT_DELETED}
      AND v.batch_slot IS DISTINCT FROM 'parked'
      AND (b.state = 'paused' AND v.batch_slot = 'queued') IS NOT TRUE
    """
# An import that is already running is not counted again.
_STANDING = f"""
    SELECT count(own.id) AS present,
           count(*) FILTER (WHERE own.id IS NULL AND known.completed_at IS NOT NULL) AS known,
           count(*) FILTER (
               WHERE own.id IS NULL AND EXISTS (SELECT FROM {_UNDER_WAY} AND v.youtube_id = w.youtube_id)
           ) AS under_way
    FROM unnest($2::text[]) AS w (youtube_id)
    LEFT JOIN videos own ON own.list_id = $1 AND own.youtube_id = w.youtube_id
    LEFT JOIN video_enrichments known ON known.youtube_id = w.youtube_id
    """  # noqa: S608 - constants
# There may be a hundred thousand queued videos. Their number is known; how many of them need requests, those say that
# are last in each batch. One that two batches queue counts twice.
_AHEAD = f"""
    WITH queued AS (
        SELECT coalesce(round(sum(known.videos * sample.unknown / sample.videos)), 0)::int AS videos
        FROM import_batches b, LATERAL (
            SELECT sum(videos) AS videos FROM video_counts WHERE owner_id = b.id AND state = 'queued'
        ) known, LATERAL (
            SELECT nullif(count(*), 0)::float AS videos, count(*) FILTER (WHERE e.completed_at IS NULL) AS unknown
            FROM (
                SELECT youtube_id FROM videos
                WHERE batch_id = b.id AND batch_slot = 'queued' AND import_stage NOT IN ('complete', 'error')
                ORDER BY created_at, id LIMIT $1
            ) last LEFT JOIN video_enrichments e USING (youtube_id)
        ) sample
        WHERE b.completed_at IS NULL AND b.state <> 'paused' AND b.{NOT_DELETED}
    ), begun AS (
        SELECT DISTINCT ON (v.youtube_id) v.import_stage FROM {_UNDER_WAY} AND v.batch_slot IS DISTINCT FROM 'queued'
        ORDER BY v.youtube_id, v.import_progress DESC
    )
    SELECT count(*) FILTER (WHERE import_stage = 'created') + (SELECT videos FROM queued) AS pending_metadata,
           count(*) FILTER (WHERE import_stage = 'metadata') AS without_captions
    FROM begun
    """  # noqa: S608 - constants
_SPEECH = """
    SELECT count(*) AS videos,
           coalesce(array_agg(duration_seconds) FILTER (WHERE is_needed), '{}') AS needed_seconds
    FROM (
        SELECT duration_seconds, duration_seconds BETWEEN 1 AND $1 AND (
            captions_source = 'whisper' OR captions_source = 'none' AND captions_missing <> ALL($2::text[])
        ) AS is_needed
        FROM video_enrichments WHERE captions_source IS NOT NULL ORDER BY fetched_at DESC LIMIT $3
    ) newest
    """


@dataclass(frozen=True, slots=True)
class KnownCounts:
    """Of some videos, how many a list has already, and how many of the others need no request of their own."""

    present: int
    known: int
    """Completely."""
    under_way: int
    """For another list: imported right now, or queued. They are part of the `Backlog`."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """Videos of the whole installation whose import is under way or queued."""

    pending_metadata: int
    without_captions: int
    """What is further needs YouTube no more."""


@dataclass(frozen=True, slots=True)
class TranscriptionSample:
    """Which of the newest videos needed speech-to-text."""

    videos: int
    needed_seconds: Sequence[int]
    """The length of each that needed it."""


async def count_known(connection: AsyncpgConnection, list_id: UUID, youtube_ids: Sequence[str]) -> KnownCounts:
    """How videos, each named once, stand with regard to a list."""
    return KnownCounts(**(await connection.fetchrow(_STANDING, list_id, list(youtube_ids)) or {}))


async def work_ahead(connection: AsyncpgConnection) -> Backlog:
    """What has to be done before anything that is added now."""
    return Backlog(**(await connection.fetchrow(_AHEAD, QUEUED_VIDEOS) or {}))


async def speech_need(connection: AsyncpgConnection, *, max_seconds: int) -> TranscriptionSample:
    """How often speech-to-text was needed lately; videos longer than `max_seconds` get none."""
    row = await connection.fetchrow(_SPEECH, max_seconds, _NOTHING_TO_RECOGNISE, NEWEST_VIDEOS)
    return TranscriptionSample(**(row or {}))
