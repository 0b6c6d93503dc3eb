"""The `vidferry` command, as a person types it."""

import asyncio
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
import typer

from services.stack import cli
from services.stack.home import PROJECT_ROOT, Home, HomeLock, is_locked
from services.stack.postgres import EmbeddedPostgres
from services.stack.settings import StackSettings, check_ports
from services.stack.state import StackState
from shared.settings import Settings
from tests.stack.conftest import GONE_PID, Launch, entry, eventually, left_over, processes_of
from tests.stack.reports import write_state
from tests.support.servers import free_port

VIDFERRY = ("-m", "services.stack")
PROGRAMS = ("-m", "tests.stack.launch")
READY = "Vidferry is ready."


def vidferry(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *VIDFERRY, *arguments], capture_output=True, text=True, check=False)


def test_help_names_every_command() -> None:
    text = vidferry("--help").stdout
    assert [
        word
        for word in ("up", "demo", "status", "doctor", "extractor", "migrate", "downgrade", "logs", "stop")
        if f" {word} " not in text
    ] == []


def test_help_gives_flags_no_value() -> None:
    assert "<bool>" not in vidferry("--help").stdout + vidferry("logs", "--help").stdout


def test_version() -> None:
    told = vidferry("--version")
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["project"]
    assert (told.returncode, told.stdout) == (0, f"vidferry {project['version']}\n")


def test_nothing_runs(home: Home) -> None:
    status, stop, logs = vidferry("status"), vidferry("stop"), vidferry("logs")
    assert (status.returncode, status.stdout) == (3, f"Vidferry is not running ({home.path}).\n")
    assert (stop.returncode, stop.stdout) == (0, f"Vidferry is not running ({home.path}).\n")
    assert (logs.returncode, logs.stderr) == (1, f"There are no logs yet in {home.logs}.\n")


