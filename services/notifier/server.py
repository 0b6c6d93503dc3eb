"""A whole notifier: the server, the feed, the polls, and how they start and stop."""

import asyncio
from contextlib import AbstractAsyncContextManager, suppress
from http import HTTPStatus
from types import TracebackType

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from services.notifier.authentication import is_allowed, language_of, path_of, user_of
from services.notifier.batches import Batches
from services.notifier.connection import WRITE_LIMIT_BYTES
from services.notifier.conversation import Session, Sources
from services.notifier.feed import FeedReader, poll_database
from services.notifier.health import health_response
from services.notifier.hub import Hub
from services.notifier.limits import MAX_MESSAGE_BYTES, LimitedConnection
from services.notifier.snapshots import Snapshots
from services.notifier.store import Store
from services.notifier.upstreams import UpstreamPauses
from shared.http.limits import HEAD_SECONDS
from shared.settings import Settings

PROGRESS_PATH = "/api/ws/progress"
HEALTH_PATH = "/healthz"
CLOSE_SECONDS = 20.0
"""How long a client may take to answer a close, and to read its backlog before that; then it is cut off."""
BACKLOG = 2048
"""Connections that the system accepts while the notifier is busy, as many as for the API."""
GOODBYE_SECONDS = 5.0
"""The same when the notifier stops: clients resume from what they have read."""


class Notifier(AbstractAsyncContextManager["Notifier"]):
    """Serves clients while the context is open. Starts even when PostgreSQL and Temporal are unavailable."""

    def __init__(self, settings: Settings, engine: AsyncEngine, client: Client) -> None:
        self._settings = settings
        self._store = Store(engine)
        self._hub = Hub(self._store.latest_seq, self._store.events_page)
        self._batches = Batches(self._store.batches)
        self._feed = FeedReader(client, settings.feed_shards, self._hub, self._batches)
        self._pauses = UpstreamPauses()
        snapshots = Snapshots(self._store, self._pauses)
        self._sources = Sources(self._hub, self._pauses, self._batches, self._store, snapshots)
        self._background: list[asyncio.Task[None]] = []
        self._server: Server

    @property
    def port(self) -> int:
        """The port it listens on (the setting may be 0: any)."""
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def __aenter__(self) -> "Notifier":
        # No compression: 12 KiB instead of 44 KiB per idle connection, and messages are short.
        self._server = await serve(
            self._handle_connection,
            self._settings.notifier_host,
            self._settings.notifier_port,
            process_request=self._process_request,
            create_connection=LimitedConnection,
            open_timeout=HEAD_SECONDS,
            compression=None,
            max_size=MAX_MESSAGE_BYTES,
            write_limit=WRITE_LIMIT_BYTES,
            ping_interval=20,
            backlog=BACKLOG,
            close_timeout=CLOSE_SECONDS,
        )
        self._background = [
            asyncio.create_task(self._feed.run(), name="feed"),
            asyncio.create_task(poll_database(self._store, self._hub, self._pauses), name="polls"),
            asyncio.create_task(self._batches.run(), name="batches"),
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop accepting, close every connection with code 1001 "going away", and wait for the answers."""
        self._server.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(min(GOODBYE_SECONDS, self._settings.drain_seconds)):
                await self._server.wait_closed()
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)

    async def serve_until(self, stop: asyncio.Event) -> None:
        """Return when `stop` is set. Raises RuntimeError when a task in the background has ended before."""
        stopped = asyncio.create_task(stop.wait(), name="stop")
        ended, _ = await asyncio.wait([stopped, *self._background], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        for task in ended - {stopped}:
            raise RuntimeError(f"the task {task.get_name()} has ended") from task.exception()

    async def _process_request(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer plain HTTP requests and refuse other hosts and origins; None continues the WebSocket handshake."""
        path = path_of(request)
        if path == HEALTH_PATH:
            return await health_response(
                connection,
                self._store,
                connections=self._hub.connection_count,
                feed_connected=self._feed.is_connected,
            )
        if path != PROGRESS_PATH:
            return connection.respond(HTTPStatus.NOT_FOUND, "Not found\n")
        if not is_allowed(request, self._settings.allowed_host_names):
            return connection.respond(HTTPStatus.FORBIDDEN, "This host or origin is not allowed.\n")
        return None

    async def _handle_connection(self, socket: ServerConnection) -> None:
        request = socket.request
        if request is not None and isinstance(socket, LimitedConnection):  # always, after the handshake
            await Session(socket, user_of(request), language_of(request), self._sources).run()
