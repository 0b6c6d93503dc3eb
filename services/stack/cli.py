"""The `vidferry` command. Heavy imports happen inside the commands that need them: `status` answers at once."""

import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from services.stack.home import Home, is_checkout, is_locked, launcher_pid
from shared import VERSION

STOP_POLL_SECONDS = 0.1
STOP_SECONDS = 60
"""For a launcher that has written no state yet, and for what it does after its last process has ended."""

app = typer.Typer(
    help="Vidferry on this machine: databases, Temporal and all services under one command.",
    epilog="Data is in .vidferry/ (VIDFERRY_HOME); the demo keeps its own in .vidferry/demo/. "
    "All settings are environment variables: see docs/configuration.md.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"vidferry {VERSION}")
        raise typer.Exit(0)


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """Take the options that stand before a command."""


@app.command()
def up() -> None:
    """Start everything and stay in the foreground; Ctrl-C stops it.

    Starts an embedded PostgreSQL and Temporal, unless DATABASE_URL or TEMPORAL_ADDRESS name servers of your own.
    """
    _run(Home.from_environment(), demo=False)


@app.command()
def demo() -> None:
    """Like `up`, but offline: with a fake YouTube and invented videos.

    The transcription server is a fake too.
    """
    if not is_checkout():
        _fail("The demo needs the project's source: run `make demo` in a checkout of it.")
    _run(Home.from_environment().demo, demo=True)


@app.command()
def status() -> None:
    """Show every process, and the status of YouTube and transcription. Exit code 0: running, 3: not running."""
    from services.stack.status import status as read_status
    from shared.process import run

    home = _current_home()

    async def show() -> int:
        code, text = await read_status(home)
        _show_while_read(text)
        return code

    run(show)


@app.command()
def doctor(
    youtube: Annotated[
        bool, typer.Option("--youtube", help="Also ask YouTube for some videos and lists: about 15 requests.")
    ] = False,
) -> None:
    """Find problems and say how to fix them. Exit code 0: no problem, 1: a problem needs your attention.

    A line begins with ✓ (OK), – (for information) or ✗ (a problem).
    """
    from services.stack.doctor import doctor as examine
    from shared.process import run

    home = _current_home()
    run(lambda: examine(home, lambda finding: _show_while_read(str(finding)), youtube=youtube))


extractor = typer.Typer(help="Show and change the version of yt-dlp that reads YouTube.", no_args_is_help=True)
app.add_typer(extractor, name="extractor")


@extractor.command("status")
def extractor_status() -> None:
    """Show the version in use, the installed ones, and those that did not pass the tests."""
    from services.stack.extractor import show_status

    home = _current_home()
    _run_command(lambda: show_status(home, _show_while_read))


@extractor.command("update")
def extractor_update(
    nightly: Annotated[bool, typer.Option("--nightly", help="Take nightly builds, too.")] = False,
) -> None:
    """Look for a newer version now, test it, and use it if it passes. Ends what `use` and `bundled` have chosen."""
    from services.stack.extractor import update

    home = _current_home()
    _run_command(lambda: update(home, _show_while_read, nightly=nightly))


@extractor.command("use")
def extractor_use(version: Annotated[str, typer.Argument(help="As the package index names it.")]) -> None:
    """Test this version and use it, until the next `vidferry extractor update`."""
    from services.stack.extractor import use

    home = _current_home()
    _run_command(lambda: use(home, version, _show_while_read))


@extractor.command("bundled")
def extractor_bundled() -> None:
    """Use the version that Vidferry was built with, until the next `vidferry extractor update`."""
    from services.stack.extractor import use_bundled

    home = _current_home()
    _run_command(lambda: use_bundled(home, _show_while_read))


@app.command()
def migrate() -> None:
    """Apply the migrations that the database lacks, as each start does. Replicas that run meanwhile stay ready."""
    from services.stack.schema import upgrade

    home = _current_home()
    _run_command(lambda: upgrade(home, typer.echo), logs=True)


@app.command()
def downgrade(
    revision: Annotated[str, typer.Argument(help="The newest migration to keep, as `vidferry migrate` names it.")],
) -> None:
    """Take the database back to an earlier schema. What only newer schemas hold is deleted.

    Run it with the version that made the schema, before you install an older one.
    """
    from services.stack.schema import downgrade

    home = _current_home()
    _run_command(lambda: downgrade(home, revision, typer.echo), logs=True)


@app.command()
def logs(
    service: Annotated[str | None, typer.Argument(help="postgres, temporal, worker, api, …; all when omitted.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep showing new lines.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many lines of each log to show first.")] = 50,
) -> None:
    """Show the logs of the processes.

    If nothing is running: of Vidferry or the demo, whichever ran last.
    """
    from services.stack import logs as log_files

    paths = _chosen_logs(_home_with_logs(), service)

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
    """Stop a running Vidferry gracefully and wait until it has ended.

    Stops the demo if only the demo is running. Waits no longer than all processes together may take.
    """
    home = _current_home()
    pid = launcher_pid(home)
    if pid is None and not is_locked(home):
        typer.echo(f"Vidferry is not running ({home.path}).")
        return
    if pid is not None:
        _ask_to_stop(pid)
    typer.echo("Stopping gracefully …")
    patience_seconds = _stop_seconds(home)
    deadline = time.monotonic() + patience_seconds
    while is_locked(home):
        if time.monotonic() > deadline:
            _fail(f"Vidferry has not stopped within {patience_seconds:g} s ({home.path}).")
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
    run(lambda: launch(lambda: Plan.make(home, demo=demo), typer.echo, _print_error), asyncio.new_event_loop)


def _run_command(command: Callable[[], Coroutine[Any, Any, int]], *, logs: bool = False) -> NoReturn:
    """Run it to its end, and end the process with its exit code. A foreseeable problem is shown as its sentence.

    `logs`: also show what the command logs.
    """
    import asyncio

    from services.stack.errors import StackError
    from shared.process import configure_logging, run

    async def guarded() -> int:
        if logs:
            configure_logging("info")
        try:
            return await command()
        except StackError as error:
            _print_error(str(error))
            return 1

    run(guarded, asyncio.new_event_loop)  # uvloop cannot start a process inside a process group


def _stop_seconds(home: Home) -> float:
    """How long a launcher may take to stop. One that was killed has left its state behind."""
    from services.stack.state import StackState

    try:
        return StackState.read(home.state_file).stop_seconds + STOP_SECONDS
    except FileNotFoundError:
        return STOP_SECONDS


def _ask_to_stop(pid: int) -> None:
    """Send SIGTERM to the launcher, unless it has just ended. Ends the command when it belongs to another user."""
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return
    except PermissionError:
        _fail(f"Vidferry (pid {pid}) was started by another user.")


def _current_home() -> Home:
    """The installation's home; the demo's when only the demo is running. Ends the command when it cannot be read."""
    home = Home.from_environment()
    try:
        return home.demo if is_locked(home.demo) and not is_locked(home) else home
    except PermissionError:
        _fail(f"{home.path} belongs to another user: run the command as that user, or set VIDFERRY_HOME.")


def _home_with_logs() -> Home:
    """The current home; while nothing is running, the one where something ran last. Says so if it is the demo's."""
    home = _current_home()
    if home.is_demo or is_locked(home):
        return home
    last = max((home, home.demo), key=_last_run)
    if last.is_demo:
        _print_error(f"The demo ran last: these are its logs, from {last.logs}.")
    return last


def _last_run(home: Home) -> float:
    """When its launcher last wrote to its log; 0 if it never did."""
    try:
        return home.launcher_log.stat().st_mtime
    except FileNotFoundError:
        return 0


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
    """Show a line. When the reader has closed the pipe (`| head -1`), further lines go nowhere."""
    try:
        typer.echo(line)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(sentence: str) -> NoReturn:
    _print_error(sentence)
    raise typer.Exit(1)


def _print_error(sentence: str) -> None:
    typer.echo(sentence, err=True)
