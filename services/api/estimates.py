"""How long an import would take at today's pace, and what its speech-to-text would cost.

Everything that is under way or queued goes first. Each upstream may take so many calls per second, and so many requests
or seconds of sound an hour or a day: whatever takes longest decides.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from shared.contracts.speech import billed_seconds, overlap_seconds
from shared.contracts.upstreams import (
    BudgetStatus,
    BudgetUnit,
    PacePolicy,
    PauseReason,
    Upstream,
    UpstreamState,
    UpstreamStatus,
)
from shared.db.driver import DriverConnection
from shared.db.estimates import SpeechNeed, WorkAhead, speech_need, work_ahead
from shared.db.upstreams import find_status
from shared.settings import Settings
from workflows.budget import Budgets

METADATA_REQUESTS = 2
CAPTIONS_REQUESTS = 1
"""Of one call each."""
FIRST_PAGE_REQUESTS = 3
"""Of a playlist or channel, in one call; every further page is one request."""
SOUND_BYTES_PER_SECOND = 6111
"""YouTube's cheapest: 66 MB for three hours."""
SOUND_BYTES_PER_REQUEST = 10_000_000
"""All of a video's sound is one call, and one more request for its address."""
FEWEST_VIDEOS = 20
"""Fewer say nothing of what share of videos needs speech-to-text."""
_LIMIT_REASONS = {PauseReason.HOURLY_REQUESTS, PauseReason.TRANSCRIPTION_ALLOWANCE}


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be asked of an upstream."""

    calls: int
    requests: int
    audio_seconds: float = 0

    def __add__(self, other: "Work") -> "Work":
        return Work(self.calls + other.calls, self.requests + other.requests, self.audio_seconds + other.audio_seconds)


NO_WORK = Work(0, 0)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an import has to bring."""

    unknown: int
    """Videos of which nothing is known, and that nobody else waits for."""
    under_way: int = 0
    """Videos that come with the work ahead."""
    listing: Work = NO_WORK


@dataclass(frozen=True, slots=True)
class Speech:
    """What speech-to-text is expected to do for some videos."""

    videos: int
    estimated_usd: float
    downloads: Work
    """At YouTube."""
    recognition: Work
    """At the speech-to-text server, a call for each piece."""


NO_SPEECH = Speech(0, 0, NO_WORK, NO_WORK)


@dataclass(frozen=True, slots=True)
class Figures:
    """What an estimate is made of, at one moment."""

    ahead: WorkAhead
    speech_need: SpeechNeed | None
    """None where there is no speech-to-text."""
    youtube: UpstreamStatus
    transcription: UpstreamStatus


async def read_figures(connection: DriverConnection, settings: Settings, now: datetime) -> Figures:
    """Everything that an estimate needs; pace and limits out of the settings until a governor has spoken."""
    has_speech = settings.transcription_off is None
    longest_seconds = settings.transcription_max_minutes * 60
    youtube = await find_status(connection, Upstream.YOUTUBE)
    transcription = await find_status(connection, Upstream.TRANSCRIPTION)
    return Figures(
        await work_ahead(connection),
        await speech_need(connection, max_seconds=longest_seconds) if has_speech else None,
        youtube or _as_set(Upstream.YOUTUBE, settings.youtube_pace, now),
        transcription or _as_set(Upstream.TRANSCRIPTION, settings.transcription_pace, now),
    )


def expected_speech(figures: Figures, settings: Settings, videos: int) -> Speech | None:
    """What so many videos that nothing is known of will need; None where too little is known of others."""
    need = figures.speech_need
    if need is None:
        return NO_SPEECH
    if need.videos < FEWEST_VIDEOS:
        return None
    known = [_speech_of(seconds, settings) for seconds in need.needed_seconds]
    expected = round(videos * len(known) / need.videos)

    def scaled(amounts: Iterable[float]) -> float:
        return expected * sum(amounts) / len(known) if known else 0

    return Speech(
        expected,
        scaled(each.estimated_usd for each in known),
        Work(expected, math.ceil(scaled(each.downloads.requests for each in known))),
        Work(
            math.ceil(scaled(each.recognition.calls for each in known)),
            math.ceil(scaled(each.recognition.requests for each in known)),
            scaled(each.recognition.audio_seconds for each in known),
        ),
    )


def work_of(videos: int, *, without_captions: int = 0) -> Work:
    """What videos cost of which nothing is known, and some of which only the captions are missing."""
    calls = 2 * videos + without_captions
    return Work(calls, (METADATA_REQUESTS + CAPTIONS_REQUESTS) * videos + CAPTIONS_REQUESTS * without_captions)


