"""Which upstreams are paused, and who has been told.

A pause is state, not an event: it has no `seq`, and nobody who was away is told of one that is over. Nothing here
waits, so nothing is lost between a sweep and somebody who joins.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from services.notifier.protocol import encode_upstream
from shared.contracts.texts import Language
from shared.contracts.upstreams import PauseReason, Upstream, UpstreamStatus


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
        self._statuses: dict[Upstream, UpstreamStatus] = {}
        self._listeners: set[Listener] = set()

    def status_of(self, upstream: Upstream) -> UpstreamStatus | None:
        """How the upstream stands, as far as is known."""
        return self._statuses.get(upstream)

    def join(self, listener: Listener) -> None:
        """Tell what is paused now, and what changes until it leaves."""
        self._listeners.add(listener)
        for status in self._statuses.values():
            if status.is_paused:
                listener.send(encode_upstream(status, listener.language))

    def leave(self, listener: Listener) -> None:
        """Forget a listener, whether it joined or not."""
        self._listeners.discard(listener)

    def observe(self, statuses: Iterable[UpstreamStatus]) -> None:
        """Take what Postgres has. Reads end in any order: what is older than what is known changes nothing."""
        for status in statuses:
            known = self._statuses.get(status.upstream)
            if known is None or known.at <= status.at:
                self._statuses[status.upstream] = status
                if _pause_of(known) != _pause_of(status):
                    self._tell(status)

    def _tell(self, status: UpstreamStatus) -> None:
        texts = {language: encode_upstream(status, language) for language in Language}
        for listener in self._listeners:
            listener.send(texts[listener.language])


def _pause_of(status: UpstreamStatus | None) -> tuple[PauseReason | None, datetime | None] | None:
    """What is told of a pause: when this changes, it is told again. None where there is none."""
    return (status.reason, status.resume_at) if status and status.is_paused else None
