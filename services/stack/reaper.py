"""`python -m services.stack.reaper`: ends its process group as soon as the launcher has ended, for any reason.

Its standard input is a pipe whose other end only the launcher holds. It also inherits the launcher's lock, which
therefore stays taken until the last process has ended.
"""

import os
import signal
import sys
import time

import psutil

from services.stack.family import family_of, living, send

POLL_SECONDS = 0.1


def others_in_group() -> list[int]:
    """Process ids of the living members of our group, except ourselves."""
    return [pid for pid in psutil.pids() if pid != os.getpid() and _is_living_member(pid)]


def _is_living_member(pid: int) -> bool:
    try:
        return os.getpgid(pid) == os.getpgrp() and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, PermissionError, psutil.NoSuchProcess):
        return False


def end_others(grace_seconds: float) -> None:
    """Ask every other member of the group to end (SIGTERM); after `grace_seconds` make them (SIGKILL).

    What members have started ends with them, in whatever session it is: PostgreSQL's processes, for example.
    """
    members = _members_and_descendants()
    for pid in others_in_group():
        _signal(pid, signal.SIGTERM)
    send(members, signal.SIGCONT)  # a stopped process handles no other signal
    deadline = time.monotonic() + grace_seconds
    while living(members) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        members |= _members_and_descendants()
    while living(members):
        send(members, signal.SIGKILL)
        time.sleep(POLL_SECONDS)
        members |= _members_and_descendants()


def _members_and_descendants() -> set[psutil.Process]:
    return {process for pid in others_in_group() for process in family_of(pid)}


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def main() -> None:
    """Wait for the launcher's end of the pipe to close, then end the group."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.read(sys.stdin.fileno(), 1):
        pass
    end_others(float(sys.argv[1]))


if __name__ == "__main__":
    main()
