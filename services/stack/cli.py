"""The `vidferry` command. Heavy imports happen inside the commands that need them: `status` answers at once."""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from services.stack.home import Home, is_checkout, is_locked, launcher_pid

STOP_POLL_SECONDS = 0.1
STOP_SECONDS = 300
"""More than all processes together may take to drain with the default settings."""

app = typer.Typer(
    help="Vidferry on this machine: databases, Temporal and all services under one command.",
    epilog="Data are in .vidferry/ (VIDFERRY_HOME); the demo keeps its own in .vidferry/demo/. "
    "All settings are environment variables: see README.md.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def up() -> None:
    """Start everything and stay in the foreground; Ctrl-C stops it.

    Starts an embedded PostgreSQL and Temporal, unless DATABASE_URL or TEMPORAL_ADDRESS name servers of your own.
    """
    _run(Home.from_environment(), demo=False)


@app.command()
def demo() -> None:
    """Like `up`, but offline: the project's own stand-ins play YouTube, with invented videos, and speech-to-text."""
    if not is_checkout():
        _fail("The demo's stand-ins are part of the project's source: run `make demo` in a checkout of it.")
    _run(Home.from_environment().demo, demo=True)


@app.command()
def status() -> None:
    """Show every process, and how YouTube and speech-to-text stand. Exit code 0: running, 3: not running."""
    from services.stack.status import status as read_status

    code, text = read_status(_current_home())
    typer.echo(text)
    raise typer.Exit(code)


@app.command()
def doctor() -> None:
    """Find out what is wrong, and say what to do. Exit code 0: nobody has to do anything, 1: somebody has to.

    A line begins with ✓ (well), – (not at its best, but it goes on by itself) or ✗ (to be mended).
    """
    from services.stack.doctor import doctor as examine
    from shared.process import run

    home = _current_home()
    run(lambda: examine(home, _show_while_read))


@app.command()
def logs(
    service: Annotated[str | None, typer.Argument(help="postgres, temporal, worker, api, …; all when omitted.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new lines as they come.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many lines of each log to begin with.")] = 50,
) -> None:
    """Show what the processes have logged."""
    from services.stack import logs as log_files

    paths = _chosen_logs(_current_home(), service)

    def show(name: str, line: str) -> None:
        typer.echo(line if service else f"{name:<8} | {line}")

    if follow:
        try:
            log_files.follow(paths, lines, show)
        except KeyboardInterrupt:
            raise typer.Exit(0) from None
    for name, path in paths.items():
        for line in log_files.last_lines(path, lines):
            show(name, line)


@app.command()
def stop() -> None:
    """Stop a running Vidferry in good order and wait until it has ended, for five minutes at most."""
    home = _current_home()
    pid = launcher_pid(home)
    if pid is None and not is_locked(home):
        typer.echo(f"Vidferry is not running ({home.path}).")
        return
    if pid is not None:
        _ask_to_stop(pid)
    typer.echo("Stopping; what is running is finished first …")
    deadline = time.monotonic() + STOP_SECONDS
    while is_locked(home):
        if time.monotonic() > deadline:
            _fail(f"Vidferry has not stopped within {STOP_SECONDS} s ({home.path}).")
        time.sleep(STOP_POLL_SECONDS)
    typer.echo("Vidferry has stopped.")


def main() -> None:
    """Entry point of the `vidferry` command."""
    app(prog_name="vidferry")


def _run(home: Home, *, demo: bool) -> NoReturn:
    """Run the launcher to its end, and end the process with its exit code."""
    import asyncio

    from services.stack.launcher import launch
    from services.stack.plan import Plan
    from shared.process import run

    # uvloop cannot start a process inside a process group.
    run(lambda: launch(lambda: Plan.make(home, demo=demo), typer.echo, _complain), asyncio.new_event_loop)


def _ask_to_stop(pid: int) -> None:
    """Send SIGTERM to the launcher, unless it has just ended. Ends the command when it is somebody else's."""
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return
    except PermissionError:
        _fail(f"Vidferry (pid {pid}) was started by another user.")


def _current_home() -> Home:
    """The installation's home; the demo's when only the demo is running. Ends the command when it may not be read."""
    home = Home.from_environment()
    try:
        return home.demo if is_locked(home.demo) and not is_locked(home) else home
    except PermissionError:
        _fail(f"{home.path} belongs to another user: ask again as that user, or set VIDFERRY_HOME.")


def _chosen_logs(home: Home, service: str | None) -> dict[str, Path]:
    """The log files to show, by process. Ends the command with a sentence when there is none."""
    known = {path.stem: path for path in sorted(home.logs.glob("*.log"))}
    if not known:
        _fail(f"There are no logs yet in {home.logs}.")
    if service is None:
        return known
    if service not in known:
        _fail(f"There is no log of “{service}”; there are: {', '.join(known)}.")
    return {service: known[service]}


def _show_while_read(line: str) -> None:
    """Show a line, unless whoever reads has had enough (`| head -1`): what follows goes nowhere then."""
    try:
        typer.echo(line)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(sentence: str) -> NoReturn:
    _complain(sentence)
    raise typer.Exit(1)


def _complain(sentence: str) -> None:
    typer.echo(sentence, err=True)
