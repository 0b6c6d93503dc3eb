"""Finds the words that two transcripts of the same audio share. A pure function."""

from collections.abc import Sequence

from services.worker.transcripts.words import Word

MAX_DRIFT_SECONDS = 3.0
"""The probable times of one word in two transcripts differ by less: up to a second by Whisper's times,
and the rest because words are not spoken evenly."""


def same_words(before: Sequence[Word], after: Sequence[Word]) -> list[tuple[int, int]]:
    """Return the pairs (index in `before`, index in `after`) of the same word, ascending.

    Of all ways to pair words of the same spelling in order, it takes the one with the most pairs closest in time.
    difflib compares the texts alone and pairs repetitions by position, not by time.
    """
    scores = _scores(before, after)
    pairs = []
    first, second = 0, 0
    while first < len(before) and second < len(after):
        if scores[first][second] == scores[first + 1][second]:
            first += 1
        elif scores[first][second] == scores[first][second + 1]:
            second += 1
        else:
            pairs.append((first, second))
            first, second = first + 1, second + 1
    return pairs


def _scores(before: Sequence[Word], after: Sequence[Word]) -> list[list[float]]:
    """The best score of the words from each pair of indices on."""
    scores = [[0.0] * (len(after) + 1) for _ in range(len(before) + 1)]
    for first in reversed(range(len(before))):
        for second in reversed(range(len(after))):
            likeness = _likeness(before[first], after[second])
            paired = likeness + scores[first + 1][second + 1] if likeness else 0.0
            scores[first][second] = max(scores[first + 1][second], scores[first][second + 1], paired)
    return scores


def _likeness(one: Word, other: Word) -> float:
    """0 for two different words, up to 2 for the same one at the same time."""
    if not one.spelling or one.spelling != other.spelling:
        return 0.0
    drift_seconds = abs(one.middle_seconds - other.middle_seconds)
    return 2.0 - drift_seconds / MAX_DRIFT_SECONDS if drift_seconds <= MAX_DRIFT_SECONDS else 0.0
