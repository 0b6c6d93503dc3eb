"""The fault table: which requests of the fake YouTube fail, how, and how often."""

import asyncio
import random
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from fakes.youtube.model import Kind, LoggedRequest


@dataclass(frozen=True)
class Fault:
    """One way to fail the requests that match every given criterion; they match all requests when none is given."""

    kind: Kind | None = None
    host: str | None = None
    """A shell pattern, such as `*.googlevideo.com`."""
    path: str | None = None
    """A shell pattern, such as `/youtubei/v1/*`."""
    youtube_id: str | None = None
    client: str | None = None
    times: int | None = None
    """How many requests fail before the fault is used up; None: all of them."""
    probability: float = 1
    """Which share of them fails. The outcome of a video's first, second, … request of a kind is always the same,
    regardless of other requests."""

    status: int | None = None
    """Answer with this status (and `body`) instead of the real answer."""
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    """Replaces the body; with `status` None it is sent as a 200."""
    stall_seconds: float = 0
    """Wait so long before any answer, or in the middle of it where `stall_after_bytes` says so. Clearing the faults
    ends the wait."""
    stall_after_bytes: int | None = None
    """So many bytes of the body are sent before the wait."""
    cut_after_bytes: int | None = None
    """Announce the whole answer, send so many bytes of its body and hang up."""

    def matches(self, request: LoggedRequest) -> bool:
        """Whether the fault applies to `request`."""
        exact = ((self.kind, request.kind), (self.youtube_id, request.youtube_id), (self.client, request.client))
        patterns = ((self.host, request.host), (self.path, request.path))
        return all(wanted in (None, actual) for wanted, actual in exact) and all(
            pattern is None or fnmatchcase(actual, pattern) for pattern, actual in patterns
        )

    def strikes(self, request: LoggedRequest, number: int) -> bool:
        """Whether `probability` selects the `number`th request of this video and kind."""
        luck = random.Random(f"{self} {request.kind} {request.youtube_id} {number}")  # noqa: S311 - no secret
        return luck.random() < self.probability


class FaultTable:
    """Faults in the order of their arrival; the first that matches is used. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[tuple[Fault, int | None]] = []
        self._taken: Counter[tuple[Kind, str | None]] = Counter()
        self._stalled: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def add(self, fault: Fault) -> Fault:
        """Let `fault` happen from now on."""
        with self._lock:
            self._entries.append((fault, fault.times))
        return fault

    def clear(self) -> None:
        """Forget every fault and end every stall."""
        with self._lock:
            self._entries.clear()
            self._taken.clear()
            for loop, is_cleared in self._stalled:
                loop.call_soon_threadsafe(is_cleared.set)

    async def stall(self, seconds: float) -> None:
        """Wait until the time is over or the faults are cleared."""
        if not seconds:
            return
        stalled = asyncio.get_running_loop(), asyncio.Event()
        with self._lock:
            self._stalled.add(stalled)
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(stalled[1].wait(), seconds)
        finally:
            with self._lock:
                self._stalled.discard(stalled)

    @property
    def pending(self) -> list[Fault]:
        """The faults that are not used up."""
        with self._lock:
            return [fault for fault, _ in self._entries]

    def take(self, request: LoggedRequest) -> Fault | None:
        """The fault that happens to `request`, which counts as one of its `times`."""
        with self._lock:
            self._taken[request.kind, request.youtube_id] += 1
            number = self._taken[request.kind, request.youtube_id]
            for index, (fault, left) in enumerate(self._entries):
                if fault.matches(request) and fault.strikes(request, number):
                    self._use(index, fault, left)
                    return fault
        return None

    def _use(self, index: int, fault: Fault, left: int | None) -> None:
        if left == 1:
            del self._entries[index]
        elif left is not None:
            self._entries[index] = (fault, left - 1)
