"""Transcribes numbered sentences: PocketSphinx, with a grammar of these sentences only.

A sentence that is cut off at the start or end of the audio is transcribed as far as it goes.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pocketsphinx import Decoder  # type: ignore[import-untyped]  # there are none

from fakes.speech.numbers import BEGIN, CHECKS, DIGITS, LENGTH, weight
from fakes.speech.server import SpeechSegment

FRAMES_PER_SECOND = 100
_PATIENCE = {"beam": 1e-100, "wbeam": 1e-80, "pbeam": 1e-100}
"""How unlikely a path through the grammar may become; with narrower beams, some audio has no complete path."""
SECOND_BYTES = 32_000
AUDIBLE = 100
"""Amplitude."""
_START, _END, _BETWEEN, _TAIL = range(4)
_LIKELY, _AS_ANY_DIGIT, _CUT_OFF = 1.0, 0.1, 0.01


def transcribe(audio: bytes) -> Sequence[SpeechSegment]:
    """The speech in 16 kHz mono PCM of 16 bits."""
    if max(map(abs, array("h", audio)), default=0) < AUDIBLE:
        return []  # the grammar has no way to say that there is no sentence
    decoder = Decoder(lm=None, loglevel="FATAL", bestpath=False, **_PATIENCE)
    decoder.add_fsg("numbers", decoder.create_fsg("numbers", _START, _END, [*_grammar()]))
    decoder.activate_search("numbers")
    decoder.start_utt()
    for begin in range(0, len(audio), SECOND_BYTES):  # each call blocks all other threads
        decoder.process_raw(audio[begin : begin + SECOND_BYTES])
    decoder.end_utt()
    return [*_sentences(decoder.seg() or [])]


def _grammar() -> Iterator[tuple[Any, ...]]:
    """Transitions: from, to, probability, and the word. Between them is any number of whole sentences."""
    yield (_START, _BETWEEN, _LIKELY)
    yield (_BETWEEN, _END, _LIKELY)
    yield (_TAIL, _END, _CUT_OFF)
    yield (_BETWEEN, _within(0, 0), _LIKELY, BEGIN)
    for word in DIGITS:  # the end of a sentence that began before the audio
        yield (_START, _TAIL, _CUT_OFF, word)
        yield (_TAIL, _TAIL, _AS_ANY_DIGIT, word)
    for word in CHECKS:
        yield (_START, _BETWEEN, _CUT_OFF, word)
        yield (_TAIL, _BETWEEN, _AS_ANY_DIGIT, word)
    for position in range(LENGTH + 1):
        for total in range(len(CHECKS)):
            yield from _digit(position, total)


def _digit(position: int, total: int) -> Iterator[tuple[Any, ...]]:
    here = _within(position, total)
    yield (here, _END, _CUT_OFF)
    if position == LENGTH:
        yield (here, _BETWEEN, _LIKELY, CHECKS[total])
        return
    for digit, word in enumerate(DIGITS):
        sum_then = (total + weight(position, digit)) % len(CHECKS)
        yield (here, _within(position + 1, sum_then), _AS_ANY_DIGIT, word)


def _within(position: int, total: int) -> int:
    """The state after `position` digits whose weights add up to `total`."""
    return _TAIL + 1 + position * len(CHECKS) + total


def _sentences(segments: Iterable[Any]) -> Iterator[SpeechSegment]:
    words: list[str] = []
    start = end = 0.0
    for segment in segments:
        word = segment.word.partition("(")[0].strip()
        if not word or word.startswith(("<", "[")):
            continue
        if words and word == BEGIN:
            yield SpeechSegment(start, end, " ".join(words))
            words = []
        start = start if words else segment.start_frame / FRAMES_PER_SECOND
        end = (segment.end_frame + 1) / FRAMES_PER_SECOND
        words.append(word)
    if words:
        yield SpeechSegment(start, end, " ".join(words))
