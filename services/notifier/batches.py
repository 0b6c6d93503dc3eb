"""Which batches are under way, and who has been told.

A batch is state, not an event: it has no `seq`, and nobody who was away is told of one that ended meanwhile. What
Postgres says is compared with what was told. Looks never overlap, so each is newer than the one before it.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.notifier.protocol import encode_batch
from services.notifier.store import DatabaseAway
from shared.contracts.batches import BatchSummary
from shared.contracts.messages import FeedItem
from shared.contracts.stages import CLOSED_STAGES
from shared.contracts.texts import Language

LOOK_SECONDS = 2.0
"""How long a look may be ago."""
MIN_LOOK_SECONDS = 0.25
"""Between two looks, however many imports end meanwhile."""
STEP_PERCENT = 5
"""So much progress is told at once; whatever else changes waits until the last message is `QUIET_SECONDS` old."""
QUIET_SECONDS = 2.0
ENDED_SECONDS = 15.0
"""What ended so long before a look was seen by it: longer than the transaction takes that ends a batch."""

logger = logging.getLogger(__name__)

ReadBatches = Callable[[Sequence[UUID], Sequence[UUID], float], Awaitable[list[tuple[UUID, BatchSummary]]]]
"""Of these users, the batches that are not over, those with these ids, and those that ended within so many seconds."""


class Listener(Protocol):
    """One connection, as far as batches go."""

    @property
    def language(self) -> Language:
        """The language of its texts."""

    def send(self, text: bytes) -> None:
        """Take a message. Must neither wait nor fail."""


@dataclass(frozen=True)
class _Told:
    summary: BatchSummary
    at: float


class _User:
    """A user with at least one connection. All that have joined were told the same."""

    def __init__(self) -> None:
        self.joining: set[Listener] = set()
        self.listeners: set[Listener] = set()
        self.looked_at: float | None = None
        """When the last look began; until there was one, nobody can join."""
        self.told: dict[UUID, _Told] = {}
        """Batches under way, oldest first."""
        self.over: dict[UUID, datetime] = {}
        """Batches that ended not long ago, and when: told, or nobody was here."""

    def unseen_seconds(self, now: float) -> float:
        """How long the last look is ago; 0 where there was none, because what ended before is nobody's business."""
        return 0 if self.looked_at is None else now - self.looked_at

    def tell(self, summary: BatchSummary) -> None:
        """Tell everybody; the message is made once per language, not once per connection."""
        texts: dict[Language, bytes] = {}
        for listener in self.listeners:
            language = listener.language
            if language not in texts:
                texts[language] = encode_batch(summary, language)
            listener.send(texts[language])

    def observe(self, batches: Sequence[BatchSummary], now: float) -> None:
        """Tell what is new. A batch that is not there any more went with its list, which needs no words."""
        told, over = self.told, self.over
        self.told, self.over, self.looked_at = {}, {}, now
        for batch in batches:
            if batch.completed_at is None:
                self.told[batch.batch_id] = self._keep_up(told.get(batch.batch_id), batch, now)
            else:
                self.over[batch.batch_id] = batch.completed_at
                if over.get(batch.batch_id) != batch.completed_at:
                    self.tell(batch)

    def _keep_up(self, told: _Told | None, batch: BatchSummary, now: float) -> _Told:
        if told and not _is_worth_telling(told, batch, now):
            return told
        self.tell(batch)
        return _Told(batch, now)


class Batches:
    """The batches of everybody who is connected to this notifier."""

    def __init__(self, read: ReadBatches, clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._users: dict[UUID, _User] = {}
        self._looking = asyncio.Lock()
        self._first_look: asyncio.Task[None] | None = None
        self._hint = asyncio.Event()

    async def join(self, user_id: UUID, listener: Listener) -> None:
        """Tell every batch that is under way, and what changes until the listener leaves.

        Raises DatabaseAway where nobody knows; the listener has to `leave` in any case.
        """
        user = self._users.setdefault(user_id, _User())
        user.joining.add(listener)
        while user.looked_at is None:  # a look that had begun before does not count
            if self._first_look is None:
                self._first_look = asyncio.create_task(self._look_first(), name="first look at batches")
            await asyncio.shield(self._first_look)  # one that gives up must not end it for the others
        user.joining.discard(listener)
        user.listeners.add(listener)
        for told in user.told.values():
            listener.send(encode_batch(told.summary, listener.language))

    def leave(self, user_id: UUID, listener: Listener) -> None:
        """Forget a listener, whether it joined or not, and the user with the last one."""
        user = self._users.get(user_id)
        if user is None:
            return
        user.joining.discard(listener)
        user.listeners.discard(listener)
        if not user.joining | user.listeners:
            del self._users[user_id]

    def hint(self, item: FeedItem) -> None:
        """Look soon if this event ends an import of somebody's batch."""
        message = item.message
        if message.batch_id and message.stage in CLOSED_STAGES and item.user_id in self._users:
            self._hint.set()

    async def run(self) -> None:
        """Look every `LOOK_SECONDS`, and sooner after a hint, until cancelled."""
        while True:
            await asyncio.sleep(MIN_LOOK_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS - MIN_LOOK_SECONDS):
                    await self._hint.wait()
            self._hint.clear()
            try:
                await self.look()
            except DatabaseAway as error:
                logger.warning("batches cannot be read, trying again: %s", error)
            except Exception:  # whatever it was: without looks, nobody hears of any batch
                logger.exception("batches cannot be told, trying again")

    async def look(self) -> None:
        """Tell what Postgres has, in one read for everybody. Raises DatabaseAway; the next look tells it then."""
        async with self._looking:
            users = dict(self._users)
            if not users:
                return
            now = self._clock()
            told = [batch_id for user in users.values() for batch_id in user.told]
            unseen_seconds = max(user.unseen_seconds(now) for user in users.values())
            rows = await self._read([*users], told, unseen_seconds + ENDED_SECONDS)
            for user_id, user in users.items():
                user.observe([batch for owner_id, batch in rows if owner_id == user_id], now)

    async def _look_first(self) -> None:
        try:
            await self.look()
        finally:
            self._first_look = None


def _is_worth_telling(told: _Told, batch: BatchSummary, now: float) -> bool:
    before = told.summary
    return batch != before and (
        (batch.state, batch.listing) != (before.state, before.listing)
        or abs(batch.progress - before.progress) >= STEP_PERCENT
        or now - told.at >= QUIET_SECONDS
    )
