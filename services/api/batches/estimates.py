"""Estimates the duration of an import at the current rate limits, and the cost of its transcriptions.

Running and queued imports go first. Each upstream has a rate limit and budgets of requests or seconds of audio; the
limit that takes longest decides.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from shared.contracts.transcription import billed_seconds, overlap_seconds
from shared.contracts.upstreams import (
    BudgetStatus,
    BudgetUnit,
    PauseReason,
    RateLimitPolicy,
    Upstream,
    UpstreamState,
    UpstreamStatus,
)
from shared.db.connection import AsyncpgConnection
from shared.db.estimates import Backlog, TranscriptionSample, speech_need, work_ahead
from shared.db.upstreams import find_status
from shared.settings import Settings
from workflows.rate_limits.budget import Budgets

METADATA_REQUESTS = 2
CAPTIONS_REQUESTS = 1
"""Requests of one call each."""
FIRST_PAGE_REQUESTS = 3
"""Requests for the first page of a playlist or channel, in one call; every further page is one request."""
AUDIO_BYTES_PER_SECOND = 6111
"""YouTube's smallest audio format: 66 MB for three hours."""
AUDIO_BYTES_PER_REQUEST = 10_000_000
"""A download is one call: one request for the URL, and one per 10 MB."""
MIN_SAMPLE_VIDEOS = 20
"""Fewer videos are too small a sample of the share without captions."""
_LIMIT_REASONS = {PauseReason.HOURLY_REQUESTS, PauseReason.TRANSCRIPTION_ALLOWANCE}


@dataclass(frozen=True, slots=True)
class UpstreamWork:
    """The calls to an upstream that some imports need."""

    calls: int
    requests: int
    audio_seconds: float = 0

    def __add__(self, other: "UpstreamWork") -> "UpstreamWork":
        return UpstreamWork(
            self.calls + other.calls, self.requests + other.requests, self.audio_seconds + other.audio_seconds
        )


NO_WORK = UpstreamWork(0, 0)


@dataclass(frozen=True, slots=True)
class ImportSize:
    """The size of an import."""

    unknown: int
    """Videos that are neither imported nor queued."""
    under_way: int = 0
    """Videos that are part of the backlog."""
    listing: UpstreamWork = NO_WORK


@dataclass(frozen=True, slots=True)
class TranscriptionWork:
    """The transcriptions that some videos are expected to need."""

    videos: int
    estimated_usd: float
    downloads: UpstreamWork
    """Calls to YouTube."""
    transcription: UpstreamWork
    """Calls to the transcription server, one per chunk."""


NO_TRANSCRIPTION = TranscriptionWork(0, 0, NO_WORK, NO_WORK)


@dataclass(frozen=True, slots=True)
class EstimateInputs:
    """The data of an estimate."""

    ahead: Backlog
    speech_need: TranscriptionSample | None
    """None if transcription is off."""
    youtube: UpstreamStatus
    transcription: UpstreamStatus


async def read_inputs(connection: AsyncpgConnection, settings: Settings, now: datetime) -> EstimateInputs:
    """Read the data of an estimate; rate limits come from the settings until a governor has reported."""
    has_speech = settings.transcription_off is None
    longest_seconds = settings.transcription_max_minutes * 60
    youtube = await find_status(connection, Upstream.YOUTUBE)
    transcription = await find_status(connection, Upstream.TRANSCRIPTION)
    return EstimateInputs(
        await work_ahead(connection),
        await speech_need(connection, max_seconds=longest_seconds) if has_speech else None,
        youtube or _configured_status(Upstream.YOUTUBE, settings.youtube_rate_limits, now),
        transcription or _configured_status(Upstream.TRANSCRIPTION, settings.transcription_rate_limits, now),
    )


def expected_transcription(inputs: EstimateInputs, settings: Settings, videos: int) -> TranscriptionWork | None:
    """The transcriptions that so many unknown videos need; None if the sample is too small."""
    need = inputs.speech_need
    if need is None:
        return NO_TRANSCRIPTION
    if need.videos < MIN_SAMPLE_VIDEOS:
        return None
    known = [_transcription_of(seconds, settings) for seconds in need.needed_seconds]
    expected = round(videos * len(known) / need.videos)

    def scaled(amounts: Iterable[float]) -> float:
        return expected * sum(amounts) / len(known) if known else 0

    return TranscriptionWork(
        expected,
        scaled(each.estimated_usd for each in known),
        UpstreamWork(expected, math.ceil(scaled(each.downloads.requests for each in known))),
        UpstreamWork(
            math.ceil(scaled(each.transcription.calls for each in known)),
            math.ceil(scaled(each.transcription.requests for each in known)),
            scaled(each.transcription.audio_seconds for each in known),
        ),
    )


def work_of(videos: int, *, without_captions: int = 0) -> UpstreamWork:
    """The calls for unknown videos, and for videos of which only the captions are missing."""
    calls = 2 * videos + without_captions
    return UpstreamWork(calls, (METADATA_REQUESTS + CAPTIONS_REQUESTS) * videos + CAPTIONS_REQUESTS * without_captions)


