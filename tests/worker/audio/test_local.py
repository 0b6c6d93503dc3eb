"""Files that are there or not, and disks that are full."""

import errno
from pathlib import Path

import pytest

from services.worker.adapters.audio.local import StoreFullError, atomic_write, is_full, raising_store_full


@pytest.mark.parametrize(("code", "expected"), [("ENOSPC", True), ("EDQUOT", True), ("EFBIG", True), ("EIO", False)])
def test_there_are_three_ways_to_be_full(code: str, expected: bool) -> None:
    assert is_full(OSError(getattr(errno, code), code)) is expected


def test_a_full_disk_is_raised() -> None:
    with pytest.raises(StoreFullError, match="No space left"), raising_store_full():
        Path("/dev/full").write_bytes(b"audio")


def test_other_errors_are_raised_unchanged(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError), raising_store_full():
        tmp_path.write_bytes(b"audio")


def test_a_file_appears_when_it_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "chunk.ogg"
    with atomic_write(target) as part:
        part.write_bytes(b"audio")
        assert not target.exists()
    assert target.read_bytes() == b"audio"
    assert [*tmp_path.iterdir()] == [target]


def test_nothing_is_left_of_a_file_that_never_was_complete(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError), atomic_write(tmp_path / "chunk.ogg"):
        tmp_path.write_bytes(b"audio")
    assert [*tmp_path.iterdir()] == []


def test_two_attempts_at_a_time_do_not_mix(tmp_path: Path) -> None:
    target = tmp_path / "chunk.ogg"
    with atomic_write(target) as lost, atomic_write(target) as present:
        lost.write_bytes(b"lost")
        present.write_bytes(b"present")
    assert target.read_bytes() == b"lost"  # whole, as the one that came last
