"""One transcript from several: no word twice, none lost, with any lines and times."""

from dataclasses import dataclass
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.worker.adapters.models import TranscriptLine
from services.worker.transcripts.merging import ChunkTranscript, merge

JITTER_SECONDS = 0.4


def chunk(start: float, end: float, *lines: tuple[float, float, str]) -> ChunkTranscript:
    """A chunk whose lines are given with the times of the video, to be readable."""
    return ChunkTranscript(
        start, end, [TranscriptLine(begin - start, stop - start, text) for begin, stop, text in lines]
    )


def texts(*chunks: ChunkTranscript) -> list[str]:
    return [line.text for line in merge(chunks)]


def test_no_chunks_and_silent_ones_have_no_lines() -> None:
    assert merge([]) == []
    assert merge([chunk(0, 60), chunk(50, 110)]) == []


def test_times_become_those_of_the_video() -> None:
    lines = [TranscriptLine(1, 2, "a")]
    assert merge([ChunkTranscript(60, 120, lines), ChunkTranscript(0, 60, lines)]) == [
        TranscriptLine(1, 2, "a"),
        TranscriptLine(61, 62, "a"),
    ]


def test_lines_of_both_chunks_are_there_once() -> None:
    early = chunk(0, 60, (40, 44, "Before."), (51, 54, "The first one."), (55.8, 59, "The second one."))
    late = chunk(50, 110, (51.2, 54.1, "the first one,"), (56, 59.2, "The second one"), (61, 64, "After."))
    assert merge([late, early]) == [
        TranscriptLine(40, 44, "Before."),
        TranscriptLine(51, 54, "The first one."),
        TranscriptLine(56, 59.2, "The second one"),
        TranscriptLine(61, 64, "After."),
    ]


def test_a_line_is_cut_where_the_other_transcript_takes_over() -> None:
    early = chunk(0, 60, (46, 60, "and so we went on, from port to port"))
    late = chunk(50, 110, (50, 64, "we went on, from port to port to port"))
    first, second = merge([early, late])
    assert f"{first.text} {second.text}" == "and so we went on, from port to port to port"
    assert 46 == first.start_seconds < first.end_seconds <= second.start_seconds < second.end_seconds == 64


def test_words_that_are_cut_off_or_misheard_at_the_edges_are_taken_from_the_other_side() -> None:
    early = chunk(0, 60, (48, 53, "an incredible day"), (54, 60, "on the beautiful har"))
    late = chunk(50, 110, (50, 53, "edible day"), (54, 61, "on the beautiful harbour"))
    assert " ".join(texts(early, late)) == "an incredible day on the beautiful harbour"


def test_repetitions_are_counted_by_time() -> None:
    count = [(float(second), second + 0.9, "number one.") for second in range(40, 70)]
    early = chunk(0, 60, *count[:20])
    late = chunk(50, 110, *((begin + 0.4, end + 0.4, text) for begin, end, text in count[10:]))
    assert len(texts(early, late)) == 30


def test_repetitions_within_one_line_are_counted_by_time() -> None:
    early = chunk(0, 60, (48, 60, "one, two, " * 6))
    late = chunk(50, 110, (50, 54, "one, two, one, two,"), (54, 64, "one, two, " * 5))
    assert " ".join(texts(early, late)).split() == ["one,", "two,"] * 8


@pytest.mark.parametrize(
    ("early", "late", "whole"),
    [
        ("今日は天気がいいですね", "天気がいいですね、散歩に行こう", "今日は天気がいいですね、散歩に行こう"),
        ("วันนี้อากาศดีมาก", "อากาศดีมากไปเดินเล่น", "วันนี้อากาศดีมากไปเดินเล่น"),
    ],
)
def test_scripts_without_spaces(early: str, late: str, whole: str) -> None:
    lines = texts(chunk(0, 60, (46, 59.5, early)), chunk(50, 110, (50.5, 66, late)))
    assert "".join(lines).replace("、", "") == whole.replace("、", "")


@pytest.mark.parametrize(
    ("early", "late"),
    [
        ((51.0, 59.0, "Thank you for watching."), (52.0, 58.0, "Danke fürs Zuschauen!")),
        ((50.5, 58.0, "Thank you for watching."), (53.0, 64.0, "Danke fürs Zuschauen!")),
        ((46.0, 56.0, "Thank you for watching."), (50.0, 56.5, "Danke fürs Zuschauen!")),
        ((54.0, 56.0, "♪♪"), (54.0, 56.2, "[Music]")),
    ],
)
def test_where_nothing_is_alike_one_of_two_lines_is_taken_whole(
    early: tuple[float, float, str], late: tuple[float, float, str]
) -> None:
    assert len(texts(chunk(0, 60, early), chunk(50, 110, late))) == 1
    assert texts(chunk(0, 60, early), chunk(50, 110, late))[0] in {early[2], late[2]}