def work_of_listing(entries: int, entries_per_page: int) -> UpstreamWork:
    """The calls for listing a playlist or channel, one per page."""
    pages = max(math.ceil(entries / max(entries_per_page, 1)), 1)
    return UpstreamWork(pages, FIRST_PAGE_REQUESTS + pages - 1)


def expected_seconds(inputs: EstimateInputs, settings: Settings, wanted: ImportSize, now: datetime) -> int | None:
    """Seconds until the import is complete; None during a pause without a known end."""
    if not (wanted.unknown or wanted.under_way or wanted.listing.calls):
        return 0
    without_metadata, without_captions = inputs.ahead.pending_metadata, inputs.ahead.without_captions
    speech = _awaited_transcription(inputs, settings, wanted.unknown + without_metadata + without_captions)
    videos = work_of(wanted.unknown + without_metadata, without_captions=without_captions)
    at_youtube = _seconds_at(inputs.youtube, wanted.listing + videos + speech.downloads, now)
    at_server = _seconds_at(inputs.transcription, speech.transcription, now)
    if at_youtube is None or at_server is None:
        return None
    return math.ceil(max(at_youtube, at_server, 1))


def _transcription_of(audio_seconds: int, settings: Settings) -> TranscriptionWork:
    """The transcription of one video."""
    longest = settings.transcription_chunk_seconds
    overlap = overlap_seconds(longest)  # transcribed twice
    chunks = max(math.ceil((audio_seconds - overlap) / (longest - overlap)), 1)
    transcribed_seconds = audio_seconds + (chunks - 1) * overlap
    downloads = math.ceil(audio_seconds * AUDIO_BYTES_PER_SECOND / AUDIO_BYTES_PER_REQUEST)
    billed_hours = billed_seconds(transcribed_seconds) / 3600
    return TranscriptionWork(
        videos=1,
        estimated_usd=billed_hours * settings.transcription_usd_per_hour,
        downloads=UpstreamWork(1, 1 + downloads),
        transcription=UpstreamWork(chunks, chunks, transcribed_seconds),
    )


def _awaited_transcription(inputs: EstimateInputs, settings: Settings, videos: int) -> TranscriptionWork:
    """Expected transcriptions; none if the server rejects the settings: imports then do not wait for it."""
    status = inputs.transcription
    is_refused = status.is_paused and status.reason is PauseReason.TRANSCRIPTION_MISCONFIGURED
    return NO_TRANSCRIPTION if is_refused else expected_transcription(inputs, settings, videos) or NO_TRANSCRIPTION


def _seconds_at(upstream: UpstreamStatus, work: UpstreamWork, now: datetime) -> float | None:
    """Seconds that an upstream needs for the calls; None during a pause without a known end."""
    if not work.calls:
        return 0
    if upstream.state is UpstreamState.PAUSED:
        return None
    seconds = _seconds_at_rate(work, upstream)
    if not upstream.is_paused or upstream.resume_at is None:
        return seconds
    rest = max((upstream.resume_at - now).total_seconds(), 0)
    # While a budget is used up, `seconds` includes the time until it is free again.
    return max(seconds, rest) if upstream.state is UpstreamState.CLOSED else seconds + rest


def _seconds_at_rate(work: UpstreamWork, upstream: UpstreamStatus) -> float:
    seconds = work.calls / _sustained_rate(upstream)
    amounts = {BudgetUnit.REQUESTS: work.requests, BudgetUnit.AUDIO_SECONDS: work.audio_seconds}
    within = [
        _seconds_under_budget(budget, amounts[budget.unit], amounts[budget.unit] / seconds)
        for budget in upstream.budgets
    ]
    return max(seconds, *within, 0)


def _sustained_rate(upstream: UpstreamStatus) -> float:
    """Sustained calls per second: without bursts, and without the slowdown of budgets, which are counted separately."""
    is_transient = upstream.is_burst or upstream.reason in _LIMIT_REASONS
    return upstream.max_calls_per_second if is_transient else upstream.calls_per_second or upstream.max_calls_per_second


def _seconds_under_budget(budget: BudgetStatus, amount: float, per_second: float) -> float:
    """Seconds it takes to use `amount` under a budget.

    A budget that limits is used up early in each of its windows, of which the last is used in part. Earlier usage is
    assumed to expire evenly.
    """
    if not amount:
        return 0
    spans = math.ceil(amount / budget.limit) - 1
    rest = amount - spans * budget.limit
    used = max(budget.limit - budget.left, 1)
    freed_after = max(rest - budget.left, 0) / used * budget.per_seconds
    in_spans = spans * budget.per_seconds + max(rest / per_second, freed_after)
    return max(amount / per_second, in_spans)


def _configured_status(upstream: Upstream, policy: RateLimitPolicy, now: datetime) -> UpstreamStatus:
    """The status of an upstream without calls so far."""
    return UpstreamStatus(
        upstream=upstream,
        state=UpstreamState.CLOSED,
        since=now,
        calls_per_second=policy.calls_per_second,
        max_calls_per_second=policy.calls_per_second,
        hourly_requests=policy.hourly_requests,
        requests_left=policy.hourly_requests,
        budgets=Budgets.of(policy).statuses(),
        at=now,
    )
