"""Log files: rotating over, reading, following."""

from pathlib import Path

import pytest

from services.stack import logs
from services.stack.logs import Follower, last_lines, open_log, rotate


def test_a_big_log_is_turned_over_under_the_process_that_writes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "MAX_BYTES", 8)
    with open_log(tmp_path, "api") as log, open_log(tmp_path, "worker") as other:
        log.write(b"first\nsecond\n")
        other.write(b"few\n")
        for file in (log, other):
            file.flush()
        rotate(tmp_path)
        log.write(b"third\n")
    assert (tmp_path / "api.log").read_bytes() == b"third\n"
    assert (tmp_path / "api.log.1").read_bytes() == b"\nsecond\n"
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["api.log", "api.log.1", "worker.log"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="about a full disk")
def test_a_full_disk_gets_its_room_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MAX_BYTES", 5)
    (tmp_path / "api.log").write_text("first\nsecond\n")
    (tmp_path / "api.log.1").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        rotate(tmp_path)
    assert (tmp_path / "api.log").read_bytes() == b""


@pytest.mark.parametrize("text", ["", "a\nbb\nccc\n", "a\nbb\nccc", "\n\n\n", "ä\n"])
def test_the_end_of_a_log_is_read_from_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(logs, "BLOCK_BYTES", 3)
    path = tmp_path / "api.log"
    path.write_text(text)
    for count in range(5):
        assert last_lines(path, count) == text.splitlines()[max(0, len(text.splitlines()) - count) :]


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
    follower = Follower(path, 0)
    assert list(follower.new_lines()) == []
    with path.open("a") as log:
        log.write("new\nhal")
    assert list(follower.new_lines()) == ["new"]
    with path.open("a") as log:
        log.write("f\n")
    assert list(follower.new_lines()) == ["half"]


def test_following_begins_with_the_last_lines_and_misses_none(tmp_path: Path) -> None:
    path = tmp_path / "api.log"
    path.write_text("first\nsecond\n")
    follower = Follower(path, 1)
    with path.open("a") as log:
        log.write("third\n")
    assert list(follower.new_lines()) == ["second", "third"]


def test_following_goes_on_after_the_log_was_turned_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MAX_BYTES", 5)
    path = tmp_path / "api.log"
    path.write_text("first\nsecond\n")
    follower = Follower(path, 1)
    assert list(follower.new_lines()) == ["second"]
    rotate(tmp_path)
    with path.open("a") as log:
        log.write("third\n")
    assert list(follower.new_lines()) == ["third"]
