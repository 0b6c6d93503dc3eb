"""Builds snapshots: where imports are, from their running workflows and PostgreSQL (`shared.progress`)."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from temporalio.client import Client

from services.notifier.protocol import Snapshot
from services.notifier.store import Store, VideoRow, VideoRows
from services.notifier.upstreams import UpstreamPauses
from shared.contracts.errors import ErrorType
from shared.contracts.imports import ImportStatus
from shared.contracts.messages import ImportProgress
from shared.contracts.stages import CLOSED_STAGES
from shared.contracts.upstreams import PauseReason
from shared.i18n.languages import Language
from shared.i18n.messages import waiting_text
from shared.progress import CurrentStatus, current_status
from workflows.imports.client import ANSWER_SECONDS, running_status

MAX_IN_FLIGHT = 200
"""Videos in the first snapshot of a connection."""
MAX_QUERIED = 50
"""Workflows queried per snapshot; the other videos are described by their rows."""
MAX_CONCURRENT_QUERIES = 10
"""Queries at the same time in the whole notifier: each costs a worker a workflow task."""


class Snapshots:
    """Builds snapshots. Concurrent snapshots share their queries."""

    def __init__(self, store: Store, client: Client, pauses: UpstreamPauses) -> None:
        self._store = store
        self._client = client
        self._pauses = pauses
        self._slots = asyncio.Semaphore(MAX_CONCURRENT_QUERIES)
        self._queries: dict[str, asyncio.Task[ImportStatus | None]] = {}

    async def in_flight(self, user_id: UUID, language: Language) -> Snapshot:
        """The user's newest imports that have not ended. Raises DatabaseUnavailableError."""
        return await self._snapshot(await self._store.videos_in_flight(user_id, MAX_IN_FLIGHT), language)

    async def of_videos(self, user_id: UUID, video_ids: Sequence[UUID], language: Language) -> Snapshot:
        """The user's videos with these ids. Raises DatabaseUnavailableError."""
        return await self._snapshot(await self._store.videos_of_ids(user_id, video_ids), language)

    async def _snapshot(self, rows: VideoRows, language: Language) -> Snapshot:
        running = dict.fromkeys(row.youtube_id for row in rows.videos if row.import_stage not in CLOSED_STAGES)
        answers = await self._answers(list(running)[:MAX_QUERIED])
        self._pauses.update(await self._store.upstreams())  # after the answers, so never older
        upstreams = self._pauses.statuses
        statuses = [(row, current_status(row, answers.get(row.youtube_id), upstreams)) for row in rows.videos]
        return Snapshot(seq=rows.seq, videos=[_message(row, status, language) for row, status in statuses])

    async def _answers(self, youtube_ids: list[str]) -> dict[str, ImportStatus]:
        queries = {youtube_id: self._query(youtube_id) for youtube_id in youtube_ids}
        if queries:
            await asyncio.wait(queries.values(), timeout=ANSWER_SECONDS)
        answers = {youtube_id: task.result() for youtube_id, task in queries.items() if task.done()}
        return {youtube_id: status for youtube_id, status in answers.items() if status is not None}

    def _query(self, youtube_id: str) -> asyncio.Task[ImportStatus | None]:
        if youtube_id not in self._queries:
            task = asyncio.create_task(self._answer(youtube_id), name=f"progress of {youtube_id}")
            task.add_done_callback(lambda _: self._queries.pop(youtube_id))
            self._queries[youtube_id] = task
        return self._queries[youtube_id]

    async def _answer(self, youtube_id: str) -> ImportStatus | None:
        """The running workflow's answer; None where there is none in time, which includes waiting for a free query."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS), self._slots:
                return await running_status(self._client, youtube_id)
        except TimeoutError:
            return None


def _message(row: VideoRow, status: CurrentStatus, language: Language) -> ImportProgress:
    return ImportProgress(
        video_id=row.id,
        youtube_id=row.youtube_id,
        list_id=row.list_id,
        batch_id=row.batch_id,
        stage=status.stage,
        progress=status.progress,
        attempt=status.attempt,
        retry_at=status.retry_at,
        error_code=status.error_code or _error_code(status.waiting_for),
        message=waiting_text(status.upstream, status.waiting_for, language) if status.waiting_for else None,
    )


def _error_code(reason: ErrorType | PauseReason | None) -> ErrorType | None:
    """None for a pause that no error has caused; a pause that an error has caused has the value of the error."""
    return next((error_type for error_type in ErrorType if error_type == reason), None)
