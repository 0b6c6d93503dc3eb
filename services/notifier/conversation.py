"""The conversation with one client, from its first snapshot to its last message."""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from services.notifier.batches import Batches
from services.notifier.connection import Connection
from services.notifier.hub import Hub
from services.notifier.limits import MAX_READS_PER_USER, VIDEOS_PER_RESUME, LimitedConnection
from services.notifier.protocol import (
    PONG,
    MessageProblem,
    Ping,
    Resume,
    Snapshot,
    Subscribe,
    encode_event,
    encode_problem,
    encode_snapshot,
    parse,
)
from services.notifier.snapshots import Snapshots
from services.notifier.store import DatabaseUnavailableError, Store
from services.notifier.upstreams import UpstreamPauses
from shared.i18n.languages import Language
from shared.logs import get_logger

logger = get_logger(__name__)


@dataclass(frozen=True)
class Sources:
    """What a session subscribes to and reads from."""

    hub: Hub
    pauses: UpstreamPauses
    batches: Batches
    store: Store
    snapshots: Snapshots
    turns: defaultdict[UUID, asyncio.Semaphore] = field(
        default_factory=partial(defaultdict, partial(asyncio.Semaphore, MAX_READS_PER_USER))
    )
    """Taken by user for each read that a client has asked for, so that no user takes all connections to PostgreSQL."""


class Session:
    """One client. When PostgreSQL is needed and unavailable, it is closed with code 1013 "try again later"."""

    def __init__(self, socket: LimitedConnection, user_id: UUID, language: Language, sources: Sources) -> None:
        self._socket = socket
        self._user_id = user_id
        self._connection = Connection(socket, language)
        self._hub = sources.hub
        self._pauses = sources.pauses
        self._batches = sources.batches
        self._store = sources.store
        self._snapshots = sources.snapshots
        self._turn = sources.turns[user_id]

    async def run(self) -> None:
        """Send and answer until the connection is closed."""
        try:
            await self._run()
        except ConnectionClosed:
            pass
        except DatabaseUnavailableError as error:
            logger.warning("client_turned_away", reason="database_unavailable", error=error)
            await self._socket.close(CloseCode.TRY_AGAIN_LATER, "try again later")

    async def _run(self) -> None:
        try:
            await self._open()
            async for data in self._socket:
                await self._answer(parse(data))
        finally:
            self._hub.unsubscribe(self._user_id, self._connection)
            self._pauses.unsubscribe(self._user_id, self._connection)
            self._batches.unsubscribe(self._user_id, self._connection)

    async def _open(self) -> None:
        """Subscribe first, read the snapshot second: an event in between is buffered and sent only if it is newer.

        Batches and pauses come before any event, and before any answer.
        """
        async with self._turn:
            cursor = await self._hub.subscribe(self._user_id, self._connection)
            snapshot = await self._snapshots.in_flight(self._user_id, self._connection.language)
            # The newest events may have been deleted with their video; what was delivered is older than the rows.
            snapshot.seq = max(snapshot.seq, cursor)
            self._connection.begin(snapshot.seq)
            self._connection.send(encode_snapshot(snapshot, self._connection.language))
        await self._batches.subscribe(self._user_id, self._connection)
        self._pauses.subscribe(self._user_id, self._connection)
        self._connection.flush_buffer()

    async def _answer(self, message: Subscribe | Resume | Ping | MessageProblem) -> None:
        if not self._socket.videos.spend(_cost(message)):
            self._socket.cut_off()
            return
        match message:
            case Subscribe():
                async with self._turn:
                    self._connection.buffer()
                    language = self._connection.language
                    self._send_snapshot(await self._snapshots.of_videos(self._user_id, message.video_ids, language))
            case Resume():
                self._connection.buffer()
                await self._send_missed(message.since)
                self._connection.flush_buffer()
            case Ping():
                self._connection.send(PONG)
            case MessageProblem():
                self._connection.send(encode_problem(message))

    def _send_snapshot(self, snapshot: Snapshot) -> None:
        """Send events that are older than the snapshot before it, newer ones after it."""
        self._connection.flush_buffer(up_to=snapshot.seq)
        self._connection.send(encode_snapshot(snapshot, self._connection.language))
        self._connection.flush_buffer()

    async def _send_missed(self, since: int) -> None:
        """Send page by page, as fast as the client reads."""
        start = self._connection.start
        while since < start:
            async with self._turn:
                page = await self._store.events_page(self._user_id, since, start)
                for item in page:
                    self._connection.send(encode_event(item.message, self._connection.language))
                    since = item.message.seq or start
            if not page:
                return
            await self._connection.wait_until_read()


def _cost(message: Subscribe | Resume | Ping | MessageProblem) -> int:
    """What a message costs to answer, in videos."""
    match message:
        case Subscribe():
            return len(message.video_ids)
        case Resume():
            return VIDEOS_PER_RESUME
        case _:
            return 0
