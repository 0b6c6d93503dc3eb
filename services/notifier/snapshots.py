"""Where imports stand right now: the workflow's own word for running ones, Postgres for everything else."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from temporalio.client import Client

from services.notifier.pauses import Pauses
from services.notifier.protocol import Snapshot
from services.notifier.store import Store, VideoRow, VideoRows
from shared.contracts.errors import ErrorType
from shared.contracts.imports import ImportStatus
from shared.contracts.messages import ImportProgress
from shared.contracts.stages import CLOSED_STAGES, ImportStage
from shared.contracts.texts import Language, waiting_text
from shared.contracts.upstreams import PauseReason, UpstreamStatus
from workflows.progress import ANSWER_SECONDS, running_status

MAX_IN_FLIGHT = 200
"""Videos in the snapshot a connection begins with."""
MAX_ASKED = 50
"""Workflows asked per snapshot; the rest is what Postgres says of them and of YouTube."""
MAX_ASKED_AT_ONCE = 10
"""Queries under way in the whole notifier: each costs a worker a workflow task."""


class Snapshots:
    """Builds snapshots. Connections that ask about the same import at the same time share one query."""

    def __init__(self, store: Store, client: Client, pauses: Pauses) -> None:
        self._store = store
        self._client = client
        self._pauses = pauses
        self._slots = asyncio.Semaphore(MAX_ASKED_AT_ONCE)
        self._asking: dict[str, asyncio.Task[ImportStatus | None]] = {}

    async def in_flight(self, user_id: UUID, language: Language) -> Snapshot:
        """The user's newest imports that are not over. Raises DatabaseAway."""
        return await self._snapshot(await self._store.videos_in_flight(user_id, MAX_IN_FLIGHT), language)

    async def of_videos(self, user_id: UUID, video_ids: Sequence[UUID], language: Language) -> Snapshot:
        """These videos of the user. Raises DatabaseAway."""
        return await self._snapshot(await self._store.videos_of_ids(user_id, video_ids), language)

    async def _snapshot(self, rows: VideoRows, language: Language) -> Snapshot:
        running = dict.fromkeys(row.youtube_id for row in rows.videos if row.import_stage not in CLOSED_STAGES)
        answers = await self._ask(list(running)[:MAX_ASKED])
        self._pauses.observe(await self._store.upstreams())  # after the answers: never older than they are
        upstreams = self._pauses.statuses
        videos = [progress_of(row, answers.get(row.youtube_id), upstreams, language) for row in rows.videos]
        return Snapshot(seq=rows.seq, videos=videos)

    async def _ask(self, youtube_ids: list[str]) -> dict[str, ImportStatus]:
        questions = {youtube_id: self._question(youtube_id) for youtube_id in youtube_ids}
        if questions:
            await asyncio.wait(questions.values(), timeout=ANSWER_SECONDS)
        answers = {youtube_id: task.result() for youtube_id, task in questions.items() if task.done()}
        return {youtube_id: status for youtube_id, status in answers.items() if status is not None}

    def _question(self, youtube_id: str) -> asyncio.Task[ImportStatus | None]:
        if youtube_id not in self._asking:
            task = asyncio.create_task(self._query(youtube_id), name=f"progress of {youtube_id}")
            task.add_done_callback(lambda _: self._asking.pop(youtube_id))
            self._asking[youtube_id] = task
        return self._asking[youtube_id]

    async def _query(self, youtube_id: str) -> ImportStatus | None:
        """The running workflow's answer, None where there is none in time, waiting for a slot included."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS), self._slots:
                return await running_status(self._client, youtube_id)
        except TimeoutError:
            return None


def progress_of(
    row: VideoRow, answer: ImportStatus | None, upstreams: Sequence[UpstreamStatus], language: Language
) -> ImportProgress:
    """One video of a snapshot, as far as the workflow or the row knows, whichever is further."""
    stored = _stored(row)
    if stored.stage in CLOSED_STAGES:
        return stored
    # An import that is over may have been asked for again: then only the row knows.
    if answer is None or answer.stage in CLOSED_STAGES or answer.is_older_than(stored.stage):
        saved = ImportStatus.as_saved(row.youtube_id, stored.stage, stored.progress)
        return stored.model_copy(update=_told(saved.while_paused(upstreams), language))
    progress = max(answer.progress, stored.progress)  # steps write down how far they are
    further = answer.model_copy(update={"progress": progress}).while_paused(upstreams)
    return stored.model_copy(update=_told(further, language) | {"attempt": answer.attempt})


def _told(status: ImportStatus, language: Language) -> dict[str, Any]:
    """How far it is, why it waits and until when; nothing of that where it does not."""
    return {
        "stage": status.shown_stage,
        "progress": status.progress,
        "retry_at": status.retry_at,
        "error_code": _error_code(status.waiting_for),
        "message": waiting_text(status.asks, status.waiting_for, language) if status.waiting_for else None,
    }


def _error_code(reason: ErrorType | PauseReason | None) -> ErrorType | None:
    """None for what is nobody's error; the pauses that an error has caused have its value."""
    return next((error_type for error_type in ErrorType if error_type == reason), None)


def _stored(row: VideoRow) -> ImportProgress:
    return ImportProgress(
        video_id=row.id,
        youtube_id=row.youtube_id,
        stage=ImportStage(row.import_stage),
        progress=row.import_progress,
        list_id=row.list_id,
        batch_id=row.batch_id,
        error_code=ErrorType(row.error_code) if row.error_code else None,
    )
