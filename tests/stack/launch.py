"""`python -m tests.stack.launch DIRECTORY [OPTION …]`: the real launcher over small programs instead of the product.

The home is `VIDFERRY_HOME`; every option is passed on to the last program (see tests.stack.program).
"""

import asyncio
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import typer

from services.stack.home import Home
from services.stack.launcher import launch
from services.stack.plan import Plan
from services.stack.probes import http_answers
from services.stack.process import ManagedProcess
from shared.process import run
from tests.support.servers import free_port

NAMES = ("first", "second", "third")


@dataclass(frozen=True)
class ProgramPlan(Plan):
    """`first` is a server, `second` and `third` are services."""

    def prepare_argv(self) -> list[str]:
        return []

    def servers(self) -> list[ManagedProcess]:
        return [managed_program(NAMES[0], _directory())]

    def services(self) -> list[ManagedProcess]:
        return [managed_program(NAMES[1], _directory()), managed_program(NAMES[2], _directory(), *sys.argv[2:])]

    def setup_argv(self) -> list[str]:
        return [sys.executable, "-c", "print('set up')"]


def managed_program(name: str, directory: Path, *options: str) -> ManagedProcess:
    """`tests.stack.program` on a free port, ready when it answers 200."""
    port = free_port()
    argv = [sys.executable, "-m", "tests.stack.program", name, str(port), str(directory), *options]
    health_url = f"http://127.0.0.1:{port}/"
    return ManagedProcess(
        name, name.title(), argv, partial(http_answers, health_url), url=health_url, health_url=health_url
    )


def _directory() -> Path:
    return Path(sys.argv[1])


if __name__ == "__main__":
    run(
        lambda: launch(lambda: ProgramPlan.make(Home.from_environment(), demo=False), typer.echo, typer.echo),
        asyncio.new_event_loop,
    )
