"""What an import would bring, before anything is written."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.api import estimates
from services.api.batch_rows import Rows
from services.api.batch_schemas import Preview, PreviewWarning, SpeechEstimate
from services.api.deps import Resources
from services.api.estimates import NO_WORK, Figures, Wanted, Work
from services.api.problem_texts import ProblemCode
from services.api.problems import Problem, invalid_field
from shared.contracts.batches import BatchKind, SourcePreview
from shared.contracts.texts import Language, import_error_text, pause_text
from shared.contracts.upstreams import Upstream
from shared.db.driver import driver_of
from shared.db.estimates import standing
from shared.db.upstreams import find_status
from shared.settings import Settings
from shared.temporal.client import TEMPORAL_AWAY
from shared.youtube_source import Source
from workflows.refusals import Refused
from workflows.start import preview_source as ask_youtube

ANSWER_SECONDS = 25.0
"""How long somebody waits for YouTube to tell of a playlist or channel."""
GRACE_SECONDS = 3.0
"""How much later Temporal may say that the time is over."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What there is to be imported."""

    kind: BatchKind
    total: int
    youtube_ids: Sequence[str]
    """Each once; of a source, those of its first page."""
    title: str | None = None
    invalid: int = 0
    unavailable: int = 0
    unread: int = 0
    """Entries on further pages, which are taken to be new and available."""
    is_estimate: bool = False
    at_least: bool = False
    """There are further pages, and YouTube does not say how many entries are on them."""
    listing: Work = NO_WORK


async def preview_rows(shared: Resources, list_id: UUID, kind: BatchKind, rows: Rows, language: Language) -> Preview:
    """What an import of these rows would bring."""
    found = _Found(kind=kind, total=len(rows.rows), youtube_ids=rows.youtube_ids, invalid=rows.invalid)
    return await _preview(shared, list_id, found, language)


async def preview_source(
    shared: Resources, user_id: UUID, list_id: UUID, source: Source, language: Language
) -> Preview:
    """What an import of a playlist or channel would bring, as its first page tells.

    Raises Problem: 422 where YouTube does not show it, 503 while YouTube or Temporal cannot be asked.
    """
    async with shared.database.connection() as connection:
        youtube = await find_status(driver_of(connection), Upstream.YOUTUBE)
    if youtube and youtube.is_paused:
        raise Problem(ProblemCode.PREVIEW_UNAVAILABLE)
    page = await _first_page(shared, user_id, source, language)
    seen = len(page.youtube_ids) + page.unavailable
    total = max(page.announced or 0, seen) if page.has_more else seen
    found = _Found(
        kind=BatchKind(source.kind),
        total=total,
        youtube_ids=[*dict.fromkeys(page.youtube_ids)],
        title=page.title,
        unavailable=page.unavailable,
        unread=total - seen,
        is_estimate=page.has_more,
        at_least=page.has_more and total == seen,
        listing=estimates.work_of_listing(total, seen),
    )
    return await _preview(shared, list_id, found, language)


async def _first_page(shared: Resources, user_id: UUID, source: Source, language: Language) -> SourcePreview:
    try:
        async with asyncio.timeout(ANSWER_SECONDS + GRACE_SECONDS):
            return await ask_youtube(shared.client, source.url, user_id, seconds=ANSWER_SECONDS)
    except Refused as refused:
        words = import_error_text(refused.error_type, language)
        raise invalid_field("source", refused.error_type, words) from refused
    except TimeoutError as error:
        raise Problem(ProblemCode.PREVIEW_UNAVAILABLE) from error
    except TEMPORAL_AWAY as error:
        logger.warning("Temporal cannot be reached: %r", error)
        raise Problem(ProblemCode.TEMPORAL_AWAY) from error


async def _preview(shared: Resources, list_id: UUID, found: _Found, language: Language) -> Preview:
    settings, now = shared.settings, datetime.now(UTC)
    async with shared.database.connection() as connection:
        driver = driver_of(connection)
        stands = await standing(driver, list_id, found.youtube_ids)
        figures = await estimates.read_figures(driver, settings, now)
    new = len(found.youtube_ids) - stands.present + found.unread
    wanted = Wanted(new - stands.known - stands.under_way, stands.under_way, found.listing)
    seconds = None if found.at_least else estimates.expected_seconds(figures, settings, wanted, now)
    return Preview(
        kind=found.kind,
        title=found.title,
        total=found.total,
        new=new,
        duplicates=found.total - found.invalid - found.unavailable - new,
        invalid=found.invalid,
        unavailable=found.unavailable,
        is_estimate=found.is_estimate,
        at_least=found.at_least,
        estimated_seconds=seconds,
        estimated_finish_at=None if seconds is None else now + timedelta(seconds=seconds),
        speech_to_text=None if found.at_least else _speech(figures, settings, wanted.unknown),
        warnings=_warnings(figures, settings, language),
    )


def _speech(figures: Figures, settings: Settings, videos: int) -> SpeechEstimate | None:
    expected = estimates.expected_speech(figures, settings, videos)
    if expected is None:
        return None
    return SpeechEstimate(
        enabled=settings.transcription_off is None,
        videos=expected.videos,
        audio_seconds=expected.recognition.audio_seconds,
        estimated_usd=expected.estimated_usd,
    )


def _warnings(figures: Figures, settings: Settings, language: Language) -> list[PreviewWarning]:
    needed = [figures.youtube] if settings.transcription_off else [figures.youtube, figures.transcription]
    return [
        PreviewWarning(
            upstream=status.upstream, code=status.reason, message=pause_text(status.upstream, status.reason, language)
        )
        for status in needed
        if status.reason and status.is_paused
    ]
