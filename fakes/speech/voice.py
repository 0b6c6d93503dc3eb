"""Speaks numbered sentences with eSpeak NG, and records when each was spoken."""

import ctypes
import io
import random
import wave
from array import array
from dataclasses import dataclass
from functools import cache
from itertools import cycle
from operator import add

import espeakng_loader  # type: ignore[import-untyped]  # there are none

from fakes.speech.numbers import sentence

WORDS_PER_MINUTE, PITCH = 150, 45
PAUSE_SECONDS = 0.6
ROOM_NOISE = 150
"""Amplitude; the acoustic model was trained on recordings with noise, and finds words in perfect silence."""
SILENT = 150
"""Amplitude below which there is no speech."""
_SYNCHRONOUS = 2
_RATE, _PITCH = 1, 3
_AS_UTF8 = 1


@dataclass(frozen=True)
class Spoken:
    """One sentence and when it was spoken."""

    text: str
    start_seconds: float
    end_seconds: float


@dataclass(frozen=True)
class Speech:
    """Audio (WAV) and the sentences in it."""

    wav: bytes
    sentences: tuple[Spoken, ...]

    @property
    def duration_seconds(self) -> float:
        """Until the last sentence ends."""
        return self.sentences[-1].end_seconds


class Voice:
    """The synthesiser; there is one in a process."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self.rate: int = self._library.espeak_Initialize(_SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), 0)
        self._said = bytearray()
        heard = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
        self._callback = heard(self._take)  # kept: the library holds a bare address
        self._library.espeak_SetSynthCallback(self._callback)
        self._library.espeak_SetVoiceByName(b"en-us")
        self._library.espeak_SetParameter(_RATE, WORDS_PER_MINUTE, 0)
        self._library.espeak_SetParameter(_PITCH, PITCH, 0)

    def say(self, text: str) -> "array[int]":
        """The samples of a text, without silence around it."""
        self._said.clear()
        spoken = text.encode()
        self._library.espeak_Synth(spoken, len(spoken) + 1, 0, 1, 0, _AS_UTF8, None, None)
        samples = array("h", bytes(self._said))
        loud = [index for index, sample in enumerate(samples) if abs(sample) > SILENT]
        return samples[loud[0] : loud[-1] + 1]

    def _take(self, samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: object) -> int:
        if count:
            self._said += ctypes.string_at(samples, count * 2)
        return 0


@cache
def _voice() -> Voice:
    return Voice()


@cache
def numbered_sentences(count: int, *, pause_seconds: float = PAUSE_SECONDS) -> Speech:
    """Sentences 1 to `count`, one after the other.

    The same audio in every process that synthesises nothing else: the synthesiser keeps state between calls.
    """
    voice, samples, sentences = _voice(), array("h"), []
    pause = array("h", bytes(2 * int(pause_seconds * voice.rate)))
    for number in range(1, count + 1):
        start = len(samples) / voice.rate
        text = sentence(number)
        samples.extend(voice.say(text))
        sentences.append(Spoken(text, start, len(samples) / voice.rate))
        samples.extend(pause)
    return Speech(_wav(_in_a_room(samples), voice.rate), tuple(sentences))


def _in_a_room(samples: "array[int]") -> "array[int]":
    dice = random.Random(1)  # noqa: S311 - no secret
    noise = [dice.randint(-ROOM_NOISE, ROOM_NOISE) for _ in range(16_000)]
    return array("h", map(add, (sample * 7 // 10 for sample in samples), cycle(noise)))


def _wav(samples: "array[int]", rate: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(samples.tobytes())
    return file.getvalue()