def work_of_listing(entries: int, entries_per_page: int) -> Work:
    """What reading a playlist or channel costs, each page in a call of its own."""
    pages = max(math.ceil(entries / max(entries_per_page, 1)), 1)
    return Work(pages, FIRST_PAGE_REQUESTS + pages - 1)


def expected_seconds(figures: Figures, settings: Settings, wanted: Wanted, now: datetime) -> int | None:
    """In how long all that is wanted will be there; None while nobody knows when calls go again."""
    if not (wanted.unknown or wanted.under_way or wanted.listing.calls):
        return 0
    with_nothing, without_captions = figures.ahead.begun_with_nothing, figures.ahead.without_captions
    speech = _speech_that_is_waited_for(figures, settings, wanted.unknown + with_nothing + without_captions)
    videos = work_of(wanted.unknown + with_nothing, without_captions=without_captions)
    at_youtube = _seconds_at(figures.youtube, wanted.listing + videos + speech.downloads, now)
    at_server = _seconds_at(figures.transcription, speech.recognition, now)
    if at_youtube is None or at_server is None:
        return None
    return math.ceil(max(at_youtube, at_server, 1))


def _speech_of(sound_seconds: int, settings: Settings) -> Speech:
    """What one video needs that needs it."""
    longest = settings.transcription_chunk_seconds
    overlap = overlap_seconds(longest)  # is heard twice
    pieces = max(math.ceil((sound_seconds - overlap) / (longest - overlap)), 1)
    heard_seconds = sound_seconds + (pieces - 1) * overlap
    downloads = math.ceil(sound_seconds * SOUND_BYTES_PER_SECOND / SOUND_BYTES_PER_REQUEST)
    billed_hours = billed_seconds(heard_seconds) / 3600
    return Speech(
        videos=1,
        estimated_usd=billed_hours * settings.transcription_usd_per_hour,
        downloads=Work(1, 1 + downloads),
        recognition=Work(pieces, pieces, heard_seconds),
    )


def _speech_that_is_waited_for(figures: Figures, settings: Settings, videos: int) -> Speech:
    """Imports do not wait for a server that refuses its settings, nor is sound fetched for it."""
    status = figures.transcription
    is_refused = status.is_paused and status.reason is PauseReason.TRANSCRIPTION_MISCONFIGURED
    return NO_SPEECH if is_refused else expected_speech(figures, settings, videos) or NO_SPEECH


def _seconds_at(upstream: UpstreamStatus, work: Work, now: datetime) -> float | None:
    """How long an upstream takes for it; None while nobody knows when calls go again."""
    if not work.calls:
        return 0
    if upstream.state is UpstreamState.PAUSED:
        return None
    seconds = _at_pace(work, upstream)
    if not upstream.is_paused or upstream.resume_at is None:
        return seconds
    rest = max((upstream.resume_at - now).total_seconds(), 0)
    # While a limit is reached, the time until it is not counts already.
    return max(seconds, rest) if upstream.state is UpstreamState.CLOSED else seconds + rest


def _at_pace(work: Work, upstream: UpstreamStatus) -> float:
    seconds = work.calls / _steady(upstream)
    amounts = {BudgetUnit.REQUESTS: work.requests, BudgetUnit.AUDIO_SECONDS: work.audio_seconds}
    within = [_within(budget, amounts[budget.unit], amounts[budget.unit] / seconds) for budget in upstream.budgets]
    return max(seconds, *within, 0)


def _steady(upstream: UpstreamStatus) -> float:
    """Calls per second in the long run: a burst is soon over, and what a limit allows is counted by itself."""
    is_passing = upstream.is_burst or upstream.reason in _LIMIT_REASONS
    return upstream.max_calls_per_second if is_passing else upstream.calls_per_second or upstream.max_calls_per_second


def _within(budget: BudgetStatus, amount: float, per_second: float) -> float:
    """How many seconds it takes to use `amount` under a limit.

    A limit that binds is used up early in each of its times, the last of which is used in part. What was used before
    is taken to become too old evenly.
    """
    if not amount:
        return 0
    spans = math.ceil(amount / budget.limit) - 1
    rest = amount - spans * budget.limit
    used = max(budget.limit - budget.left, 1)
    freed_after = max(rest - budget.left, 0) / used * budget.per_seconds
    in_spans = spans * budget.per_seconds + max(rest / per_second, freed_after)
    return max(amount / per_second, in_spans)


def _as_set(upstream: Upstream, policy: PacePolicy, now: datetime) -> UpstreamStatus:
    """An upstream that nothing has been asked of yet."""
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
