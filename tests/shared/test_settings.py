"""Impossible settings are refused, each by its name."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.settings import Settings


def refusal(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> str:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as refused:
        Settings()
    return str(refused.value)


def test_a_log_level_is_one_of_four_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "VIDFERRY_LOG_LEVEL" in refusal(monkeypatch, "VIDFERRY_LOG_LEVEL", "loud")
    monkeypatch.setenv("VIDFERRY_LOG_LEVEL", "debug")
    assert Settings().log_level == "DEBUG"


def test_a_certificate_file_must_hold_certificates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "no certificates could be read" in refusal(monkeypatch, "YOUTUBE_CA_FILE", str(tmp_path / "missing"))
    empty = tmp_path / "empty.pem"
    empty.touch()
    assert "no certificates could be read" in refusal(monkeypatch, "YOUTUBE_CA_FILE", str(empty))


def test_an_empty_variable_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOUTUBE_CA_FILE", "")
    assert Settings().youtube_ca_file is None


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hidden1@127.0.0.1/x")
    monkeypatch.setenv("YOUTUBE_PROXY", "http://me:hidden2@127.0.0.1:1")
    assert "hidden" not in repr(Settings())
