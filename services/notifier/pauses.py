"""Which upstreams are paused, and who has been told.

A pause is state, not an event: it has no `seq`, and nobody who was away is told of one that is over. Nothing here
waits, so nothing is lost between a sweep and somebody who joins.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Protocol

from services.notifier.protocol import encode_upstream, pause_of
from shared.contracts.messages import UpstreamPaused, UpstreamResumed
from shared.contracts.texts import Language
from shared.contracts.upstreams import Upstream, UpstreamStatus
from shared.db.upstreams import UpstreamRow

CLOCKS_DIFFER = timedelta(minutes=1)
"""At most. A time that is later still was written by a clock that has been set right since (shared/db/upstreams.py)."""


class Listener(Protocol):
    """One connection, as far as pauses go."""

    @property
    def language(self) -> Language:
        """The language of its texts."""

    def send(self, text: bytes) -> None:
        """Take a message. Must neither wait nor fail."""


class Pauses:
    """How the upstreams stand. Whoever joined has been told exactly this, whenever it has changed."""

    def __init__(self) -> None:
        self._rows: dict[str, UpstreamRow] = {}
        self._listeners: set[Listener] = set()

    @property
    def statuses(self) -> list[UpstreamStatus]:
        """How every upstream stands, as far as is known."""
        return [row.status for row in self._rows.values() if row.status]

    def join(self, listener: Listener) -> None:
        """Tell what is paused now, and what changes until it leaves."""
        self._listeners.add(listener)
        for row in self._rows.values():
            if pause := pause_of(row.status, listener.language):
                listener.send(encode_upstream(pause))

    def leave(self, listener: Listener) -> None:
        """Forget a listener, whether it joined or not."""
        self._listeners.discard(listener)

    def observe(self, rows: Iterable[UpstreamRow]) -> None:
        """Take what Postgres has. Reads end in any order: what is older than what is known changes nothing."""
        for row in rows:
            known = self._rows.get(row.name)
            if known is None or known.at <= row.at or known.at > datetime.now(UTC) + CLOCKS_DIFFER:
                self._rows[row.name] = row
                if _pause_of(known) != _pause_of(row):
                    self._tell(row)

    def _tell(self, row: UpstreamRow) -> None:
        texts = {language: _news(row, language) for language in Language}
        for listener in self._listeners:
            listener.send(texts[listener.language])


def _pause_of(row: UpstreamRow | None) -> UpstreamPaused | None:
    """When this changes, it is told again. What cannot be read is no pause: nobody could say when it ends."""
    return pause_of(row.status) if row else None


def _news(row: UpstreamRow, language: Language) -> bytes:
    """A pause, or the end of one, whose upstream's name is known then."""
    return encode_upstream(pause_of(row.status, language) or UpstreamResumed(upstream=Upstream(row.name)))
