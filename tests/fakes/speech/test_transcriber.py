"""The voice can be understood: otherwise nothing that is built on it would say anything."""

from collections.abc import Callable

import pytest

from fakes.speech.sound import as_m4a, as_webm, decoded
from fakes.speech.transcriber import transcribe
from fakes.speech.voice import numbered_sentences


@pytest.mark.parametrize(("served_as", "pause_seconds"), [(as_m4a, 0.6), (as_webm, 0)])
def test_every_sentence_is_recognised_at_its_time(served_as: Callable[[bytes], bytes], pause_seconds: float) -> None:
    speech = numbered_sentences(20, pause_seconds=pause_seconds)
    heard = transcribe(decoded(served_as(speech.wav)))
    assert [each.text for each in heard] == [each.text for each in speech.sentences]
    for found, true in zip(heard, speech.sentences, strict=True):
        assert found.start_seconds == pytest.approx(true.start_seconds, abs=0.3)
        assert found.end_seconds == pytest.approx(true.end_seconds, abs=0.3)


def test_of_a_sentence_that_is_cut_off_a_part_is_heard() -> None:
    speech = numbered_sentences(3)
    sound = decoded(as_m4a(speech.wav))
    begin, end = (2 * int(each * 16_000) for each in (0.9, speech.sentences[2].start_seconds + 1))
    first, second, third = (each.text for each in transcribe(sound[begin:end]))
    assert not first.startswith("number")
    assert second == speech.sentences[1].text
    assert len(third.split()) < len(speech.sentences[2].text.split())


def test_nothing_is_heard_in_silence() -> None:
    assert transcribe(bytes(2 * 16_000 * 5)) == []
