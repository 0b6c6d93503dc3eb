"""Locks on files, which end with the process that holds them, however it ends."""

import fcntl
from typing import TextIO


def lock(file: TextIO) -> None:
    """Wait for the lock, and take it until `file` is closed."""
    fcntl.flock(file, fcntl.LOCK_EX)


def try_lock(file: TextIO) -> bool:
    """Take the lock until `file` is closed; False at once while another process holds it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
