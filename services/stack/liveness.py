"""Whether a process is alive, probed for as long as it runs. Alive is not ready: an answer of any kind counts."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Probe = Callable[[], Awaitable[bool]]
"""Whether a server answers right now; never raises."""


@dataclass(frozen=True)
class LivenessPolicy:
    """How often a process is probed, and when it counts as hung.

    Probes are counted, not seconds: a machine that slept costs one answer, and a busy one has to miss eight in a row.
    A process that hangs is noticed after `interval_seconds` times `missed`, plus one `answer_seconds`: 44 s.
    """

    interval_seconds: float = 5
    """From one probe to the next."""
    answer_seconds: float = 4
    """After this long a probe counts as missed."""
    missed: int = 8
    """So many in a row, and the process is replaced."""
    missed_at_start: int = 24
    """The same before its first answer: as long as a first start may take."""


async def until_hung(is_alive: Probe, policy: LivenessPolicy, note: Callable[[bool], None]) -> None:
    """Probe until too many probes in a row were missed. `note` gets the result of each."""
    missed, allowed = 0, policy.missed_at_start
    while missed < allowed:
        begun = time.monotonic()
        answers = await _answers(is_alive, policy.answer_seconds)
        note(answers)
        if answers:
            missed, allowed = 0, policy.missed
        else:
            missed += 1
        if missed < allowed:
            await asyncio.sleep(max(0, begun + policy.interval_seconds - time.monotonic()))


async def _answers(is_alive: Probe, within_seconds: float) -> bool:
    try:
        async with asyncio.timeout(within_seconds):
            return await is_alive()
    except Exception:  # without probes, a hanging process would go unnoticed
        return False
