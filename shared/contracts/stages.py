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
"""Percentage once the stage is reached; `error` keeps the last one (docs/reference/websocket.md)."""

CLOSED_STAGES: frozenset[ImportStage] = frozenset({ImportStage.COMPLETE, ImportStage.ERROR})
"""Stages of an import that has ended: PostgreSQL alone knows it."""


def stage_under_way(reached: ImportStage, progress: int) -> ImportStage:
    """The stage that an import is shown in: the one it has reached, or the next one while that is done by half."""
    if reached in CLOSED_STAGES or progress <= STAGE_PROGRESS[reached]:
        return reached
    return next(stage for stage, percent in STAGE_PROGRESS.items() if percent >= progress)


SPEECH_DOWNLOADED = 40
"""Percentage, within the band of the captions stage, once the audio for transcription is downloaded."""


def download_progress(fraction: float) -> int:
    """The percentage during the download of audio; `fraction` (0-1) is downloaded."""
    begin = STAGE_PROGRESS[ImportStage.METADATA]
    return begin + int((SPEECH_DOWNLOADED - begin) * fraction)


def transcription_progress(fraction: float) -> int:
    """The percentage during transcription; below that of the stage, which is reached when the transcript is saved."""
    end = STAGE_PROGRESS[ImportStage.CAPTIONS]
    return min(SPEECH_DOWNLOADED + int((end - SPEECH_DOWNLOADED) * fraction), end - 1)
