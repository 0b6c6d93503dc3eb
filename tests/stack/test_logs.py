"""Log files: turning over, reading, following."""

from pathlib import Path

import pytest

from services.stack import logs
from services.stack.logs import Follower, last_lines, open_log


def test_a_big_log_is_turned_over_when_the_process_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MAX_BYTES", 5)
    for text in (b"first\n", b"second\n", b"third\n"):
        with open_log(tmp_path, "api") as log:
            log.write(text)
    assert (tmp_path / "api.log").read_bytes() == b"third\n"
    assert (tmp_path / "api.log.1").read_bytes() == b"second\n"


def test_a_small_log_is_continued(tmp_path: Path) -> None:
    for text in (b"first\n", b"second\n"):
        with open_log(tmp_path, "api") as log:
            log.write(text)
    assert last_lines(tmp_path / "api.log", 5) == ["first", "second"]
    assert last_lines(tmp_path / "api.log", 1) == ["second"]
    assert last_lines(tmp_path / "api.log", 0) == []


def test_a_missing_log_has_no_lines(tmp_path: Path) -> None:
    assert last_lines(tmp_path / "api.log", 5) == []


def test_following_starts_at_the_end_and_waits_for_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "api.log"
    path.write_text("old\n")
    follower = Follower(path)
    assert list(follower.new_lines()) == []
    with path.open("a") as log:
        log.write("new\nhal")
    assert list(follower.new_lines()) == ["new"]
    with path.open("a") as log:
        log.write("f\n")
    assert list(follower.new_lines()) == ["half"]


def test_following_goes_on_in_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "api.log"
    follower = Follower(path)
    assert list(follower.new_lines()) == []
    path.write_text("first\n")
    assert list(follower.new_lines()) == ["first"]
    with path.open("a") as log:
        log.write("last of the old\n")
    path.rename(tmp_path / "api.log.1")
    path.write_text("first of the new\n")
    assert list(follower.new_lines()) == ["last of the old", "first of the new"]
