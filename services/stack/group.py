"""The launcher's side of the reaper: a process group whose members cannot outlive the launcher."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from services.stack.logs import open_log

REAPER_PAUSE_SECONDS = 0.5
"""At least this long between two starts of the reaper."""


class ProcessGroup:
    """Starts processes inside the reaper's group. From its first instruction a process belongs to the group."""

    def __init__(
        self, logs: Path, env: Mapping[str, str], lock_fd: int, grace_seconds: float, say: Callable[[str], None]
    ) -> None:
        self._logs = logs
        self._env = dict(env)
        self._lock_fd = lock_fd
        self._grace_seconds = grace_seconds
        self._say = say
        self._reaper: Process | None = None
        self._group = 0
        self._watch: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Start the reaper, and keep one running from now on."""
        await self._start_reaper()
        self._watch = asyncio.create_task(self._keep_reaper())

    async def spawn(self, name: str, argv: Sequence[str], env: Mapping[str, str] | None = None) -> Process:
        """Start a process with `env` added to the environment; its output goes to `<name>.log`.

        Raises OSError when it cannot be started.
        """
        with open_log(self._logs, name) as log:
            return await asyncio.create_subprocess_exec(
                *argv,
                env=self._env | dict(env or {}),
                stdin=DEVNULL,
                stdout=log,
                stderr=STDOUT,
                process_group=self._group,
            )

    async def close(self) -> None:
        """Let the reaper end what is left of the group, and wait for that."""
        if self._watch is not None:
            self._watch.cancel()
        if self._reaper is not None and self._reaper.stdin is not None:
            self._reaper.stdin.close()
            await self._reaper.wait()

    async def _start_reaper(self) -> None:
        """A new reaper joins the group of its predecessor as long as that has members, else it leads a new one."""
        argv = (sys.executable, "-m", "services.stack.reaper", str(self._grace_seconds))
        with open_log(self._logs, "launcher") as log:
            for group in (self._group, 0):
                try:
                    self._reaper = await asyncio.create_subprocess_exec(
                        *argv,
                        env=self._env,
                        stdin=PIPE,
                        stdout=log,
                        stderr=STDOUT,
                        process_group=group,
                        pass_fds=(self._lock_fd,),
                    )
                except PermissionError:
                    continue
                self._group = group or self._reaper.pid
                return

    async def _keep_reaper(self) -> None:
        while self._reaper is not None:
            await self._reaper.wait()
            try:
                await self._start_reaper()
            except OSError as error:
                self._say(f"The reaper could not be started ({error.strerror}); trying again")
            await asyncio.sleep(REAPER_PAUSE_SECONDS)
