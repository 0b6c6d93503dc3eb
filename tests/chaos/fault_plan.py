"""Which faults happen when, drawn from a seed."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tests.chaos.proxy import Cut


class Victim(StrEnum):
    """The processes that are killed and stopped, by the launcher's names."""

    WORKER = "worker"
    NOTIFIER = "notifier"
    API = "api"
    TEMPORAL = "temporal"
    POSTGRES = "postgres"


@dataclass(frozen=True)
class Kill:
    """SIGKILL."""

    victim: Victim
    seconds: float = 0

    def __str__(self) -> str:
        return f"kill {self.victim}"


@dataclass(frozen=True)
class Stop:
    """SIGSTOP, and SIGCONT after some seconds."""

    victim: Victim
    seconds: float

    def __str__(self) -> str:
        return f"stop {self.victim} for {self.seconds:g} s"


@dataclass(frozen=True)
class CutOff:
    """The services do not reach PostgreSQL or Temporal for some seconds."""

    server: Victim
    how: Cut
    seconds: float

    def __str__(self) -> str:
        return f"cut {self.server} off ({self.how}) for {self.seconds:g} s"


@dataclass(frozen=True)
class FullDisk:
    """There is no room for audio for some seconds."""

    seconds: float

    def __str__(self) -> str:
        return f"fill the audio disk for {self.seconds:g} s"


Fault = Kill | Stop | CutOff | FullDisk


@dataclass(frozen=True)
class PlannedFault:
    """A fault and when it begins, in seconds after the first client."""

    at: float
    fault: Fault

    @property
    def ends_at(self) -> float:
        """When it is over."""
        return self.at + self.fault.seconds


TIMES_EACH = 2
STOP_SECONDS = (45, 45, 45, 15, 15, 15, 5, 5, 5, 5)
"""One for each stop of a process: every length happens in every seed."""
CUT_SECONDS = (5, 8, 15, 25)
"""25 s is more than any of the services waits for a connection (10 s)."""
FULL_DISK_SECONDS = 40
CUTTABLE = (Victim.POSTGRES, Victim.TEMPORAL)
FIRST_AT = 4.0
GAP_SECONDS = (1.0, 5.0)
"""Between the end of a fault and the beginning of the next."""
OVERLAPPING = 0.25
"""The share of faults in the middle of which the next one begins."""


def plan_faults(seed: int) -> list[PlannedFault]:
    """About five minutes of faults, in the order in which they begin."""
    dice = random.Random(f"faults {seed}")  # noqa: S311 - no secret
    planned, at = [], FIRST_AT
    for fault in _drawn(dice):
        planned.append(PlannedFault(at, fault))
        share = 0.5 if dice.random() < OVERLAPPING else 1.0
        at += fault.seconds * share + dice.uniform(*GAP_SECONDS)
    disk_at = dice.uniform(0.3, 0.5) * duration(planned)
    return sorted([*planned, PlannedFault(disk_at, FullDisk(FULL_DISK_SECONDS))], key=lambda each: each.at)


def duration(planned: Sequence[PlannedFault]) -> float:
    """Seconds until the last fault is over."""
    return max((each.ends_at for each in planned), default=0)


def _drawn(dice: random.Random) -> list[Fault]:
    lengths = dice.sample(STOP_SECONDS, len(STOP_SECONDS))
    stops = [Stop(victim, seconds) for victim, seconds in zip([*Victim] * TIMES_EACH, lengths, strict=True)]
    kills = [Kill(victim) for victim in Victim] * TIMES_EACH
    cuts = [
        CutOff(server, how, dice.choice(CUT_SECONDS))
        for server in CUTTABLE
        for how in (Cut.REFUSED, dice.choice((Cut.SILENT, Cut.LOST)))
    ]
    faults: list[Fault] = [*kills, *stops, *cuts]
    dice.shuffle(faults)
    return faults
