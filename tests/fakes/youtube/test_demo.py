"""What can be heard in the demo's videos."""

import pytest

from fakes.speech.numbers import sentence
from fakes.speech.sound import SAMPLE_BYTES, SAMPLE_RATE, decoded
from fakes.speech.transcriber import transcribe
from fakes.youtube.demo import demo_library
from fakes.youtube.model import FakeVideo

INVENTED_WITHOUT_CAPTIONS = "0000000000h"


def video(youtube_id: str) -> FakeVideo:
    found = demo_library().get(youtube_id)
    assert found is not None
    return found


@pytest.mark.parametrize("youtube_id", ["demoSpeech_", "demoSpeech2", "demoSpeechA"])
def test_some_count_aloud(youtube_id: str) -> None:
    speaking = video(youtube_id)
    assert speaking.captions == ()
    sound = decoded(speaking.audios[0].content)
    assert len(sound) / SAMPLE_BYTES / SAMPLE_RATE == pytest.approx(speaking.duration_seconds, abs=1)
    heard = [each.text for each in transcribe(sound)]
    assert heard == [sentence(number) for number in range(1, len(heard) + 1)]
    assert len(heard) == 20


@pytest.mark.parametrize("youtube_id", ["demoNoCaps_", INVENTED_WITHOUT_CAPTIONS])
def test_in_others_without_captions_nothing_is_said(youtube_id: str) -> None:
    assert video(youtube_id).captions == ()
    sound = decoded(video(youtube_id).audios[0].content)
    assert sound
    assert transcribe(sound) == []


def test_what_has_captions_is_not_listened_to() -> None:
    assert video("demoCaption").audios == FakeVideo("demoCaption").audios
