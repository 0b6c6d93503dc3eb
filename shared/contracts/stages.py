"""The stages of one import and what each means in percent."""

from enum import StrEnum


class ImportStage(StrEnum):
    """Where a video's import is; a stage is reached when its work is done."""

    CREATED = "created"
    METADATA = "metadata"
    CAPTIONS = "captions"
    CHAPTERS = "chapters"
    COMPLETE = "complete"
    ERROR = "error"


STAGE_PROGRESS: dict[ImportStage, int] = {
    ImportStage.CREATED: 0,
    ImportStage.METADATA: 25,
    ImportStage.CAPTIONS: 60,
    ImportStage.CHAPTERS: 90,
    ImportStage.COMPLETE: 100,
}
"""Percentage once the stage is reached; `error` keeps the last one (docs/architecture.md)."""

CLOSED_STAGES: frozenset[ImportStage] = frozenset({ImportStage.COMPLETE, ImportStage.ERROR})
"""Stages at which nothing runs any more: Postgres alone answers for them."""
