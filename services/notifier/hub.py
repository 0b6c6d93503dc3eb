"""Delivers a user's events to every connection, once and in order.

The hub does no I/O of its own: the reads from PostgreSQL are passed in. Its state changes only between two `await`s of
one event loop, so nothing here needs a lock.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from uuid import UUID

from services.notifier.audience import Audience, Listener
from services.notifier.protocol import encode_event
from services.notifier.store import DatabaseUnavailableError
from shared.contracts.messages import FeedItem
from shared.logs import get_logger

logger = get_logger(__name__)

ReadLatest = Callable[[UUID], Awaitable[int]]
"""The seq of a user's newest event, 0 where there is none."""
ReadEvents = Callable[[UUID, int], Awaitable[list[FeedItem]]]
"""A user's next events after a seq, oldest first, as many as fit a page."""


class _User:
    """How far a user with at least one connection is."""

    def __init__(self) -> None:
        self.cursor: int | None = None
        """Everything up to here was delivered; None until the first connection has read it."""
        self.latest_seq = 0
        """The highest seq that is known to exist."""
        self.opening: asyncio.Task[int] | None = None
        """Reads the first cursor; all connections of that moment share it."""
        self.catching_up: asyncio.Task[None] | None = None
        """Reads missed events from PostgreSQL; meanwhile nothing of the feed is delivered."""


class Hub:
    """The connected users of one notifier."""

    def __init__(self, read_latest: ReadLatest, read_events: ReadEvents) -> None:
        self._read_latest = read_latest
        self._read_events = read_events
        self._audience = Audience()
        self._users: dict[UUID, _User] = {}

    @property
    def user_ids(self) -> list[UUID]:
        """The users who are connected."""
        return self._audience.user_ids

    @property
    def connection_count(self) -> int:
        """Connections of all users."""
        return len(self._audience)

    async def subscribe(self, user_id: UUID, listener: Listener) -> int:
        """Deliver every event after the returned seq until the listener unsubscribes.

        Raises what `read_latest` raises; the listener has to unsubscribe in any case.
        """
        user = self._users.setdefault(user_id, _User())
        self._audience.add(user_id, listener)
        if user.cursor is not None:
            return user.cursor
        if user.opening is None:
            user.opening = asyncio.create_task(self._open(user_id, user), name=f"opening {user_id}")
        return await asyncio.shield(user.opening)  # one that gives up must not end it for the others

    def unsubscribe(self, user_id: UUID, listener: Listener) -> None:
        """Forget a listener, and the user with the last one."""
        self._audience.remove(user_id, listener)
        if user_id not in self._audience and (user := self._users.pop(user_id, None)):
            for task in (user.opening, user.catching_up):
                if task:
                    task.cancel()

    def publish(self, item: FeedItem) -> None:
        """Take an item of the feed. Items may come in any order, and more than once."""
        user = self._users.get(item.user_id)
        if user is None:
            return
        seq = item.message.seq
        user.latest_seq = max(user.latest_seq, seq or 0)
        if user.cursor is None or user.catching_up:
            return
        if seq is None:  # sub-progress
            self._deliver(item)
        elif seq > user.cursor and (item.prev_seq or 0) <= user.cursor:
            user.cursor = seq
            self._deliver(item)
        else:
            self._catch_up_if_behind(item.user_id, user)

    def set_latest_seqs(self, latest: Mapping[UUID, int]) -> None:
        """Deliver what the feed has lost: `latest` is each user's newest seq in PostgreSQL."""
        for user_id, seq in latest.items():
            user = self._users.get(user_id)
            if user is not None:
                user.latest_seq = max(user.latest_seq, seq)
                self._catch_up_if_behind(user_id, user)

    async def _open(self, user_id: UUID, user: _User) -> int:
        try:
            user.cursor = cursor = await self._read_latest(user_id)
        finally:
            user.opening = None
        self._catch_up_if_behind(user_id, user)
        return cursor

    def _catch_up_if_behind(self, user_id: UUID, user: _User) -> None:
        if user.cursor is not None and user.cursor < user.latest_seq and user.catching_up is None:
            user.catching_up = asyncio.create_task(self._catch_up(user_id, user), name=f"catch-up {user_id}")

    async def _catch_up(self, user_id: UUID, user: _User) -> None:
        try:
            while user.cursor is not None and user.cursor < user.latest_seq:
                latest_seq = user.latest_seq  # before the read, which may not see events newer than that
                events = await self._read_events(user_id, user.cursor)
                for item in events:
                    user.cursor = item.message.seq
                    self._deliver(item)
                if not events:  # they were deleted with their video
                    user.cursor = latest_seq
        except DatabaseUnavailableError as error:
            logger.warning("database_unavailable", error=error)
        except Exception:
            logger.exception("missed_events_not_delivered")
        finally:
            user.catching_up = None

    def _deliver(self, item: FeedItem) -> None:
        self._audience.deliver(item.user_id, item.message.seq, partial(encode_event, item.message))
