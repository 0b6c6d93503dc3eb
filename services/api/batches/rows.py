"""The rows of a bulk import, and the result of each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from uuid import UUID

from services.api.batches.files.rows import ImportedRow
from services.api.batches.schemas import DuplicateRow, InvalidRow
from shared.db.batches import CreatedBatch
from shared.i18n.catalog import text
from shared.i18n.languages import Language


@dataclass(frozen=True)
class Rows:
    """The rows of a request or file."""

    rows: Sequence[ImportedRow]

    @cached_property
    def youtube_ids(self) -> list[str]:
        """The videos of the rows in order, without repetitions."""
        return [*dict.fromkeys(row.youtube_id for row in self.rows if row.youtube_id)]

    @cached_property
    def invalid(self) -> int:
        """Number of rows without a video."""
        return sum(row.youtube_id is None for row in self.rows)

    @property
    def repeated(self) -> int:
        """Number of rows that repeat the video of an earlier row."""
        return len(self.rows) - self.invalid - len(self.youtube_ids)

    def invalid_rows(self, language: Language, limit: int) -> list[InvalidRow]:
        """The first rows without a video."""
        found = (
            InvalidRow(
                row=row.number, url=row.text, reason=row.reason, message=text(f"invalid_url.{row.reason}", language)
            )
            for row in self.rows
            if row.reason
        )
        return [*islice(found, limit)]

    def duplicate_rows(self, created: CreatedBatch, limit: int) -> list[DuplicateRow]:
        """The first rows whose video was already on the list, or repeated."""
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