def test_doctor_shows_every_finding_and_whether_there_is_a_problem(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    monkeypatch.setenv("DATABASE_URL", f"postgresql://me@{nowhere}/mine")
    monkeypatch.setenv("TEMPORAL_ADDRESS", nowhere)
    monkeypatch.setenv("YOUTUBE_PROXY", f"http://{nowhere}")
    doctor = vidferry("doctor")
    assert (doctor.returncode, doctor.stderr) == (1, "")
    assert [line[0] for line in doctor.stdout.splitlines()] == ["–", "✓", "✓", "✗", "✗", "✗", "–", "✓"]


def test_doctor_in_a_container(tmp_path: Path) -> None:
    for name in ("services", "shared", "workflows"):  # as the Dockerfile copies them
        shutil.copytree(PROJECT_ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    nowhere = f"127.0.0.1:{free_port()}"
    variables = {"DATABASE_URL": f"postgresql://me@{nowhere}/mine", "TEMPORAL_ADDRESS": nowhere}
    environment = os.environ | variables | {"YOUTUBE_PROXY": f"http://{nowhere}", "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, *VIDFERRY, "doctor"]
    doctor = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert [line[0] for line in doctor.stdout.splitlines()] == ["✓", "✗", "✗", "✗", "–", "✓"], doctor.stderr
    assert "start that server, or correct DATABASE_URL" in doctor.stdout


@pytest.mark.parametrize("command", ["doctor", "--help", "status"])
def test_a_reader_that_has_had_enough_is_no_error(home: Home, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("YOUTUBE_PROXY", f"http://127.0.0.1:{free_port()}")
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([sys.executable, *VIDFERRY, command], stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert done.stderr == b""


def test_a_home_of_another_user_is_a_sentence(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_home: Home) -> bool:
        raise PermissionError

    monkeypatch.setattr(cli, "is_locked", refuse)
    with pytest.raises(typer.Exit):
        cli.status()
    assert capsys.readouterr().err == (
        f"{home.path} belongs to another user: run the command as that user, or set VIDFERRY_HOME.\n"
    )


async def test_status_logs_and_stop_of_a_running_one(launch: Launch, home: Home, tmp_path: Path) -> None:
    launcher = await launch(*PROGRAMS, str(tmp_path))
    await launcher.says(READY)
    status = vidferry("status")
    assert status.returncode == 0
    table, _, youtube = status.stdout.partition("\n\n")
    assert youtube.startswith("YouTube: not known (")
    assert [line.split()[:2] for line in table.splitlines()[1:]] == [
        ["first", "running"],
        ["second", "running"],
        ["third", "running"],
    ]
    assert vidferry("logs", "second", "-n", "1").stdout.startswith("second listens on ")
    assert "third    | third listens on " in vidferry("logs").stdout
    unknown = vidferry("logs", "fourth")
    assert unknown.returncode == 1
    assert StackState.read(home.state_file).stop_seconds >= 3 * 35  # one after the other
    assert unknown.stderr == "There is no log of “fourth”; there are: first, launcher, second, setup, third.\n"
    assert vidferry("stop").stdout.endswith("Vidferry has stopped.\n")
    assert await launcher.exit_code() == 0
    assert not is_locked(home)


async def test_stop_waits_when_the_launcher_has_just_ended(launch: Launch, home: Home) -> None:
    with home.launcher_file.open("r+") as launcher_file, left_over(home):
        fcntl.flock(launcher_file, fcntl.LOCK_EX)
        home.launcher_file.write_text(str(GONE_PID))
        stopping = await launch(*VIDFERRY, "stop")
        await stopping.says("Stopping")
        assert "has stopped" not in stopping.output
    assert await stopping.exit_code() == 0
    assert stopping.output.endswith("Vidferry has stopped.\n")


async def test_stop_waits_as_long_as_the_processes_may_take(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "STOP_SECONDS", 0)
    asked: list[bool] = []
    StackState({}, [], stop_seconds=600).write(home.state_file)

    def note(locked_home: Home) -> bool:
        asked.append(is_locked(locked_home))
        return asked[-1]

    monkeypatch.setattr(cli, "is_locked", note)
    with left_over(home):
        stopping = asyncio.create_task(asyncio.to_thread(cli.stop))
        await eventually(lambda: asked[-3:] == [True] * 3 or stopping.done(), "it waits")
        assert not stopping.done()
    await stopping


def test_stop_does_not_wait_for_ever(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "STOP_SECONDS", 0)
    with left_over(home), pytest.raises(typer.Exit) as end:
        cli.stop()
    assert end.value.exit_code == 1
    assert capsys.readouterr().err == f"Vidferry has not stopped within 0 s ({home.path}).\n"


async def test_stop_of_another_users_installation_is_a_sentence(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_pid: int, _number: int) -> None:
        raise PermissionError

    lock = HomeLock(home)
    await lock.acquire(0, pytest.fail)
    monkeypatch.setattr(os, "kill", refuse)
    with pytest.raises(typer.Exit):
        cli.stop()
    assert capsys.readouterr().err == f"Vidferry (pid {os.getpid()}) was started by another user.\n"
    lock.release()


def test_logs_are_those_of_what_ran_last(home: Home) -> None:
    home.demo.create()
    for each, age_seconds in ((home, 0), (home.demo, 60)):
        each.launcher_log.write_text(f"{each.path.name}\n")
        os.utime(each.launcher_log, (time.time() - age_seconds,) * 2)
    assert (vidferry("logs", "launcher").stdout, vidferry("logs").stderr) == ("home\n", "")
    os.utime(home.launcher_log, (0, 0))
    logs = vidferry("logs", "launcher")
    assert logs.stdout == "demo\n"
    assert str(home.demo.logs) in logs.stderr
    with left_over(home):
        assert vidferry("logs", "launcher").stdout == "home\n"


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
    assert up.stderr == f"Port {port} for {what} is in use by another program: set {variable} to a free one.\n"
    assert (up.returncode, up.stdout) == (1, "")
    assert sorted(os.listdir(home.path)) == ["audio", "launcher.pid", "lock", "logs", "postgres-password"]
    assert not is_locked(home)


@pytest.mark.parametrize("is_the_demo_running", [True, False])
async def test_a_port_of_the_other_home_names_it_and_how_to_stop_it(
    home: Home, monkeypatch: pytest.MonkeyPatch, is_the_demo_running: bool
) -> None:
    running, command = (home.demo, "up") if is_the_demo_running else (home, "demo")
    running.create()
    lock = HomeLock(running)
    await lock.acquire(0, pytest.fail)
    port = os.environ["VIDFERRY_API_PORT"]
    write_state(running, entry("api", url=f"http://127.0.0.1:{port}/api"))
    with socket.create_server(("127.0.0.1", int(port))):
        beside = vidferry(command)
    with socket.create_server(("127.0.0.1", int(os.environ["VIDFERRY_NOTIFIER_PORT"]))):
        elsewhere = vidferry(command)
    lock.release()
    assert (beside.returncode, elsewhere.returncode) == (1, 1)
    assert beside.stderr == (
        f"{'The demo' if is_the_demo_running else 'Vidferry'} is running and uses port {port}: "
        "stop it first with `make stop`.\n"
    )
    assert "in use by another program" in elsewhere.stderr


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("VIDFERRY_API_PORT", "many", "VIDFERRY_API_PORT: Input should be a valid integer"),
        ("VIDFERRY_API_PORT", "99999", "VIDFERRY_API_PORT: Input should be less than or equal to 65535."),
        ("VIDFERRY_POSTGRES_PORT", "0", "VIDFERRY_POSTGRES_PORT: Input should be greater than or equal to 1."),
        ("VIDFERRY_API_HOST", "192.0.2.1", "192.0.2.1 is not an address of this machine for the API ("),
        ("VIDFERRY_NOTIFIER_HOST", "no.invalid", "no.invalid is not an address of this machine for the notifier ("),
        ("DATABASE_URL", "foo", "DATABASE_URL: Input should be like postgresql://user:password@host:5432/database."),
        ("DATABASE_URL", "mysql://host/name", "DATABASE_URL: Input should be like postgresql://"),
        ("DATABASE_URL", "postgresql://host:port/name", "DATABASE_URL: Input should be like postgresql://"),
    ],
)
def test_an_impossible_setting_is_one_sentence(
    home: Home, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(variable, value)
    up = vidferry("up")
    assert up.returncode == 1
    assert up.stderr.startswith(sentence)
    assert up.stderr.count("\n") == 1


def test_two_settings_with_the_same_port_are_one_sentence(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    port = os.environ["VIDFERRY_API_PORT"]
    monkeypatch.setenv("VIDFERRY_TEMPORAL_PORT", port)
    assert vidferry("up").stderr == (
        f"VIDFERRY_API_PORT and VIDFERRY_TEMPORAL_PORT are both {port}: set one of them to a free port.\n"
    )


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="about IPv6")
def test_a_taken_port_of_an_ipv6_address_is_noticed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDFERRY_API_HOST", "::1")
    with socket.create_server(("::1", int(os.environ["VIDFERRY_API_PORT"])), family=socket.AF_INET6):
        assert "for the API is in use by another program" in vidferry("up").stderr
    check_ports(StackSettings(), Settings(), demo=False)


async def test_a_wrong_password_to_a_database_of_ones_own_is_reported_at_once(
    launch: Launch, home: Home, postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", postgres.url().replace(":test@", ":guess@"))
    launcher = await launch(*VIDFERRY, "up")
    assert await launcher.exit_code() == 1
    sentence = 'PostgreSQL cannot be used: password authentication failed for user "vidferry".\n'
    assert launcher.output.endswith(sentence)
    assert processes_of(home) == []


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
