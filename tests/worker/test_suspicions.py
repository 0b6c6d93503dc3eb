"""Which failures of YouTube's adapters cast doubt on the extractor, and which of them are alike."""

import pytest

from services.worker.activities.support.suspicions import suspicion_of
from services.worker.adapters.models import YoutubeError
from shared.contracts.errors import ErrorType
from shared.contracts.upstreams import Suspicion


def suspicion(error_type: ErrorType, detail: str, youtube_id: str = "abcdefghijk") -> Suspicion | None:
    return suspicion_of(YoutubeError(error_type, detail), "metadata", youtube_id, None)


@pytest.mark.parametrize(
    "error_type",
    [ErrorType.VIDEO_PRIVATE, ErrorType.BOT_CHECK, ErrorType.UPSTREAM_UNAVAILABLE, ErrorType.CAPTIONS_TOKEN_REQUIRED],
)
def test_what_concerns_the_video_or_the_address_casts_no_doubt(error_type: ErrorType) -> None:
    assert suspicion(error_type, "HTTP 400") is None


def test_the_same_failure_of_different_videos_is_alike() -> None:
    text = "ExtractorError: {0}: KeyError('videoDetails') at line {1}; see https://youtu.be/{0}"
    one = suspicion(ErrorType.UNEXPECTED_ANSWER, text.format("abcdefghijk", 12))
    other = suspicion(ErrorType.UNEXPECTED_ANSWER, text.format("lmnopqrstuv", 345), "lmnopqrstuv")
    assert one is not None
    assert other is not None
    assert one.fingerprint == other.fingerprint
    assert "abcdefghijk" not in one.detail
    another = suspicion(ErrorType.UNEXPECTED_ANSWER, "RegexNotFoundError: Unable to extract title")
    assert another is not None
    assert another.fingerprint != one.fingerprint


def test_videos_that_every_client_is_refused_are_alike_whatever_the_clients_are_told() -> None:
    reasons = ("visionos: The page needs to be reloaded", "visionos: HTTP 400; android: empty")
    found = [suspicion(ErrorType.EXTRACTOR_OUTDATED, reason) for reason in reasons]
    assert [each and (each.fingerprint, each.detail, each.is_conclusive) for each in found] == [
        ("extractor_outdated", reason, False) for reason in reasons
    ]


def test_clients_that_are_no_longer_answered_are_conclusive() -> None:
    error = YoutubeError(ErrorType.EXTRACTOR_OUTDATED, "visionos: HTTP 400", are_clients_retired=True)
    found = suspicion_of(error, "metadata", "abcdefghijk", None)
    assert found is not None
    assert found.is_conclusive
