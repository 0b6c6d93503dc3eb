"""An update against an index of its own; the tests of a version are stood in for, `test_gate` has the real ones."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.worker.extractor import store as stores
from services.worker.extractor import updates
from services.worker.extractor.canary import CanaryAnswer, CanaryReport, Found, SubjectKind
from services.worker.extractor.store import Store
from services.worker.extractor.updates import GateUnavailableError, UpdateOutcome, Updater
from tests.worker.extractor.releases import NEWER, NEWEST, NIGHTLY, Index, tiny_wheel


def answered(found: Found) -> CanaryReport:
    kinds = (SubjectKind.MANUAL, SubjectKind.AUTOMATIC)
    return CanaryReport(answers=[CanaryAnswer(kind=kind, youtube_id="", found=found) for kind in kinds])


async def passing(_directory: Path, _version: str) -> list[str]:
    return []


async def fine(_overlay: Path | None) -> CanaryReport | None:
    return answered(Found.FINE)


async def not_now(_overlay: Path | None) -> CanaryReport | None:
    return None


class Installation:
    """One directory and its index; `broken` versions do not pass."""

    def __init__(self, store: Store, index: Index) -> None:
        self.store = store
        self.index = index
        self.broken: set[str] = set()
        self.tested: list[str] = []
        self.canary: Callable[[Path | None], Found] = lambda _: Found.FINE

    async def test(self, directory: Path, version: str) -> list[str]:
        assert (directory / "yt_dlp" / "version.py").read_text().count(version)
        self.tested.append(version)
        return ["contract: IE.read is gone"] if version in self.broken else []

    async def ask(self, overlay: Path | None) -> CanaryReport:
        return answered(self.canary(overlay))

    async def update(self, *, nightly: bool = False, is_broken: bool = False) -> UpdateOutcome:
        return await self._updater().update(nightly=nightly, is_broken=is_broken)

    async def use(self, version: str) -> UpdateOutcome:
        return await self._updater().use(version)

    async def test_again(self) -> UpdateOutcome:
        return await self._updater().test_again()

    def _updater(self) -> Updater:
        return Updater(self.store, self.index.url, self.test, self.ask)

    @property
    def used(self) -> str | None:
        found = self.store.selected()
        return found.version if found else None


@pytest.fixture
def installation(store: Store, index: Index) -> Installation:
    return Installation(store, index)


async def test_a_newer_version_is_installed_and_stays(installation: Installation) -> None:
    installation.index.add(NEWER)
    assert await installation.update() is UpdateOutcome.INSTALLED
    assert installation.used == NEWER
    assert await installation.update() is UpdateOutcome.UP_TO_DATE
    assert installation.index.downloads == [NEWER]
    state = installation.store.state()
    assert state.next_check_at is not None
    assert state.next_check_at > datetime.now(UTC)


async def test_a_broken_version_is_remembered_and_the_next_one_taken(installation: Installation) -> None:
    installation.broken.add(NEWEST)
    installation.index.add(NEWER)
    installation.index.add(NEWEST)
    assert await installation.update() is UpdateOutcome.INSTALLED
    assert (installation.used, [*installation.store.refusals()]) == (NEWER, [NEWEST])
    assert await installation.update() is UpdateOutcome.UP_TO_DATE
    assert installation.tested == [NEWEST, NEWER]


async def test_nothing_changes_when_no_version_fits(installation: Installation) -> None:
    installation.broken.add(NEWER)
    installation.index.add(NEWER)
    assert await installation.update() is UpdateOutcome.REFUSED
    assert (installation.used, installation.store.installed()) == (None, [])


@pytest.mark.parametrize("content", [tiny_wheel(NEWER, {"../a.py": ""}), b"no wheel"])
async def test_a_file_that_is_no_wheel_is_remembered(installation: Installation, content: bytes) -> None:
    installation.index.add(NEWER, content)
    assert await installation.update() is UpdateOutcome.REFUSED
    assert [*installation.store.refusals()] == [NEWER]


async def test_a_file_that_somebody_else_answers_with_says_nothing(installation: Installation) -> None:
    wheel = installation.index.add(NEWER)
    (path,) = installation.index.content
    installation.index.content[path] = b"Please log in to this network"
    assert await installation.update() is UpdateOutcome.UNAVAILABLE
    assert installation.store.refusals() == {}
    installation.index.content[path] = wheel
    assert await installation.update() is UpdateOutcome.INSTALLED


async def test_another_code_of_vidferry_tries_again(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.broken.add(NEWER)
    installation.index.add(NEWER)
    await installation.update()
    upgrade(monkeypatch)
    installation.broken.clear()
    assert await installation.update() is UpdateOutcome.INSTALLED


def upgrade(monkeypatch: pytest.MonkeyPatch) -> None:
    """Vidferry gets another code."""
    for module in (stores, updates):
        monkeypatch.setattr(module, "tested_with", lambda: "another code")


async def test_an_upgrade_of_vidferry_tests_the_version_again(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.index.add(NEWER)
    await installation.update()
    upgrade(monkeypatch)
    assert installation.used is None
    assert await installation.test_again() is UpdateOutcome.INSTALLED
    assert installation.used == NEWER
    assert installation.index.downloads == [NEWER]
    assert await installation.test_again() is UpdateOutcome.UP_TO_DATE


async def test_nightly_builds_are_taken_while_nothing_works(installation: Installation) -> None:
    installation.index.add(NIGHTLY)
    assert await installation.update() is UpdateOutcome.UP_TO_DATE
    assert await installation.update(is_broken=True) is UpdateOutcome.INSTALLED
    assert installation.used == NIGHTLY


async def test_a_version_that_fails_at_youtube_is_refused(installation: Installation) -> None:
    installation.index.add(NEWER)
    installation.canary = lambda overlay: Found.FAILED if overlay else Found.FINE
    assert await installation.update() is UpdateOutcome.REFUSED
    assert [*installation.store.refusals()] == [NEWER]


async def test_a_version_that_is_no_worse_at_youtube_is_taken(installation: Installation) -> None:
    installation.index.add(NEWER)
    installation.canary = lambda _: Found.FAILED
    assert await installation.update() is UpdateOutcome.INSTALLED


async def test_the_version_in_use_is_asked_once(installation: Installation) -> None:
    asked: list[Path | None] = []

    def canary(overlay: Path | None) -> Found:
        asked.append(overlay)
        return Found.FAILED if overlay else Found.FINE

    installation.index.add(NEWER)
    installation.index.add(NEWEST)
    installation.canary = canary
    assert await installation.update() is UpdateOutcome.REFUSED
    assert (len(asked), asked.count(None)) == (3, 1)


async def test_a_version_that_reads_more_than_the_one_in_use_is_taken(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has stopped at its first failure."""

    async def ask(overlay: Path | None) -> CanaryReport:
        found = (Found.FINE, Found.FAILED) if overlay else (Found.FAILED,)
        kinds = (SubjectKind.MANUAL, SubjectKind.AUDIO)
        answers = zip(kinds, found, strict=False)
        return CanaryReport(answers=[CanaryAnswer(kind=kind, youtube_id="", found=each) for kind, each in answers])

    monkeypatch.setattr(installation, "ask", ask)
    installation.index.add(NEWER)
    assert await installation.update() is UpdateOutcome.INSTALLED


