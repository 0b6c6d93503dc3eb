"""The proxies that lead to YouTube: which one a call takes, and which ones rest after a bot check."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from services.worker.adapters.youtube.guests import Guests
from shared.contracts.errors import ERROR_RULES, ErrorType
from shared.logs import get_logger

UNREACHABLE_SECONDS = 60.0
"""How long an exit rests through which YouTube could not be reached."""

logger = get_logger(__name__)


@dataclass(slots=True)
class _Exit:
    number: int
    """Its place in the list, from 1: its address may hold a password and is not logged."""
    proxy: str | None
    """None: no proxy."""
    guests: Guests
    """Known at this address only."""
    rested_at: float = float("-inf")
    rests_until: float = float("-inf")
    pause_seconds: float = 0
    """The last pause after a bot check; 0: YouTube has answered since."""


class Exits:
    """The exits of one worker; several threads may use them.

    All requests about a video take one exit, the same in every worker: YouTube binds addresses of media to the IP that
    asked for them. While that exit rests, the video takes the next one.
    """

    def __init__(
        self,
        proxies: Sequence[str] = (),
        *,
        pause_seconds: float = 900,
        max_pause_seconds: float = 21_600,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Describe the exits.

        Args:
            proxies: Their URLs; none: there is one exit, without a proxy.
            pause_seconds: How long an exit rests after a bot check; after each further one twice as long.
            max_pause_seconds: The longest such pause.
            clock: Returns seconds.
        """
        self._exits = [_Exit(number, proxy, Guests(clock)) for number, proxy in enumerate(proxies or [None], start=1)]
        self._pause_seconds = pause_seconds
        self._max_pause_seconds = max_pause_seconds
        self._clock = clock
        self._lock = threading.Lock()

    @property
    def working(self) -> list[str | None]:
        """The proxies that do not rest."""
        with self._lock:
            now = self._clock()
            return [each.proxy for each in self._exits if each.rests_until <= now]

    def route(self, subject: str) -> "Route":
        """Choose the exit for a call about this video or list: its own, unless that one rests and another does not."""
        with self._lock:
            now = self._clock()
            working = [each for each in self._exits if each.rests_until <= now]
            candidates = working or [min(self._exits, key=lambda each: each.rests_until)]
            return Route(self, max(candidates, key=lambda each: _preference(each, subject)), now)

    def report(self, exit_: _Exit, chosen_at: float, error_type: ErrorType | None) -> bool:
        """See `Route.report`."""
        if error_type is ErrorType.BOT_CHECK:
            exit_.guests.forget()
        with self._lock:
            now = self._clock()
            if chosen_at < exit_.rested_at:
                pass  # calls that ran at the same time prove nothing
            elif error_type is ErrorType.BOT_CHECK:
                exit_.pause_seconds = min(max(2 * exit_.pause_seconds, self._pause_seconds), self._max_pause_seconds)
                self._rest(exit_, now, exit_.pause_seconds, error_type)
            elif error_type is not None and ERROR_RULES[error_type].is_unreachable:
                self._rest(exit_, now, UNREACHABLE_SECONDS, error_type)
            else:
                exit_.pause_seconds, exit_.rests_until = 0, now
            return any(each.rests_until <= now for each in self._exits)

    def _rest(self, exit_: _Exit, now: float, seconds: float, error_type: ErrorType) -> None:
        exit_.rested_at, exit_.rests_until = now, now + seconds
        if len(self._exits) > 1:
            logger.warning("youtube_exit_rests", exit=exit_.number, reason=error_type, seconds=seconds)


class Route:
    """The exit that one call takes for all of its requests."""

    def __init__(self, exits: Exits, exit_: _Exit, chosen_at: float) -> None:
        self._exits = exits
        self._exit = exit_
        self._chosen_at = chosen_at

    @property
    def proxy(self) -> str | None:
        """The proxy's URL; None: no proxy."""
        return self._exit.proxy

    @property
    def exit_id(self) -> str:
        """Identifies the exit in every process; nobody learns the proxy from it."""
        return sha256((self._exit.proxy or "").encode()).hexdigest()[:16]

    @property
    def guests(self) -> Guests:
        """The guests that YouTube knows at this exit."""
        return self._exit.guests

    def report(self, error_type: ErrorType | None) -> bool:
        """Report how the call ended; None: it succeeded. Returns whether any exit works now.

        A bot check makes the exit rest and forget its guests.
        """
        return self._exits.report(self._exit, self._chosen_at, error_type)


def _preference(exit_: _Exit, subject: str) -> bytes:
    """Of the exits for one subject, the largest is its own: when one rests, only its own subjects move."""
    return sha256(f"{exit_.proxy} {subject}".encode()).digest()
