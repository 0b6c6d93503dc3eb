"""`vidferry up` and `vidferry demo`: from nothing to a running installation, and back gracefully."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Coroutine
from typing import Any

from pydantic import ValidationError

from services.stack.errors import PortTakenError, StackError
from services.stack.group import ProcessGroup
from services.stack.home import HomeLock, typed
from services.stack.logs import open_log, rotate
from services.stack.plan import KILL_MARGIN_SECONDS, Plan, python_environment
from services.stack.running import running_in
from services.stack.settings import check_ports
from services.stack.state import ProcessEntry, StackState
from services.stack.supervisor import Supervisor
from shared.process import raise_open_files_limit
from shared.settings import problems_of

ROTATE_SECONDS = 60
PREPARE_SECONDS = 120
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def launch(make_plan: Callable[[], Plan], show: Callable[[str], None], print_error: Callable[[str], None]) -> int:
    """Run what `make_plan` plans; returns the exit code: 1 after a foreseeable error, which `print_error` gets."""
    os.umask(0o077)  # what this process and its children write is for this user only
    raise_open_files_limit()
    try:
        return await Launcher(make_plan(), show).run()
    except StackError as error:
        print_error(str(error))
    except ValidationError as error:
        for problem in problems_of(error):
            print_error(problem)
    return 1


class Launcher:
    """One run of one installation."""

    def __init__(self, plan: Plan, show: Callable[[str], None]) -> None:
        self._plan = plan
        self._show = show
        self._stop_requested = asyncio.Event()
        self._is_stopping = False
        self._supervisor: Supervisor | None = None

    async def run(self) -> int:
        """Start everything, keep it running until asked to stop, drain. Returns the exit code.

        Raises StackError for a foreseeable problem, after stopping what was started.
        """
        self._listen_to_signals()
        grace_seconds = self._plan.grace_seconds
        lock = HomeLock(self._plan.home)
        if not await self._unless_stopped(lock.acquire(grace_seconds + 2 * KILL_MARGIN_SECONDS, self._say_waiting)):
            return 0
        try:
            self._check_ports()
            group = ProcessGroup(self._plan.home.logs, python_environment(), lock.fileno(), grace_seconds, self._say)
            await group.open()
            try:
                await self._run_in(group)
            finally:
                await group.close()
        finally:
            lock.release()
        self._say("Everything has stopped.")
        return 0

    def _check_ports(self) -> None:
        """Raises StackError when a port cannot be used: also if the demo, or the installation beside it, uses it."""
        try:
            check_ports(self._plan.stack, self._plan.settings, demo=self._plan.demo)
        except PortTakenError as error:
            other = self._plan.home.other
            if (running := running_in(other)) is None or not running.uses(error.port):
                raise
            who = "The demo" if other.is_demo else "Vidferry"
            raise StackError(
                f"{who} is running and uses port {error.port}: stop it first with {typed('stop')}."
            ) from error

    async def _run_in(self, group: ProcessGroup) -> None:
        plan = self._plan
        self._supervisor = Supervisor(group, plan.home.logs, self._say, self._write_state, plan.liveness)
        rotating = asyncio.create_task(self._rotate_logs())
        try:
            if await self._unless_stopped(self._start(self._supervisor)):
                self._say(plan.welcome)
                await self._stop_requested.wait()
        finally:
            self._is_stopping = True
            self._write_state()
            await self._supervisor.drain()
            rotating.cancel()

    async def _rotate_logs(self) -> None:
        while True:
            with contextlib.suppress(OSError):
                await asyncio.to_thread(rotate, self._plan.home.logs)
            await asyncio.sleep(ROTATE_SECONDS)

    async def _unless_stopped(self, work: Coroutine[Any, Any, None]) -> bool:
        """Whether `work` finished before a stop was requested; raises what it raises."""
        task = asyncio.create_task(work)
        stopping = asyncio.create_task(self._stop_requested.wait())
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if task.done():
            await task
            return True
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, StackError):
            await task
        return False

    async def _start(self, supervisor: Supervisor) -> None:
        plan = self._plan
        if prepare := plan.prepare_argv():
            await supervisor.run_once("postgres", "Preparing PostgreSQL", prepare, {}, PREPARE_SECONDS)
        await asyncio.gather(
            supervisor.start(plan.servers()),
            *(supervisor.wait_for(title, probe) for title, probe in plan.outside_servers().items()),
        )
        await supervisor.run_once(
            "setup", "Migrating the database, setting up Temporal", plan.setup_argv(), plan.service_environment("setup")
        )
        await supervisor.start(plan.services())

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            if number == signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                continue  # nohup wants it so; SIGINT is ignored wherever a script has started us in the background
            loop.add_signal_handler(number, self._on_signal, number)

    def _on_signal(self, number: signal.Signals) -> None:
        """The first signal drains; a second Ctrl-C (or SIGTERM) ends everything at once."""
        if not self._stop_requested.is_set():
            self._stop_requested.set()
            self._say("Stopping gracefully … (Ctrl-C again to force)")
        elif number != signal.SIGHUP and self._supervisor is not None:
            self._supervisor.kill()

    def _write_state(self) -> None:
        if self._supervisor is None:
            return
        specs = [process.spec for process in self._supervisor.processes]
        stop_seconds = sum(spec.stop_timeout_seconds + KILL_MARGIN_SECONDS for spec in specs)
        entries = [
            ProcessEntry(
                p.spec.name, p.spec.title, p.state, p.pid, p.started_at, p.restarts, p.spec.url, p.spec.health_url
            )
            for p in self._supervisor.processes
        ]
        with contextlib.suppress(OSError):  # a full disk must not end the supervision
            StackState(self._plan.urls, entries, self._is_stopping, stop_seconds).write(self._plan.home.state_file)

    def _say_waiting(self) -> None:
        self._say("The launcher of an earlier run has died; waiting until its processes have ended …")

    def _say(self, line: str) -> None:
        """Show a line and keep it in launcher.log. Neither a closed terminal nor a full disk ends the supervision."""
        with contextlib.suppress(OSError):
            self._show(line)
        with contextlib.suppress(OSError), open_log(self._plan.home.logs, "launcher") as log:
            log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}\n".encode())
