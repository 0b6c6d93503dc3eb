"""Previews of bulk imports."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.api.batches import estimates
from services.api.batches.estimates import NO_WORK, EstimateInputs, ImportSize, UpstreamWork
from services.api.batches.rows import Rows
from services.api.batches.schemas import Preview, PreviewWarning, TranscriptionEstimate
from services.api.dependencies import AppContext
from services.api.http.problem_codes import ProblemCode
from services.api.http.problems import Problem, invalid_field
from services.api.http.temporal import temporal_required
from shared.contracts.batches import BatchKind, ChannelTab, SourcePreview, VideoFilter
from shared.contracts.errors import ErrorType
from shared.contracts.upstreams import Upstream
from shared.db.connection import raw_connection
from shared.db.estimates import count_known
from shared.db.upstreams import find_status
from shared.i18n.languages import Language
from shared.i18n.messages import import_error_text, pause_text
from shared.settings import Settings
from shared.youtube.source_urls import Source, tab_of
from workflows.batches.client import preview_source as request_preview
from workflows.common.errors import UpstreamError

ANSWER_SECONDS = 25.0
"""Time limit for YouTube's first page of a playlist or channel."""
GRACE_SECONDS = 3.0
"""How much longer to wait for Temporal to report that timeout."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """The content of a source, file or list of URLs."""

    kind: BatchKind
    tab: ChannelTab | None = None
    total: int
    youtube_ids: Sequence[str]
    """Without repetitions; of a source, those of its first page."""
    title: str | None = None
    invalid: int = 0
    unavailable: int = 0
    members_only: int = 0
    filtered: int = 0
    unread: int = 0
    """Entries on further pages, which count as new and available."""
    is_estimate: bool = False
    at_least: bool = False
    """There are further pages with an unknown number of entries."""
    listing: UpstreamWork = NO_WORK


async def preview_rows(context: AppContext, list_id: UUID, kind: BatchKind, rows: Rows, language: Language) -> Preview:
    """The preview of an import of these rows."""
    found = _Found(kind=kind, total=len(rows.rows), youtube_ids=rows.youtube_ids, invalid=rows.invalid)
    return await _preview(context, list_id, found, language)


async def preview_source(
    context: AppContext,
    user_id: UUID,
    list_id: UUID,
    source: Source,
    wanted: VideoFilter | None,
    language: Language,
) -> Preview:
    """The preview of an import of a playlist or channel, from its first page.

    Raises Problem: 422 if YouTube does not show it, 503 while YouTube or Temporal is unavailable.
    """
    async with context.database.connection() as connection:
        youtube = await find_status(raw_connection(connection), Upstream.YOUTUBE)
    if youtube and youtube.is_paused:
        raise Problem(ProblemCode.PREVIEW_UNAVAILABLE)
    page = await _first_page(context, user_id, source, wanted, language)
    seen = len(page.youtube_ids) + page.unavailable + page.members_only + page.filtered
    total = max(page.announced or 0, seen) if page.has_more else seen
    found = _Found(
        kind=BatchKind(source.kind),
        tab=tab_of(source.url),
        total=total,
        youtube_ids=[*dict.fromkeys(page.youtube_ids)],
        title=page.title,
        unavailable=page.unavailable,
        members_only=page.members_only,
        filtered=page.filtered,
        unread=total - seen,
        is_estimate=page.has_more,
        at_least=page.has_more and total == seen,
        listing=estimates.work_of_listing(total, seen),
    )
    return await _preview(context, list_id, found, language)


async def _first_page(
    context: AppContext, user_id: UUID, source: Source, wanted: VideoFilter | None, language: Language
) -> SourcePreview:
    with temporal_required():
        try:
            async with asyncio.timeout(ANSWER_SECONDS + GRACE_SECONDS):
                return await request_preview(context.client, source.url, user_id, seconds=ANSWER_SECONDS, wanted=wanted)
        except UpstreamError as refused:
            if refused.error_type is ErrorType.INTERNAL_ERROR:
                raise  # nothing is wrong with the source
            message = import_error_text(refused.error_type, language)
            raise invalid_field("source", refused.error_type, message) from refused
        except TimeoutError as error:
            raise Problem(ProblemCode.PREVIEW_UNAVAILABLE) from error


async def _preview(context: AppContext, list_id: UUID, found: _Found, language: Language) -> Preview:
    settings, now = context.settings, datetime.now(UTC)
    async with context.database.connection() as connection:
        driver = raw_connection(connection)
        known = await count_known(driver, list_id, found.youtube_ids)
        inputs = await estimates.read_inputs(driver, settings, now)
    new = len(found.youtube_ids) - known.present + found.unread
    wanted = ImportSize(new - known.known - known.under_way, known.under_way, found.listing)
    seconds = None if found.at_least else estimates.expected_seconds(inputs, settings, wanted, now)
    return Preview(
        kind=found.kind,
        tab=found.tab,
        title=found.title,
        total=found.total,
        new=new,
        duplicates=found.total - found.invalid - found.unavailable - found.members_only - found.filtered - new,
        invalid=found.invalid,
        unavailable=found.unavailable,
        members_only=found.members_only,
        filtered=found.filtered,
        is_estimate=found.is_estimate,
        at_least=found.at_least,
        estimated_seconds=seconds,
        estimated_finish_at=None if seconds is None else now + timedelta(seconds=seconds),
        speech_to_text=None if found.at_least else _transcription_estimate(inputs, settings, wanted.unknown),
        warnings=_warnings(inputs, settings, language),
    )


def _transcription_estimate(inputs: EstimateInputs, settings: Settings, videos: int) -> TranscriptionEstimate | None:
    expected = estimates.expected_transcription(inputs, settings, videos)
    if expected is None:
        return None
    return TranscriptionEstimate(
        enabled=settings.transcription_off is None,
        videos=expected.videos,
        audio_seconds=expected.transcription.audio_seconds,
        estimated_usd=expected.estimated_usd,
    )


def _warnings(inputs: EstimateInputs, settings: Settings, language: Language) -> list[PreviewWarning]:
    needed = [inputs.youtube] if settings.transcription_off else [inputs.youtube, inputs.transcription]
    return [
        PreviewWarning(
            upstream=status.upstream, code=status.reason, message=pause_text(status.upstream, status.reason, language)
        )
        for status in needed
        if status.reason and status.is_paused
    ]
