"""What the checks find in a database that is not as it should be."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.chaos.checks import Examination
from tests.chaos.database import Contents
from tests.chaos.ledger import Ledger
from tests.chaos.mix import Mix, MixVideo, VideoKind
from tests.chaos.tab import Tab
from tests.chaos.timeline import Timeline
from tests.chaos.violations import ViolationKind

CAPTIONED = next(video for video in Mix.of(1).singles if video.kind is VideoKind.CAPTIONS)
STAGES = ("created", "metadata", "captions", "chapters", "complete")
Row = dict[str, Any]


class Scene:
    """One list with one video that was imported, a batch, and everything that was told of it."""

    def __init__(self, tmp_path: Any) -> None:
        self.lists: list[Row] = [{"id": "list", "name": "main"}]
        self.video: Row = {
            "id": "video",
            "list_id": "list",
            "youtube_id": CAPTIONED.youtube_id,
            "batch_id": "batch",
            "batch_slot": "running",
            "import_stage": "complete",
            "import_progress": 100,
            "error_code": None,
        }
        self.videos = [self.video]
        self.batch: Row = {"id": "batch", "kind": "urls", "state": "complete", "listing": None}
        self.batch["completed_at"] = datetime(2026, 11, 30, tzinfo=UTC)
        self.batches = [self.batch]
        self.events = self.chain(*STAGES)
        self.deleted_events: list[Row] = []
        lines = CAPTIONED.line_count or 0
        self.enrichment: Row = {"captions_source": "youtube", "captions_missing": None, "completed_at": None}
        self.transcript: Row = {"lines": lines, "first": 0, "last": lines - 1}
        self.upstream: Row = {"name": "youtube", "state": "closed"}
        self.ledger = Ledger(
            lists={"list": "main"}, entries={("list", CAPTIONED.youtube_id): "video"}, batches={"batch"}
        )
        self.tab = Tab("", Timeline(tmp_path / "timeline.log"), first_seq=0)
        self.tab.seqs = [event["seq"] for event in self.events]

    def chain(self, *stages: str) -> list[Row]:
        return [
            {"seq": number, "prev_seq": number - 1 or None, "video_id": "video", "stage": stage, "reaches_stage": True}
            for number, stage in enumerate(stages, start=1)
        ]

    def anew(self, *stages: str) -> None:
        """Further events, which the tab has shown as well."""
        self.events = self.chain(*STAGES, *stages)
        self.tab.seqs = [event["seq"] for event in self.events]

    def found(self) -> list[ViolationKind]:
        of_video = {"youtube_id": CAPTIONED.youtube_id}
        contents = Contents(
            lists=[*self.lists],
            videos=[*self.videos],
            batches=[*self.batches],
            events=[*self.events],
            deleted_events=[*self.deleted_events],
            enrichments=[of_video | self.enrichment],
            transcripts=[of_video | self.transcript],
            chapters=[],
            upstreams=[self.upstream],
        )
        mix = Mix([CAPTIONED], [], [], [], [], [])
        return [each.kind for each in Examination(contents, self.ledger, mix, self.tab).violations()]


@pytest.fixture
def scene(tmp_path: Any) -> Scene:
    """Nothing is wrong."""
    return Scene(tmp_path)


def test_nothing_is_wrong(scene: Scene) -> None:
    assert scene.found() == []


LOST: list[Callable[[Scene], object]] = [
    lambda scene: scene.lists.clear(),
    lambda scene: scene.lists[0].update(name="other"),
    lambda scene: scene.ledger.deleted_lists.add("list"),
    lambda scene: scene.videos.clear(),
    lambda scene: scene.video.update(id="another"),
    lambda scene: scene.batches.clear(),
    lambda scene: scene.ledger.rounds.update([("list", CAPTIONED.youtube_id)]),
    lambda scene: scene.tab.seqs.pop(),
    lambda scene: scene.tab.seqs.append(99),
    lambda scene: scene.events.pop(1),
]


@pytest.mark.parametrize("change", LOST, ids=map(str, range(len(LOST))))
def test_lost(scene: Scene, change: Callable[[Scene], object]) -> None:
    change(scene)
    assert ViolationKind.LOST in scene.found()


DOUBLED: list[Callable[[Scene], object]] = [
    lambda scene: scene.videos.append(scene.video),
    lambda scene: scene.anew("complete"),
    lambda scene: scene.anew("created", "metadata", "metadata", "captions", "chapters", "complete"),
    lambda scene: scene.transcript.update(last=2 * scene.transcript["lines"] - 1),
    lambda scene: scene.tab.seqs.insert(0, 1),
    lambda scene: scene.tab.repeated.append(1),
]


@pytest.mark.parametrize("change", DOUBLED, ids=map(str, range(len(DOUBLED))))
def test_doubled(scene: Scene, change: Callable[[Scene], object]) -> None:
    change(scene)
    assert ViolationKind.DOUBLED in scene.found()


STUCK: list[Callable[[Scene], object]] = [
    lambda scene: scene.video.update(import_stage="captions"),
    lambda scene: scene.batch.update(completed_at=None),
    lambda scene: scene.upstream.update(state="open"),
]


@pytest.mark.parametrize("change", STUCK, ids=map(str, range(len(STUCK))))
def test_stuck(scene: Scene, change: Callable[[Scene], object]) -> None:
    change(scene)
    assert ViolationKind.STUCK in scene.found()


WRONG: list[Callable[[Scene], object]] = [
    lambda scene: scene.video.update(import_stage="error", error_code="upstream_unavailable"),
    lambda scene: scene.enrichment.update(captions_source="none", captions_missing="upstream_unavailable"),
    lambda scene: scene.transcript.update(lines=1, last=0),
]


@pytest.mark.parametrize("change", WRONG, ids=map(str, range(len(WRONG))))
def test_wrong(scene: Scene, change: Callable[[Scene], object]) -> None:
    change(scene)
    assert scene.found() == [ViolationKind.WRONG]


def test_an_acknowledged_import_once_more_is_none_too_many(scene: Scene) -> None:
    entry = ("list", CAPTIONED.youtube_id)
    scene.ledger.rounds[entry] = scene.ledger.round_attempts[entry] = 1
    scene.anew("created", "captions", "chapters", "complete")
    assert scene.found() == []


def test_what_went_with_its_video_is_not_missed(scene: Scene) -> None:
    scene.deleted_events = [scene.events.pop(1)]
    assert scene.found() == []
    scene.events[1]["prev_seq"] = 1  # written after the deletion
    assert scene.found() == []


def test_an_event_that_follows_an_older_one_than_there_is(scene: Scene) -> None:
    scene.events[3]["prev_seq"] = 1
    assert scene.found() == [ViolationKind.LOST]


def test_speech_may_end_without_captions_for_a_passing_reason_only() -> None:
    spoken = MixVideo("demoSpeechA", VideoKind.SPEECH)
    assert spoken.may_have("whisper", None)
    assert spoken.may_have("none", "audio_store_full")
    assert not spoken.may_have("none", "captions_disabled")
    assert not spoken.may_have("none", None)
