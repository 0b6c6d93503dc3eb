"""`vidferry up` and `vidferry demo`: from nothing to a running installation, and back in good order."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Coroutine
from typing import Any

from pydantic import ValidationError

from services.stack.errors import StackError
from services.stack.group import ProcessGroup
from services.stack.home import HomeLock
from services.stack.logs import open_log, turn_over
from services.stack.plan import KILL_MARGIN_SECONDS, Plan, python_environment
from services.stack.settings import check_ports, problems_of
from services.stack.state import ProcessEntry, StackState
from services.stack.supervisor import Supervisor

TURN_OVER_SECONDS = 60
PREPARE_SECONDS = 120
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def launch(make_plan: Callable[[], Plan], show: Callable[[str], None], complain: Callable[[str], None]) -> int:
    """Run what `make_plan` plans; returns the exit code. Foreseeable trouble is one sentence to `complain`, and 1."""
    os.umask(0o077)  # whatever this process and its children write is nobody else's business
    try:
        return await Launcher(make_plan(), show).run()
    except StackError as error:
        complain(str(error))
    except ValidationError as error:
        for problem in problems_of(error):
            complain(problem)
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

        Raises StackError when something foreseeable is in the way, after stopping whatever was started.
        """
        self._listen_to_signals()
        grace_seconds = self._plan.settings.drain_seconds + KILL_MARGIN_SECONDS
        lock = HomeLock(self._plan.home)
        if not await self._unless_stopped(lock.acquire(grace_seconds + 2 * KILL_MARGIN_SECONDS, self._say_waiting)):
            return 0
        try:
            check_ports(self._plan.stack, self._plan.settings, demo=self._plan.demo)
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

    async def _run_in(self, group: ProcessGroup) -> None:
        self._supervisor = Supervisor(group, self._plan.home.logs, self._say, self._write_state)
        turning = asyncio.create_task(self._turn_logs_over())
        try:
            if await self._unless_stopped(self._start(self._supervisor)):
                self._say(self._plan.welcome)
                await self._stop_requested.wait()
        finally:
            self._is_stopping = True
            self._write_state()
            await self._supervisor.drain()
            turning.cancel()

    async def _turn_logs_over(self) -> None:
        while True:
            with contextlib.suppress(OSError):
                await asyncio.to_thread(turn_over, self._plan.home.logs)
            await asyncio.sleep(TURN_OVER_SECONDS)

    async def _unless_stopped(self, work: Coroutine[Any, Any, None]) -> bool:
        """Whether `work` was finished before somebody asked to stop; raises what it raises."""
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
            "setup", "Migrating the database, setting up Temporal", plan.setup_argv(), plan.service_environment()
        )
        await supervisor.start(plan.services())

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup ignores SIGHUP on purpose
                loop.add_signal_handler(number, self._on_signal, number)

    def _on_signal(self, number: signal.Signals) -> None:
        """The first signal drains; a second Ctrl-C (or SIGTERM) does not wait any longer."""
        if not self._stop_requested.is_set():
            self._stop_requested.set()
            self._say("Stopping; what is running is finished first (Ctrl-C again: at once).")
        elif number != signal.SIGHUP and self._supervisor is not None:
            self._supervisor.kill()

    def _write_state(self) -> None:
        if self._supervisor is None:
            return
        entries = [
            ProcessEntry(
                p.spec.name, p.spec.title, p.state, p.pid, p.started_at, p.restarts, p.spec.url, p.spec.health_url
            )
            for p in self._supervisor.processes
        ]
        with contextlib.suppress(OSError):  # a full disk must not end the supervision
            StackState(self._plan.urls, entries, self._is_stopping).write(self._plan.home.state_file)

    def _say_waiting(self) -> None:
        self._say("The launcher of an earlier run is gone; waiting until its processes have ended …")

    def _say(self, line: str) -> None:
        """Show a line and keep it in launcher.log. Neither a closed terminal nor a full disk ends the supervision."""
        with contextlib.suppress(OSError):
            self._show(line)
        with contextlib.suppress(OSError), open_log(self._plan.home.logs, "launcher") as log:
            log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}\n".encode())
