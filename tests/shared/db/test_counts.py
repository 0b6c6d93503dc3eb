"""The counts of lists and batches are exact, whatever happens to their videos at the same time."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.batches import BatchChange, BatchKind
from shared.contracts.errors import ErrorType
from shared.contracts.stages import ImportStage
from shared.contracts.youtube import CaptionsKind
from shared.db import batch_window, batches, counts, enrichments, imports
from shared.db.batches import NewBatch
from shared.db.connection import AsyncpgConnection, autocommit, transaction
from shared.db.list_deletion import delete_piece
from shared.db.lists import delete_list
from shared.db.models import LOCAL_USER_ID, VideoEnrichment
from shared.db.reimport import reimport_video
from shared.db.video_inserts import NewVideo, add_videos
from shared.db.videos import delete_video, retry_video
from tests.support.batches import add_list

IDS = [f"video{number:06}" for number in range(12)]
TASKS, STEPS = 6, 60

COUNTED = """
    SELECT owner_id, state, count(*) AS videos FROM (
        SELECT list_id AS owner_id, 'total' AS state FROM videos
        UNION ALL
        SELECT batch_id, CASE
            WHEN import_stage = 'complete' AND captions_source = 'none' THEN 'without_captions'
            WHEN import_stage = 'complete' THEN 'imported'
            WHEN import_stage = 'error' AND error_code = 'import_cancelled' THEN 'cancelled'
            WHEN import_stage = 'error' THEN 'failed'
            WHEN batch_slot = 'queued' THEN 'queued'
            WHEN batch_slot = 'parked' THEN 'waiting'
            ELSE 'running'
        END FROM videos LEFT JOIN video_enrichments USING (youtube_id) WHERE batch_id IS NOT NULL
    ) AS counted GROUP BY owner_id, state
    """
KEPT = "SELECT owner_id, state, sum(videos) AS videos FROM video_counts GROUP BY 1, 2 HAVING sum(videos) <> 0"


class Storm:
    """Everything that changes videos, in a random order."""

    def __init__(self, engine: AsyncEngine, lists: list[UUID], seed: int) -> None:
        self._engine = engine
        self._lists = lists
        self._own_ids = IDS[seed::TASKS]
        """One workflow at a time imports a video."""
        self._random = random.Random(seed)  # noqa: S311 - not for secrets
        self._steps: list[Callable[[], Awaitable[None]]] = [
            *(self.add, self.add_batch, self.advance_batch, self.change_batch, self.requeue, self.import_video),
            *(self.fail, self.delete, self.restart, self.move, self.change_captions, self.delete_list, self.fold),
        ]

    async def run(self) -> None:
        for _ in range(STEPS):
            await self._random.choice(self._steps)()
        for youtube_id in self._own_ids:
            await self._import(youtube_id)

    async def add(self) -> None:
        wanted = [NewVideo(LOCAL_USER_ID, self._list(), youtube_id) for youtube_id in self._some_ids()]
        async with transaction(self._engine) as connection:
            await add_videos(connection, wanted)

    async def add_batch(self) -> None:
        new = NewBatch(
            user_id=LOCAL_USER_ID, list_id=self._list(), kind=BatchKind.URLS, youtube_ids=sorted(self._some_ids())
        )
        async with transaction(self._engine) as connection:
            await batches.create_batch(connection, new)

    async def advance_batch(self) -> None:
        async with transaction(self._engine) as connection:
            if batch_id := await self._batch(connection):
                await batch_window.claim_next(connection, batch_id, 3)
                await batch_window.park(connection, batch_id, [self._id()])
                await batch_window.complete_if_done(connection, batch_id)

    async def change_batch(self) -> None:
        async with transaction(self._engine) as connection:
            if batch_id := await self._batch(connection):
                await batch_window.change(connection, batch_id, self._random.choice([*BatchChange]))

    async def requeue(self) -> None:
        async with transaction(self._engine) as connection:
            if batch_id := await self._batch(connection):
                await batches.requeue_failed(connection, LOCAL_USER_ID, batch_id)

    async def import_video(self) -> None:
        await self._import(self._random.choice(self._own_ids))

    async def _import(self, youtube_id: str) -> None:
        async with transaction(self._engine) as connection:
            await enrichments.save_metadata(connection, VideoEnrichment(youtube_id=youtube_id, title="Lighthouses"))
            await imports.advance(connection, youtube_id, ImportStage.METADATA)
        await self._save_captions(youtube_id)
        async with transaction(self._engine) as connection:
            if await enrichments.mark_complete(connection, youtube_id):
                await imports.advance(connection, youtube_id, ImportStage.COMPLETE)

    async def change_captions(self) -> None:
        await self._save_captions(self._random.choice(self._own_ids))

    async def _save_captions(self, youtube_id: str) -> None:
        async with transaction(self._engine) as connection:
            if self._random.random() < 0.5:
                await enrichments.save_missing_captions(connection, youtube_id, ErrorType.CAPTIONS_TOKEN_REQUIRED)
            elif await enrichments.find_enrichment(connection, youtube_id):
                lines = [(0.0, 1.0, "Said")]
                await enrichments.save_captions(
                    connection, youtube_id, language="en", kind=CaptionsKind.MANUAL, lines=lines
                )
            await imports.advance(connection, youtube_id, ImportStage.CAPTIONS)

    async def fail(self) -> None:
        async with transaction(self._engine) as connection:
            await imports.fail(connection, self._id(), ErrorType.VIDEO_PRIVATE)

    async def delete(self) -> None:
        async with autocommit(self._engine) as connection:
            if video_id := await self._video():
                await delete_video(connection, LOCAL_USER_ID, video_id)

    async def restart(self) -> None:
        if video_id := await self._video():
            async with autocommit(self._engine) as connection:
                await retry_video(connection, LOCAL_USER_ID, video_id)
                await reimport_video(connection, LOCAL_USER_ID, video_id)

    async def move(self) -> None:
        """No feature yet: whatever changes the row is counted."""
        if video_id := await self._video():
            try:
                async with transaction(self._engine) as connection:
                    move = "UPDATE videos SET list_id = $1 WHERE id = $2"
                    await connection.execute(move, self._list(), video_id)
            except (asyncpg.UniqueViolationError, asyncpg.ForeignKeyViolationError):
                return

    async def delete_list(self) -> None:
        if self._random.random() > 0.2:
            return
        another = await add_list(self._engine)
        list_id = self._list()
        self._lists[self._lists.index(list_id)] = another
        async with autocommit(self._engine) as connection:
            await delete_list(connection, LOCAL_USER_ID, list_id)
        is_last = False
        while not is_last:
            async with transaction(self._engine) as connection:
                is_last = (await delete_piece(connection, list_id, 5)).is_last

    async def fold(self) -> None:
        async with transaction(self._engine) as connection:
            await counts.fold(connection)

    def _list(self) -> UUID:
        return self._random.choice(self._lists)

    def _id(self) -> str:
        return self._random.choice(IDS)

    def _some_ids(self) -> list[str]:
        return self._random.sample(IDS, 4)

    async def _batch(self, connection: AsyncpgConnection) -> UUID | None:
        """A locked batch."""
        batch_id: UUID | None = await connection.fetchval("SELECT id FROM import_batches ORDER BY random() LIMIT 1")
        return batch_id if batch_id and await batch_window.lock(connection, batch_id) else None

    async def _video(self) -> UUID | None:
        async with transaction(self._engine) as connection:
            video_id: UUID | None = await connection.fetchval("SELECT id FROM videos ORDER BY random() LIMIT 1")
            return video_id


async def rows(engine: AsyncEngine, statement: str) -> set[tuple[UUID, str, int]]:
    async with engine.connect() as connection:
        return {(row.owner_id, row.state, row.videos) for row in await connection.execute(text(statement))}


async def test_counts_are_exact_after_a_storm(engine: AsyncEngine) -> None:
    lists = [await add_list(engine) for _ in range(3)]
    async with asyncio.TaskGroup() as tasks:
        for seed in range(TASKS):
            tasks.create_task(Storm(engine, lists, seed).run())
    counted = await rows(engine, COUNTED)
    assert counted
    assert await rows(engine, KEPT) == counted

    async with transaction(engine) as connection:
        await counts.fold(connection)
    assert await rows(engine, "SELECT owner_id, state, videos FROM video_counts") == counted
