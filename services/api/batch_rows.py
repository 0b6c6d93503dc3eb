"""From rows that somebody sent to a batch, and to what became of each row."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from uuid import UUID

from services.api.batch_schemas import DuplicateRow, InvalidRow
from services.api.imported_rows import ImportedRow
from shared.contracts.texts import Language
from shared.db.batches import CreatedBatch
from shared.youtube_url import invalid_url_text


@dataclass(frozen=True)
class Rows:
    """What somebody wants imported, row by row."""

    rows: Sequence[ImportedRow]

    @cached_property
    def youtube_ids(self) -> list[str]:
        """Every video that is named, once, in the order in which they are."""
        return [*dict.fromkeys(row.youtube_id for row in self.rows if row.youtube_id)]

    @cached_property
    def invalid(self) -> int:
        """How many name no video."""
        return sum(row.youtube_id is None for row in self.rows)

    @property
    def repeated(self) -> int:
        """How many name a video that one before them has named."""
        return len(self.rows) - self.invalid - len(self.youtube_ids)

    def invalid_rows(self, language: Language, limit: int) -> list[InvalidRow]:
        """The first rows that name no video."""
        found = (
            InvalidRow(row=row.number, url=row.text, reason=row.reason, message=invalid_url_text(row.reason, language))
            for row in self.rows
            if row.reason
        )
        return [*islice(found, limit)]

    def duplicate_rows(self, created: CreatedBatch, limit: int) -> list[DuplicateRow]:
        """The first rows that brought nothing new."""
        return [*islice(self._duplicates(created.created, created.present), limit)]

    def _duplicates(self, created: Mapping[str, UUID], present: Mapping[str, UUID]) -> Iterator[DuplicateRow]:
        seen: set[str] = set()
        for row in self.rows:
            if row.youtube_id is None:
                continue
            if row.youtube_id in seen or row.youtube_id not in created:
                video_id = created.get(row.youtube_id) or present.get(row.youtube_id)
                yield DuplicateRow(row=row.number, url=row.text, youtube_id=row.youtube_id, video_id=video_id)
            seen.add(row.youtube_id)
