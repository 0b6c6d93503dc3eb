"""The home and its lock."""

import os
import stat
from pathlib import Path

import psutil
import pytest

from services.stack.errors import StackError
from services.stack.home import PROJECT_ROOT, Home, HomeLock, is_locked, launcher_pid
from services.stack.state import StackState
from tests.stack.conftest import left_over


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


def test_other_users_cannot_read_it(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.demo.create()
    home.create()
    made = (home.path, home.demo.path, home.logs, home.audio)
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o700}


def test_an_existing_open_home_is_closed(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.demo.path.mkdir(parents=True)
    for path in (home.path, home.demo.path):
        path.chmod(0o755)
    home.demo.create()
    assert {stat.S_IMODE(path.stat().st_mode) for path in (home.path, home.demo.path)} == {0o700}


def test_a_place_that_cannot_be_written_to_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StackError, match=r"cannot write to .*: set VIDFERRY_HOME"):
        Home(tmp_path / "file" / "home").create()


async def test_what_an_earlier_launcher_has_written_down_is_forgotten(home: Home) -> None:
    StackState({}, []).write(home.state_file)
    lock = HomeLock(home)
    await lock.acquire(0, pytest.fail)
    assert not home.state_file.exists()
    lock.release()


async def test_one_launcher_at_a_time(home: Home) -> None:
    first, second = HomeLock(home), HomeLock(home)
    await first.acquire(0, pytest.fail)
    assert is_locked(home)
    assert launcher_pid(home) == os.getpid()
    with pytest.raises(StackError, match=rf"already running \(pid {os.getpid()}\)\."):
        await second.acquire(60, pytest.fail)
    first.release()
    assert not is_locked(home)
    assert launcher_pid(home) is None
    await second.acquire(0, pytest.fail)
    second.release()


async def test_patience_with_what_an_earlier_run_left_has_an_end(home: Home) -> None:
    lock = HomeLock(home)
    said: list[str] = []
    with left_over(home), pytest.raises(StackError, match="Processes of an earlier run still use"):
        await lock.acquire(0.3, lambda: said.append("waiting"))
    assert said == ["waiting"]
    lock.release()
    assert launcher_pid(home) is None


async def test_a_launcher_is_known_by_its_lock_whatever_the_clock_says(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = HomeLock(home)
    await lock.acquire(0, pytest.fail)
    monkeypatch.setattr(psutil.Process, "create_time", lambda _: 0.0)  # as after the clock was put back
    assert launcher_pid(home) == os.getpid()
    lock.release()


async def test_the_number_of_a_launcher_that_is_gone_means_nothing(home: Home) -> None:
    home.launcher_file.write_text(str(os.getpid()))
    with left_over(home):
        assert launcher_pid(home) is None


def test_a_home_that_was_never_used_is_not_locked(tmp_path: Path) -> None:
    assert not is_locked(Home(tmp_path / "nowhere"))
    assert launcher_pid(Home(tmp_path / "nowhere")) is None
