"""Lines as words with times, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.worker.adapters.models import TranscriptLine
from services.worker.transcripts.words import lines_of, words_of

TEXTS = st.text(st.sampled_from("aB1 .-“”♪今日かﾅไกำ้\u0308ßΩ"), min_size=1).filter(str.strip).map(str.strip)
LINES = st.lists(st.builds(TranscriptLine, st.floats(0, 100), st.floats(100, 1e5), TEXTS))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Moin, Moin!", ["Moin, ", "Moin!"]),
        ("— “Well…”", ["— ", "“Well…”"]),
        ("今日は、ﾃﾚ", ["今", "日", "は、", "ﾃ", "ﾚ"]),
        ("น้ำ ใจ", ["น้", "ำ ", "ใ", "จ"]),
        ("iPhone15を買う", ["iPhone15", "を", "買", "う"]),
        ("한국어 말", ["한국어 ", "말"]),
        ("♪♪", ["♪♪"]),
    ],
)
def test_words_are_between_spaces_or_characters_of_a_script_without(text: str, parts: list[str]) -> None:
    assert [text[word.begin : word.end] for word in words_of([TranscriptLine(0, 1, text)])] == parts


def test_letters_and_digits_alone_tell_words_apart() -> None:
    spellings = [word.spelling for word in words_of([TranscriptLine(0, 1, "Straße, STRASSE! don’t ｄｏｎｔ 3,5 —")])]
    assert spellings == ["strasse", "strasse", "dont", "dont", "35", ""]


def test_a_line_is_spoken_evenly() -> None:
    first, second = words_of([TranscriptLine(10, 20, "abcd efghi")])
    assert (first.start_seconds, first.middle_seconds, first.end_seconds) == (10, 12.5, 15)
    assert (second.start_seconds, second.end_seconds) == (15, 20)


def test_neighbouring_words_are_a_shorter_line() -> None:
    words = words_of([TranscriptLine(0, 14, "abc “def” ghi."), TranscriptLine(20, 21, "jkl")])
    assert lines_of(words[1:]) == [TranscriptLine(4, 14, "“def” ghi."), TranscriptLine(20, 21, "jkl")]
    assert lines_of(words[:2]) == [TranscriptLine(0, 10, "abc “def”")]


@given(LINES)
def test_all_words_are_all_lines(lines: list[TranscriptLine]) -> None:
    assert lines_of(words_of(lines)) == lines
