"""A server of the tests as a process of its own: it runs until a signal, and a file says how it is reached.

`run` is for the process, `announced_process` and `announcement` are for who starts it.
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

REPOSITORY = Path(__file__).parents[2]
PATIENCE_SECONDS = 60
"""For the end of such a process."""

Place = Mapping[str, str | None]
"""How a server is reached."""
Start = Callable[[Path], AbstractAsyncContextManager[tuple[Place, str]]]
"""Runs a server that may keep files in a directory: how it is reached, and what of that is printed."""


def run(name: str, start: Start, directory: Path, ready_file_name: str) -> int:
    """Serve until SIGINT or SIGTERM; 1 when the server cannot start, such as on a port that is taken.

    `directory` is made, and has the file while the server can be reached.
    """
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    ready_file = directory / ready_file_name
    try:
        ready_file.unlink(missing_ok=True)  # of a process that was killed
        asyncio.run(_serve(start, ready_file))
    except OSError as error:
        sys.stderr.write(f"{name} cannot start: {error}\n")
        return 1
    finally:
        ready_file.unlink(missing_ok=True)
    return 0


@contextmanager
def announced_process(module: str, directory: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """`python -m module`; it is asked to stop at the end and has to comply."""
    command = [sys.executable, "-m", module, "--directory", str(directory), *options]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            yield running
        finally:
            running.terminate()


def announcement(running: subprocess.Popen[str], ready_file: Path) -> tuple[dict[str, str], str]:
    """How the process is reached, once it can be, and what it printed."""
    assert running.stdout is not None
    printed = running.stdout.readline().strip()
    place: dict[str, str] = json.loads(ready_file.read_text())
    return place, printed


async def _serve(start: Start, ready_file: Path) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with start(ready_file.parent) as (place, printed):
        _announce(place, ready_file)
        sys.stdout.write(f"{printed}\n")
        sys.stdout.flush()
        await stop.wait()


def _announce(place: Place, ready_file: Path) -> None:
    """Write the file in one step, so that whoever sees it may read it; a key in it is for this user only."""
    draft = ready_file.with_suffix(".tmp")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(place))
    os.replace(draft, ready_file)
