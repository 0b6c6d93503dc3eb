"""Which requests of the fake transcription server fail, how, and how often."""

import threading
from dataclasses import dataclass, field


@dataclass(frozen=True)
class SpeechFault:
    """One way to fail; without criteria it happens to every request."""

    times: int | None = None
    """How many requests fail before the fault is used up; None: all of them."""
    longer_than_seconds: float = 0
    """Only requests with more audio than this."""
    after_requests: int = 0
    """Only once so many requests have come."""

    status: int | None = None
    """Answer with this status (and `body`) instead of the real answer."""
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None
    """Replaces the body; with `status` None it is sent as a 200."""
    stall_seconds: float = 0
    """Wait so long before any answer."""
    cut_after_bytes: int | None = None
    """Announce the whole answer, send so many bytes of its body and hang up."""
    is_silent: bool = False
    """Answer that there is no speech."""


class SpeechFaults:
    """Faults in the order of their arrival; the first that applies is used. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[tuple[SpeechFault, int | None]] = []

    def add(self, fault: SpeechFault) -> None:
        """Let `fault` happen from now on."""
        with self._lock:
            self._entries.append((fault, fault.times))

    def clear(self) -> None:
        """Forget every fault."""
        with self._lock:
            self._entries.clear()

    def take(self, duration_seconds: float, number: int) -> SpeechFault | None:
        """The fault that happens to the `number`th request, which counts as one of its `times`."""
        with self._lock:
            for index, (fault, left) in enumerate(self._entries):
                if duration_seconds > fault.longer_than_seconds and number > fault.after_requests:
                    if left == 1:
                        del self._entries[index]
                    elif left is not None:
                        self._entries[index] = (fault, left - 1)
                    return fault
        return None
