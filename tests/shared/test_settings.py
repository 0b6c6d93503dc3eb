"""Settings come from the environment; impossible ones are refused, each by its name."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.contracts.upstreams import PacePolicy
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


@pytest.mark.parametrize(
    "proxy",
    [
        "http://me:hidden@proxy:99999",
        "http://me:hid/den@proxy:1",
        "socks5://proxy:1",
        "proxy:3128",
        "http://",
        "http://p/x",
    ],
)
def test_an_impossible_proxy_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    refused = refusal(monkeypatch, "YOUTUBE_PROXY", proxy)
    assert "YOUTUBE_PROXY" in refused
    assert "not the address of a proxy" in refused
    assert "hid" not in refused


@pytest.mark.parametrize("proxy", ["http://proxy:3128", "https://me:secret@proxy.example", "http://[::1]:3128/"])
def test_a_possible_proxy_is_taken(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("YOUTUBE_PROXY", proxy)
    assert Settings().youtube_proxy is not None


def test_an_empty_variable_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOUTUBE_CA_FILE", "")
    assert Settings().youtube_ca_file is None


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hidden1@127.0.0.1/x")
    monkeypatch.setenv("YOUTUBE_PROXY", "http://me:hidden2@127.0.0.1:1")
    assert "hidden" not in repr(Settings())


def test_the_pace_of_youtube_is_carried_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = PacePolicy(
        calls_per_second=0.25,
        hourly_requests=901,
        burst_calls=21,
        burst_calls_per_second=3.5,
        throttles_to_pause=4,
        pause_seconds=31,
        bot_check_pause_seconds=902,
        max_pause_seconds=21_601,
        rate_step_seconds=32,
    )
    for name, value in pace.model_dump().items():
        monkeypatch.setenv(f"YOUTUBE_{name.upper()}", str(value))
    assert Settings().youtube_pace == pace
