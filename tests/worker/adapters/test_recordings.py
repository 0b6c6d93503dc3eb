"""The adapters over every recorded video, compared with what was measured when the answers were recorded."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from fakes import recordings
from fakes.youtube import FakeYoutube, Fault, Kind
from fakes.youtube.recorded import RecordedYoutube, sample_segments
from services.worker.adapters.models import ExtractedVideo, YoutubeError
from services.worker.adapters.youtube.captions import CaptionsAdapter
from services.worker.adapters.youtube.metadata import MetadataAdapter
from services.worker.transcripts.chapters import parse_chapters
from shared.contracts.errors import ErrorType
from shared.contracts.youtube import CaptionsKind
from tests.support.recordings import needs_recordings
from tests.worker.adapters.reading import video_of

pytestmark = needs_recordings

REFUSALS = {
    "X4VbdwhkE10": ErrorType.LIVE_NOW,
    "Njp5uhTorCo": ErrorType.AGE_RESTRICTED,
    "N-yVic7BbY0": ErrorType.UPCOMING,
    "8VajtrESJzA": ErrorType.VIDEO_PRIVATE,
    "don-t-exist": ErrorType.VIDEO_UNAVAILABLE,
    "ayI2iBwGdxw": ErrorType.MEMBERS_ONLY,
}
SAID_BY_THE_PAGE = {ErrorType.VIDEO_PRIVATE, ErrorType.MEMBERS_ONLY}
CAPTION_REFUSALS = {
    "TranscriptsDisabled": {ErrorType.CAPTIONS_DISABLED},
    "AgeRestricted": {ErrorType.CAPTIONS_AGE_RESTRICTED},
    "VideoUnplayable": {
        ErrorType.UPCOMING,
        ErrorType.VIDEO_PRIVATE,
        ErrorType.VIDEO_UNAVAILABLE,
        ErrorType.MEMBERS_ONLY,
    },
}
MADE_FOR_KIDS = "it3OtbTxQk0"
NO_FORMATS = "iuevw6218F0"
"""Videos that yt-dlp alone reports as errors and that have metadata all the same."""
GATED_PAGE = "GJLlxj_dtq8"
"""The one recorded page: its tracks need a token. The others are composed of what a player answered."""
EXPECTED: dict[str, Any] = recordings.expected()["videos"] if (recordings.RECORDINGS / "index.json").is_file() else {}
PLAYABLE = [youtube_id for youtube_id in EXPECTED if youtube_id not in REFUSALS]
COMPARABLE = [youtube_id for youtube_id in PLAYABLE if "error" not in EXPECTED[youtube_id]["default"]]


@pytest.fixture(scope="module")
async def recorded() -> AsyncIterator[FakeYoutube]:
    """A fake YouTube that serves the recordings."""
    async with FakeYoutube.start(youtube=RecordedYoutube()) as fake_youtube:
        yield fake_youtube


@pytest.fixture
def fake_youtube(recorded: FakeYoutube) -> FakeYoutube:
    """The recorded YouTube with an empty log."""
    recorded.clear()
    return recorded


def figures(video: ExtractedVideo) -> dict[str, Any]:
    """The fields of `expected.json` about a video that are saved."""
    return {
        "title": video.title,
        "channel": video.channel,
        "channel_id": video.channel_id,
        "duration": video.duration_seconds,
        "view_count": video.view_count,
        "like_count": video.like_count,
        "timestamp": None if video.published_at is None else int(video.published_at.timestamp()),
        "live_status": video.live_status,
        "categories": video.categories or None,
        "description_len": len(video.description),
        "tags": len(video.tags),
        "chapters": [[chapter.start_seconds, chapter.title] for chapter in video.chapters],
    }


@pytest.mark.parametrize("youtube_id", COMPARABLE)
def test_metadata_are_what_was_measured(fake_youtube: FakeYoutube, metadata: MetadataAdapter, youtube_id: str) -> None:
    wanted = EXPECTED[youtube_id]["default"]
    named = [chapter for chapter in wanted["chapters"] if not chapter[1].startswith("<Untitled")]
    found = figures(video_of(metadata, youtube_id))
    assert found == {name: wanted[name] for name in found} | {"chapters": named}
    is_page_enough = "error" not in EXPECTED[youtube_id]["transcripts"] and youtube_id != GATED_PAGE
    assert len(fake_youtube.requests) == (1 if is_page_enough else 2)


def test_all_recorded_cases_are_tested() -> None:
    assert set(REFUSALS) | set(COMPARABLE) | {MADE_FOR_KIDS, NO_FORMATS} == set(EXPECTED)


@pytest.mark.parametrize(("youtube_id", "error_type"), REFUSALS.items())
def test_refusals_have_their_type(
    fake_youtube: FakeYoutube, metadata: MetadataAdapter, youtube_id: str, error_type: ErrorType
) -> None:
    with pytest.raises(YoutubeError) as caught:
        video_of(metadata, youtube_id)
    assert caught.value.error_type is error_type
    assert (caught.value.not_before is not None) == (error_type is ErrorType.UPCOMING)
    assert len(fake_youtube.requests) == (1 if error_type in SAID_BY_THE_PAGE else 2)


def test_a_video_made_for_kids_is_had_from_another_client(fake_youtube: FakeYoutube, metadata: MetadataAdapter) -> None:
    video = video_of(metadata, MADE_FOR_KIDS)
    assert (video.title, video.channel) == ("Introduction to Doodle for Google 2023", "GoogleDoodles")
    assert video.published_at is not None
    assert video.caption_track is not None
    assert [request.client for request in fake_youtube.requests] == [None, "VISIONOS", "ANDROID"]


def test_a_video_whose_media_need_javascript_has_metadata(fake_youtube: FakeYoutube, metadata: MetadataAdapter) -> None:
    video = video_of(metadata, NO_FORMATS)
    assert (video.title, video.description, video.duration_seconds) == ("Chris Rea - Auberge", "", 283)
    assert len(fake_youtube.requests) == 2


@pytest.mark.parametrize("youtube_id", PLAYABLE)
def test_the_best_of_the_recorded_caption_tracks(
    fake_youtube: FakeYoutube, metadata: MetadataAdapter, captions_adapter: CaptionsAdapter, youtube_id: str
) -> None:
    listed = EXPECTED[youtube_id]["transcripts"]
    video = video_of(metadata, youtube_id)
    if "error" in listed:
        assert video.caption_track is None
        return
    spoken = next(language for language, kind in listed if kind == "auto")
    kind = CaptionsKind.MANUAL if [spoken, "manual"] in listed else CaptionsKind.AUTOMATIC
    assert video.caption_track is not None
    assert (video.caption_track.language, video.caption_track.kind) == (spoken, kind)
    fake_youtube.clear()
    anew = {MADE_FOR_KIDS: 4, GATED_PAGE: 3}.get(youtube_id, 2)
    for track, requests in ((video.caption_track, 1), (None, 1 + anew)):
        transcript = captions_adapter.fetch(youtube_id, track)
        assert (transcript.language, transcript.kind) == (spoken, kind)
        assert len(transcript.lines) == len(sample_segments())
        assert len(fake_youtube.requests) == requests


@pytest.mark.parametrize("youtube_id", [each for each in EXPECTED if "error" in EXPECTED[each]["transcripts"]])
def test_videos_without_captions_say_why(captions_adapter: CaptionsAdapter, youtube_id: str) -> None:
    with pytest.raises(YoutubeError) as caught:
        captions_adapter.fetch(youtube_id, None)
    assert caught.value.error_type in CAPTION_REFUSALS[EXPECTED[youtube_id]["transcripts"]["error"]]


def test_chapters_in_a_real_description_are_those_that_youtube_shows(metadata: MetadataAdapter) -> None:
    video = video_of(metadata, "KI7fMGRg0Wk")
    assert len(video.chapters) == 13
    assert parse_chapters(video.description, video.duration_seconds) == video.chapters


@pytest.mark.parametrize(
    ("page", "kind", "status", "error_type"),
    [
        ("player.bot_check", Kind.PLAYER, 200, ErrorType.BOT_CHECK),
        ("player.video_unavailable", Kind.PLAYER, 200, ErrorType.EXTRACTOR_OUTDATED),  # the page plays it
        ("recaptcha_429", Kind.WATCH, 200, ErrorType.BOT_CHECK),
        ("recaptcha_429", Kind.WATCH, 429, ErrorType.RATE_LIMITED),
    ],
)
def test_recorded_error_pages(
    fake_youtube: FakeYoutube,
    metadata: MetadataAdapter,
    captions_adapter: CaptionsAdapter,
    page: str,
    kind: Kind,
    status: int,
    error_type: ErrorType,
) -> None:
    fake_youtube.faults.add(Fault(kind=kind, status=status, body=recordings.page(page)))
    with pytest.raises(YoutubeError) as caught:
        video_of(metadata, "dsMFmonKDD4")
    assert caught.value.error_type is error_type
    with pytest.raises(YoutubeError) as caught:
        captions_adapter.fetch("dsMFmonKDD4", None)
    assert caught.value.error_type is error_type
