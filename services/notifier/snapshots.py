"""Builds snapshots: where imports are, from PostgreSQL (`shared.progress`)."""

from collections.abc import Sequence
from uuid import UUID

from services.notifier.protocol import Snapshot
from services.notifier.store import Store, VideoRow, VideoRows
from services.notifier.upstreams import UpstreamPauses
from shared.contracts.errors import ErrorType
from shared.contracts.messages import ImportProgress
from shared.contracts.upstreams import PauseReason
from shared.db.facts import FACT_FIELDS
from shared.i18n.languages import Language
from shared.i18n.messages import waiting_text
from shared.progress import CurrentStatus, current_status

MAX_IN_FLIGHT = 200
"""Videos in the first snapshot of a connection."""


class Snapshots:
    """Builds snapshots."""

    def __init__(self, store: Store, pauses: UpstreamPauses) -> None:
        self._store = store
        self._pauses = pauses

    async def in_flight(self, user_id: UUID, language: Language) -> Snapshot:
        """The user's newest imports that have not ended. Raises DatabaseUnavailableError."""
        return await self._snapshot(await self._store.videos_in_flight(user_id, MAX_IN_FLIGHT), language)

    async def of_videos(self, user_id: UUID, video_ids: Sequence[UUID], language: Language) -> Snapshot:
        """The user's videos with these ids. Raises DatabaseUnavailableError."""
        return await self._snapshot(await self._store.videos_of_ids(user_id, video_ids), language)

    async def _snapshot(self, rows: VideoRows, language: Language) -> Snapshot:
        self._pauses.update(await self._store.upstreams())
        upstreams = self._pauses.statuses
        videos = [_message(row, current_status(row, upstreams), language) for row in rows.videos]
        return Snapshot(seq=rows.seq, videos=videos)


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
        waiting_for=status.waiting_for,
        error_code=status.error_code or _error_code(status.waiting_for),
        message=waiting_text(status.upstream, status.waiting_for, language) if status.waiting_for else None,
        **{name: getattr(row, name) for name in FACT_FIELDS},
    )


def _error_code(reason: ErrorType | PauseReason | None) -> ErrorType | None:
    """None for a pause that no error has caused; a pause that an error has caused has the value of the error."""
    return next((error_type for error_type in ErrorType if error_type == reason), None)
