"""Which batches are in progress, and what clients know of them.

A batch is state, not an event: it has no `seq`, and a client that connects after its end is not notified. What
PostgreSQL has is compared with what was sent last. Polls never overlap, so each is newer than the one before it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

from services.notifier.audience import Audience, Listener
from services.notifier.protocol import encode_batch
from services.notifier.store import DatabaseUnavailableError
from shared.contracts.batches import BatchSummary
from shared.contracts.messages import FeedItem, ImportProgress
from shared.contracts.stages import CLOSED_STAGES
from shared.logs import get_logger

POLL_SECONDS = 2.0
"""From one poll to the next."""
MIN_POLL_SECONDS = 0.25
"""The same while imports of batches end."""
STEP_PERCENT = 5
"""So much progress is sent at once; smaller changes wait until the last message is `QUIET_SECONDS` old."""
QUIET_SECONDS = 2.0
ENDED_SECONDS = 15.0
"""How long before a poll a batch may say that it ended, and the poll before have missed it: longer than the
transaction takes that ends a batch."""

logger = get_logger(__name__)

ReadBatches = Callable[[Sequence[UUID], Sequence[UUID], float], Awaitable[list[tuple[UUID, BatchSummary]]]]
"""Of these users: the batches in progress, those with these ids, and those that ended within so many seconds."""


@dataclass(frozen=True)
class _LastSent:
    summary: BatchSummary
    at: float


@dataclass
class _User:
    """What all connections of a user have been sent."""

    polled_at: float | None = None
    """When the last poll began; None before the first."""
    last_sent: dict[UUID, _LastSent] = field(default_factory=dict)
    """Batches in progress, oldest first."""
    ended: dict[UUID, datetime] = field(default_factory=dict)
    """Batches that ended recently, and when: their end was sent, or came before the first connection."""

    def unseen_seconds(self, now: float) -> float:
        """The age of the last poll; 0 before the first, because what ended before is not sent."""
        return 0 if self.polled_at is None else now - self.polled_at

    def update(self, batches: Sequence[BatchSummary], now: float) -> list[BatchSummary]:
        """Take what a poll has found; returns what is to be sent. A batch that is missing was deleted with its list."""
        is_first = self.polled_at is None
        last_sent, ended = self.last_sent, self.ended
        self.last_sent, self.ended, self.polled_at = {}, {}, now
        to_send = []
        for batch in batches:
            before = last_sent.get(batch.batch_id)
            if batch.completed_at is not None:
                self.ended[batch.batch_id] = batch.completed_at
                if not is_first and ended.get(batch.batch_id) != batch.completed_at:
                    to_send.append(batch)
            elif before is None or _should_send(before, batch, now):
                self.last_sent[batch.batch_id] = _LastSent(batch, now)
                to_send.append(batch)
            else:
                self.last_sent[batch.batch_id] = before
        return to_send


class Batches:
    """The batches of every user who is connected to this notifier."""

    def __init__(self, read: ReadBatches, clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._audience = Audience()
        self._users: dict[UUID, _User] = {}
        self._polling = asyncio.Lock()
        self._first_poll: asyncio.Task[None] | None = None
        self._hint = asyncio.Event()

    async def subscribe(self, user_id: UUID, listener: Listener) -> None:
        """Send every batch in progress, and every change until the listener unsubscribes.

        Raises DatabaseUnavailableError; the listener has to unsubscribe in any case.
        """
        user = self._users.setdefault(user_id, _User())
        self._audience.add(user_id, listener)
        if user.polled_at is not None:
            for sent in user.last_sent.values():
                listener.send(encode_batch(sent.summary, listener.language))
        while user.polled_at is None:  # the user's first poll sends; one that began before has not asked for the user
            if self._first_poll is None:
                self._first_poll = asyncio.create_task(self._poll_first(), name="first poll of batches")
            await asyncio.shield(self._first_poll)  # one that gives up must not end it for the others

    def unsubscribe(self, user_id: UUID, listener: Listener) -> None:
        """Forget a listener, whether it subscribed or not, and the user with the last one."""
        self._audience.remove(user_id, listener)
        if user_id not in self._audience:
            self._users.pop(user_id, None)

    def hint(self, item: FeedItem) -> None:
        """Poll soon if this event ends an import of a connected user's batch."""
        message = item.message
        is_end = isinstance(message, ImportProgress) and message.stage in CLOSED_STAGES
        if is_end and message.batch_id and item.user_id in self._users:
            self._hint.set()

    async def run(self) -> None:
        """Poll every `POLL_SECONDS`, and sooner after a hint, until cancelled."""
        while True:
            await asyncio.sleep(MIN_POLL_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS - MIN_POLL_SECONDS):
                    await self._hint.wait()
            self._hint.clear()
            try:
                await self.poll()
            except DatabaseUnavailableError as error:
                logger.warning("database_unavailable", error=error)
            except Exception:  # without polls, no client hears of any batch
                logger.exception("batches_not_delivered")

    async def poll(self) -> None:
        """Send what has changed, after one read for all users. Raises DatabaseUnavailableError; call it again then."""
        async with self._polling:
            users = dict(self._users)
            if not users:
                return
            now = self._clock()
            sent = [batch_id for user in users.values() for batch_id in user.last_sent]
            unseen_seconds = max(user.unseen_seconds(now) for user in users.values())
            rows = await self._read([*users], sent, unseen_seconds + ENDED_SECONDS)
            for user_id, user in users.items():
                if self._users.get(user_id) is user:  # else all its connections have gone meanwhile
                    for batch in user.update([batch for owner_id, batch in rows if owner_id == user_id], now):
                        self._audience.send(user_id, partial(encode_batch, batch))

    async def _poll_first(self) -> None:
        try:
            await self.poll()
        finally:
            self._first_poll = None


def _should_send(sent: _LastSent, batch: BatchSummary, now: float) -> bool:
    before = sent.summary
    return batch != before and (
        (batch.state, batch.listing) != (before.state, before.listing)
        or abs(batch.progress - before.progress) >= STEP_PERCENT
        or now - sent.at >= QUIET_SECONDS
    )
