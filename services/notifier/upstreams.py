"""Which upstreams are paused, and which clients know.

A pause is state, not an event: it has no `seq`, and a client that connects after its end is not notified. Nothing
here waits, so a client that subscribes misses no change.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from services.notifier.audience import Audience, Listener
from services.notifier.protocol import encode_upstream, pause_of
from shared.contracts.messages import UpstreamPaused, UpstreamResumed
from shared.contracts.upstreams import Upstream, UpstreamStatus
from shared.db.upstreams import UpstreamRow
from shared.i18n.languages import Language

CLOCKS_DIFFER = timedelta(minutes=1)
"""At most. A time that is later still was written by a clock that has been set right since (shared/db/upstreams.py)."""


class UpstreamPauses:
    """The status of the upstreams. Every subscriber has been sent exactly this, and every change of it."""

    def __init__(self) -> None:
        self._rows: dict[str, UpstreamRow] = {}
        self._audience = Audience()

    @property
    def statuses(self) -> list[UpstreamStatus]:
        """The status of every upstream, as far as it is known."""
        return [row.status for row in self._rows.values() if row.status]

    def subscribe(self, user_id: UUID, listener: Listener) -> None:
        """Send what is paused now, and every change until it unsubscribes."""
        self._audience.add(user_id, listener)
        for row in self._rows.values():
            if pause := pause_of(row.status, listener.language):
                listener.send(encode_upstream(pause))

    def unsubscribe(self, user_id: UUID, listener: Listener) -> None:
        """Forget a listener, whether it subscribed or not."""
        self._audience.remove(user_id, listener)

    def update(self, rows: Iterable[UpstreamRow]) -> None:
        """Take what PostgreSQL has. Reads end in any order: a row older than the known one changes nothing."""
        for row in rows:
            known = self._rows.get(row.name)
            if known is None or known.at <= row.at or known.at > datetime.now(UTC) + CLOCKS_DIFFER:
                self._rows[row.name] = row
                if _pause_of(known) != _pause_of(row):
                    self._audience.send_to_all(partial(_message, row))


def _pause_of(row: UpstreamRow | None) -> UpstreamPaused | None:
    """A change of this is sent. A status that cannot be read is no pause: its end would be unknown."""
    return pause_of(row.status) if row else None


def _message(row: UpstreamRow, language: Language) -> bytes:
    """A pause, or the end of one."""
    return encode_upstream(pause_of(row.status, language) or UpstreamResumed(upstream=Upstream(row.name)))