def test_where_nothing_is_alike_a_line_across_the_whole_overlap_gives_way_to_the_other_one() -> None:
    early, late = chunk(0, 60, (46, 60, "a b c d e f g")), chunk(50, 110, (50, 70, "k l m n o p q r s t"))
    assert texts(early, late) == ["a b", "k l m n o p q r s t"]


@pytest.mark.parametrize("line", [(51.0, 53.0), (53.0, 57.0), (57.0, 59.0)])
@pytest.mark.parametrize("is_early", [True, False])
def test_lines_of_one_chunk_only_are_not_lost(line: tuple[float, float], is_early: bool) -> None:
    alone = (*line, "Hello?")
    early = chunk(0, 60, (30, 31, "Before."), *([alone] if is_early else []))
    late = chunk(50, 110, *([] if is_early else [alone]), (80, 81, "After."))
    assert texts(early, late) == ["Before.", "Hello?", "After."]


def test_without_an_overlap_everything_stays() -> None:
    assert texts(chunk(0, 60, (58, 60, "one")), chunk(60, 90, (60, 62, "one")), chunk(95, 99, (95, 96, "one"))) == [
        "one",
        "one",
        "one",
    ]


@dataclass(frozen=True)
class Spoken:
    word: str
    start: float
    end: float


def speech(random: Random, seconds: float) -> list[Spoken]:
    """Phrases of made-up words, with pauses; some phrases are said again and again."""
    spoken: list[Spoken] = []
    phrase: list[str] = []
    now = random.uniform(0, 3)
    while now < seconds:
        if not phrase or random.random() < 0.7:
            phrase = [f"w{random.randrange(10_000, 100_000)}" for _ in range(random.randint(1, 8))]
        begin = now
        for word in phrase:
            end = now + random.uniform(0.2, 0.5)
            spoken.append(Spoken(word, now, end))
            now = end + random.choice([0, 0.1])
        # The same words within less than twice the jitter could not be reported apart.
        now = max(now, begin + 3 * JITTER_SECONDS) + random.choice([0, 0.3, random.uniform(0, 15)])
    return [each for each in spoken if each.end <= seconds]


def heard(random: Random, spoken: list[Spoken], start: float, end: float) -> list[Spoken]:
    """What is between `start` and `end`; of words that are cut off there is a rest, or nothing."""
    words: list[Spoken] = []
    for each in spoken:
        if start <= each.start and each.end <= end:
            words.append(each)
        elif each.start < end and each.end > start and random.random() < 0.5:
            words.append(Spoken(f"x{each.word[1:]}", max(each.start, start), min(each.end, end)))
    return words


def transcript(random: Random, words: list[Spoken], start: float, end: float) -> ChunkTranscript:
    """The words in arbitrary lines, which end at pauses at the latest, with times that are a little off."""
    groups: list[list[Spoken]] = []
    for word in words:
        if not groups or word.start - groups[-1][-1].end > 0.25 or random.random() < 0.2:
            groups.append([])
        groups[-1].append(word)
    lines: list[tuple[float, float, str]] = []
    earliest = start
    for group in groups:
        begin, stop = (
            min(max(at + random.uniform(-JITTER_SECONDS, JITTER_SECONDS), earliest), end)
            for at in (group[0].start, group[-1].end)
        )
        earliest = max(begin, stop)
        lines.append((begin, earliest, " ".join(each.word for each in group)))
    return chunk(start, end, *lines)


@given(st.randoms(use_true_random=True), st.floats(20, 60), st.floats(5, 10))
def test_every_word_is_there_once(random: Random, chunk_seconds: float, overlap_seconds: float) -> None:
    spoken = speech(random, 100)
    starts = [0.0]
    while starts[-1] + chunk_seconds < 100:
        starts.append(starts[-1] + chunk_seconds - overlap_seconds)
    chunks = [(start, min(start + chunk_seconds, 100)) for start in starts]
    lines = merge([transcript(random, heard(random, spoken, *chunk), *chunk) for chunk in chunks])
    assert " ".join(line.text for line in lines).split() == [each.word for each in spoken]
    assert all(line.start_seconds <= line.end_seconds for line in lines)
    assert all(before.end_seconds <= after.start_seconds + 1e-9 for before, after in pairwise(lines))
    left = iter(spoken)
    for line in lines:
        words = [next(left) for _ in line.text.split()]
        assert line.start_seconds == pytest.approx(words[0].start, abs=1)
        assert line.end_seconds == pytest.approx(words[-1].end, abs=1)
