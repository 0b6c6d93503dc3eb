"""What the canary subjects say, asked of the fake YouTube."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from fakes.youtube import (
    Audio,
    FakeList,
    FakeVideo,
    FakeYoutube,
    Fault,
    Kind,
    VideoState,
    captions,
    refuse_client,
)
from services.worker.adapters.youtube.version import extractor_version
from services.worker.adapters.youtube.ytdlp import SAMPLE_BYTES
from services.worker.extractor.asking import MAX_REQUESTS, ask_youtube, log_requests, reason_not_to_ask
from services.worker.extractor.canary import (
    CanaryAnswer,
    CanaryReport,
    Found,
    SubjectKind,
    Verdict,
    evaluate,
)
from services.worker.extractor.canary_process import Asking
from shared.contracts.upstreams import PauseReason, Upstream, UpstreamState, UpstreamStatus
from shared.contracts.youtube_requests import Endpoint
from shared.db.connection import transaction
from shared.db.youtube_requests import request_figures
from shared.settings import Settings
from tests.worker.extractor.releases import IMPORT_ERROR, KILLED, NEWER, Edits, unpacked
from tests.worker.test_request_log import written

MANUAL, AUTOMATIC, KIDS = "canaryManu_", "canaryAuto_", "canaryKids_"
PLAYLIST, CHANNEL = "PLcanaryCanaryCanary1", "UCcanaryCanaryCanaryCana"
DAY = datetime(2024, 1, 15, 12, tzinfo=UTC)
FINE, GONE, FAILED, NOT_ASKED = Found.FINE, Found.GONE, Found.FAILED, Found.NOT_ASKED


@pytest.fixture
def canaries(fake_youtube: FakeYoutube) -> Settings:
    """Settings whose canary subjects are all there."""
    manual, automatic = captions("en", "Good morning"), captions("en", "good morning", automatic=True)
    fake_youtube.library.add(
        FakeVideo(MANUAL, captions=(manual, automatic), published_at=DAY),
        FakeVideo(AUTOMATIC, captions=(automatic,), published_at=DAY),
        FakeVideo(KIDS, captions=(automatic,), published_at=DAY, state=VideoState.KIDS),
    )
    fake_youtube.library.lists.add(
        FakeList(PLAYLIST, youtube_ids=(MANUAL, AUTOMATIC)), FakeList(CHANNEL, youtube_ids=(MANUAL,))
    )
    return Settings(
        youtube_proxy=fake_youtube.proxy_url,
        youtube_ca_file=fake_youtube.ca_file,
        canary_manual=f"{MANUAL}:300:2024-01-15",
        canary_automatic=f"{AUTOMATIC}:300",
        canary_kids=KIDS,
        canary_playlist=PLAYLIST,
        canary_channel=CHANNEL,
    )


def ask(settings: Settings, *, everything: bool = False) -> CanaryReport:
    return Asking(settings).ask(everything=everything)


def found(report: CanaryReport) -> list[Found]:
    """What was found of the subjects that settings name."""
    return [answer.found for answer in report.answers if answer.kind is not SubjectKind.AUDIO]


def audio(report: CanaryReport) -> list[tuple[str, Found]]:
    return [(answer.youtube_id, answer.found) for answer in report.answers if answer.kind is SubjectKind.AUDIO]


def test_two_videos_and_the_audio_of_one_are_enough(canaries: Settings, fake_youtube: FakeYoutube) -> None:
    report = ask(canaries)
    assert (report.verdict, found(report), audio(report)) == (Verdict.PASSED, [FINE, FINE], [(MANUAL, FINE)])
    assert report.requests == len(fake_youtube.requests) == 8


@pytest.mark.parametrize("fault", [None, Fault(kind=Kind.AUDIO, body="x" * 200_000)], ids=["206", "200"])
def test_of_the_audio_one_range_is_requested(
    canaries: Settings, fake_youtube: FakeYoutube, fault: Fault | None
) -> None:
    video = FakeVideo(MANUAL, captions=(captions("en", "a"),), published_at=DAY, audios=(Audio(b"x" * 200_000),))
    fake_youtube.library.add(video)
    if fault:
        fake_youtube.faults.add(fault)
    assert audio(ask(canaries)) == [(MANUAL, FINE)]
    ranges = [request.byte_range for request in fake_youtube.requests if request.kind is Kind.AUDIO]
    assert ranges == [f"bytes=0-{SAMPLE_BYTES - 1}"]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=Kind.AUDIO, status=403),
        Fault(kind=Kind.AUDIO, body=""),
        replace(refuse_client("VISIONOS", "page reload"), youtube_id=MANUAL),
    ],
    ids=["forbidden", "nothing", "refused"],
)
def test_audio_that_youtube_denies_is_a_failure_of_its_own(
    canaries: Settings, fake_youtube: FakeYoutube, fault: Fault
) -> None:
    fake_youtube.faults.add(fault)
    report = ask(canaries)
    assert (report.verdict, audio(report)) == (Verdict.FAILED, [(MANUAL, FAILED)])


def test_a_pause_that_audio_runs_into_says_nothing(canaries: Settings, fake_youtube: FakeYoutube) -> None:
    fake_youtube.faults.add(Fault(kind=Kind.AUDIO, status=429))
    report = ask(canaries)
    assert (report.verdict, audio(report)) == (Verdict.UNKNOWN, [(MANUAL, NOT_ASKED)])


def test_each_of_several_proxies_will_do(canaries: Settings, fake_youtube: FakeYoutube) -> None:
    proxies = SecretStr(f"{fake_youtube.proxy_url},{fake_youtube.proxy_url}/")
    assert ask(canaries.model_copy(update={"youtube_proxy": proxies})).verdict is Verdict.PASSED


def test_everything_is_asked_on_demand(canaries: Settings, fake_youtube: FakeYoutube) -> None:
    report = ask(canaries, everything=True)
    assert (report.verdict, found(report), len(audio(report))) == (Verdict.PASSED, [FINE] * 5, 1)
    assert report.requests == len(fake_youtube.requests) <= MAX_REQUESTS


@pytest.mark.parametrize(
    "changed",
    [
        FakeVideo(MANUAL, state=VideoState.REMOVED),
        FakeVideo(MANUAL, state=VideoState.PRIVATE),
        FakeVideo(MANUAL, captions=(captions("en", "a"),), duration_seconds=299, published_at=DAY),
        FakeVideo(MANUAL, captions=(captions("en", "a", automatic=True),), published_at=DAY),
        FakeVideo(MANUAL, captions=(captions("en", "a"),), published_at=datetime(2024, 1, 16, 12, tzinfo=UTC)),
    ],
    ids=["removed", "private", "duration", "captions", "date"],
)
def test_a_video_that_its_owner_has_changed_is_no_failure(
    canaries: Settings, fake_youtube: FakeYoutube, changed: FakeVideo
) -> None:
    fake_youtube.library.add(changed)
    report = ask(canaries)
    assert (report.verdict, found(report)) == (Verdict.PASSED, [GONE, FINE, FINE])
    assert [answer.youtube_id for answer in report.gone] == [MANUAL]
    assert audio(report) == [(AUTOMATIC, FINE)]


def test_two_videos_that_are_gone_are_a_failure(canaries: Settings, fake_youtube: FakeYoutube) -> None:
    fake_youtube.library.add(FakeVideo(MANUAL, state=VideoState.REMOVED))
    fake_youtube.library.add(FakeVideo(AUTOMATIC, state=VideoState.REMOVED))
    assert ask(canaries).verdict is Verdict.FAILED


def test_an_answer_that_cannot_be_read_is_a_failure(canaries: Settings, fake_youtube: FakeYoutube) -> None:
    fake_youtube.faults.add(Fault(kind=Kind.PLAYER, body="{}"))
    report = ask(canaries)
    assert (report.verdict, found(report)) == (Verdict.FAILED, [FAILED])
    everything = ask(canaries, everything=True)
    assert (everything.verdict, len(found(everything))) == (Verdict.FAILED, 5)


def test_nothing_more_is_asked_when_youtube_refuses(canaries: Settings, fake_youtube: FakeYoutube) -> None:
    fake_youtube.library.add(FakeVideo(MANUAL, state=VideoState.BOT_CHECK))
    report = ask(canaries, everything=True)
    assert (report.verdict, found(report)) == (Verdict.UNKNOWN, [NOT_ASKED])
    assert len(fake_youtube.requests) <= 3


def test_a_list_that_is_gone_is_no_failure(canaries: Settings, fake_youtube: FakeYoutube) -> None:
    report = ask(canaries.model_copy(update={"canary_playlist": "PLnothingNothing1"}), everything=True)
    assert (report.verdict, found(report)) == (Verdict.PASSED, [FINE, FINE, FINE, GONE, FINE])


async def test_it_is_asked_in_a_process_of_its_own_and_logged(
    canaries: Settings, fake_youtube: FakeYoutube, engine: AsyncEngine
) -> None:
    report = await ask_youtube(canaries, None)
    assert (report.verdict, report.requests) == (Verdict.PASSED, 8)
    assert {request.youtube_id for request in fake_youtube.requests} == {MANUAL, AUTOMATIC}
    await log_requests(engine, report, "me")
    rows = await written(engine)
    assert [row.endpoint for row in rows if row.youtube_id == MANUAL] == [
        Endpoint.WATCH,
        Endpoint.PLAYER,
        Endpoint.TIMEDTEXT,
        Endpoint.PLAYER,
        Endpoint.MEDIA,
    ]
    assert {(row.stage, row.worker, row.yt_dlp_version) for row in rows} == {("canary", "me", extractor_version())}
    assert [row.tracks_named for row in rows if row.endpoint == Endpoint.WATCH] == [2, 1]
    async with transaction(engine) as connection:
        assert (await request_figures(connection)).requests == 0
    assert len(rows) == report.requests


@pytest.mark.parametrize(("edits", "verdict"), [(KILLED, Verdict.UNKNOWN), (IMPORT_ERROR, Verdict.FAILED)])
async def test_a_process_that_a_signal_ends_says_nothing(
    canaries: Settings, tmp_path: Path, edits: Edits, verdict: Verdict
) -> None:
    report = await ask_youtube(canaries, unpacked(tmp_path / "it", NEWER, edits))
    assert (report.verdict, report.requests) == (verdict, MAX_REQUESTS)


@pytest.mark.parametrize(
    ("videos", "verdict"),
    [
        ([], Verdict.UNKNOWN),
        ([FINE, FINE], Verdict.PASSED),
        ([FINE, GONE, FINE], Verdict.PASSED),
        ([GONE, GONE, FINE], Verdict.FAILED),
        ([FINE, FINE, FAILED], Verdict.FAILED),
        ([FINE, NOT_ASKED], Verdict.UNKNOWN),
        ([FAILED, NOT_ASKED], Verdict.FAILED),
    ],
)
def test_the_verdict(videos: list[Found], verdict: Verdict) -> None:
    kinds = (SubjectKind.MANUAL, SubjectKind.AUTOMATIC, SubjectKind.KIDS)
    answers = [CanaryAnswer(kind=kind, youtube_id="", found=each) for kind, each in zip(kinds, videos, strict=False)]
    assert evaluate(answers) is verdict


def status(state: UpstreamState, reason: str | None, requests_left: int = 500) -> UpstreamStatus:
    known = UpstreamStatus(
        upstream=Upstream.YOUTUBE,
        state=state,
        since=DAY,
        calls_per_second=1,
        max_calls_per_second=1,
        hourly_requests=900,
        requests_left=requests_left,
        at=DAY,
    )
    return known.model_copy(update={"reason": reason})


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (None, None),
        (status(UpstreamState.CLOSED, None), None),
        (status(UpstreamState.CLOSED, None, requests_left=MAX_REQUESTS - 1), "hourly_requests"),
        (status(UpstreamState.OPEN, PauseReason.BOT_CHECK), "bot_check"),
        (status(UpstreamState.PAUSED, PauseReason.OPERATOR), "operator"),
        (status(UpstreamState.OPEN, PauseReason.EXTRACTOR_OUTDATED), None),
        (status(UpstreamState.OPEN, PauseReason.EXTRACTOR_OUTDATED, MAX_REQUESTS - 1), "hourly_requests"),
    ],
)
def test_youtube_is_asked_unless_calls_are_paused(status: UpstreamStatus | None, reason: str | None) -> None:
    assert reason_not_to_ask(status) == reason