@pytest.mark.parametrize("found", [Found.NOT_ASKED, None])
async def test_a_version_waits_until_youtube_may_be_asked(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, found: Found | None
) -> None:
    installation.index.add(NEWER)
    if found is None:
        monkeypatch.setattr(installation, "ask", not_now)
    else:
        installation.canary = lambda _: found
    assert await installation.update() is UpdateOutcome.POSTPONED
    assert (installation.used, installation.store.refusals()) == (None, {})


async def test_a_test_that_cannot_be_finished_says_nothing(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def too_slow(_directory: Path, _version: str) -> list[str]:
        raise GateUnavailableError("no report within 300 s")

    monkeypatch.setattr(installation, "test", too_slow)
    installation.index.add(NEWER)
    assert await installation.update() is UpdateOutcome.POSTPONED
    assert installation.store.refusals() == {}


async def test_one_process_updates_at_a_time(installation: Installation) -> None:
    installation.index.add(NEWER)
    with installation.store.locked() as is_locked:
        assert is_locked
        assert await installation.update() is UpdateOutcome.BUSY
    assert installation.index.requests == []


async def test_an_index_that_does_not_answer_changes_nothing(installation: Installation) -> None:
    installation.index.url += "/nothing"
    assert await installation.update() is UpdateOutcome.UNAVAILABLE
    assert await installation.use(NEWER) is UpdateOutcome.UNAVAILABLE


async def test_the_operator_chooses_a_version(installation: Installation) -> None:
    installation.index.add(NEWER)
    installation.index.add("2020.1.1")
    await installation.update()
    assert await installation.use("2020.1.1") is UpdateOutcome.INSTALLED
    assert installation.used == "2020.1.1"
    assert installation.store.selection().pinned
    assert await installation.use("2021.1.1") is UpdateOutcome.UNKNOWN_VERSION
    assert await installation.use("../elsewhere") is UpdateOutcome.UNKNOWN_VERSION
    installation.broken.add(NEWEST)
    installation.index.add(NEWEST)
    assert await installation.use(NEWEST) is UpdateOutcome.REFUSED
    assert installation.used == "2020.1.1"
