"""Limits on what one client may cost the others, in API, notifier and the guard of Temporal's Web UI.

All limits of connections and heads are here; docs/reference/limits.md lists them together with those of bodies and
messages.
"""

import resource
import sys
from collections import Counter
from collections.abc import Callable
from ipaddress import ip_address
from typing import Protocol

MAX_CONNECTIONS = 2_000
"""Open connections of one address to one process."""
MAX_TARGET_BYTES = 8 * 1024
"""The target of a request: path and query. The websockets library has the same limit for every line of a head."""
MAX_HEADERS = 128
"""Headers of a request; the websockets library has the same limit."""
MAX_HEAD_BYTES = 64 * 1024
"""The whole head of a request: line and headers."""
HEAD_SECONDS = 10.0
"""From connecting, or from the first byte of a later request, to the end of the head."""
UNREAD_SECONDS = 30.0
"""How long a client may read nothing of a response that it has been sent."""


class Connection(Protocol):
    """A connection, as far as it can be closed."""

    def abort(self) -> None:
        """Close it without waiting for the client."""


def most_connections() -> int:
    """Open connections of all addresses together to this process: half of the files that it may open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft // 2


class ConnectionLimit:
    """Counts open connections, those of one address and all.

    Of too many, the one that has waited longest for a request is closed. So silent connections keep nobody out; only
    where all connections are in use is there no other one.
    """

    def __init__(
        self, of_one_address: int = MAX_CONNECTIONS, of_all_addresses: Callable[[], int] = most_connections
    ) -> None:
        self._of_one_address = of_one_address
        self._of_all_addresses = of_all_addresses
        self._open: dict[Connection, str] = {}
        self._waiting: dict[Connection, str] = {}
        """Those that wait for a request, and their addresses: first the one that has waited longest."""
        self._counts: Counter[str] = Counter()

    def opened(self, address: str, connection: Connection) -> None:
        """Count a new connection; it waits for a request."""
        self._open[connection] = self._waiting[connection] = address
        self._counts[address] += 1
        if self._counts[address] > self._of_one_address:
            self._close(next(waiting for waiting, whose in self._waiting.items() if whose == address))
        elif len(self._open) > self._of_all_addresses():
            self._close(next(iter(self._waiting)))

    def waits(self, connection: Connection) -> None:
        """No request is under way on the connection any more."""
        if connection in self._open:
            self._waiting[connection] = self._open[connection]

    def in_use(self, connection: Connection) -> None:
        """A request is under way on the connection."""
        self._waiting.pop(connection, None)

    def closed(self, connection: Connection) -> None:
        """Forget a connection; harmless if it has been forgotten before."""
        self._waiting.pop(connection, None)
        if address := self._open.pop(connection, None):
            self._counts[address] -= 1
            if not self._counts[address]:
                del self._counts[address]

    def _close(self, connection: Connection) -> None:
        self.closed(connection)
        connection.abort()


def address_of(peer: object) -> str:
    """The address that connections are counted by: of IPv6 a host's network, of this machine one for all."""
    try:
        address = ip_address(str(peer[0]).partition("%")[0]) if isinstance(peer, tuple) and peer else None
    except ValueError:
        address = None
    if address is None:
        return "unknown"
    if address.version == 6 and address.ipv4_mapped:
        address = address.ipv4_mapped
    if address.is_loopback:
        return "loopback"
    return str(address) if address.version == 4 else address.exploded[:19]
