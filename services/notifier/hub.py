"""Who is connected, what each user has been handed, and how events reach every connection once and in order.

The hub does no I/O of its own: what it needs of Postgres is handed in. All its state changes happen between two
`await`s of one event loop, so nothing here needs a lock.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol
from uuid import UUID

from services.notifier.protocol import encode_progress
from services.notifier.store import DatabaseAway
from shared.contracts.messages import FeedItem
from shared.contracts.texts import Language

logger = logging.getLogger(__name__)

ReadLatest = Callable[[UUID], Awaitable[int]]
"""The seq of a user's newest event, 0 where there is none."""
ReadEvents = Callable[[UUID, int], Awaitable[list[FeedItem]]]
"""A user's next events after a seq, oldest first, as many as fit a page."""


class Subscriber(Protocol):
    """One connection, as the hub sees it."""

    @property
    def language(self) -> Language:
        """The language of its texts."""

    def deliver(self, seq: int | None, text: bytes) -> None:
        """Take an event. Must neither wait nor fail."""


class _User:
    """A user with at least one connection."""

    def __init__(self) -> None:
        self.subscribers: set[Subscriber] = set()
        self.cursor: int | None = None
        """Everything up to here was handed out; None until the first connection has looked."""
        self.announced = 0
        """The highest seq that is known to exist."""
        self.opening: asyncio.Task[int] | None = None
        """The first look at the user's newest event, which all connections of that moment share."""
        self.catching_up: asyncio.Task[None] | None = None
        """Reads missed events from Postgres; meanwhile nothing of the feed is handed out."""


class Hub:
    """The connected users of one notifier."""

    def __init__(self, read_latest: ReadLatest, read_events: ReadEvents) -> None:
        self._read_latest = read_latest
        self._read_events = read_events
        self._users: dict[UUID, _User] = {}

    @property
    def user_ids(self) -> list[UUID]:
        """Everybody who is connected."""
        return list(self._users)

    @property
    def connection_count(self) -> int:
        """Connections of all users."""
        return sum(len(user.subscribers) for user in self._users.values())

    async def join(self, user_id: UUID, subscriber: Subscriber) -> int:
        """Deliver every event after the returned seq to `subscriber` until it leaves.

        Raises what `read_latest` raises; the subscriber has to `leave` in any case.
        """
        user = self._users.setdefault(user_id, _User())
        user.subscribers.add(subscriber)
        if user.cursor is not None:
            return user.cursor
        if user.opening is None:
            user.opening = asyncio.create_task(self._open(user_id, user), name=f"opening {user_id}")
        return await asyncio.shield(user.opening)  # one that gives up must not end it for the others

    def leave(self, user_id: UUID, subscriber: Subscriber) -> None:
        """Forget a subscriber, and the user with the last one."""
        user = self._users.get(user_id)
        if user is None:
            return
        user.subscribers.discard(subscriber)
        if not user.subscribers:
            del self._users[user_id]
            for task in (user.opening, user.catching_up):
                if task:
                    task.cancel()

    def offer(self, item: FeedItem) -> None:
        """Take an item of the feed: whatever its order, however often it comes."""
        user = self._users.get(item.user_id)
        if user is None:
            return
        seq = item.message.seq
        user.announced = max(user.announced, seq or 0)
        if user.cursor is None or user.catching_up:
            return
        if seq is None:  # sub-progress
            _deliver(user, item)
        elif seq > user.cursor and (item.prev_seq or 0) <= user.cursor:
            user.cursor = seq
            _deliver(user, item)
        else:
            self._catch_up_if_behind(item.user_id, user)

    def announce(self, latest: Mapping[UUID, int]) -> None:
        """Make up for whatever the feed did not bring: `latest` is each user's newest seq in Postgres."""
        for user_id, seq in latest.items():
            user = self._users.get(user_id)
            if user is not None:
                user.announced = max(user.announced, seq)
                self._catch_up_if_behind(user_id, user)

    async def _open(self, user_id: UUID, user: _User) -> int:
        try:
            user.cursor = cursor = await self._read_latest(user_id)
        finally:
            user.opening = None
        self._catch_up_if_behind(user_id, user)
        return cursor

    def _catch_up_if_behind(self, user_id: UUID, user: _User) -> None:
        if user.cursor is not None and user.cursor < user.announced and user.catching_up is None:
            user.catching_up = asyncio.create_task(self._catch_up(user_id, user), name=f"catch-up {user_id}")

    async def _catch_up(self, user_id: UUID, user: _User) -> None:
        try:
            while user.cursor is not None and user.cursor < user.announced:
                # Noted before reading: what is announced meanwhile may be newer than what the read can see.
                announced = user.announced
                events = await self._read_events(user_id, user.cursor)
                for item in events:
                    user.cursor = item.message.seq
                    _deliver(user, item)
                if not events:  # they went together with their video
                    user.cursor = announced
        except DatabaseAway as error:
            logger.warning("missed events cannot be read, the next sweep tries again: %s", error)
        except Exception:
            logger.exception("missed events cannot be told, the next sweep tries again")
        finally:
            user.catching_up = None


def _deliver(user: _User, item: FeedItem) -> None:
    """Hand an event to every connection; it is serialised once per language, not once per connection."""
    texts: dict[Language, bytes] = {}
    for subscriber in tuple(user.subscribers):
        language = subscriber.language
        if language not in texts:
            texts[language] = encode_progress(item.message, language)
        subscriber.deliver(item.message.seq, texts[language])
