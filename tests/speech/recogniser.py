"""Recognises numbered sentences in sound: PocketSphinx, with a grammar that knows nothing else.

A sentence that the sound begins or ends in the middle of is heard as far as it goes, as any recogniser would.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pocketsphinx import Decoder  # type: ignore[import-untyped]  # there are none

from tests.speech.numbers import BEGIN, CHECKS, DIGITS, LENGTH, weight
from tests.speech.server import Heard

FRAMES_PER_SECOND = 100
_PATIENCE = {"beam": 1e-100, "wbeam": 1e-80, "pbeam": 1e-100}
"""How unlikely a way through the grammar may look for a while; with less, some sound has none that ends."""
SECOND_BYTES = 32_000
AUDIBLE = 100
"""Amplitude."""
_START, _END, _BETWEEN, _TAIL = range(4)
_LIKELY, _AS_ANY_DIGIT, _CUT_OFF = 1.0, 0.1, 0.01


def recognise(sound: bytes) -> Sequence[Heard]:
    """What is said in 16 kHz mono PCM of 16 bits."""
    if max(map(abs, array("h", sound)), default=0) < AUDIBLE:
        return []  # a grammar of sentences cannot say that there is none
    decoder = Decoder(lm=None, loglevel="FATAL", bestpath=False, **_PATIENCE)
    decoder.add_fsg("numbers", decoder.create_fsg("numbers", _START, _END, [*_grammar()]))
    decoder.activate_search("numbers")
    decoder.start_utt()
    for begin in range(0, len(sound), SECOND_BYTES):  # it lets no other thread run meanwhile
        decoder.process_raw(sound[begin : begin + SECOND_BYTES])
    decoder.end_utt()
    return [*_sentences(decoder.seg() or [])]


def _grammar() -> Iterator[tuple[Any, ...]]:
    """Transitions: from, to, probability, and the word. Between them is any number of whole sentences."""
    yield (_START, _BETWEEN, _LIKELY)
    yield (_BETWEEN, _END, _LIKELY)
    yield (_TAIL, _END, _CUT_OFF)
    yield (_BETWEEN, _within(0, 0), _LIKELY, BEGIN)
    for word in DIGITS:  # the end of a sentence that began before the sound
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


def _sentences(segments: Iterable[Any]) -> Iterator[Heard]:
    words: list[str] = []
    start = end = 0.0
    for segment in segments:
        word = segment.word.partition("(")[0].strip()
        if not word or word.startswith(("<", "[")):
            continue
        if words and word == BEGIN:
            yield Heard(start, end, " ".join(words))
            words = []
        start = start if words else segment.start_frame / FRAMES_PER_SECOND
        end = (segment.end_frame + 1) / FRAMES_PER_SECOND
        words.append(word)
    if words:
        yield Heard(start, end, " ".join(words))
