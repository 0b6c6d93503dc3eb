"""One supervised process: readiness, restarts, stopping."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from services.stack.errors import StackError
from services.stack.family import family_of, living
from services.stack.group import ProcessGroup
from services.stack.home import Home
from services.stack.liveness import LivenessPolicy
from services.stack.probes import is_http_alive
from services.stack.process import Backoff, ManagedProcess, ProcessState, SupervisedProcess, describe_exit
from tests.stack.conftest import DEADLINE_SECONDS, eventually
from tests.stack.launch import managed_program
from tests.stack.program import tell

LIVENESS = LivenessPolicy(interval_seconds=0.1, answer_seconds=1, missed=3, missed_at_start=100)
"""Fast, with answers that a busy machine has the time for."""


@pytest.fixture
def supervise(group: ProcessGroup, home: Home, said: list[str]) -> Callable[[ManagedProcess], SupervisedProcess]:
    def start(spec: ManagedProcess) -> SupervisedProcess:
        log = home.logs / f"{spec.name}.log"
        return SupervisedProcess(spec, group, log, said.append, lambda: None, LIVENESS)

    return start


Supervise = Callable[[ManagedProcess], SupervisedProcess]


async def negative() -> bool:
    return False


def events(directory: Path) -> list[str]:
    path = directory / "events"
    return path.read_text().splitlines() if path.exists() else []


async def test_is_ready_only_when_the_probe_says_so(supervise: Supervise, tmp_path: Path) -> None:
    process = supervise(managed_program("web", tmp_path, "--slow"))
    waiting = asyncio.create_task(process.wait_until_ready(DEADLINE_SECONDS))
    await eventually(lambda: events(tmp_path), "the program runs")
    assert not waiting.done()
    assert process.state.value == "starting"
    tell(tmp_path, "web")
    await waiting
    assert process.state.value == "running"


async def test_is_started_again_after_it_was_killed(supervise: Supervise, tmp_path: Path, said: list[str]) -> None:
    process = supervise(managed_program("web", tmp_path))
    await process.wait_until_ready(DEADLINE_SECONDS)
    first_pid = process.pid
    assert first_pid is not None
    os.kill(first_pid, signal.SIGKILL)
    await eventually(lambda: "Web is back" in said, "it is back")
    assert process.pid not in (None, first_pid)
    assert process.restarts == 1
    assert process.state is ProcessState.RUNNING
    assert said[0] == "Web was ended by SIGKILL; restarting in 0.5 s (vidferry logs web)"


async def test_what_does_not_answer_any_more_is_replaced(supervise: Supervise, tmp_path: Path, said: list[str]) -> None:
    process = supervise(managed_program("web", tmp_path))
    await process.wait_until_ready(DEADLINE_SECONDS)
    first_pid = process.pid
    assert first_pid is not None
    os.kill(first_pid, signal.SIGSTOP)
    await eventually(lambda: process.state is ProcessState.SILENT, "its silence is noticed")
    await eventually(lambda: "Web is back" in said, "it is back")
    assert process.pid not in (None, first_pid)
    assert process.restarts == 1
    assert said[0] == "Web does not answer; restarting in 0.5 s (vidferry logs web)"


async def test_what_answers_again_in_time_is_left_alone(
    group: ProcessGroup, home: Home, tmp_path: Path, said: list[str]
) -> None:
    spec, patient = managed_program("web", tmp_path), replace(LIVENESS, missed=1000)
    process = SupervisedProcess(spec, group, home.logs / "web.log", said.append, lambda: None, patient)
    await process.wait_until_ready(DEADLINE_SECONDS)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)
    await eventually(lambda: process.state is ProcessState.SILENT, "its silence is noticed")
    os.kill(process.pid, signal.SIGCONT)
    await eventually(lambda: process.state is ProcessState.RUNNING, "its answer is noticed")
    assert (process.restarts, said) == (0, [])


async def test_an_answer_that_all_is_not_well_is_an_answer(supervise: Supervise, tmp_path: Path) -> None:
    answers: list[bool] = []
    spec = managed_program("web", tmp_path, "--slow")

    async def is_alive() -> bool:
        assert spec.health_url is not None
        answers.append(await is_http_alive(spec.health_url))
        return answers[-1]

    process = supervise(replace(spec, alive=is_alive))
    await eventually(lambda: answers.count(True) > 2 * LIVENESS.missed, "it was asked often enough")
    assert (process.restarts, process.state) == (0, ProcessState.STARTING)
    tell(tmp_path, "web")
    await process.wait_until_ready(DEADLINE_SECONDS)


async def test_a_question_that_fails_ends_no_watch(supervise: Supervise, tmp_path: Path, said: list[str]) -> None:
    async def is_alive() -> bool:
        raise AttributeError("as asyncpg does where a connection is lost while it is made")

    process = supervise(replace(managed_program("web", tmp_path), alive=is_alive))
    await eventually(lambda: "Web does not answer; restarting in 0.5 s (vidferry logs web)" in said, "replaced")
    await process.stop()


async def test_one_that_hangs_ends_with_its_children(supervise: Supervise, tmp_path: Path) -> None:
    spec = managed_program("web", tmp_path, "--child")
    process = supervise(replace(spec, stop_timeout_seconds=0.2))
    await process.wait_until_ready(DEADLINE_SECONDS)
    assert process.pid is not None
    web, child = family_of(process.pid)
    for each in (web, child):
        each.suspend()
    await process.stop()
    await eventually(lambda: not living([web, child]), "both have ended")


async def test_gives_up_on_what_never_starts_and_shows_the_end_of_its_log(
    supervise: Supervise, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Backoff, "FIRST_SECONDS", 0.001)
    argv = [sys.executable, "-c", "import sys; print('no such table'); sys.exit(7)"]
    process = supervise(ManagedProcess("web", "Web", argv, negative, url=""))
    with pytest.raises(
        StackError, match=r"(?s)Web ended with exit code 7, 5 times in a row.*\n  no such table"
    ) as caught:
        await process.wait_until_ready(DEADLINE_SECONDS)
    assert str(caught.value).count("no such table") == 5
    assert process.state is ProcessState.STOPPED


async def test_a_missing_program_is_a_sentence_too(supervise: Supervise, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Backoff, "FIRST_SECONDS", 0.001)
    process = supervise(ManagedProcess("web", "Web", ["/nonexistent/web"], negative, url=""))
    with pytest.raises(StackError, match="Web could not be started"):
        await process.wait_until_ready(DEADLINE_SECONDS)


async def test_readiness_has_a_time_limit(supervise: Supervise, tmp_path: Path) -> None:
    process = supervise(managed_program("web", tmp_path, "--slow"))
    with pytest.raises(StackError, match="Web was not ready within 0 s"):
        await process.wait_until_ready(0.05)


async def test_stops_with_its_own_signal_and_is_not_started_again(supervise: Supervise, tmp_path: Path) -> None:
    spec = managed_program("web", tmp_path)
    process = supervise(
        ManagedProcess(spec.name, spec.title, spec.argv, spec.probe, spec.url, stop_signal=signal.SIGINT)
    )
    await process.wait_until_ready(DEADLINE_SECONDS)
    await process.stop()
    assert process.state is ProcessState.STOPPED
    assert [line.split()[1] for line in events(tmp_path)] == ["started", "SIGINT"]


async def test_is_killed_when_it_ignores_the_signal(supervise: Supervise, tmp_path: Path, said: list[str]) -> None:
    spec = managed_program("web", tmp_path, "--ignore-sigterm")
    process = supervise(ManagedProcess("web", "Web", spec.argv, spec.probe, spec.url, stop_timeout_seconds=0.2))
    await process.wait_until_ready(DEADLINE_SECONDS)
    await process.stop()
    assert process.state is ProcessState.STOPPED
    assert said == ["Web did not end within 0 s: killed"]


async def test_stopping_does_not_wait_for_the_next_restart(
    supervise: Supervise, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Backoff, "FIRST_SECONDS", 3600.0)
    monkeypatch.setattr(Backoff, "LAST_SECONDS", 3600.0)
    process = supervise(ManagedProcess("web", "Web", [sys.executable, "-c", ""], negative, url=""))
    await eventually(lambda: process.state is ProcessState.WAITING, "it waits for its restart")
    async with asyncio.timeout(DEADLINE_SECONDS):
        await process.stop()
    assert process.state is ProcessState.STOPPED


def test_delays_double_up_to_half_a_minute() -> None:
    backoff = Backoff()
    assert [backoff.after(1) for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]


def test_a_minute_of_steady_work_resets_the_delay() -> None:
    backoff = Backoff()
    backoff.after(1)
    backoff.after(1)
    assert backoff.after(60) == 0.5
    assert backoff.after(59) == 1


@pytest.mark.parametrize(
    ("code", "words"),
    [(0, "ended with exit code 0"), (-9, "was ended by SIGKILL"), (-200, "was ended by signal 200")],
)
def test_exit_codes_in_words(code: int, words: str) -> None:
    assert describe_exit(code) == words
