"""Rows and events to tell of, and a client to hear of them."""

import asyncio
import json
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from websockets.asyncio.client import ClientConnection, connect

from services.notifier.server import Notifier
from shared.contracts.batches import BatchKind
from shared.contracts.errors import ErrorType
from shared.contracts.imports import ImportWait
from shared.contracts.messages import FeedItem, ImportFeedItem, ImportProgress
from shared.contracts.stages import ImportStage
from shared.contracts.upstreams import PauseReason, UpstreamState, UpstreamStatus
from shared.db import imports, lists
from shared.db.batches import NewBatch, create_batch
from shared.db.connection import raw_connection, transaction
from shared.db.models import LOCAL_USER_ID
from shared.db.video_inserts import add_video
from shared.i18n.languages import Language
from shared.temporal.feed import FeedPublisher
from tests.support.upstreams import GOING
from tests.support.waiting import PATIENCE_SECONDS


@dataclass
class Library:
    """Writes what the api and the workers write: rows and the events that tell of them."""

    engine: AsyncEngine
    user_id: UUID = LOCAL_USER_ID
    list_id: UUID | None = None
    video_ids: dict[str, str] = field(default_factory=dict)

    async def the_list(self) -> UUID:
        """The user's only list."""
        if self.list_id is None:
            async with self.engine.begin() as connection:
                self.list_id = (await lists.create_list(connection, self.user_id, "Videos")).id
        return self.list_id

    async def add_batch(self, *youtube_ids: str, kind: BatchKind = BatchKind.URLS, source: str = "") -> UUID:
        """Put videos on the user's list in one go, or have YouTube list them."""
        list_id = await self.the_list()
        new = NewBatch(user_id=self.user_id, list_id=list_id, kind=kind, source=source, youtube_ids=youtube_ids)
        async with transaction(self.engine) as connection:
            created = await create_batch(connection, new)
        assert created is not None
        assert created.batch_id is not None
        return created.batch_id

    async def add(self, youtube_id: str) -> ImportFeedItem:
        """Put a video on the user's list."""
        list_id = await self.the_list()
        async with self.engine.begin() as connection:
            added = await add_video(raw_connection(connection), self.user_id, list_id, youtube_id)
        assert added is not None
        assert added.event is not None
        self.video_ids[youtube_id] = str(added.video.id)
        return added.event

    async def add_newer(self, count: int) -> list[str]:
        """Put many videos on the same lists as those that are there, newer than they are; the newest comes first."""
        async with self.engine.begin() as connection:
            await connection.execute(
                text(
                    "INSERT INTO videos (id, list_id, user_id, youtube_id, thumbnail_url, created_at) "
                    "SELECT gen_random_uuid(), list_id, user_id, 'newer' || to_char(number, 'FM000000'), '', "
                    "created_at + number * interval '1 s' FROM videos, generate_series(1, :count) AS number"
                ),
                {"count": count},
            )
        return [f"newer{number:06}" for number in range(count, 0, -1)]

    async def advance(self, youtube_id: str, stage: ImportStage) -> ImportFeedItem:
        """Reach a stage."""
        async with transaction(self.engine) as connection:
            return (await imports.advance(connection, youtube_id, stage))[0]

    async def fail(self, youtube_id: str, error: ErrorType) -> ImportFeedItem:
        """End in an error."""
        async with transaction(self.engine) as connection:
            return (await imports.fail(connection, youtube_id, error))[0]

    async def wait(self, youtube_id: str, wait: ImportWait | None) -> ImportFeedItem:
        """Begin a wait, or end one."""
        async with transaction(self.engine) as connection:
            return (await imports.set_wait(connection, youtube_id, wait))[0]

    async def write_events(self, youtube_id: str, count: int, message: str | None = None) -> None:
        """Write many events of one video in one transaction."""
        async with self.engine.begin() as connection:
            await connection.execute(
                text(
                    "INSERT INTO import_events (user_id, video_id, list_id, youtube_id, stage, progress, message) "
                    "SELECT user_id, id, list_id, youtube_id, import_stage, import_progress, :message "
                    "FROM videos, generate_series(1, :count) WHERE user_id = :user_id AND youtube_id = :youtube_id"
                ),
                {"user_id": self.user_id, "youtube_id": youtube_id, "count": count, "message": message},
            )


