"""Every seed has all the faults and all the videos that a run is to have."""

from collections import Counter

import pytest

from fakes.youtube.demo import demo_library
from tests.chaos.fault_plan import CUTTABLE, CutOff, FullDisk, Kill, Stop, Victim, duration, plan_faults
from tests.chaos.mix import Mix, VideoKind
from tests.chaos.proxy import Cut

SEEDS = range(1, 11)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_process_is_killed_and_stopped_twice(seed: int) -> None:
    faults = [each.fault for each in plan_faults(seed)]
    twice = Counter(dict.fromkeys(Victim, 2))
    assert Counter(fault.victim for fault in faults if isinstance(fault, Kill)) == twice
    assert Counter(fault.victim for fault in faults if isinstance(fault, Stop)) == twice
    assert {fault.seconds for fault in faults if isinstance(fault, Stop)} == {5, 15, 45}
    assert [fault for fault in faults if isinstance(fault, FullDisk)]


@pytest.mark.parametrize("seed", SEEDS)
def test_both_servers_are_cut_off_aloud_and_silently(seed: int) -> None:
    cuts = [each.fault for each in plan_faults(seed) if isinstance(each.fault, CutOff)]
    for server in CUTTABLE:
        aloud = [fault.how is Cut.REFUSED for fault in cuts if fault.server is server]
        assert sorted(aloud) == [False, True]


def test_a_seed_is_the_same_every_time_and_no_seed_is_another() -> None:
    assert plan_faults(1) == plan_faults(1) != plan_faults(2)
    assert Mix.of(1) == Mix.of(1) != Mix.of(2)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_faults_last_four_to_six_minutes(seed: int) -> None:
    assert 240 <= duration(plan_faults(seed)) <= 360


@pytest.mark.parametrize("seed", SEEDS)
def test_a_hundred_imports_of_every_kind(seed: int) -> None:
    mix = Mix.of(seed)
    additions = [*mix.singles, *mix.batch, *mix.file, *mix.playlist, *mix.shared, *mix.doomed]
    assert len(additions) == 100
    assert {video.kind for video in additions} == {*VideoKind}
    assert set(mix.videos) == {video.youtube_id for video in additions}
    assert len(mix.videos) == len(additions) - len(mix.shared)


def test_the_fake_has_what_each_kind_needs() -> None:
    library, mix = demo_library(), Mix.of(1)
    for video in mix.videos.values():
        found = library.get(video.youtube_id)
        assert found is not None
        assert bool(found.captions) == (video.kind not in {VideoKind.SPEECH, VideoKind.SILENT})
