"""A fake as a process of its own: it runs until a signal, and writes its address to a file.

`run` is for the process, `announced_process` and `announcement` are for its parent.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
PATIENCE_SECONDS = 60
"""How long such a process may take to end."""

Address = Mapping[str, str | None]
"""The address of a server, and what else its clients need."""
Start = Callable[[Path], AbstractAsyncContextManager[tuple[Address, str]]]
"""Runs a server that may keep files in a directory: its address, and what of that is printed."""


def run(name: str, start: Start, directory: Path, ready_file_name: str) -> int:
    """Serve until SIGINT or SIGTERM; 1 when the server cannot start, such as on a port that is taken.

    `directory` is made, and has the file while the server can be reached.
    """
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    ready_file = directory / ready_file_name
    try:
        ready_file.unlink(missing_ok=True)  # left by a process that was killed
        asyncio.run(_serve(start, ready_file))
    except OSError as error:
        sys.stderr.write(f"{name} cannot start: {error}\n")
        return 1
    finally:
        ready_file.unlink(missing_ok=True)
    return 0


@contextmanager
def announced_process(module: str, directory: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """`python -m module`, terminated at the end."""
    command = [sys.executable, "-m", module, "--directory", str(directory), *options]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            yield running
        finally:
            running.terminate()


def announcement(running: subprocess.Popen[str], ready_file: Path) -> tuple[dict[str, str], str]:
    """The address of the process, once it is ready, and what it printed."""
    assert running.stdout is not None
    printed = running.stdout.readline().strip()
    address: dict[str, str] = json.loads(ready_file.read_text())
    return address, printed


async def _serve(start: Start, ready_file: Path) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with start(ready_file.parent) as (address, printed):
        _announce(address, ready_file)
        sys.stdout.write(f"{printed}\n")
        sys.stdout.flush()
        await stop.wait()


def _announce(address: Address, ready_file: Path) -> None:
    """Write the file in one step, so that a reader sees all of it; a key in it is for this user only."""
    draft = ready_file.with_suffix(".tmp")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(address))
    os.replace(draft, ready_file)
