"""How long an import would take at today's pace, and what its speech-to-text would cost.

Everything that is under way or queued goes first. YouTube may take so many calls per second and so many requests an
hour, the speech-to-text server so many seconds of sound: whatever takes longest decides.
"""

import math
from dataclasses import dataclass
from datetime import datetime

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
FEWEST_VIDEOS = 20
"""Fewer say nothing of what share of videos needs speech-to-text."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be asked of YouTube."""

    calls: int
    requests: int

    def __add__(self, other: "Work") -> "Work":
        return Work(self.calls + other.calls, self.requests + other.requests)


NO_WORK = Work(0, 0)


@dataclass(frozen=True, slots=True)
class Speech:
    """What speech-to-text is expected to do for some videos."""

    videos: int
    audio_seconds: float
    estimated_usd: float


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
        return Speech(0, 0, 0)
    if need.videos < FEWEST_VIDEOS:
        return None
    expected = round(videos * need.needed / need.videos)
    audio_seconds = expected * need.mean_seconds
    return Speech(expected, audio_seconds, audio_seconds / 3600 * settings.transcription_usd_per_hour)


def work_of(videos: int, *, without_captions: int = 0) -> Work:
    """What videos cost of which nothing is known, and some of which only the captions are missing."""
    calls = 2 * videos + without_captions
    return Work(calls, (METADATA_REQUESTS + CAPTIONS_REQUESTS) * videos + CAPTIONS_REQUESTS * without_captions)


def work_of_listing(entries: int, entries_per_page: int) -> Work:
    """What reading a playlist or channel costs, each page in a call of its own."""
    pages = max(math.ceil(entries / max(entries_per_page, 1)), 1)
    return Work(pages, FIRST_PAGE_REQUESTS + pages - 1)


def expected_seconds(figures: Figures, settings: Settings, work: Work, videos: int, now: datetime) -> int | None:
    """In how long `work` and the speech of `videos` will be done; None while nobody knows when calls go again."""
    if not work.calls:
        return 0
    ahead = work_of(figures.ahead.begun_with_nothing, without_captions=figures.ahead.without_captions)
    youtube = figures.youtube
    if youtube.state is UpstreamState.PAUSED:
        return None
    seconds = _at_pace(work + ahead, youtube)
    if youtube.is_paused and youtube.resume_at:
        rest = max((youtube.resume_at - now).total_seconds(), 0)
        # While a limit is reached, the time until it is not counts already.
        seconds = max(seconds, rest) if youtube.state is UpstreamState.CLOSED else seconds + rest
    waiting = figures.ahead.begun_with_nothing + figures.ahead.without_captions
    speech = expected_speech(figures, settings, videos + waiting)
    return math.ceil(max(seconds, _recognising(speech, figures, settings) if speech else 0))


def _at_pace(work: Work, youtube: UpstreamStatus) -> float:
    calls_per_second = _steady(youtube)
    requests_per_second = calls_per_second * work.requests / work.calls
    budgets = [budget for budget in youtube.budgets if budget.unit is BudgetUnit.REQUESTS]
    within = [_within(budget, work.requests, requests_per_second) for budget in budgets]
    return max(work.calls / calls_per_second, *within, 0)


def _recognising(speech: Speech, figures: Figures, settings: Settings) -> float:
    """How long the speech-to-text server takes for so much sound, in pieces of the length that the settings say."""
    if not speech.videos:
        return 0
    piece_seconds = min(speech.audio_seconds / speech.videos, settings.transcription_chunk_seconds)
    audio_per_second = figures.transcription.max_calls_per_second * max(piece_seconds, 1)
    budgets = [budget for budget in figures.transcription.budgets if budget.unit is BudgetUnit.AUDIO_SECONDS]
    return max((_within(budget, speech.audio_seconds, audio_per_second) for budget in budgets), default=0)


def _steady(youtube: UpstreamStatus) -> float:
    """Calls per second in the long run: a burst is soon over, and what a limit allows is counted by itself."""
    is_passing = youtube.is_burst or youtube.reason is PauseReason.HOURLY_REQUESTS
    return youtube.max_calls_per_second if is_passing else youtube.calls_per_second or youtube.max_calls_per_second


def _within(budget: BudgetStatus, amount: float, per_second: float) -> float:
    """How many seconds it takes to use `amount` under a limit.

    A limit that binds is used up early in each of its times, the last of which is used in part. What was used before
    is taken to become too old evenly.
    """
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
