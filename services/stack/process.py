"""One process under supervision: started, watched, restarted, stopped."""

import asyncio
import contextlib
import signal
import time
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from services.stack.errors import StackError
from services.stack.family import end_family, family_of, living, send
from services.stack.group import ProcessGroup
from services.stack.liveness import LivenessPolicy, Probe, until_hung
from services.stack.logs import last_lines

PROBE_INTERVAL_SECONDS = 0.1
MAX_DEATHS_BEFORE_READY = 5
STEADY_SECONDS = 60
"""After this uptime the restart delay begins at its minimum again."""
TAIL_LINES = 20


class ProcessState(StrEnum):
    """The state of a supervised process."""

    STARTING = "starting"
    RUNNING = "running"
    SILENT = "not answering"
    WAITING = "restarting"
    STOPPED = "stopped"


@dataclass(frozen=True)
class ManagedProcess:
    """What to run and how to know that it works."""

    name: str
    """Short name, also of its log."""
    title: str
    """Name for people."""
    argv: Sequence[str]
    probe: Probe
    """Whether it is ready."""
    url: str
    """Where people, or clients, reach it."""
    health_url: str | None = None
    """Answered with 200 when all is well, where it speaks HTTP."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Added to the launcher's environment."""
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout_seconds: float = 35
    """After this long a stopping process is killed."""
    alive: Probe | None = None
    """Whether it is alive, ready or not; None: alive is ready."""
    last_signal: signal.Signals | None = None
    """What it gets before SIGKILL when it hangs; None: nothing, it is safe to kill."""
    before_start: Callable[[], None] | None = None
    """What has to be done before each start; it may block."""


class Backoff:
    """Delays between restarts: 0.5 s, doubling to 30 s, from the start again after a minute of steady work."""

    FIRST_SECONDS = 0.5
    LAST_SECONDS = 30.0

    def __init__(self) -> None:
        self._next = self.FIRST_SECONDS

    def after(self, uptime_seconds: float) -> float:
        """The delay after a process that was up for `uptime_seconds`."""
        if uptime_seconds >= STEADY_SECONDS:
            self._next = self.FIRST_SECONDS
        delay, self._next = self._next, min(self.LAST_SECONDS, self._next * 2)
        return delay


class SupervisedProcess:
    """Keeps one `ManagedProcess` running until `stop`. `on_change` is called whenever its state or pid changes."""

    def __init__(
        self,
        spec: ManagedProcess,
        group: ProcessGroup,
        log: Path,
        say: Callable[[str], None],
        on_change: Callable[[], None],
        liveness: LivenessPolicy,
    ) -> None:
        self.spec = spec
        self.state = ProcessState.STARTING
        self.pid: int | None = None
        self.started_at = time.time()
        self.restarts = 0
        self._group = group
        self._log = log
        self._say = say
        self._on_change = on_change
        self._liveness = liveness
        self._process: Process | None = None
        self._is_hung = False
        self._stopping = asyncio.Event()
        self._first_ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._keep_running())

    async def wait_until_ready(self, timeout_seconds: float) -> None:
        """Wait for the first positive probe.

        Raises StackError with the end of the log when the process keeps dying or is not ready in time.
        """
        try:
            await asyncio.wait_for(asyncio.shield(self._first_ready), timeout_seconds)
        except TimeoutError:
            raise self._failure(f"was not ready within {timeout_seconds:.0f} s") from None

    async def stop(self) -> None:
        """Ask the process to end and wait for it; kill it after its stop timeout."""
        self._stopping.set()
        self._first_ready.cancel()
        self._send(self.spec.stop_signal)
        done, _ = await asyncio.wait({self._task}, timeout=self.spec.stop_timeout_seconds)
        if not done and self.pid is not None:
            self._say(f"{self.spec.title} did not end within {self.spec.stop_timeout_seconds:.0f} s: killed")
            await end_family(self.pid, self.spec.last_signal)
        await self._task

    def kill(self) -> None:
        """End the process, and what it has started, at once; it is not started again."""
        self._stopping.set()
        if self.pid is not None:
            send(family_of(self.pid), signal.SIGKILL)

    async def _keep_running(self) -> None:
        backoff = Backoff()
        deaths = 0
        while not self._stopping.is_set():
            begun = time.monotonic()
            how = await self._run_once()
            if self._stopping.is_set():
                break
            deaths += 1
            if not self._first_ready.done() and deaths >= MAX_DEATHS_BEFORE_READY:
                self._first_ready.set_exception(self._failure(f"{how}, {deaths} times in a row"))
                break
            await self._pause(how, backoff.after(time.monotonic() - begun))
        self._become(ProcessState.STOPPED)

    async def _run_once(self) -> str:
        """Run the process to its end; returns how it ended, in words."""
        self.started_at = time.time()
        try:
            if self.spec.before_start is not None:
                await asyncio.to_thread(self.spec.before_start)
            self._process = await self._group.spawn(self.spec.name, self.spec.argv, self.spec.env)
        except OSError as error:
            return f"could not be started ({error.strerror})"
        self.pid = self._process.pid
        self._become(ProcessState.STARTING)
        if self._stopping.is_set():  # asked to while it was being started
            self._send(self.spec.stop_signal)
        probing = asyncio.create_task(self._probe_until_ready())
        self._is_hung = False
        watching = asyncio.create_task(self._end_when_hung(self.pid))
        code = await self._process.wait()
        probing.cancel()
        if not self._is_hung:
            watching.cancel()
        await asyncio.wait({watching})  # a hung process has ended when its children have, too
        self.pid = None
        return "does not answer" if self._is_hung else describe_exit(code)

    async def _end_when_hung(self, pid: int) -> None:
        """End the process when it does not answer any more. One that is being stopped need not answer."""
        while living(family_of(pid)):
            await until_hung(self.spec.alive or self.spec.probe, self._liveness, self._note_answer)
            if self._stopping.is_set():
                return
            self._is_hung = True
            await end_family(pid, self.spec.last_signal)

    def _note_answer(self, is_alive: bool) -> None:
        if self.state is ProcessState.SILENT and is_alive:
            self._become(ProcessState.RUNNING)
        elif self.state is ProcessState.RUNNING and not is_alive and not self._stopping.is_set():
            self._become(ProcessState.SILENT)

    async def _probe_until_ready(self) -> None:
        await until_positive(self.spec.probe)
        self._become(ProcessState.RUNNING)  # first, because a reader of the line below looks at the state next
        if not self._first_ready.done():
            self._first_ready.set_result(None)
        elif self.restarts:
            self._say(f"{self.spec.title} is back")

    async def _pause(self, how: str, seconds: float) -> None:
        self._become(ProcessState.WAITING)
        self._say(f"{self.spec.title} {how}; restarting in {seconds:g} s (vidferry logs {self.spec.name})")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
        self.restarts += 1

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    def _become(self, state: ProcessState) -> None:
        self.state = state
        self._on_change()

    def _failure(self, what: str) -> StackError:
        tail = "\n".join(f"  {line}" for line in last_lines(self._log, TAIL_LINES))
        return StackError(f"{self.spec.title} {what}. The end of {self._log}:\n{tail}")


async def until_positive(probe: Probe) -> None:
    """Probe until the server answers."""
    while not await probe():  # noqa: ASYNC110 - nothing signals that another process is ready
        await asyncio.sleep(PROBE_INTERVAL_SECONDS)


def describe_exit(code: int) -> str:
    """An exit code (negative: a signal) in words that follow a name."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"
