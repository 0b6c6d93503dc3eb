"""When to look for a newer yt-dlp, and which version to try. Pure."""

import random
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from packaging.version import Version

from services.worker.extractor.index import Wheel
from services.worker.extractor.store import State

SOON_MINUTES = (10, 60)
"""After the first start of an installation, and after a look that could not be finished."""
DAILY_HOURS = (20, 28)
BROKEN_HOURS = 3
COOL_DOWN = timedelta(hours=6)
"""A version that is younger is taken only where nothing works: what is wrong with it may be found by others first."""
CONFIRMATION = timedelta(minutes=30)
"""For so long, an answered canary says whether videos that fail are to blame themselves."""
QUIET = timedelta(hours=6)
"""As long as a real video was imported within this time, nothing has to be asked to know that YouTube can be read."""


def soon(now: datetime) -> datetime:
    """Return when to try again what could not be finished."""
    return now + timedelta(minutes=random.uniform(*SOON_MINUTES))  # noqa: S311 - no secret


def next_check(now: datetime, state: State, *, is_unfinished: bool = False) -> datetime:
    """Return when to look next: at a random time, so that installations don't all ask at once.

    `is_unfinished`: the look at `now` could not be finished.
    """
    if state.checked_at is None or is_unfinished:
        return soon(now)
    return now + timedelta(hours=random.uniform(*DAILY_HOURS))  # noqa: S311 - no secret


def is_check_due(now: datetime, state: State, *, is_broken: bool) -> bool:
    """Whether to look now: daily, and every three hours while the version in use does not work."""
    if is_broken and (state.checked_at is None or now - state.checked_at >= timedelta(hours=BROKEN_HOURS)):
        return True
    return state.next_check_at is not None and now >= state.next_check_at


def is_test_due(now: datetime, state: State) -> bool:
    """Whether to test the selected version after an upgrade of Vidferry: at once, and later if it was postponed."""
    return state.next_test_at is None or now >= state.next_test_at


def candidates(
    wheels: Iterable[Wheel],
    *,
    newer_than: Version,
    refused: Collection[str],
    first_seen: dict[str, datetime],
    now: datetime,
    nightly: bool,
    is_broken: bool,
) -> list[Wheel]:
    """Return the wheels to try, the newest first.

    Args:
        wheels: What the index has.
        newer_than: The version in use, or the bundled one if that is newer.
        refused: Versions that were tried before.
        first_seen: When a version was seen first, where the index does not say when it was uploaded.
        now: The time.
        nightly: Nightly builds may be taken as well.
        is_broken: The version in use does not work: a nightly build, or one that is only just out, may help.
    """
    found = [
        wheel
        for wheel in wheels
        if wheel.number > newer_than
        and wheel.version not in refused
        and (nightly or is_broken or not wheel.number.is_prerelease)
        and (is_broken or now - (wheel.uploaded_at or first_seen.get(wheel.version, now)) >= COOL_DOWN)
    ]
    return sorted(found, key=lambda wheel: wheel.number, reverse=True)


def next_canary(now: datetime) -> datetime:
    """Return when to ask YouTube for the canary videos again."""
    return now + timedelta(hours=random.uniform(*DAILY_HOURS))  # noqa: S311 - no secret


def is_daily_canary_due(now: datetime, state: State) -> bool:
    """Whether to ask YouTube for the canary videos unless an import has shown lately that it can be read."""
    return state.next_canary_at is not None and now >= state.next_canary_at


def is_confirmation_due(now: datetime, state: State) -> bool:
    """Whether to ask for the canary videos because several other videos have failed alike."""
    return state.canary_at is None or now - state.canary_at >= CONFIRMATION
