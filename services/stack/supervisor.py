"""Starts processes together, waits until they are ready, and stops them in reverse order."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

from services.stack.errors import StackError
from services.stack.group import ProcessGroup
from services.stack.liveness import LivenessPolicy
from services.stack.logs import last_lines
from services.stack.process import (
    PROBE_INTERVAL_SECONDS,
    TAIL_LINES,
    ManagedProcess,
    SupervisedProcess,
    describe_exit,
)

DegradedReason = Callable[[], Awaitable[str | None]]
"""Why a server does not answer right now, None when it does; raises StackError when waiting would not help."""

READY_TIMEOUT_SECONDS = 120


class Supervisor:
    """All processes of one launcher. `on_change` is called whenever one of them changes state."""

    def __init__(
        self,
        group: ProcessGroup,
        logs: Path,
        say: Callable[[str], None],
        on_change: Callable[[], None],
        liveness: LivenessPolicy,
    ) -> None:
        self.processes: list[SupervisedProcess] = []
        self._group = group
        self._logs = logs
        self._say = say
        self._on_change = on_change
        self._liveness = liveness

    async def start(self, specs: Sequence[ManagedProcess]) -> None:
        """Start all `specs` at once and return when each is ready. Raises StackError for the first that fails."""
        if specs:
            self._say(f"Starting {', '.join(spec.title for spec in specs)} …")
        started = [self._supervise(spec) for spec in specs]
        await asyncio.gather(*(self._await_ready(process) for process in started))

    async def wait_for(self, title: str, ask: DegradedReason) -> None:
        """Wait for a server that the launcher does not run. Raises StackError when it does not answer in time."""
        self._say(f"Waiting for {title} …")
        begun = time.monotonic()
        while (error_text := await ask()) is not None:
            if time.monotonic() - begun > READY_TIMEOUT_SECONDS:
                raise StackError(f"{title} did not answer within {READY_TIMEOUT_SECONDS} s: {error_text}.")
            await asyncio.sleep(PROBE_INTERVAL_SECONDS)
        self._say(f"  {title} answers ({time.monotonic() - begun:.1f} s)")

    async def run_once(
        self, name: str, title: str, argv: Sequence[str], env: Mapping[str, str], timeout_seconds: float | None = None
    ) -> None:
        """Run a command to its end. Raises StackError when it fails, with the end of its log, or takes too long."""
        self._say(f"{title} …")
        begun = time.monotonic()
        process = await self._group.spawn(name, argv, env)
        try:
            async with asyncio.timeout(timeout_seconds):
                code = await process.wait()
        except TimeoutError:
            raise StackError(f"{title} did not end within {timeout_seconds:g} s.") from None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal.SIGTERM)
        if code != 0:
            tail = "\n".join(f"  {line}" for line in last_lines(self._logs / f"{name}.log", TAIL_LINES))
            raise StackError(f"{title} {describe_exit(code)}:\n{tail}")
        self._say(f"  done ({time.monotonic() - begun:.1f} s)")

    async def drain(self) -> None:
        """Stop one process after the other, the last started first."""
        for process in reversed(self.processes):
            self._say(f"Stopping {process.spec.title} …")
            await process.stop()

    def kill(self) -> None:
        """End all processes at once."""
        for process in self.processes:
            process.kill()

    def _supervise(self, spec: ManagedProcess) -> SupervisedProcess:
        log = self._logs / f"{spec.name}.log"
        process = SupervisedProcess(spec, self._group, log, self._say, self._on_change, self._liveness)
        self.processes.append(process)
        return process

    async def _await_ready(self, process: SupervisedProcess) -> None:
        begun = time.monotonic()
        await process.wait_until_ready(READY_TIMEOUT_SECONDS)
        self._say(f"  {process.spec.title} ready ({time.monotonic() - begun:.1f} s)")
