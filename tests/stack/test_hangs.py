"""Processes that hang (SIGSTOP) under the real launcher: each is replaced, and nobody else is."""

import signal
from collections.abc import Iterable

import psutil
import pytest

from services.stack.family import family_of, living, send
from services.stack.home import Home, is_locked
from services.stack.state import ProcessEntry
from shared.contracts.stages import ImportStage
from tests.stack.conftest import Launch, LauncherProcess, eventually, processes_of
from tests.stack.test_up import START_SECONDS, call, imported, state_of, status

HANGING = ("temporal", "worker", "notifier", "api", "youtube")


def entries(home: Home, *names: str) -> list[ProcessEntry]:
    return [entry for entry in state_of(home).processes if entry.name in names]


def pid_of(home: Home, name: str) -> int:
    (entry,) = entries(home, name)
    assert entry.pid is not None
    return entry.pid


async def until_replaced(launcher: LauncherProcess, home: Home, before: Iterable[ProcessEntry]) -> None:
    """Wait until the launcher has seen that they hang, and others are there for them."""
    for entry in before:
        await launcher.says(f"{entry.title} does not answer; restarting", within_seconds=START_SECONDS)

    def are_replaced() -> bool:
        now = {entry.name: entry for entry in state_of(home).processes}
        return all(now[old.name].restarts > old.restarts and now[old.name].state == "running" for old in before)

    await eventually(are_replaced, "they are replaced", within_seconds=START_SECONDS)


def everything(server: list[psutil.Process]) -> list[psutil.Process]:
    return server


def the_postmaster(server: list[psutil.Process]) -> list[psutil.Process]:
    return server[:1]


def the_checkpointer(server: list[psutil.Process]) -> list[psutil.Process]:
    return [process for process in server if "checkpointer" in "".join(process.cmdline())]


async def test_whatever_hangs_is_replaced(launch: Launch, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDFERRY_DRAIN_SECONDS", "1")
    launcher = await launch("-m", "tests.stack.hasty")
    await launcher.says("Vidferry is ready.", within_seconds=START_SECONDS)
    home = home.demo
    api = state_of(home).urls["API"]
    created = call(f"{api}/lists", {"name": "Harbour"})

    hanging = entries(home, *HANGING)
    for name in HANGING:
        psutil.Process(pid_of(home, name)).suspend()
    await until_replaced(launcher, home, hanging)

    others = {entry.name: entry.pid for entry in entries(home, *HANGING)}
    for part in (everything, the_postmaster, the_checkpointer):
        await eventually(lambda: ("postgres", "running") in status(), "it answers", within_seconds=START_SECONDS)
        before, family = entries(home, "postgres"), family_of(pid_of(home, "postgres"))
        send(part(family), signal.SIGSTOP)
        await until_replaced(launcher, home, before)
        assert not living(family)
    assert {entry.name: entry.pid for entry in entries(home, *HANGING)} == others, "they only had to wait"

    assert call(f"{api}/lists/{created['id']}")["name"] == "Harbour"
    video = await imported(api, created["id"], "https://youtu.be/demoCaption")
    assert video["import_stage"] == ImportStage.COMPLETE

    send(family_of(pid_of(home, "postgres")), signal.SIGSTOP)
    launcher.signal(signal.SIGKILL)
    await eventually(lambda: processes_of(home) == [], "every process has ended", within_seconds=START_SECONDS)
    await eventually(lambda: not is_locked(home), "the lock is free")
