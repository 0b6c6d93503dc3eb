"""The same words in two transcripts."""

import pytest

from services.worker.adapters.models import TranscriptLine
from services.worker.transcripts.alignment import same_words
from services.worker.transcripts.words import Word, words_of


def said(*timed: tuple[float, str]) -> list[Word]:
    return words_of(TranscriptLine(seconds, seconds + 0.5, text) for seconds, text in timed)


def test_words_are_paired_across_lines_and_punctuation() -> None:
    one = words_of([TranscriptLine(0, 2, "Well, then:"), TranscriptLine(2, 4, "good bye!")])
    other = words_of([TranscriptLine(0.3, 4.2, "well then. Good-bye")])
    assert same_words(one, other) == [(0, 0), (1, 1)]


def test_a_misheard_or_missing_word_leaves_the_others_paired() -> None:
    one = said((0, "we"), (1, "sail"), (2, "at"), (3, "dawn"))
    other = said((0, "we"), (1, "sale"), (3, "dawn"))
    assert same_words(one, other) == [(0, 0), (3, 2)]


@pytest.mark.parametrize("late", [-0.8, 0, 0.8])
def test_time_tells_repetitions_apart(late: float) -> None:
    one = said((0, "one"), (2, "one"), (4, "one"))
    other = said((2 + late, "one"), (4 + late, "one"))
    assert same_words(one, other) == [(1, 0), (2, 1)]
    assert same_words(other, one) == [(0, 1), (1, 2)]


def test_an_early_and_a_late_word_are_two() -> None:
    assert same_words(said((0, "yes")), said((4, "yes"))) == []


def test_order_counts() -> None:
    assert len(same_words(said((0, "a"), (1, "b")), said((0, "b"), (1, "a")))) == 1


def test_notes_are_not_words() -> None:
    assert same_words(said((0, "♪♪")), said((0, "♪♪"))) == []


def test_silence_has_no_words() -> None:
    assert same_words([], said((0, "a"))) == []
