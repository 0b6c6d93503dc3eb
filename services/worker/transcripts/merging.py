"""Merges the transcripts of overlapping chunks: no word twice, none lost. Pure functions.

Neighbours both transcribe their overlap, with other lines and slightly other times. They are joined at a word that both
have: the earlier transcript applies up to it, the later one from it on. Words at the edges of a chunk may be cut off,
so the middle of the overlap is best, and a join between two lines is better than one inside a line.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.worker.adapters.models import TranscriptLine
from services.worker.transcripts.alignment import same_words
from services.worker.transcripts.words import Word, lines_of, words_of

SLACK_SECONDS = 2.0
"""The times of one line in two transcripts differ by less: each is up to a second off."""
SPLIT_SECONDS = 2.5
"""A join that cuts a line in two is as bad as one that is this much off the middle (of usually ten seconds)."""


@dataclass(frozen=True, slots=True)
class ChunkTranscript:
    """The transcript of a chunk, from `start_seconds` to `end_seconds` of a video."""

    start_seconds: float
    end_seconds: float
    lines: list[TranscriptLine]
    """By time, none empty; their times are relative to the chunk, as the server gives them."""


@dataclass(frozen=True, slots=True)
class _Join:
    """Where one transcript ends and the next one starts: how many words of each are before it."""

    first: int
    second: int
    seconds: float


def merge(chunks: Sequence[ChunkTranscript]) -> list[TranscriptLine]:
    """Return the lines of the whole video by time, with times relative to the video; chunks may be in any order."""
    merged: list[TranscriptLine] = []
    end_seconds = 0.0
    for chunk in sorted(chunks, key=lambda chunk: chunk.start_seconds):
        merged = _joined(merged, _in_video(chunk), chunk.start_seconds, end_seconds)
        end_seconds = max(end_seconds, chunk.end_seconds)
    return merged


def _in_video(chunk: ChunkTranscript) -> list[TranscriptLine]:
    offset = chunk.start_seconds
    return [TranscriptLine(offset + line.start_seconds, offset + line.end_seconds, line.text) for line in chunk.lines]


def _joined(
    before: list[TranscriptLine], after: list[TranscriptLine], begin: float, end: float
) -> list[TranscriptLine]:
    """Join two transcripts that overlap from `begin` to `end`; lines outside of the overlap stay as they are."""
    settled = next((i for i, line in enumerate(before) if line.end_seconds > begin - SLACK_SECONDS), len(before))
    coming = next((i for i, line in enumerate(after) if line.start_seconds > end + SLACK_SECONDS), len(after))
    around = _merged(words_of(before[settled:]), words_of(after[:coming]), begin, end)
    return [*before[:settled], *around, *after[coming:]]


def _merged(first: list[Word], second: list[Word], begin: float, end: float) -> list[TranscriptLine]:
    """The lines around the overlap: one transcript up to the best join, the other one from there on."""
    pairs = _pairs(first, second, begin, end)
    middle = (begin + end) / 2
    join = _join_at_word(first, second, pairs, middle) if pairs else _join_at_time(first, second, begin, end)
    left, right = _one_after_the_other(lines_of(first[: join.first]), lines_of(second[join.second :]))
    in_both = {id(first[i].line) for i, _ in pairs} | {id(second[j].line) for _, j in pairs}
    alone = [
        *_only_here(first[join.first :], in_both, second),
        *_only_here(second[: join.second], in_both, first),
    ]
    return sorted([*left, *alone, *right], key=lambda line: line.start_seconds)


def _pairs(first: list[Word], second: list[Word], begin: float, end: float) -> list[tuple[int, int]]:
    """The words in the overlap that both have."""
    here, there = (
        [index for index, word in enumerate(words) if begin <= word.middle_seconds <= end] for words in (first, second)
    )
    found = same_words([first[index] for index in here], [second[index] for index in there])
    return [(here[i], there[j]) for i, j in found]


def _join_at_word(first: list[Word], second: list[Word], pairs: list[tuple[int, int]], middle: float) -> _Join:
    """The best join before or after a word that both have."""
    fronts = [_Join(i, j, (first[i].start_seconds + second[j].start_seconds) / 2) for i, j in pairs]
    backs = [_Join(i + 1, j + 1, (first[i].end_seconds + second[j].end_seconds) / 2) for i, j in pairs]
    return min(
        (*fronts, *backs),
        key=lambda join: abs(join.seconds - middle) + SPLIT_SECONDS * _split_count(first, second, join),
    )


def _join_at_time(first: list[Word], second: list[Word], begin: float, end: float) -> _Join:
    """The best join by times alone: if possible between two lines, so that each is whole or left out."""
    middle = (begin + end) / 2
    borders = {seconds for word in (*first, *second) for seconds in (word.line.start_seconds, word.line.end_seconds)}
    times = [middle, *sorted(seconds for seconds in borders if begin <= seconds <= end)]
    joins = [_Join(_count_before(first, seconds), _count_before(second, seconds), seconds) for seconds in times]
    return min(joins, key=lambda join: (_split_count(first, second, join), abs(join.seconds - middle)))


def _count_before(words: list[Word], seconds: float) -> int:
    return next((index for index, word in enumerate(words) if word.middle_seconds >= seconds), len(words))


def _split_count(first: list[Word], second: list[Word], join: _Join) -> int:
    """How many lines a join cuts in two."""
    return _is_split(first, join.first) + _is_split(second, join.second)


def _is_split(words: list[Word], index: int) -> bool:
    """Whether the word at `index` and the one before it are of one line."""
    return 0 < index < len(words) and words[index].line is words[index - 1].line


def _only_here(words: list[Word], in_both: set[int], others: list[Word]) -> list[TranscriptLine]:
    """The lines on the wrong side of a join that must not be lost: the other transcript has no text at their time."""
    lines = lines_of(word for word in words if id(word.line) not in in_both)
    return [line for line in lines if not any(_touch(line, other.line) for other in others)]


def _touch(one: TranscriptLine, other: TranscriptLine) -> bool:
    return (
        one.start_seconds < other.end_seconds + SLACK_SECONDS and other.start_seconds < one.end_seconds + SLACK_SECONDS
    )


def _one_after_the_other(
    left: list[TranscriptLine], right: list[TranscriptLine]
) -> tuple[list[TranscriptLine], list[TranscriptLine]]:
    """Return both, with times that meet where they would overlap."""
    if not left or not right:
        return left, right
    left_end = max(line.end_seconds for line in left)
    right_start = min(line.start_seconds for line in right)
    if left_end <= right_start:
        return left, right
    seam = max(left[-1].start_seconds, min((left_end + right_start) / 2, right[0].end_seconds))
    return [_within(line, 0.0, seam) for line in left], [_within(line, seam, math.inf) for line in right]


def _within(line: TranscriptLine, begin: float, end: float) -> TranscriptLine:
    start_seconds, end_seconds = (min(max(each, begin), end) for each in (line.start_seconds, line.end_seconds))
    return replace(line, start_seconds=start_seconds, end_seconds=end_seconds)
