"""The arithmetic of estimates: rate limits, budgets, pauses and transcription."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.batches.estimates import (
    EstimateInputs,
    ImportSize,
    UpstreamWork,
    expected_seconds,
    expected_transcription,
    work_of_listing,
)
from services.worker.adapters.audio.spans import Span, place_spans
from shared.contracts.transcription import overlap_seconds
from shared.contracts.upstreams import BudgetStatus, BudgetUnit, PauseReason, UpstreamState, UpstreamStatus
from shared.db.estimates import Backlog, TranscriptionSample
from shared.settings import Settings
from tests.support.upstreams import GOING, SPEECH_GOING

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
NOTHING_AHEAD = Backlog(pending_metadata=0, without_captions=0)
FREE = GOING.model_copy(update={"budgets": []})
"""YouTube without a limit: a call every two seconds."""
SPEECH_FREE = SPEECH_GOING.model_copy(update={"budgets": []})
"""A chunk every four seconds."""
PAUSED = {"calls_per_second": 0, "state": UpstreamState.PAUSED, "reason": PauseReason.OPERATOR}


def _seconds(videos: int, *, left: float = 900, ahead: int = 0, **youtube: Any) -> int | None:
    budget = BudgetStatus(unit=BudgetUnit.REQUESTS, per_seconds=3600, limit=900, left=left)
    status = GOING.model_copy(update={"budgets": [budget]} | youtube)
    inputs = EstimateInputs(Backlog(pending_metadata=ahead, without_captions=0), None, status, SPEECH_GOING)
    return expected_seconds(inputs, Settings(), ImportSize(videos), NOW)


def _speech_figures(
    needed_seconds: Sequence[int],
    *,
    of: int = 20,
    ahead: Backlog = NOTHING_AHEAD,
    youtube: UpstreamStatus = FREE,
    **transcription_changes: Any,
) -> EstimateInputs:
    """Some of the newest videos needed transcription."""
    server = SPEECH_FREE.model_copy(update=transcription_changes)
    return EstimateInputs(ahead, TranscriptionSample(of, needed_seconds), youtube, server)


@pytest.mark.parametrize(
    ("videos", "youtube", "seconds"),
    [
        (0, {}, 0),
        (1, {}, 4),
        (10, {"ahead": 5}, 60),
        (300, {}, 1200),  # as many as an hour may have, at full pace
        (301, {}, 3604),  # one more waits for the next hour
        (10_000, {}, 33 * 3600 + 400),
        (10, {"left": 0}, 120),  # the hour before was used up evenly
        (100, {"left": 450}, 400),
        (200, {"left": 450}, 1200),
        (10, {"calls_per_second": 3, "is_burst": True}, 40),  # a burst is soon over
        (10, {"calls_per_second": 0.25}, 80),  # slowed down
        (10, {"calls_per_second": 0.1, "reason": PauseReason.HOURLY_REQUESTS}, 40),
        (10, {"calls_per_second": 0, "state": UpstreamState.HALF_OPEN}, 40),
        (10, PAUSED, None),
    ],
)
def test_duration_of_videos(videos: int, youtube: dict[str, Any], seconds: int | None) -> None:
    assert _seconds(videos, **youtube) == seconds


def test_a_pause_comes_before_everything_and_a_used_up_hour_counts_once() -> None:
    resume_at = NOW + timedelta(minutes=10)
    pause: dict[str, Any] = {"calls_per_second": 0, "resume_at": resume_at}

    assert _seconds(10, state=UpstreamState.OPEN, **pause) == 640
    assert _seconds(10, reason=PauseReason.HOURLY_REQUESTS, left=0, **pause) == 600
    assert _seconds(10, state=UpstreamState.OPEN, **pause | {"resume_at": NOW - timedelta(days=1)}) == 40


@given(videos=st.integers(0, 20_000), more=st.integers(0, 20_000), left=st.floats(0, 900), pace=st.floats(0.0625, 5))
def test_more_videos_never_take_less_time(videos: int, more: int, left: float, pace: float) -> None:
    few = _seconds(videos, left=left, calls_per_second=pace)
    many = _seconds(videos + more, left=left, calls_per_second=pace)

    assert few is not None
    assert many is not None
    assert 2 * videos / pace <= few + 0.001 <= many + 0.001


@pytest.mark.parametrize(
    ("entries", "per_page", "calls", "requests"), [(0, 0, 1, 3), (100, 100, 1, 3), (101, 100, 2, 4)]
)
def test_calls_of_a_listing(entries: int, per_page: int, calls: int, requests: int) -> None:
    assert work_of_listing(entries, per_page) == UpstreamWork(calls, requests)


@pytest.mark.parametrize(
    ("ahead", "seconds"),
    [
        (Backlog(pending_metadata=50, without_captions=10), 220),
        (NOTHING_AHEAD, 1),  # nothing of it is left for YouTube, and yet it is not there
    ],
)
def test_running_videos_are_part_of_the_backlog(ahead: Backlog, seconds: int) -> None:
    inputs = EstimateInputs(ahead, None, FREE, SPEECH_FREE)

    assert expected_seconds(inputs, Settings(), ImportSize(0, under_way=3), NOW) == seconds
    assert expected_seconds(inputs, Settings(), ImportSize(0), NOW) == 0


@pytest.mark.parametrize(
    ("needed_seconds", "videos", "downloads", "recognition"),
    [
        ([], 0, UpstreamWork(0, 0), UpstreamWork(0, 0)),
        ([600], 5, UpstreamWork(5, 10), UpstreamWork(5, 5, 3000)),
        ([601], 5, UpstreamWork(5, 10), UpstreamWork(10, 10, 3055)),  # both pieces hold the ten seconds around the cut
        (
            [10_800],
            5,
            UpstreamWork(5, 40),
            UpstreamWork(95, 95, 54_900),
        ),  # the seven requests and 19 pieces of three hours
        ([60, 10_800], 10, UpstreamWork(10, 50), UpstreamWork(100, 100, 55_200)),
    ],
)
def test_calls_of_a_transcription(
    needed_seconds: list[int], videos: int, downloads: UpstreamWork, recognition: UpstreamWork
) -> None:
    speech = expected_transcription(_speech_figures(needed_seconds), Settings(), 100)

    assert speech is not None
    assert (speech.videos, speech.downloads, speech.transcription) == (videos, downloads, recognition)


@pytest.mark.parametrize(("audio_seconds", "billed_seconds"), [(1, 10), (10, 10), (11, 11), (601, 611)])
def test_price_has_a_minimum_per_request(audio_seconds: int, billed_seconds: int) -> None:
    speech = expected_transcription(_speech_figures([audio_seconds] * 20), Settings(transcription_usd_per_hour=0.36), 1)

    assert speech is not None
    assert speech.estimated_usd == pytest.approx(billed_seconds * 0.0001)


@given(audio_seconds=st.integers(1, 14_400), longest=st.integers(30, 1800))
async def test_audio_is_split_into_chunks(audio_seconds: int, longest: int) -> None:
    async def no_pauses(window: Span) -> list[Span]:
        return []

    overlap = overlap_seconds(longest)
    spans = await place_spans(audio_seconds, no_pauses, chunk_seconds=longest, overlap_seconds=overlap)
    settings = Settings(transcription_chunk_seconds=longest)
    speech = expected_transcription(_speech_figures([audio_seconds] * 20), settings, 1)

    assert speech is not None
    heard = sum(span.end_seconds - span.start_seconds for span in spans)
    assert speech.transcription.calls == len(spans)
    assert speech.transcription.audio_seconds == pytest.approx(heard)


def test_too_small_sample_gives_no_estimate() -> None:
    inputs = _speech_figures([600] * 19, of=19)

    assert expected_transcription(inputs, Settings(), 100) is None
    assert expected_seconds(inputs, Settings(), ImportSize(10), NOW) == 40


@pytest.mark.parametrize(
    ("budgets", "seconds"),
    [
        # 20 videos: 60 calls of YouTube take 120 s. Each is 3600 s long: 140 pieces, 73,200 s of sound.
        ([], 140 * 4),
        ([("requests", 3600, 100)], 3600 + 160),
        ([("requests", 86_400, 140)], 560),
        ([("audio_seconds", 3600, 7200)], 10 * 3600 + 10),
        ([("audio_seconds", 3600, 7200), ("audio_seconds", 86_400, 28_800)], 2 * 86_400 + 120),
    ],
)
def test_every_limit_of_the_server_counts(budgets: list[tuple[str, int, int]], seconds: int) -> None:
    statuses = [
        BudgetStatus(unit=BudgetUnit(unit), per_seconds=per_seconds, limit=limit, left=limit)
        for unit, per_seconds, limit in budgets
    ]
    inputs = _speech_figures([3600] * 20, budgets=statuses)

    assert expected_seconds(inputs, Settings(), ImportSize(20), NOW) == pytest.approx(seconds, abs=2)


def test_audio_downloads_count_for_youtube() -> None:
    inputs = _speech_figures([60] * 10)
    ahead = _speech_figures([60] * 10, ahead=Backlog(pending_metadata=20, without_captions=20))

    # Half of the videos need a third call; of what is ahead, too.
    assert expected_seconds(inputs, Settings(), ImportSize(20), NOW) == (40 + 10) * 2
    assert expected_seconds(ahead, Settings(), ImportSize(20), NOW) == (40 + 10 + 40 + 10 + 20 + 10) * 2


@pytest.mark.parametrize(
    ("change", "seconds"),
    [
        (PAUSED, None),
        ({"calls_per_second": 0, "state": UpstreamState.OPEN, "reason": PauseReason.TRANSCRIPTION_LIMITED}, 600 + 80),
        # Videos go on without captions, and no sound is fetched.
        ({"calls_per_second": 0, "state": UpstreamState.OPEN, "reason": PauseReason.TRANSCRIPTION_MISCONFIGURED}, 80),
        ({"calls_per_second": 0, "reason": PauseReason.TRANSCRIPTION_ALLOWANCE}, 600),
    ],
)
def test_estimate_waits_for_a_paused_upstream(change: dict[str, Any], seconds: int | None) -> None:
    resume_at = None if seconds is None else NOW + timedelta(minutes=10)
    inputs = _speech_figures([60] * 20, **change, resume_at=resume_at)
    nothing_needed = _speech_figures([], **change, resume_at=resume_at)

    assert expected_seconds(inputs, Settings(), ImportSize(20), NOW) == seconds
    assert expected_seconds(nothing_needed, Settings(), ImportSize(20), NOW) == 80
