"""When to look for a newer version, and which one to try."""

from datetime import UTC, datetime, timedelta

import pytest
from packaging.version import Version

from services.worker.extractor.index import Wheel
from services.worker.extractor.policy import (
    candidates,
    is_check_due,
    is_confirmation_due,
    is_daily_canary_due,
    next_canary,
    next_check,
)
from services.worker.extractor.store import State
from services.worker.extractor.versions import is_same_release

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
IN_USE = Version("2026.10.26")


def wheel(version: str, age_hours: float | None = 24) -> Wheel:
    uploaded_at = None if age_hours is None else NOW - timedelta(hours=age_hours)
    return Wheel(filename="", version=version, url="", sha256="", uploaded_at=uploaded_at)


def chosen(
    *wheels: Wheel, nightly: bool = False, is_broken: bool = False, refused: tuple[str, ...] = (), seen_hours: float = 0
) -> list[str]:
    first_seen = {each.version: NOW - timedelta(hours=seen_hours) for each in wheels}
    found = candidates(
        wheels,
        newer_than=IN_USE,
        refused=refused,
        first_seen=first_seen,
        now=NOW,
        nightly=nightly,
        is_broken=is_broken,
    )
    return [each.version for each in found]


def test_the_newest_is_tried_first() -> None:
    assert chosen(*map(wheel, ("2026.9.1", "2026.10.26", "2026.11.9", "2026.11.23"))) == ["2026.11.23", "2026.11.9"]


def test_what_was_refused_is_not_tried_again() -> None:
    assert chosen(wheel("2026.11.23"), wheel("2026.11.9"), refused=("2026.11.23",)) == ["2026.11.9"]


@pytest.mark.parametrize(("nightly", "is_broken"), [(False, False), (True, False), (False, True)])
def test_nightly_builds_are_for_who_wants_them_and_while_nothing_works(nightly: bool, is_broken: bool) -> None:
    found = chosen(wheel("2026.11.24.120000.dev0"), nightly=nightly, is_broken=is_broken)
    assert bool(found) == (nightly or is_broken)


@pytest.mark.parametrize(("age_hours", "seen_hours"), [(5, 24), (None, 5)])
def test_a_young_version_is_taken_only_while_nothing_works(age_hours: float | None, seen_hours: float) -> None:
    young = wheel("2026.11.23", age_hours)
    assert chosen(young, seen_hours=seen_hours) == []
    assert chosen(young, seen_hours=seen_hours, is_broken=True) == ["2026.11.23"]
    assert chosen(wheel("2026.11.23", None), seen_hours=6) == ["2026.11.23"]


def test_the_check_is_daily_and_every_three_hours_while_nothing_works() -> None:
    assert not is_check_due(NOW, State(), is_broken=False)
    first = next_check(NOW, State())
    assert timedelta(minutes=10) <= first - NOW <= timedelta(hours=1)
    assert is_check_due(first, State(next_check_at=first), is_broken=False)
    checked = State(checked_at=NOW, next_check_at=next_check(NOW, State(checked_at=NOW)))
    for hours, is_broken, is_due in [(19, False, False), (28, False, True), (2.9, True, False), (3, True, True)]:
        assert is_check_due(NOW + timedelta(hours=hours), checked, is_broken=is_broken) == is_due


def test_the_canary_is_daily_and_sooner_where_videos_fail_alike() -> None:
    assert not is_daily_canary_due(NOW, State())
    asked = State(canary_at=NOW, next_canary_at=next_canary(NOW))
    for hours, is_due in [(19, False), (28, True)]:
        assert is_daily_canary_due(NOW + timedelta(hours=hours), asked) == is_due
    assert is_confirmation_due(NOW, State())
    for minutes, is_due in [(29, False), (30, True)]:
        assert is_confirmation_due(NOW + timedelta(minutes=minutes), asked) == is_due


@pytest.mark.parametrize(
    ("own", "packaged", "is_same"),
    [
        ("2026.03.03", "2026.3.3", True),
        ("2026.10.26.220202", "2026.10.26.220202.dev0", True),
        ("2026.10.26", "2026.10.26.220202.dev0", False),
        ("nonsense", "2026.3.3", False),
    ],
)
def test_a_version_is_recognized_by_both_of_its_names(own: str, packaged: str, is_same: bool) -> None:
    assert is_same_release(own, packaged) == is_same
