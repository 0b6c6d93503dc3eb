"""Settings come from the environment; impossible ones are refused, each by its name."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.contracts.upstreams import RateLimitPolicy
from shared.settings import InvalidSettingError, Settings, TranscriptionOff, forget_secrets, read_settings
from shared.urls import GROQ_URL


def refusal(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> str:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as refused:
        Settings()
    return str(refused.value)


def test_secrets_leave_the_environment_and_the_rest_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = ("DATABASE_URL", "GROQ_API_KEY", "TRANSCRIPTION_API_KEY", "YOUTUBE_PROXY", "youtube_proxy")
    for name in secret:
        monkeypatch.setenv(name, "http://secret")
    monkeypatch.setenv("VIDFERRY_LOG_LEVEL", "debug")
    forget_secrets()
    assert not set(secret) & os.environ.keys()
    assert os.environ["VIDFERRY_LOG_LEVEL"] == "debug"


def test_a_log_level_is_one_of_four_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "VIDFERRY_LOG_LEVEL" in refusal(monkeypatch, "VIDFERRY_LOG_LEVEL", "loud")
    monkeypatch.setenv("VIDFERRY_LOG_LEVEL", "debug")
    assert Settings().log_level == "DEBUG"


def test_a_certificate_file_must_hold_certificates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert "no certificates could be read" in refusal(monkeypatch, "YOUTUBE_CA_FILE", str(tmp_path / "missing"))
    empty = tmp_path / "empty.pem"
    empty.touch()
    assert "no certificates could be read" in refusal(monkeypatch, "YOUTUBE_CA_FILE", str(empty))


def test_every_invalid_variable_is_named_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("YOUTUBE_BURST_CALLS", "many")
    monkeypatch.setenv("YOUTUBE_CA_FILE", str(tmp_path))
    with pytest.raises(InvalidSettingError, match=r"YOUTUBE_CA_FILE: .*directory.* YOUTUBE_BURST_CALLS: .+\.$"):
        read_settings()


@pytest.mark.parametrize(
    "proxy",
    [
        "http://me:hidden@proxy:99999",
        "http://me:hid/den@proxy:1",
        "socks5://proxy:1",
        "proxy:3128",
        "http://",
        "http://p/x",
        "http://proxy:1,socks5://me:hidden@proxy:2",
        "http://me:hid,den@proxy:1",
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


def test_several_proxies_are_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOUTUBE_PROXY", "http://one:1, http://two:2,")
    assert Settings().youtube_proxies == ["http://one:1", "http://two:2"]
    assert Settings(youtube_proxy=None).youtube_proxies == []


@pytest.mark.parametrize("runtime", ["on", "node", "bin/deno", "/usr/bin/qjs", "/etc/passwd"])
def test_an_impossible_js_runtime_is_refused(monkeypatch: pytest.MonkeyPatch, runtime: str) -> None:
    assert "neither off nor deno" in refusal(monkeypatch, "YOUTUBE_JS_RUNTIME", runtime)


@pytest.mark.parametrize(
    "url",
    [
        "http://pot.example:4416",
        "http://192.168.1.7:4416",
        "http://3232235777:4416",
        "http://0x7f000001:4416",
        "http://me@pot:4416",
        "http://pot:4416/base",
        "pot:4416",
        "socks5://pot:4416",
    ],
)
def test_a_token_server_that_is_not_near_is_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    assert "YOUTUBE_POT_PROVIDER_URL" in refusal(monkeypatch, "YOUTUBE_POT_PROVIDER_URL", url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:4416", "http://[::1]:4416", "http://localhost:4416", "http://pot:4416"]
)
def test_a_token_server_on_this_machine_or_in_the_compose_network_is_taken(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("YOUTUBE_POT_PROVIDER_URL", f"{url}/")
    assert Settings().youtube_pot_provider_url == url


def test_a_token_server_elsewhere_has_to_be_permitted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOUTUBE_POT_PROVIDER_URL", "https://pot.example")
    monkeypatch.setenv("YOUTUBE_POT_PROVIDER_ALLOW_REMOTE", "true")
    assert Settings().youtube_pot_provider_url == "https://pot.example"


def test_the_path_of_cookies_is_a_whole_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "not a whole path" in refusal(monkeypatch, "YOUTUBE_COOKIES_FILE", "cookies.txt")


def test_an_empty_variable_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YOUTUBE_CA_FILE", "")
    assert Settings().youtube_ca_file is None


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:hidden1@127.0.0.1/x")
    monkeypatch.setenv("YOUTUBE_PROXY", "http://me:hidden2@127.0.0.1:1")
    monkeypatch.setenv("GROQ_API_KEY", "hidden3")
    monkeypatch.setenv("VIDFERRY_AUDIO_STORE", "sftp://me:hidden4@store.example/audio")
    assert "hidden" not in repr(Settings())


def test_the_rate_limit_of_youtube_is_carried_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = RateLimitPolicy(
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
    for name, value in policy.model_dump().items():
        monkeypatch.setenv(f"YOUTUBE_{name.upper()}", str(value))
    assert Settings().youtube_rate_limits == policy


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({}, TranscriptionOff.NO_KEY),
        ({"TRANSCRIPTION_BASE_URL": f"{GROQ_URL}/"}, TranscriptionOff.NO_KEY),
        ({"GROQ_API_KEY": ""}, TranscriptionOff.NO_KEY),
        ({"GROQ_API_KEY": "a key"}, None),
        ({"TRANSCRIPTION_API_KEY": "a key"}, None),
        ({"TRANSCRIPTION_BASE_URL": "http://127.0.0.1:8008/v1"}, None),
        ({"TRANSCRIPTION_ENABLED": "false", "GROQ_API_KEY": "a key"}, TranscriptionOff.SWITCHED_OFF),
        ({"TRANSCRIPTION_ENABLED": "false"}, TranscriptionOff.SWITCHED_OFF),
    ],
)
def test_there_is_speech_to_text_where_it_is_wanted_and_has_the_key_it_needs(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], reason: TranscriptionOff | None
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert Settings().transcription_off is reason


@pytest.mark.parametrize(
    ("environment", "usd_per_hour"),
    [
        ({}, 0.111),
        ({"TRANSCRIPTION_BASE_URL": "http://127.0.0.1:9000/v1"}, 0),
        ({"TRANSCRIPTION_BASE_URL": "http://127.0.0.1:9000/v1", "TRANSCRIPTION_USD_PER_HOUR": "0.2"}, 0.2),
    ],
)
def test_another_server_than_groqs_costs_nothing_unless_said_so(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], usd_per_hour: float
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert Settings().transcription_usd_per_hour == usd_per_hour


@pytest.mark.parametrize(
    ("own", "url", "key"),
    [
        ("", "", "key of Groq"),
        (" ", "", "key of Groq"),
        ("", "https://API.groq.com:443/openai/v2", "key of Groq"),
        ("", "http://api.groq.com/openai/v1", None),
        ("", "https://api.groq.com.example/openai/v1", None),
        ("", "http://127.0.0.1:8008/v1", None),
        ("own key", "", "own key"),
        ("own key", "http://127.0.0.1:8008/v1", "own key"),
    ],
)
def test_groqs_key_is_sent_to_groq_alone(monkeypatch: pytest.MonkeyPatch, own: str, url: str, key: str | None) -> None:
    monkeypatch.setenv("GROQ_API_KEY", " key of Groq\n")
    monkeypatch.setenv("TRANSCRIPTION_API_KEY", own)
    monkeypatch.setenv("TRANSCRIPTION_BASE_URL", url)
    found = Settings().transcription_api_key
    assert (found and found.get_secret_value()) == key


@pytest.mark.parametrize("code", ["de", "no", "yi"])
def test_what_is_spoken_is_a_language_of_whispers(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setenv("TRANSCRIPTION_LANGUAGE", code)
    assert Settings().transcription_language == code


@pytest.mark.parametrize("code", ["German", "de-DE", "DE", "eo", "xx", "yue"])
def test_another_language_is_refused(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    refused = refusal(monkeypatch, "TRANSCRIPTION_LANGUAGE", code)
    assert "TRANSCRIPTION_LANGUAGE" in refused
    assert "not one of the two-letter codes that Whisper knows" in refused


@pytest.mark.parametrize(
    "store",
    [
        "foo://hidden",
        "memory://hidden",
        "simplecache::s3://hidden/x",
        "://hidden",
        "s3://",
        "s3:///hidden",
        "sftp://me:hidden@/folder",
        "file://",
    ],
)
def test_an_impossible_store_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch, store: str) -> None:
    refused = refusal(monkeypatch, "VIDFERRY_AUDIO_STORE", store)
    assert "VIDFERRY_AUDIO_STORE" in refused
    assert "not a folder, nor a URL such as s3://bucket/prefix" in refused
    assert "hidden" not in refused


@pytest.mark.parametrize(
    "store", ["/var/audio", "audio:1", "~/audio", "file:///var/audio", "s3://bucket", "sftp://me:secret@host/audio"]
)
def test_a_possible_store_is_taken(monkeypatch: pytest.MonkeyPatch, store: str) -> None:
    monkeypatch.setenv("VIDFERRY_AUDIO_STORE", store)
    assert Settings().audio_store.get_secret_value() == store


@pytest.mark.parametrize(
    "url",
    [
        "ftp://api.example/v1",
        "api.example/v1",
        "https://",
        "https://api.example/v1?key=hidden",
        "https://me:hidden@api.example/v1",
    ],
)
def test_an_impossible_speech_to_text_server_is_refused_without_being_shown(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    refused = refusal(monkeypatch, "TRANSCRIPTION_BASE_URL", url)
    assert "TRANSCRIPTION_BASE_URL" in refused
    assert "not the address of a server" in refused
    assert "hidden" not in refused


def test_the_speech_to_text_server_has_no_slash_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRANSCRIPTION_BASE_URL", "http://127.0.0.1:8008/v1/")
    assert Settings().transcription_base_url == "http://127.0.0.1:8008/v1"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRANSCRIPTION_MAX_MINUTES", "0"),
        ("TRANSCRIPTION_MAX_CONCURRENT", "0"),
        ("TRANSCRIPTION_REQUESTS_PER_MINUTE", "0"),
        ("TRANSCRIPTION_DAILY_REQUESTS", "-1"),
        ("TRANSCRIPTION_HOURLY_AUDIO_SECONDS", "-1"),
        ("TRANSCRIPTION_DAILY_AUDIO_SECONDS", "-1"),
        ("TRANSCRIPTION_CHUNK_SECONDS", "29"),
        ("TRANSCRIPTION_CHUNK_SECONDS", "1801"),
        ("TRANSCRIPTION_TIMEOUT_SECONDS", "0"),
        ("TRANSCRIPTION_TIMEOUT_SECONDS", "1501"),
        ("TRANSCRIPTION_USD_PER_HOUR", "-0.01"),
    ],
)
def test_impossible_numbers_of_speech_to_text_are_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    assert name in refusal(monkeypatch, name, value)


def test_the_rate_limit_of_speech_to_text_is_carried_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {"daily_requests": 2001, "hourly_audio_seconds": 7201, "daily_audio_seconds": 28_801}
    for name, value in {"requests_per_minute": 30, **limits}.items():
        monkeypatch.setenv(f"TRANSCRIPTION_{name.upper()}", str(value))
    policy = Settings().transcription_rate_limits
    assert (policy.calls_per_second, policy.burst_calls, policy.hourly_requests) == (0.5, 0, None)
    assert policy.model_dump(include=set(limits)) == limits


def test_no_limit_of_speech_to_text_is_any_number(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DAILY_REQUESTS", "HOURLY_AUDIO_SECONDS", "DAILY_AUDIO_SECONDS"):
        monkeypatch.setenv(f"TRANSCRIPTION_{name}", "0")
    policy = Settings().transcription_rate_limits
    assert (policy.daily_requests, policy.hourly_audio_seconds, policy.daily_audio_seconds) == (None, None, None)
