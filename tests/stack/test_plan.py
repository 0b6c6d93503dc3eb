"""What runs where, from the environment."""

import os
import signal
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from services.stack.home import Home
from services.stack.plan import Plan, python_environment
from services.stack.postgres import stored_password


def names(plan: Plan) -> list[str]:
    return [process.name for process in plan.servers()]


def test_everything_is_embedded_by_default(home: Home) -> None:
    plan = Plan.make(home, demo=False)
    assert names(plan) == ["postgres", "temporal", "temporal-ui"]
    assert plan.outside_servers() == {}
    password = stored_password(home.path / "postgres-password")
    port = os.environ["VIDFERRY_POSTGRES_PORT"]
    environment = plan.service_environment()
    assert environment["DATABASE_URL"] == f"postgresql://vidferry:{password}@127.0.0.1:{port}/vidferry"
    assert environment["TEMPORAL_ADDRESS"] == f"127.0.0.1:{os.environ['VIDFERRY_TEMPORAL_PORT']}"
    assert environment["TEMPORAL_UI_URL"] == f"http://127.0.0.1:{os.environ['VIDFERRY_TEMPORAL_UI_PORT']}"


def test_services_stop_in_the_order_api_notifier_worker(home: Home) -> None:
    services = Plan.make(home, demo=False).services()
    assert [service.name for service in reversed(services)] == ["api", "notifier", "worker"]
    assert [service.argv for service in services] == [
        [sys.executable, "-m", f"services.{service.name}"] for service in services
    ]
    assert {service.stop_signal for service in services} == {signal.SIGTERM}


def test_postgres_stops_fast_and_last(home: Home) -> None:
    postgres, temporal, _ = Plan.make(home, demo=False).servers()
    assert (postgres.stop_signal, temporal.stop_signal) == (signal.SIGINT, signal.SIGTERM)


def test_a_service_may_drain_before_it_is_killed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDFERRY_DRAIN_SECONDS", "12")
    assert {service.stop_timeout_seconds for service in Plan.make(home, demo=False).services()} == {17}


def test_processes_have_as_long_when_the_launcher_has_died(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Plan.make(home, demo=False)
    assert plan.grace_seconds > max(each.stop_timeout_seconds for each in [*plan.servers(), *plan.services()])
    monkeypatch.setenv("DATABASE_URL", "postgresql://me@db.example/mine")
    monkeypatch.setenv("VIDFERRY_DRAIN_SECONDS", "12")
    assert Plan.make(home, demo=False).grace_seconds == 17


def test_a_database_of_ones_own_replaces_the_embedded_one(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me@db.example/mine")
    plan = Plan.make(home, demo=False)
    assert names(plan) == ["temporal", "temporal-ui"]
    assert list(plan.outside_servers()) == ["PostgreSQL (DATABASE_URL)"]
    assert plan.service_environment()["DATABASE_URL"] == "postgresql://me@db.example/mine"
    assert plan.prepare_argv() == []


def test_a_temporal_of_ones_own_replaces_the_embedded_one(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "temporal.example:7233")
    monkeypatch.setenv("TEMPORAL_UI_URL", "https://temporal.example")
    plan = Plan.make(home, demo=False)
    assert names(plan) == ["postgres"]
    assert list(plan.outside_servers()) == ["Temporal (TEMPORAL_ADDRESS, namespace default)"]
    assert plan.service_environment()["TEMPORAL_ADDRESS"] == "temporal.example:7233"
    assert plan.urls["Temporal Web UI"] == "https://temporal.example"


def test_a_namespace_of_ones_own_is_created(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "ferry")
    _, temporal, _ = Plan.make(home, demo=False).servers()
    assert temporal.argv[list(temporal.argv).index("--namespace") + 1] == "ferry"


def test_addresses_are_those_of_the_settings(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDFERRY_API_PORT", "8123")
    monkeypatch.setenv("VIDFERRY_API_HOST", "0.0.0.0")
    monkeypatch.setenv("VIDFERRY_NOTIFIER_PORT", "8124")
    urls = Plan.make(home, demo=False).urls
    assert urls["Web page"] == "http://127.0.0.1:8123/"
    assert urls["API"] == "http://127.0.0.1:8123/api"
    assert urls["API documentation"] == "http://127.0.0.1:8123/docs"
    assert urls["WebSocket"] == "ws://127.0.0.1:8124/api/ws/progress"


@pytest.mark.parametrize(("host", "reached_at"), [("::1", "[::1]"), ("::", "[::1]"), ("nas.lan", "nas.lan")])
def test_an_address_is_spelled_as_in_a_url(
    home: Home, monkeypatch: pytest.MonkeyPatch, host: str, reached_at: str
) -> None:
    monkeypatch.setenv("VIDFERRY_API_HOST", host)
    monkeypatch.setenv("VIDFERRY_API_PORT", "8123")
    assert Plan.make(home, demo=False).urls["API"] == f"http://{reached_at}:8123/api"


def test_the_demo_adds_its_fakes(home: Home) -> None:
    assert names(Plan.make(home.demo, demo=True)) == ["postgres", "temporal", "temporal-ui", "youtube", "speech"]


def test_audio_is_stored_in_the_home(home: Home) -> None:
    for where, demo in ((home, False), (home.demo, True)):
        assert Plan.make(where, demo=demo).settings.audio_store.get_secret_value() == str(where.path / "audio")
    (worker, *_) = Plan.make(home, demo=False).services()
    assert worker.env["VIDFERRY_AUDIO_STORE"] == str(home.audio)


def test_audio_is_stored_where_the_setting_says(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDFERRY_AUDIO_STORE", "s3://ferry/audio")
    assert Plan.make(home, demo=False).service_environment()["VIDFERRY_AUDIO_STORE"] == "s3://ferry/audio"


def test_only_the_demo_says_what_to_try(home: Home) -> None:
    assert "https://youtu.be/demoPrivate" in Plan.make(home.demo, demo=True).welcome
    assert "demoPrivate" not in Plan.make(home, demo=False).welcome


def test_an_impossible_setting_is_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDFERRY_POSTGRES_PORT", "many")
    with pytest.raises(ValidationError):
        Plan.make(home, demo=False)


def test_our_modules_are_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    environment = python_environment()
    assert environment["PYTHONPATH"].endswith(":/elsewhere")
    assert (Path(environment["PYTHONPATH"].split(":")[0]) / "services" / "stack").is_dir()
    assert environment["PYTHONSAFEPATH"] == "1"


SECRETS = {
    "GROQ_API_KEY": "gsk",
    "TRANSCRIPTION_API_KEY": "key",
    "YOUTUBE_PROXY": "http://me:word@proxy.example:3128",
    "VIDFERRY_AUDIO_STORE": "s3://key:word@ferry/audio",
    "AWS_SECRET_ACCESS_KEY": "aws",
    "https_proxy": "http://me:word@proxy.example:3128",
}


def test_secrets_are_only_where_they_are_needed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    plan = Plan.make(home, demo=False)
    everybody = python_environment()
    given = {process.name: {*everybody, *process.env} for process in (*plan.servers(), *plan.services())}
    given["setup"] = {*everybody, *plan.service_environment("setup")}
    secrets = {name: names & {*SECRETS, "DATABASE_URL"} for name, names in given.items()}
    assert secrets == {
        "postgres": set(),
        "temporal": set(),
        "temporal-ui": set(),
        "setup": {"DATABASE_URL"},
        "notifier": {"DATABASE_URL"},
        "api": {"DATABASE_URL", "GROQ_API_KEY", "TRANSCRIPTION_API_KEY"},
        "worker": {*SECRETS, "DATABASE_URL"},
    }
