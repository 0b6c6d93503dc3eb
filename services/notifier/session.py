"""The conversation with one client, from its first snapshot to its last message."""

import logging
from dataclasses import dataclass
from uuid import UUID

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from services.notifier.batches import Batches
from services.notifier.connection import Connection
from services.notifier.hub import Hub
from services.notifier.pauses import Pauses
from services.notifier.protocol import (
    PONG,
    MessageProblem,
    Ping,
    Resume,
    Snapshot,
    Subscribe,
    encode_problem,
    encode_progress,
    encode_snapshot,
    parse,
)
from services.notifier.snapshots import Snapshots
from services.notifier.store import DatabaseAway, Store
from shared.contracts.texts import Language

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sources:
    """Where a session's answers come from."""

    hub: Hub
    pauses: Pauses
    batches: Batches
    store: Store
    snapshots: Snapshots


class Session:
    """One client. It is told to come back (close code 1013) whenever Postgres is needed and away."""

    def __init__(self, socket: ServerConnection, user_id: UUID, language: Language, sources: Sources) -> None:
        self._socket = socket
        self._user_id = user_id
        self._connection = Connection(socket, language)
        self._hub = sources.hub
        self._pauses = sources.pauses
        self._batches = sources.batches
        self._store = sources.store
        self._snapshots = sources.snapshots

    async def run(self) -> None:
        """Talk until the connection is closed."""
        try:
            await self._talk()
        except ConnectionClosed:
            pass
        except DatabaseAway as error:
            logger.warning("a client has to come back later, Postgres cannot be read: %s", error)
            await self._socket.close(CloseCode.TRY_AGAIN_LATER, "try again later")

    async def _talk(self) -> None:
        try:
            await self._open()
            async for data in self._socket:
                await self._answer(parse(data))
        finally:
            self._hub.leave(self._user_id, self._connection)
            self._pauses.leave(self._connection)
            self._batches.leave(self._user_id, self._connection)

    async def _open(self) -> None:
        """Join first, read the snapshot second: an event in between is held and sent only if it is newer.

        Batches and pauses come before any event, and before any answer.
        """
        joined_at = await self._hub.join(self._user_id, self._connection)
        snapshot = await self._snapshots.in_flight(self._user_id, self._connection.language)
        # The newest events may have gone with their video since; whatever was handed out is older than the rows.
        snapshot.seq = max(snapshot.seq, joined_at)
        self._connection.begin(snapshot.seq)
        self._connection.send(encode_snapshot(snapshot, self._connection.language))
        await self._batches.join(self._user_id, self._connection)
        self._pauses.join(self._connection)
        self._connection.release()

    async def _answer(self, message: Subscribe | Resume | Ping | MessageProblem) -> None:
        match message:
            case Subscribe():
                self._connection.hold()
                language = self._connection.language
                self._send_snapshot(await self._snapshots.of_videos(self._user_id, message.video_ids, language))
            case Resume():
                self._connection.hold()
                await self._send_missed(message.since)
                self._connection.release()
            case Ping():
                self._connection.send(PONG)
            case MessageProblem():
                self._connection.send(encode_problem(message))

    def _send_snapshot(self, snapshot: Snapshot) -> None:
        """Events that are older than the snapshot go before it, newer ones after it."""
        self._connection.release(up_to=snapshot.seq)
        self._connection.send(encode_snapshot(snapshot, self._connection.language))
        self._connection.release()

    async def _send_missed(self, since: int) -> None:
        """Page by page, as fast as the client reads."""
        start = self._connection.start
        while since < start and (page := await self._store.events_page(self._user_id, since, start)):
            for item in page:
                self._connection.send(encode_progress(item.message, self._connection.language))
                since = item.message.seq or start
            await self._connection.flush()
