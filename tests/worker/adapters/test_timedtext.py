"""Lines and times of caption tracks."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.worker.adapters.models import TranscriptLine
from services.worker.adapters.youtube.timedtext import parse_json3, tidy
from shared.contracts.youtube import CaptionsKind

AUTOMATIC, MANUAL = CaptionsKind.AUTOMATIC, CaptionsKind.MANUAL


def event(start_ms: int, duration_ms: int, *words: str, **more: Any) -> dict[str, Any]:
    return {"tStartMs": start_ms, "dDurationMs": duration_ms, "segs": [{"utf8": word} for word in words], **more}


def parse(*events: dict[str, Any], kind: CaptionsKind = MANUAL) -> list[TranscriptLine]:
    return parse_json3(json.dumps({"wireMagic": "pb3", "events": events}), kind)


def test_words_become_lines() -> None:
    assert parse(event(240, 2550, "Welcome", " to", " the\nlight"), event(2800, 1000, "cone.")) == [
        TranscriptLine(0.24, 2.79, "Welcome to the light"),
        TranscriptLine(2.8, 3.8, "cone."),
    ]


def test_automatic_captions_roll_without_repeating_or_overlapping() -> None:
    window = {"tStartMs": 0, "dDurationMs": 9000, "id": 1, "wpWinPosId": 1}
    lines = parse(
        window,
        event(0, 5000, "first", " line", wWinId=1),
        event(2000, 3000, "\n", wWinId=1, aAppend=1),
        event(2000, 5000, "second", " line", wWinId=1),
        event(4500, 2500, "\n", wWinId=1, aAppend=1),
        event(4500, 2500, "third", wWinId=1),
        kind=AUTOMATIC,
    )
    assert lines == [
        TranscriptLine(0, 2, "first line"),
        TranscriptLine(2, 4.5, "second line"),
        TranscriptLine(4.5, 7, "third"),
    ]


def test_people_may_let_two_speakers_overlap() -> None:
    assert [line.end_seconds for line in parse(event(0, 5000, "A: yes"), event(2000, 3000, "B: no"))] == [5, 5]


def test_empty_lines_are_left_out_and_sound_descriptions_stay() -> None:
    lines = parse(event(0, 10, "\n"), event(10, 10, " ", "\u200b"), event(20, 10), event(30, 10, "[Music]"))
    assert [line.text for line in lines] == ["[Music]"]


def test_the_same_words_at_the_same_time_are_one_line_and_later_a_second_one() -> None:
    lines = parse(event(0, 1000, "yeah"), event(0, 1000, "yeah"), event(1000, 1000, "yeah"))
    assert [(line.start_seconds, line.text) for line in lines] == [(0, "yeah"), (1, "yeah")]


def test_entities_and_odd_blanks_become_text() -> None:
    assert parse(event(0, 10, "Tom&nbsp;&amp; Jerry&#39;s\u00a0 \ufeffshow"))[0].text == "Tom & Jerry's show"


def test_lines_are_ordered_by_time() -> None:
    assert [line.text for line in parse(event(2000, 10, "b"), event(0, 10, "a"))] == ["a", "b"]


def test_a_line_without_times_starts_at_the_beginning() -> None:
    assert parse({"segs": [{"utf8": "a"}, {}]}) == [TranscriptLine(0, 0, "a")]


@pytest.mark.parametrize("body", ['{"events": []}', '{"events": null}', "{}"])
def test_a_track_may_be_empty(body: str) -> None:
    assert parse_json3(body, MANUAL) == []


@pytest.mark.parametrize("body", ["", "<html>", "[]", "3"])
def test_something_else_is_refused(body: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_json3(body, MANUAL)


LINES = st.lists(st.builds(TranscriptLine, st.floats(0, 1e5), st.floats(0, 1e5), st.text(max_size=5)))


@given(LINES, st.sampled_from(CaptionsKind))
def test_lines_are_always_ordered_and_have_text(lines: list[TranscriptLine], kind: CaptionsKind) -> None:
    tidied = tidy(lines, kind)
    assert [line.start_seconds for line in tidied] == sorted(line.start_seconds for line in tidied)
    assert all(line.text and line.end_seconds >= line.start_seconds for line in tidied)
    if kind is AUTOMATIC:
        assert all(a.end_seconds <= b.start_seconds for a, b in pairwise(tidied))
