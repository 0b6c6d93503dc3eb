"""Nothing that comes from outside is larger or stranger than what the database and Temporal take."""

import math
from typing import Any

import pytest

from services.worker.adapters import bounds
from services.worker.adapters.models import TranscriptLine
from services.worker.adapters.youtube.metadata import read_metadata
from services.worker.adapters.youtube.timedtext import tidy
from services.worker.adapters.youtube.ytdlp import utc
from shared.contracts.youtube import CaptionsKind

STRANGE: list[Any] = [None, "12", [], {}, True, -1, math.nan, math.inf, -math.inf, 10**30, 10**400]


@pytest.mark.parametrize("value", STRANGE, ids=str)
def test_invalid_numbers_become_none(value: object) -> None:
    assert bounds.count(value) is None
    assert bounds.seconds(value) is None


@pytest.mark.parametrize("value", [*STRANGE, 1e18, 1e15, -1e15], ids=str)
def test_no_moment_is_outside_of_the_calendar(value: object) -> None:
    moment = utc(value)
    assert moment is None or moment.year < 9999


def test_valid_numbers_stay() -> None:
    assert (bounds.count(3), bounds.count(2.0), bounds.count(2**31 - 1, bounds.MAX_INT4)) == (3, 2, 2**31 - 1)
    assert bounds.count(2**31, bounds.MAX_INT4) is None
    assert (bounds.seconds(1.5), bounds.number(-1)) == (1.5, -1)


def test_texts_are_cut_and_cleaned() -> None:
    assert bounds.text("a\0b\ud83d" + "c" * 100, 10) == "ab" + "c" * 8
    assert bounds.text(7, 10) is None
    assert len(bounds.texts(["a"] * 10_000 + [None])) == bounds.MAX_NAMES


def test_values_are_json() -> None:
    assert bounds.as_json({1: (object(), "a", [1.5])}) == {"1": [None, "a", [1.5]]}
    endless: list[Any] = []
    endless.append(endless)
    bounds.as_json(endless)


@pytest.mark.parametrize("value", STRANGE, ids=str)
def test_metadata_of_any_shape_fit_their_columns(value: object) -> None:
    numbers = dict.fromkeys(("duration", "timestamp", "view_count", "like_count"), value)
    texts = dict.fromkeys(("channel", "channel_id", "description", "live_status"), value)
    chapters = [{"title": value, "start_time": value}, {"title": "Two", "start_time": 3}]
    found = read_metadata("abcdefghijk", {"title": "Title", "chapters": chapters, **numbers, **texts})
    assert (found.title, found.duration_seconds, found.view_count) == ("Title", None, None)
    assert [chapter.title for chapter in found.chapters] == ["Two"]


def test_lines_of_captions_have_possible_times_and_lengths() -> None:
    lines = [
        TranscriptLine(math.nan, 1, "never"),
        TranscriptLine(1, math.inf, "endless"),
        TranscriptLine(2, 3, "x" * 10_000_000),
    ]
    found = tidy(lines, CaptionsKind.MANUAL)
    assert [(line.start_seconds, line.end_seconds, len(line.text)) for line in found] == [
        (1, 1, 7),
        (2, 3, bounds.MAX_LINE_CHARACTERS),
    ]
