"""Several processes together: start in parallel, stop one after the other."""

import sys
from pathlib import Path

import pytest

from services.stack.errors import StackError
from services.stack.group import ProcessGroup
from services.stack.home import Home
from services.stack.liveness import LivenessPolicy
from services.stack.process import Backoff, ManagedProcess, ProcessState
from services.stack.supervisor import Supervisor
from tests.stack.launch import managed_program


@pytest.fixture
def supervisor(group: ProcessGroup, home: Home, said: list[str]) -> Supervisor:
    return Supervisor(group, home.logs, said.append, lambda: None, LivenessPolicy())


async def negative() -> bool:
    return False


async def test_drains_in_the_opposite_order(supervisor: Supervisor, tmp_path: Path, said: list[str]) -> None:
    await supervisor.start([managed_program("database", tmp_path)])
    await supervisor.start([managed_program("worker", tmp_path), managed_program("api", tmp_path)])
    await supervisor.drain()
    stopped = [line.split()[0] for line in (tmp_path / "events").read_text().splitlines() if "SIGTERM" in line]
    assert stopped == ["api", "worker", "database"]
    assert said[-3:] == ["Stopping Api …", "Stopping Worker …", "Stopping Database …"]


async def test_tells_what_is_ready(supervisor: Supervisor, tmp_path: Path, said: list[str]) -> None:
    await supervisor.start([managed_program("worker", tmp_path), managed_program("api", tmp_path)])
    assert said[0] == "Starting Worker, Api …"
    assert sorted(line.split(" (")[0] for line in said[1:]) == ["  Api ready", "  Worker ready"]
    await supervisor.drain()


async def test_one_that_fails_fails_the_start(
    supervisor: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Backoff, "FIRST_SECONDS", 0.001)
    broken = ManagedProcess("broken", "Broken", [sys.executable, "-c", "raise SystemExit(3)"], negative, url="")
    with pytest.raises(StackError, match="Broken ended with exit code 3"):
        await supervisor.start([managed_program("api", tmp_path, "--slow"), broken])
    await supervisor.drain()
    assert {process.state for process in supervisor.processes} == {ProcessState.STOPPED}


async def test_a_one_shot_runs_to_its_end(supervisor: Supervisor, home: Home) -> None:
    await supervisor.run_once(
        "setup", "Setting up", [sys.executable, "-c", "import os; print(os.environ['X'])"], {"X": "1"}
    )
    assert (home.logs / "setup.log").read_text() == "1\n"


async def test_a_failing_one_shot_shows_the_end_of_its_log(supervisor: Supervisor) -> None:
    with pytest.raises(StackError, match=r"Setting up ended with exit code 4:\n  no database"):
        await supervisor.run_once(
            "setup", "Setting up", [sys.executable, "-c", "print('no database'); raise SystemExit(4)"], {}
        )


async def test_a_one_shot_that_takes_too_long_is_ended(supervisor: Supervisor, tmp_path: Path) -> None:
    program = managed_program("setup", tmp_path)
    with pytest.raises(StackError, match=r"Setting up did not end within 0\.1 s"):
        await supervisor.run_once("setup", "Setting up", program.argv, {}, timeout_seconds=0.1)


async def test_kill_does_not_wait(supervisor: Supervisor, tmp_path: Path) -> None:
    await supervisor.start([managed_program("api", tmp_path, "--ignore-sigterm")])
    supervisor.kill()
    await supervisor.drain()
    assert "SIGTERM" not in (tmp_path / "events").read_text()


async def test_waits_for_a_server_that_it_does_not_run(
    supervisor: Supervisor, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    troubles = iter(["starting up", "starting up", None])

    async def third_time() -> str | None:
        return next(troubles)

    async def never() -> str | None:
        return "connection refused"

    await supervisor.wait_for("PostgreSQL", third_time)
    assert said[-1].startswith("  PostgreSQL answers")
    monkeypatch.setattr("services.stack.supervisor.READY_TIMEOUT_SECONDS", 0)
    with pytest.raises(StackError, match=r"PostgreSQL did not answer within 0 s: connection refused\."):
        await supervisor.wait_for("PostgreSQL", never)
