"""The real servers of a test run: one PostgreSQL, one Temporal, both embedded."""

import contextlib
import signal
import socket
import subprocess
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest

STOP_SECONDS = 120
"""For a server to stop on a busy machine."""

_reserved: deque[socket.socket] = deque(maxlen=200)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on, and that nobody is given until 200 more have been asked for.

    It stays bound here, without listening: the system gives it neither to another test nor to a connection, and only a
    server that sets SO_REUSEADDR, as all of ours do, can be told to listen on it.
    """
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", 0))
    _reserved.append(reserved)
    port: int = reserved.getsockname()[1]
    return port


@contextlib.contextmanager
def server(argv: list[str], log: Path, stop: signal.Signals = signal.SIGTERM) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server in the background, its output in `log`; fails the test run if it cannot be stopped."""
    with log.open("wb") as output, subprocess.Popen(argv, stdout=output, stderr=output) as process:
        try:
            yield process
        finally:
            process.send_signal(stop)
            try:
                process.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                pytest.fail(f"{argv[0]} did not stop on {stop.name}")
