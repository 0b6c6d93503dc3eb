"""Visitor data: what tells YouTube one guest from another. A player request without it is soon taken for a bot's."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

MAX_AGE_SECONDS = 30 * 60.0
MAX_REQUESTS = 100
"""A third of what YouTube allows a guest in an hour."""


@dataclass
class _Guest:
    visitor_data: str
    until: float
    requests_left: int = MAX_REQUESTS


class Guests:
    """The guests that lone player requests come as through one exit, one per client; safe to use from any thread.

    YouTube hands out visitor data with every watch page. A client keeps what it began with for half an hour; a new
    guest is that of the newest page. Each exit of each process has its own guests: no guest has two addresses.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._newest: _Guest | None = None
        self._guests: dict[str, _Guest] = {}

    def record_page(self, visitor_data: str) -> None:
        """Note the visitor data of a watch page."""
        with self._lock:
            self._newest = _Guest(visitor_data, self._clock() + MAX_AGE_SECONDS)

    def visitor_data(self, client: str) -> str | None:
        """Return what goes with the next request of `client`; None: there has been no page lately."""
        with self._lock:
            guest = self._guests.get(client)
            if guest is None or not self._is_fresh(guest):
                if self._newest is None or not self._is_fresh(self._newest):
                    return None
                guest = self._guests[client] = _Guest(self._newest.visitor_data, self._newest.until)
            guest.requests_left -= 1
            return guest.visitor_data

    def forget(self) -> None:
        """Forget all guests: YouTube distrusts them."""
        with self._lock:
            self._newest = None
            self._guests.clear()

    def _is_fresh(self, guest: _Guest) -> bool:
        return guest.until > self._clock() and guest.requests_left > 0
