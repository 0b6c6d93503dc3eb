"""One update of yt-dlp: find a version, download it, test it, select it. Interrupted anywhere, nothing has changed.

Whoever is to use the new version starts a new process; nothing is exchanged in one that runs.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import NoReturn

from packaging.version import Version

from services.worker.extractor.canary import CanaryReport, Verdict
from services.worker.extractor.index import IndexUnavailableError, Wheel, download, find_wheels
from services.worker.extractor.policy import candidates, next_canary, next_check, soon
from services.worker.extractor.store import Manifest, Store
from services.worker.extractor.versions import bundled_version, parse_version, tested_with
from services.worker.extractor.wheel import WheelRefusedError, unpack
from shared.logs import get_logger

MAX_CANDIDATES = 3
"""How many versions one update tries: the newest one may be broken."""

Test = Callable[[Path, str], Awaitable[list[str]]]
"""What is wrong with the version in a directory: `gate.problems`."""
Ask = Callable[[Path | None], Awaitable[CanaryReport | None]]
"""Asks YouTube for the canary videos with the version in a directory (None: the bundled one).

None: nothing may be asked just now.
"""

logger = get_logger(__name__)


class UpdateOutcome(StrEnum):
    """What came of an update."""

    INSTALLED = "installed"
    """Another version is selected now."""
    UP_TO_DATE = "up_to_date"
    REFUSED = "refused"
    """There is a newer version, which does not fit."""
    POSTPONED = "postponed"
    """A version could not be tested to the end."""
    UNAVAILABLE = "unavailable"
    """The index could not be read."""
    BUSY = "busy"
    """Another process updates."""
    UNKNOWN_VERSION = "unknown_version"
    """The index has no such version."""


_UNFINISHED = {UpdateOutcome.POSTPONED, UpdateOutcome.UNAVAILABLE}


class GateUnavailableError(Exception):
    """A test could not be run to its end, which says nothing about the version."""


class _RefusedError(Exception):
    """A version does not fit; the text says why."""


class _PostponedError(Exception):
    """A version could not be tested to the end; the text says why."""


class Updater:
    """Updates one directory. `index`, `test` and `ask` are what it depends on."""

    def __init__(self, store: Store, index: str, test: Test, ask: Ask) -> None:
        self._store = store
        self._index = index
        self._test = test
        self._ask = ask
        self._report_in_use: CanaryReport | None = None
        """What the version in use can read, as far as this update has asked."""

    async def update(self, *, nightly: bool, is_broken: bool, unexpected_share: float | None = None) -> UpdateOutcome:
        """Look for a newer version, test it and select it.

        Args:
            nightly: Take nightly builds.
            is_broken: The version in use does not work: take whatever may help.
            unexpected_share: Of the latest calls, how many ended in an answer that could not be read; None: not known.

        Raises OSError where the directory cannot be written to.
        """
        with self._locked() as is_locked:
            if not is_locked:
                return UpdateOutcome.BUSY
            outcome = await self._update(nightly=nightly, is_broken=is_broken, unexpected_share=unexpected_share)
            self._note(outcome)
            return outcome

    async def use(self, version: str) -> UpdateOutcome:
        """Select this version until the next `update` that the operator starts, after the same tests.

        Raises OSError where the directory cannot be written to.
        """
        with self._locked() as is_locked:
            if not is_locked:
                return UpdateOutcome.BUSY
            try:
                return await self._use(version)
            except IndexUnavailableError as error:
                logger.warning("extractor_index_unavailable", error=error)
                return UpdateOutcome.UNAVAILABLE
            except _PostponedError:
                return UpdateOutcome.POSTPONED
            except _RefusedError:
                return UpdateOutcome.REFUSED

    async def test_again(self) -> UpdateOutcome:
        """Test the selected version with this code of Vidferry, which is newer than its last test."""
        with self._locked() as is_locked:
            if not is_locked:
                return UpdateOutcome.BUSY
            version = self._store.selection().version
            found = self._store.find(version) if version else None
            if found is None or self._store.selected() is not None or found.version in self._store.refusals():
                return UpdateOutcome.UP_TO_DATE
            try:
                await self._test_installed(found)
            except _PostponedError as error:
                logger.info("extractor_test_postponed", version=version, reason=str(error))
                state = self._store.state()
                state.next_test_at = soon(datetime.now(UTC))
                self._store.save_state(state)
                return UpdateOutcome.POSTPONED
            except _RefusedError:
                return UpdateOutcome.REFUSED
            return UpdateOutcome.INSTALLED

    @contextmanager
    def _locked(self) -> Iterator[bool]:
        """As `Store.locked`."""
        self._store.create()
        self._report_in_use = None
        with self._store.locked() as is_locked:
            yield is_locked

    async def _update(self, *, nightly: bool, is_broken: bool, unexpected_share: float | None) -> UpdateOutcome:
        try:
            wheels = await find_wheels(self._index)
        except IndexUnavailableError as error:
            logger.warning("extractor_index_unavailable", error=error)
            return UpdateOutcome.UNAVAILABLE
        outcome = UpdateOutcome.UP_TO_DATE
        for wheel in self._candidates(wheels, nightly=nightly, is_broken=is_broken)[:MAX_CANDIDATES]:
            try:
                await self._install(wheel)
            except IndexUnavailableError as error:
                logger.warning("extractor_index_unavailable", error=error)
                return UpdateOutcome.UNAVAILABLE
            except _PostponedError as error:
                logger.info("extractor_update_postponed", version=wheel.version, reason=str(error))
                return UpdateOutcome.POSTPONED
            except _RefusedError:
                outcome = UpdateOutcome.REFUSED
            else:
                self._select(wheel.version, pinned=False, unexpected_share=unexpected_share)
                return UpdateOutcome.INSTALLED
        return outcome

    def _candidates(self, wheels: list[Wheel], *, nightly: bool, is_broken: bool) -> list[Wheel]:
        now, state = datetime.now(UTC), self._store.state()
        unknown = [wheel.version for wheel in wheels if wheel.uploaded_at is None]
        state.first_seen = {version: state.first_seen.get(version, now) for version in unknown}
        self._store.save_state(state)
        return candidates(
            wheels,
            newer_than=self._version_in_use(),
            refused=self._store.refusals().keys(),
            first_seen=state.first_seen,
            now=now,
            nightly=nightly,
            is_broken=is_broken,
        )

    def _version_in_use(self) -> Version:
        selected = self._store.selected()
        number = parse_version(selected.version) if selected else None
        return max(number, bundled_version()) if number else bundled_version()

    async def _use(self, version: str) -> UpdateOutcome:
        found = self._store.find(version)
        if found is None:
            wheels = [wheel for wheel in await find_wheels(self._index) if wheel.version == version]
            if not wheels:
                return UpdateOutcome.UNKNOWN_VERSION
            await self._install(wheels[0])
        elif not found.is_tested:
            await self._test_installed(found)
        self._store.forgive(version)
        self._select(version, pinned=True)
        return UpdateOutcome.INSTALLED

    async def _install(self, wheel: Wheel) -> None:
        """Raises _RefusedError, _PostponedError, IndexUnavailableError."""
        installed = self._store.find(wheel.version)
        if installed is not None and installed.is_tested:
            return  # an earlier update was interrupted before it could select it
        with self._store.workplace() as place:
            file, unpacked = place / wheel.filename, place / "unpacked"
            logger.info("extractor_downloading", version=wheel.version)
            try:
                await download(wheel, file)
                await asyncio.to_thread(unpack, file, unpacked)
            except WheelRefusedError as error:
                self._refuse(wheel.version, str(error))
            canary = await self._examine(unpacked, wheel.version)
            manifest = Manifest(
                version=wheel.version,
                sha256=wheel.sha256,
                source=wheel.url.partition("?")[0],
                installed_at=datetime.now(UTC),
                tested_at=datetime.now(UTC),
                tested_with=[tested_with()],
                canary=canary,
            )
            await asyncio.to_thread(self._store.install, unpacked, manifest)

    async def _test_installed(self, found: Manifest) -> None:
        canary = await self._examine(self._store.path_of(found.version), found.version)
        self._store.tested_again(found, canary)

    async def _examine(self, directory: Path, version: str) -> str:
        """Run all tests; returns what the canary said. Raises _RefusedError, _PostponedError."""
        try:
            problems = await self._test(directory, version)
        except GateUnavailableError as error:
            raise _PostponedError(str(error)) from None
        if problems:
            self._refuse(version, "; ".join(problems))
        report = await self._ask(directory)
        if report is None or report.verdict is Verdict.UNKNOWN:
            raise _PostponedError("YouTube could not be asked")
        if report.verdict is Verdict.FAILED and not await self._is_no_worse(report):
            self._refuse(version, f"canary: {_details(report)}")
        now = datetime.now(UTC)
        self._store.note_canary(report.verdict, now, next_canary(now))
        return report.verdict

    async def _is_no_worse(self, report: CanaryReport) -> bool:
        """Whether the version in use fails as well. Raises _PostponedError."""
        if self._report_in_use is None:
            selected = self._store.selected()
            self._report_in_use = await self._ask(self._store.path_of(selected.version) if selected else None)
        other = self._report_in_use
        if other is None or other.verdict is Verdict.UNKNOWN:
            raise _PostponedError("YouTube could not be asked")
        return other.verdict is Verdict.FAILED and report.fine >= other.fine

    def _refuse(self, version: str, reason: str) -> NoReturn:
        logger.warning("extractor_version_refused", version=version, reason=reason)
        self._store.refuse(version, reason)
        raise _RefusedError(reason)

    def _select(self, version: str, *, pinned: bool, unexpected_share: float | None = None) -> None:
        self._store.select(version, pinned=pinned, on_trial=not pinned, unexpected_share=unexpected_share)
        self._store.prune()
        logger.info("extractor_version_selected", version=version, pinned=pinned)

    def _note(self, outcome: UpdateOutcome) -> None:
        now, state = datetime.now(UTC), self._store.state()
        state.checked_at, state.outcome = now, outcome
        state.next_check_at = next_check(now, state, is_unfinished=outcome in _UNFINISHED)
        self._store.save_state(state)


def _details(report: CanaryReport) -> str:
    return ", ".join(f"{answer.kind} {answer.detail or answer.found}" for answer in report.answers)
