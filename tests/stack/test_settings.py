"""What another process was told, read from its environment."""

import pytest

from services.stack.settings import service_settings
from shared.settings import TranscriptionOff


@pytest.mark.parametrize("name", ["GROQ_API_KEY", "TRANSCRIPTION_API_KEY"])
def test_a_key_is_seen_by_either_name(name: str) -> None:
    assert service_settings({}).transcription_off is TranscriptionOff.NO_KEY
    assert service_settings({name: "gsk_1"}).transcription_off is None


def test_of_two_keys_the_servers_own_counts() -> None:
    for environment in (
        {"TRANSCRIPTION_API_KEY": "1", "GROQ_API_KEY": "2"},
        {"TRANSCRIPTION_API_KEY": "", "GROQ_API_KEY": "1"},
    ):
        key = service_settings(environment).transcription_api_key
        assert key is not None
        assert key.get_secret_value() == "1"


def test_this_process_own_environment_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSCRIPTION_MODEL", "another")
    assert service_settings({}).transcription_model == "whisper-large-v3"
