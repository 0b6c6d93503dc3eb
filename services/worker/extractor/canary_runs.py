"""When a worker asks YouTube for the canary subjects by itself, and what that costs."""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from services.worker.adapters.youtube.exits import Exits
from services.worker.background.usage_reports import UpstreamReporter
from services.worker.extractor.asking import ask_youtube, is_outdated, is_suspect, log_requests, reason_not_to_ask
from services.worker.extractor.canary import CanaryReport, Verdict
from services.worker.extractor.policy import QUIET, is_confirmation_due, is_daily_canary_due, next_canary
from services.worker.extractor.store import Store
from shared.contracts.errors import ErrorType
from shared.contracts.upstreams import Upstream, UpstreamStatus
from shared.db.connection import transaction
from shared.db.enrichments import last_fetched_at
from shared.db.installation import claim_start_canary
from shared.db.upstreams import find_status
from shared.logs import get_logger
from shared.settings import Settings

logger = get_logger(__name__)


class Occasion(StrEnum):
    """Why the canary subjects are asked for."""

    START = "start"
    """The first call since the installation was started."""
    SUSPICION = "suspicion"
    """Several videos failed alike: the canary says whether that is because of them."""
    QUIET = "quiet"
    """A day has passed, and no import has shown lately that YouTube can be read."""


class CanaryRuns:
    """Asks for the canary subjects of one worker, never while calls are paused.

    What ends a pause is the one call of an import that the `RateGovernor` lets through. Only an update may ask while
    calls are paused because the version in use does not work.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        settings: Settings,
        reporter: UpstreamReporter,
        exits: Exits,
        store: Store,
        worker: str,
    ) -> None:
        """`worker`: names this worker in the request log."""
        self._engine = engine
        self._settings = settings
        self._reporter = reporter
        self._exits = exits
        self._store = store
        self._worker = worker
        self._may_be_first = False
        """Whether this worker has made a call, and does not know yet whether a worker has asked since the start."""
        self._has_called = False
        self._succeeded_at: datetime | None = None
        reporter.listen(self._note)

    async def status(self) -> UpstreamStatus | None:
        """Return YouTube's status. Raises what the database raises."""
        async with transaction(self._engine) as connection:
            return await find_status(connection, Upstream.YOUTUBE)

    async def ask(self, overlay: Path | None) -> CanaryReport | None:
        """Ask with the version in `overlay` (None: the bundled one) at the cost of the budget of imports.

        Returns None where nothing may be asked just now.
        """
        status = await self.status()
        settings = self._settings_of_working_exits()
        reason = "resting_exits" if settings is None else reason_not_to_ask(status)
        if settings is None or reason:
            logger.info("canary_not_asked", reason=reason)
            return None
        report = await ask_youtube(settings, overlay)
        for _ in range(report.requests):
            self._reporter.request_sent()
        self._reporter.requests_sent(status)
        await log_requests(self._engine, report, self._worker)
        return report

    async def run_if_due(self, now: datetime, status: UpstreamStatus | None) -> None:
        """Ask if there is an occasion."""
        state = self._store.state()
        if state.next_canary_at is None:
            self._plan(next_canary(now))
        is_daily_due = is_daily_canary_due(now, state)
        is_doubtful = is_suspect(status) and is_confirmation_due(now, state)
        if is_outdated(status) or reason_not_to_ask(status) is not None:
            return
        if not (self._may_be_first or is_doubtful or is_daily_due):
            return
        with self._store.locked() as is_locked:
            if is_locked and (occasion := await self._occasion(now, status)):
                await self._run(occasion, now)

    def forget_refuted_failure(self) -> None:
        """Forget that the canary failed once an import has shown that YouTube can be read."""
        if self._is_refuted():
            with self._store.locked() as is_locked:
                if is_locked and self._is_refuted():
                    self._store.save_state(self._store.state().model_copy(update={"canary": ""}))

    def _note(self, _youtube_id: str, _step: str | None, error_type: ErrorType | None) -> None:
        if not self._has_called:
            self._has_called = self._may_be_first = True
        if error_type is None:
            self._succeeded_at = datetime.now(UTC)

    async def _occasion(self, now: datetime, status: UpstreamStatus | None) -> Occasion | None:
        """Only one worker of the installation gets START; the others of a machine see in the state that one asked."""
        if self._may_be_first:
            async with transaction(self._engine) as connection:
                is_first = await claim_start_canary(connection)
            self._may_be_first = False
            if is_first:
                return Occasion.START
        state = self._store.state()
        if is_suspect(status) and is_confirmation_due(now, state):
            return Occasion.SUSPICION
        if not is_daily_canary_due(now, state):
            return None
        async with transaction(self._engine) as connection:
            imported_at = await last_fetched_at(connection)
        if imported_at is None or now - imported_at >= QUIET:
            return Occasion.QUIET
        state.next_canary_at = imported_at + QUIET
        self._store.save_state(state)
        return None

    async def _run(self, occasion: Occasion, now: datetime) -> None:
        """The lock has to be held."""
        selected = self._store.selected()
        report = await self.ask(self._store.path_of(selected.version) if selected else None)
        if report is not None:
            logger.info("canary_answered", occasion=occasion, verdict=report.verdict, gone=len(report.gone))
            self._store.note_canary(report.verdict, now, next_canary(now))

    def _plan(self, moment: datetime) -> None:
        with self._store.locked() as is_locked:
            state = self._store.state()
            if is_locked and state.next_canary_at is None:
                state.next_canary_at = moment
                self._store.save_state(state)

    def _is_refuted(self) -> bool:
        state, succeeded_at = self._store.state(), self._succeeded_at
        if state.canary != Verdict.FAILED or state.canary_at is None or succeeded_at is None:
            return False
        return succeeded_at > state.canary_at

    def _settings_of_working_exits(self) -> Settings | None:
        """The settings for a process that does not know which of several exits rest; None: all of them do."""
        if len(self._settings.youtube_proxies) < 2:
            return self._settings
        working = self._exits.working
        proxies = SecretStr(",".join(proxy for proxy in working if proxy))
        return self._settings.model_copy(update={"youtube_proxy": proxies}) if working else None
