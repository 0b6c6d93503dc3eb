"""What the voice says, and when."""

import io
import subprocess
import sys
import wave
from itertools import pairwise
from pathlib import Path

import pytest

from fakes.speech.numbers import CHECKS, DIGITS, sentence
from fakes.speech.voice import numbered_sentences

REPOSITORY = Path(__file__).parents[3]
DIGEST = (
    "import hashlib; from fakes.speech.voice import numbered_sentences;"
    "print(hashlib.sha256(numbered_sentences(3).wav).hexdigest())"
)


@pytest.mark.parametrize("pause_seconds", [0.6, 0])
def test_the_sentences_follow_each_other_at_the_times_given(pause_seconds: float) -> None:
    speech = numbered_sentences(5, pause_seconds=pause_seconds)
    assert [each.text for each in speech.sentences] == [sentence(number) for number in range(1, 6)]
    assert speech.sentences[0].start_seconds == 0
    for before, after in pairwise(speech.sentences):
        assert after.start_seconds == pytest.approx(before.end_seconds + pause_seconds, abs=0.001)


def test_it_is_one_channel_and_ends_with_a_pause() -> None:
    speech = numbered_sentences(5)
    with wave.open(io.BytesIO(speech.wav)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth()) == (1, 2)
        seconds = sound.getnframes() / sound.getframerate()
    assert seconds == pytest.approx(speech.duration_seconds + 0.6, abs=0.001)


def test_another_process_says_the_same() -> None:
    digests = {
        subprocess.check_output([sys.executable, "-c", DIGEST], cwd=REPOSITORY, text=True, timeout=60) for _ in range(2)
    }
    assert len(digests) == 1


def test_a_wrong_digit_contradicts_the_last_word() -> None:
    for number in (0, 127, 4680, 9999):
        *words, check = sentence(number).split()
        for position in range(1, len(words)):
            for digit in set(DIGITS) - {words[position]}:
                wrong = [*words[:position], digit, *words[position + 1 :]]
                spoken = int("".join(str(DIGITS.index(word)) for word in wrong[1:]))
                assert sentence(spoken) != " ".join([*wrong, check])


def test_no_word_is_used_twice() -> None:
    assert len({*DIGITS, *CHECKS, "number"}) == len(DIGITS) + len(CHECKS) + 1
