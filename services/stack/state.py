"""`state.json`: what the launcher writes about its processes, and `vidferry status` reads."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from services.stack.process import ProcessState

SUSPICIOUS_RESTARTS = 5
"""After so many restarts a process may never start."""


@dataclass(frozen=True)
class ProcessEntry:
    """One process as it was when it last changed."""

    name: str
    title: str
    state: str
    pid: int | None
    started_at: float
    """Seconds since the epoch."""
    restarts: int
    url: str
    health_url: str | None
    """Answered with 200 when all is well; None: the port of `url` just has to answer."""

    @property
    def is_starting(self) -> bool:
        """Whether it is starting, and has not failed repeatedly."""
        return self.state == ProcessState.STARTING and self.restarts < SUSPICIOUS_RESTARTS


@dataclass(frozen=True)
class StackState:
    """All processes of a launcher, and the addresses people use."""

    urls: dict[str, str]
    processes: list[ProcessEntry]
    is_stopping: bool = False
    """Whether the launcher is stopping."""
    stop_seconds: float = 0
    """How long it may take to stop: the processes end one after the other."""

    def write(self, path: Path) -> None:
        """Replace the file in one step: a reader never sees half of it."""
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(asdict(self), indent=2))
        unfinished.replace(path)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Raises FileNotFoundError when nothing was ever started there."""
        raw = json.loads(path.read_text())
        processes = [ProcessEntry(**entry) for entry in raw["processes"]]
        return cls(raw["urls"], processes, raw.get("is_stopping", False), raw.get("stop_seconds", 0))
