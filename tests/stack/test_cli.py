"""The `vidferry` command, as a person types it."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from services.stack.home import Home, is_locked
from tests.stack.conftest import Launch, eventually, processes_of

VIDFERRY = ("-m", "services.stack")
PROGRAMS = ("-m", "tests.stack.launch")
READY = "Vidferry is ready."


def vidferry(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *VIDFERRY, *arguments], capture_output=True, text=True, check=False)


def test_help_names_every_command() -> None:
    text = vidferry("--help").stdout
    assert [word for word in ("up", "demo", "status", "logs", "stop") if f" {word} " not in text] == []


def test_nothing_runs(home: Home) -> None:
    status, stop, logs = vidferry("status"), vidferry("stop"), vidferry("logs")
    assert (status.returncode, status.stdout) == (3, f"Vidferry is not running ({home.path}).\n")
    assert (stop.returncode, stop.stdout) == (0, f"Vidferry is not running ({home.path}).\n")
    assert (logs.returncode, logs.stderr) == (1, f"There are no logs yet in {home.logs}.\n")


async def test_status_logs_and_stop_of_a_running_one(launch: Launch, home: Home, tmp_path: Path) -> None:
    launcher = await launch(*PROGRAMS, str(tmp_path))
    await launcher.says(READY)
    status = vidferry("status")
    assert status.returncode == 0
    assert [line.split()[:2] for line in status.stdout.splitlines()[1:]] == [
        ["first", "running"],
        ["second", "running"],
        ["third", "running"],
    ]
    assert vidferry("logs", "second", "-n", "1").stdout.startswith("second listens on ")
    assert "third    | third listens on " in vidferry("logs").stdout
    unknown = vidferry("logs", "fourth")
    assert unknown.returncode == 1
    assert unknown.stderr == "There is no log of “fourth”; there are: first, launcher, second, setup, third.\n"
    assert vidferry("stop").stdout.endswith("Vidferry has stopped.\n")
    assert await launcher.exit_code() == 0
    assert not is_locked(home)


async def test_logs_follow_until_ctrl_c(launch: Launch, home: Home) -> None:
    (home.logs / "api.log").write_text("old\n")
    following = await launch(*VIDFERRY, "logs", "api", "-f")
    await following.says("old")
    with (home.logs / "api.log").open("a") as log:
        log.write("new\n")
    await following.says("new")
    following.signal(signal.SIGINT)
    assert await following.exit_code() == 0


@pytest.mark.parametrize(
    ("variable", "what"),
    [
        ("VIDFERRY_API_PORT", "the API"),
        ("VIDFERRY_NOTIFIER_PORT", "the notifier"),
        ("VIDFERRY_POSTGRES_PORT", "PostgreSQL"),
        ("VIDFERRY_TEMPORAL_PORT", "Temporal"),
        ("VIDFERRY_TEMPORAL_UI_PORT", "Temporal's Web UI"),
    ],
)
def test_a_taken_port_is_one_sentence_before_anything_starts(home: Home, variable: str, what: str) -> None:
    with socket.create_server(("127.0.0.1", int(os.environ[variable]))):
        up = vidferry("up")
    port = os.environ[variable]
    assert up.stderr == f"Port {port} for {what} is taken by another program: set {variable} to a free one.\n"
    assert (up.returncode, up.stdout) == (1, "")
    assert sorted(os.listdir(home.path)) == ["lock", "logs", "postgres-password"]
    assert not is_locked(home)


def test_an_impossible_setting_is_one_sentence(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDFERRY_API_PORT", "many")
    up = vidferry("up")
    assert up.returncode == 1
    assert up.stderr.startswith("VIDFERRY_API_PORT: Input should be a valid integer")
    assert up.stderr.count("\n") == 1


async def test_stopping_while_a_database_of_ones_own_is_awaited(
    launch: Launch, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    launcher = await launch(*VIDFERRY, "up")
    await launcher.says("Waiting for PostgreSQL (DATABASE_URL) …")
    await eventually(lambda: "Temporal ready" in launcher.output, "Temporal is ready")
    launcher.signal(signal.SIGTERM)
    assert await launcher.exit_code() == 0
    assert processes_of(home) == []
    assert not (home.path / "postgres").exists()


def test_status_does_not_load_what_it_does_not_need() -> None:
    heavy = {"temporalio", "sqlalchemy", "fastapi", "httpx", "asyncpg"}
    program = f"import sys, services.stack.cli, services.stack.status; print({heavy} & {{*sys.modules}})"
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "set()\n"
