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

SPEECH_DOWNLOADED = 40
"""Percentage, within the band of the captions stage, once the sound that speech is recognised in is here."""


def download_progress(fraction: float) -> int:
    """The percentage while the sound is on its way; `fraction` of it (0-1) is here."""
    begin = STAGE_PROGRESS[ImportStage.METADATA]
    return begin + int((SPEECH_DOWNLOADED - begin) * fraction)


def transcription_progress(fraction: float) -> int:
    """The percentage while speech is recognised; below that of the stage, which is reached when all is kept."""
    end = STAGE_PROGRESS[ImportStage.CAPTIONS]
    return min(SPEECH_DOWNLOADED + int((end - SPEECH_DOWNLOADED) * fraction), end - 1)
