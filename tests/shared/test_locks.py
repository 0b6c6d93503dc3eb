"""Locks on files: one holder at a time, and none after the holder's end."""

import subprocess
import sys
from pathlib import Path

from shared.file_lock import try_lock

HOLDER = """
import sys
from shared.file_lock import try_lock
file = open(sys.argv[1], "w")
print(try_lock(file), flush=True)
sys.stdin.read()
"""


def test_one_at_a_time_until_the_file_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with path.open("w") as second:
        with path.open("w") as first:
            assert try_lock(first)
            assert try_lock(first), "it is held already"
            assert not try_lock(second)
        assert try_lock(second)


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        said = holder.stdout.readline().strip()
        with path.open("w") as file:
            was_taken = try_lock(file)
            holder.kill()
            holder.wait()
            assert (said, was_taken, try_lock(file)) == ("True", False, True)
