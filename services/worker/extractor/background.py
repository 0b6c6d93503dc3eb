"""What a worker does about yt-dlp beside its activities: notice another version, look for newer ones, take one back."""

import asyncio
import random
from datetime import UTC, datetime
from types import TracebackType

from services.worker.background.usage_reports import UpstreamReporter
from services.worker.extractor import gate
from services.worker.extractor.activation import active_version
from services.worker.extractor.asking import is_broken
from services.worker.extractor.canary_runs import CanaryRuns
from services.worker.extractor.policy import is_check_due, is_test_due, next_check
from services.worker.extractor.restart import RestartTurn
from services.worker.extractor.store import Selection, Store
from services.worker.extractor.trial import Trial
from services.worker.extractor.updates import Updater
from shared.background import BackgroundTask
from shared.contracts.upstreams import UpstreamStatus
from shared.logs import get_logger
from shared.settings import Settings

BUNDLED = "bundled"

logger = get_logger(__name__)


class ExtractorUpdates(BackgroundTask):
    """Keeps yt-dlp up to date for this worker. It never exchanges modules: it asks the process to stop, by `stop`.

    Several workers share a directory: one of them updates, the others notice.
    """

    def __init__(
        self, settings: Settings, reporter: UpstreamReporter, store: Store, canaries: CanaryRuns, stop: asyncio.Event
    ) -> None:
        super().__init__("extractor_updates", drain_seconds=0)
        self._settings = settings
        self._canaries = canaries
        self._store = store
        self._stop = stop
        self._trial = Trial()
        self._turn = RestartTurn(store.directory)
        self._updater = Updater(store, settings.extractor_index, gate.problems, canaries.ask)
        reporter.listen(self._trial.note)
        self._wake_later()

    async def run_once(self) -> None:
        """Do the first of these that is needed."""
        try:
            self._take_back_if_worse()
            if self._is_superseded():
                self._restart()
            else:
                await self._update_or_ask(await self._canaries.status())
        finally:
            self._wake_later()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await super().__aexit__(kind, error, trace)
        self._turn.note()  # from here on, this process is gone in a moment

    def _wake_later(self) -> None:
        self.wake(self._settings.reconcile_interval_seconds * random.uniform(0.5, 1.5))  # noqa: S311 - no secret

    def _is_superseded(self) -> bool:
        selected = self._store.selected()
        return (selected.version if selected else None) != active_version()

    def _restart(self) -> None:
        if not self._stop.is_set() and self._turn.take():
            selected = self._store.selected()
            after = selected.version if selected else BUNDLED
            logger.info("extractor_restart", before=active_version() or BUNDLED, after=after)
            self._stop.set()

    def _take_back_if_worse(self) -> None:
        """Go back to the version before, if the one in use is on trial and does worse."""
        selection, now = self._store.selection(), datetime.now(UTC)
        if selection.version is None or selection.version != active_version() or selection.selected_at is None:
            return
        if self._trial.is_worse(selection.unexpected_share, selected_at=selection.selected_at, now=now):
            self._take_back(selection.version, selection)

    def _take_back(self, version: str, selection: Selection) -> None:
        with self._store.locked() as is_locked:
            if is_locked and self._store.selection() == selection:
                share = f"{self._trial.unexpected_share:.0%}"
                logger.warning("extractor_version_taken_back", version=version, unexpected=share)
                self._store.refuse(version, f"trial: {share} of the calls could not be read")
                self._store.select(selection.previous)

    async def _update_or_ask(self, status: UpstreamStatus | None) -> None:
        self._canaries.forget_refuted_failure()
        if self._settings.extractor_updates == "off":
            return
        now, state = datetime.now(UTC), self._store.state()
        if self._is_untested():
            if is_test_due(now, state):
                await self._updater.test_again()
        elif not self._store.selection().pinned:
            has_failed = is_broken(status, state)
            if is_check_due(now, state, is_broken=has_failed):
                await self._update(is_broken=has_failed)
            elif state.next_check_at is None:
                self._schedule(now)
        await self._canaries.run_if_due(now, status)

    def _is_untested(self) -> bool:
        """Whether the selected version is not used because Vidferry was upgraded since its test."""
        version = self._store.selection().version
        found = self._store.find(version) if version else None
        return found is not None and not found.is_tested and found.version not in self._store.refusals()

    async def _update(self, *, is_broken: bool) -> None:
        outcome = await self._updater.update(
            nightly=self._settings.extractor_updates == "nightly",
            is_broken=is_broken,
            unexpected_share=self._trial.unexpected_share,
        )
        logger.info("extractor_update_finished", outcome=outcome, is_broken=is_broken)

    def _schedule(self, now: datetime) -> None:
        with self._store.locked() as is_locked:
            state = self._store.state()
            if is_locked and state.next_check_at is None:
                state.next_check_at = next_check(now, state)
                self._store.save_state(state)
