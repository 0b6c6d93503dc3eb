"""Which caption track is the best."""

from itertools import permutations

import pytest

from services.worker.adapters.youtube.tracks import best_track
from shared.contracts.youtube import CaptionsKind

AUTOMATIC, MANUAL = CaptionsKind.AUTOMATIC, CaptionsKind.MANUAL
Named = tuple[str, CaptionsKind]


def best(own_language: str | None, *tracks: Named) -> Named | None:
    return best_track(tracks, lambda track: track, own_language)


@pytest.mark.parametrize(
    ("own_language", "from_best_to_worst"),
    [
        (
            "de",
            [("de", MANUAL), ("de", AUTOMATIC), ("en", MANUAL), ("en-GB", MANUAL), ("fr", MANUAL), ("fr", AUTOMATIC)],
        ),
        ("de", [("de", MANUAL), ("de-AT", MANUAL), ("de", AUTOMATIC)]),
        ("pt-BR", [("pt-BR", MANUAL), ("pt", MANUAL), ("pt-BR", AUTOMATIC), ("en", MANUAL)]),
        ("en-US", [("en", MANUAL), ("en", AUTOMATIC), ("de", MANUAL)]),
        (None, [("en", MANUAL), ("fr", MANUAL), ("en", AUTOMATIC)]),
    ],
)
def test_the_order_of_preference(own_language: str | None, from_best_to_worst: list[Named]) -> None:
    for start in range(len(from_best_to_worst)):
        rest = from_best_to_worst[start:]
        for tracks in permutations(rest[:4]):
            assert best(own_language, *tracks) == rest[0]


def test_of_two_equally_good_tracks_youtubes_first_one_wins() -> None:
    assert best("de", ("fr", MANUAL), ("es", MANUAL)) == ("fr", MANUAL)


def test_no_tracks_no_choice() -> None:
    assert best("de") is None
