"""The home and its lock."""

import os
from pathlib import Path

import pytest

from services.stack.errors import StackError
from services.stack.home import PROJECT_ROOT, Home, HomeLock, is_locked, launcher_pid


def test_the_environment_names_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIDFERRY_HOME", "data")
    assert Home.from_environment().path == tmp_path / "data"


def test_in_a_checkout_it_is_in_the_project_wherever_the_command_is_typed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Home.from_environment().path == PROJECT_ROOT / ".vidferry"


def test_outside_of_a_checkout_it_is_in_the_current_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("services.stack.home.PROJECT_ROOT", tmp_path / "site-packages")
    monkeypatch.chdir(tmp_path)
    assert Home.from_environment().path == tmp_path / ".vidferry"


def test_nobody_else_may_look_into_it(tmp_path: Path) -> None:
    home = Home(tmp_path / "a" / "home")
    home.create()
    home.create()
    assert home.path.stat().st_mode & 0o077 == 0


def test_a_place_that_cannot_be_written_to_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StackError, match=r"cannot write to .*: set VIDFERRY_HOME"):
        Home(tmp_path / "file" / "home").create()


async def test_one_launcher_at_a_time(home: Home) -> None:
    first, second = HomeLock(home), HomeLock(home)
    await first.acquire(0, pytest.fail)
    assert is_locked(home)
    assert launcher_pid(home) == os.getpid()
    with pytest.raises(StackError, match=rf"running already \(pid {os.getpid()}\)\."):
        await second.acquire(60, pytest.fail)
    first.release()
    assert not is_locked(home)
    assert launcher_pid(home) is None
    await second.acquire(0, pytest.fail)
    second.release()


async def test_patience_with_what_an_earlier_run_left_has_an_end(home: Home) -> None:
    left_over = HomeLock(home)
    await left_over.acquire(0, pytest.fail)
    home.lock_file.write_text('{"pid": 1, "created": 0}')
    said: list[str] = []
    with pytest.raises(StackError, match="Processes of an earlier run still use"):
        await HomeLock(home).acquire(0.3, lambda: said.append("waiting"))
    assert said == ["waiting"]
    assert launcher_pid(home) is None
    left_over.release()


def test_a_home_that_was_never_used_is_not_locked(tmp_path: Path) -> None:
    assert not is_locked(Home(tmp_path / "nowhere"))
    assert launcher_pid(Home(tmp_path / "nowhere")) is None
