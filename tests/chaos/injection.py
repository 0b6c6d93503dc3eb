"""Makes planned faults happen to a running product."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import psutil

from services.stack.state import StackState
from tests.chaos.disk import SmallDisk
from tests.chaos.fault_plan import CutOff, Fault, FullDisk, Kill, PlannedFault, Stop, Victim
from tests.chaos.proxy import Proxy
from tests.chaos.timeline import Timeline
from tests.e2e.stack import Stack

VICTIM_SECONDS = 60
"""How long a fault waits for a process that has just died to be started again: the launcher waits for 30 s at most."""
POLL_SECONDS = 0.1


@dataclass
class Injection:
    """Where faults can happen."""

    stack: Stack
    proxies: Mapping[Victim, Proxy]
    disk: SmallDisk | None
    timeline: Timeline
    missed: int = 0
    """Faults whose process did not come back in time."""

    async def run(self, planned: Sequence[PlannedFault]) -> int:
        """Let every fault happen at its time, counted from now; returns how many have."""
        begun = self.timeline.seconds
        happened = await asyncio.gather(*(self._in_time(begun + each.at, each.fault) for each in planned))
        return sum(happened)

    async def _in_time(self, at: float, fault: Fault) -> bool:
        """Whether it has happened."""
        await asyncio.sleep(max(0, at - self.timeline.seconds))
        match fault:
            case Kill():
                return await self._kill(fault)
            case Stop():
                return await self._stop(fault)
            case CutOff():
                self.timeline.note(str(fault))
                await self.proxies[fault.server].cut(fault.how, fault.seconds)
                self.timeline.note(f"  over: {fault}")
                return True
            case FullDisk():
                return await self._fill_disk(fault)

    async def _kill(self, fault: Kill) -> bool:
        if (process := await self._process(fault)) is None:
            return False
        with suppress(psutil.NoSuchProcess):  # it has just ended by itself
            process.kill()
        self.timeline.note(f"{fault} (pid {process.pid})")
        return True

    async def _stop(self, fault: Stop) -> bool:
        """Stop a process and everything that it has started: PostgreSQL's backends are the ones that hold locks."""
        if (process := await self._process(fault)) is None:
            return False
        stopped = _suspend(process)
        self.timeline.note(f"{fault} (pid {process.pid} and {len(stopped) - 1} others)")
        try:
            await asyncio.sleep(fault.seconds)
        finally:
            going_on = [each for each in reversed(stopped) if _resume(each)]
        self.timeline.note(f"  over: {fault} ({len(going_on)} of {len(stopped)} still there)")
        return True

    async def _fill_disk(self, fault: FullDisk) -> bool:
        if self.disk is None:
            self.timeline.note(f"SKIPPED: {fault}: no small file system could be mounted")
            return False
        self.timeline.note(str(fault))
        await asyncio.to_thread(self.disk.fill)
        try:
            await asyncio.sleep(fault.seconds)
        finally:
            self.disk.clear()
        self.timeline.note(f"  over: {fault}")
        return True

    async def _process(self, fault: Kill | Stop) -> psutil.Process | None:
        """The victim's process as soon as there is one; None where none comes."""
        deadline = self.timeline.seconds + VICTIM_SECONDS
        while self.timeline.seconds < deadline:
            with suppress(psutil.NoSuchProcess):
                if (pid := self._pid(fault.victim)) is not None:
                    return psutil.Process(pid)
            await asyncio.sleep(POLL_SECONDS)
        self.missed += 1
        self.timeline.note(f"NOT DONE: {fault}: it was not started within {VICTIM_SECONDS} s")
        return None

    def _pid(self, victim: Victim) -> int | None:
        state = StackState.read(self.stack.home.state_file)
        return next(entry.pid for entry in state.processes if entry.name == victim)


def _suspend(process: psutil.Process) -> list[psutil.Process]:
    """Suspend a process, then its descendants: once it is suspended, it starts no more of them."""
    suspended = []
    with suppress(psutil.NoSuchProcess):
        process.suspend()
        suspended.append(process)
        for child in process.children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                child.suspend()
                suspended.append(child)
    return suspended


def _resume(process: psutil.Process) -> bool:
    """Resume a process; whether it still lives. psutil notices a number that meanwhile belongs to another one."""
    try:
        process.resume()
    except psutil.NoSuchProcess:
        return False
    return True