def youtube(
    state: UpstreamState,
    reason: PauseReason | None = None,
    resume_at: datetime | None = None,
    *,
    calls_per_second: float = 0.5,
    at: datetime | None = None,
) -> UpstreamStatus:
    """How YouTube stands, as its governor says it."""
    at = at or datetime.now(UTC)
    changes = {"state": state, "reason": reason, "since": at, "resume_at": resume_at, "at": at}
    going = calls_per_second if state is UpstreamState.CLOSED else 0
    return GOING.model_copy(update=changes | {"calls_per_second": going})


@dataclass(eq=False)
class RecordingListener:
    """A connection that keeps what it is sent."""

    language: Language = Language.EN
    texts: list[bytes] = field(default_factory=list)

    def send(self, text: bytes) -> None:
        self.texts.append(text)

    def deliver(self, _seq: int | None, text: bytes) -> None:
        self.texts.append(text)

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.texts]

    @property
    def seqs(self) -> list[int | None]:
        return [message["seq"] for message in self.messages]

    def take(self) -> list[dict[str, Any]]:
        """What it was sent since the last call."""
        taken = self.messages
        self.texts.clear()
        return taken

    def take_fields(self, *names: str) -> list[tuple[Any, ...]]:
        """These fields of what it was sent since the last call."""
        return [tuple(message[name] for name in names) for message in self.take()]


class Browser(AbstractAsyncContextManager["Browser"]):
    """A client of a notifier, on the real websockets library."""

    def __init__(self, port: int, query: str = "", **options: Any) -> None:
        self._connecting = connect(f"ws://127.0.0.1:{port}/api/ws/progress{query}", proxy=None, **options)
        self.socket: ClientConnection

    async def __aenter__(self) -> "Browser":
        self.socket = await self._connecting.__aenter__()
        return self

    async def __aexit__(self, *exception: Any) -> None:
        await self._connecting.__aexit__(*exception)

    async def receive(self) -> dict[str, Any]:
        """The next message."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            message: dict[str, Any] = json.loads(await self.socket.recv())
        return message

    async def receive_seqs(self, count: int) -> list[int]:
        """The seqs of the next messages, all of which have to be events."""
        messages = [await self.receive() for _ in range(count)]
        assert {message["type"] for message in messages} <= {"import_progress"}
        return [message["seq"] for message in messages]

    async def send(self, **message: Any) -> None:
        """Say something."""
        await self.socket.send(json.dumps(message))

    async def assert_silent(self) -> None:
        """Nothing was sent before the answer to a ping."""
        await self.send(type="ping")
        assert await self.receive() == {"type": "pong"}


async def snapshot(notifier: Notifier, query: str = "") -> dict[str, Any]:
    """What a connection begins with."""
    async with Browser(notifier.port, query) as browser:
        message = await browser.receive()
    assert message["type"] == "snapshot"
    return message


def sub_progress(library: Library, youtube_id: str, progress: int) -> FeedItem:
    """Progress inside a stage: only the feed carries it, so its arrival proves that the feed is being read."""
    return FeedItem(
        user_id=library.user_id,
        message=ImportProgress(
            video_id=UUID(library.video_ids[youtube_id]),
            youtube_id=youtube_id,
            stage=ImportStage.CAPTIONS,
            progress=progress,
        ),
    )


async def until_feed_is_read(browser: Browser, publisher: FeedPublisher, library: Library, youtube_id: str) -> None:
    """Publish until the browser hears of it; then nothing of what was published for this is left."""
    heard = asyncio.create_task(browser.receive())
    progress = 30
    while not heard.done():
        publisher.publish([sub_progress(library, youtube_id, progress)])
        progress = max(30, (progress + 1) % 100)  # 100 marks the end
        await asyncio.wait([heard], timeout=0.2)
    assert heard.result()["seq"] is None
    publisher.publish([sub_progress(library, youtube_id, 100)])
    while (await browser.receive())["progress"] != 100:
        pass


async def other_library(engine: AsyncEngine) -> Library:
    """Videos of somebody else."""
    user_id = uuid4()
    async with engine.begin() as connection:
        await connection.execute(text("INSERT INTO users (id, name) VALUES (:id, 'other')"), {"id": user_id})
    return Library(engine, user_id)
