"""Connections by user, and how a message reaches them: encoded once per language, not once per connection."""

from collections.abc import Callable, Iterable
from typing import Protocol
from uuid import UUID

from shared.i18n.languages import Language

Encode = Callable[[Language], bytes]
"""A message in a language."""


class Listener(Protocol):
    """One connection. Its methods neither wait nor fail."""

    @property
    def language(self) -> Language:
        """The language of its texts."""

    def send(self, text: bytes) -> None:
        """Take a message that says how something is now."""

    def deliver(self, seq: int | None, text: bytes) -> None:
        """Take an event; sub-progress has no seq."""


class Audience:
    """The connections that have subscribed to something."""

    def __init__(self) -> None:
        self._listeners: dict[UUID, set[Listener]] = {}

    def __len__(self) -> int:
        """The number of connections."""
        return sum(map(len, self._listeners.values()))

    def __contains__(self, user_id: UUID) -> bool:
        """Whether the user has a connection."""
        return user_id in self._listeners

    @property
    def user_ids(self) -> list[UUID]:
        """The users with at least one connection."""
        return list(self._listeners)

    def add(self, user_id: UUID, listener: Listener) -> None:
        """Send to this connection from now on."""
        self._listeners.setdefault(user_id, set()).add(listener)

    def remove(self, user_id: UUID, listener: Listener) -> None:
        """Forget a connection, whether it was added or not."""
        listeners = self._listeners.get(user_id, set())
        listeners.discard(listener)
        if not listeners:
            self._listeners.pop(user_id, None)

    def send(self, user_id: UUID, encode: Encode) -> None:
        """Send a message to every connection of a user."""
        _send(self._listeners.get(user_id, ()), encode)

    def send_to_all(self, encode: Encode) -> None:
        """Send a message to every connection."""
        _send((listener for listeners in self._listeners.values() for listener in listeners), encode)

    def deliver(self, user_id: UUID, seq: int | None, encode: Encode) -> None:
        """Deliver an event to every connection of a user."""
        texts = _Texts(encode)
        for listener in self._listeners.get(user_id, ()):
            listener.deliver(seq, texts[listener.language])


class _Texts(dict[Language, bytes]):
    """One message in the languages that were asked for."""

    def __init__(self, encode: Encode) -> None:
        super().__init__()
        self._encode = encode

    def __missing__(self, language: Language) -> bytes:
        text = self[language] = self._encode(language)
        return text


def _send(listeners: Iterable[Listener], encode: Encode) -> None:
    texts = _Texts(encode)
    for listener in tuple(listeners):
        listener.send(texts[listener.language])
