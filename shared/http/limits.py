"""Limits on what one client may cost the others, in API, notifier and the guard of Temporal's Web UI.

All limits of connections and heads are here; docs/reference/limits.md lists them together with those of bodies and
messages.
"""

from collections import defaultdict
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


class ConnectionLimit:
    """Counts open connections by address.

    Of too many, the one that has waited longest for a request is closed. So silent connections keep nobody out; only
    an address whose connections are all in use gets no other one.
    """

    def __init__(self, max_connections: int = MAX_CONNECTIONS) -> None:
        self._max_connections = max_connections
        self._open: defaultdict[str, set[Connection]] = defaultdict(set)
        self._waiting: defaultdict[str, dict[Connection, None]] = defaultdict(dict)

    def opened(self, address: str, connection: Connection) -> None:
        """Count a new connection; it waits for a request."""
        self._open[address].add(connection)
        self.waits(address, connection)
        if len(self._open[address]) > self._max_connections:
            oldest = next(iter(self._waiting[address]))
            self.closed(address, oldest)
            oldest.abort()

    def waits(self, address: str, connection: Connection) -> None:
        """No request is under way on the connection any more."""
        if connection in self._open.get(address, ()):
            self._waiting[address][connection] = None

    def in_use(self, address: str, connection: Connection) -> None:
        """A request is under way on the connection."""
        self._waiting.get(address, {}).pop(connection, None)

    def closed(self, address: str, connection: Connection) -> None:
        """Forget a connection; harmless if it has been forgotten before."""
        self._open[address].discard(connection)
        self._waiting[address].pop(connection, None)
        if not self._open[address]:
            del self._open[address], self._waiting[address]


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
