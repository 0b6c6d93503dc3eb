"""What an import says of itself, as people are told it."""

import pytest

from shared.contracts.imports import ImportStatus
from shared.contracts.stages import STAGE_PROGRESS, ImportStage, download_progress, transcription_progress


def shown(stage: ImportStage, progress: int) -> ImportStage:
    return ImportStatus(youtube_id="abcdefghijk", stage=stage, progress=progress).shown_stage


@pytest.mark.parametrize(("stage", "progress"), STAGE_PROGRESS.items())
def test_a_stage_that_was_just_reached_is_told(stage: ImportStage, progress: int) -> None:
    assert shown(stage, progress) is stage


@pytest.mark.parametrize("progress", [download_progress(0.1), download_progress(1), transcription_progress(1)])
def test_above_its_percentage_the_stage_under_way_is_told(progress: int) -> None:
    assert shown(ImportStage.METADATA, progress) is ImportStage.CAPTIONS


@pytest.mark.parametrize("progress", [0, 25, 33, 100])
def test_an_import_that_has_failed_is_at_no_other_stage(progress: int) -> None:
    assert shown(ImportStage.ERROR, progress) is ImportStage.ERROR
