"""The activities of a `RateGovernor`: decide, set the task queue's rate, save the status that everyone reads."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError

from services.worker.background.queue_rate import set_queue_rate
from shared.contracts.upstreams import (
    ApplyRateInput,
    ExtractorFinding,
    GovernInput,
    GovernorDecision,
    RateGovernorInput,
    Upstream,
    UpstreamStatus,
)
from shared.db.connection import transaction
from shared.db.errors import is_transient_database_error
from shared.db.upstreams import SavedUpstream, find_saved, keep_status
from shared.logs import get_logger
from shared.temporal.errors import is_temporal_unavailable
from workflows.rate_limits import activities as contract
from workflows.rate_limits.controller import RateController
from workflows.rate_limits.decisions import advance, details, pack, restore, unpack

ARMING_CALLS_PER_SECOND = 0.5
PROBE_CALLS_PER_SECOND = 1 / 3600
DATABASE_SECONDS = 3.0
"""How long PostgreSQL may take to read or to save: the rate must not wait for it."""
APPLY_RETRY_DELAY = timedelta(seconds=1)
"""After a rate could not be set."""
SAVE_RETRY_DELAY = timedelta(seconds=5)
"""After a status could not be saved."""

logger = get_logger(__name__)


class GovernorActivities(contract.GovernorActivities):
    """The contract on Temporal and PostgreSQL."""

    def __init__(self, engine: AsyncEngine, client: Client) -> None:
        self._engine = engine
        self._client = client

    @activity.defn
    async def govern(self, given: GovernInput) -> GovernorDecision | None:
        """Decide on the reported events. What cannot be written is retried soon, with its value by then.

        A probe's status is saved first: the call has to know that it is the probe. Otherwise the rate is set first.
        """
        now, last = given.now, given.governor.last
        try:
            controller = await self._controller(given.governor, now)
        except Exception as error:
            if not is_transient_database_error(error):
                raise
            logger.warning("governor_state_unavailable", upstream=given.governor.upstream, error=error)
            return None
        extractor = controller.evidence.finding
        is_in_doubt = advance(controller, given.governor.events, now)
        _log_change(extractor, controller.evidence.finding)
        wanted, status, state = controller.queue_rate(now), controller.status(now), pack(controller)
        applied = last.applied if last and not is_in_doubt else None
        if wanted.probe is None:
            is_applied = await self._is_applied(wanted, applied)
            is_saved = await self._is_saved(status, state)
        else:
            is_saved = await self._is_saved(status, state)
            is_applied = await self._is_applied(wanted, applied)
        times = [
            controller.next_tick(),
            None if is_applied else now + APPLY_RETRY_DELAY,
            None if is_saved else now + SAVE_RETRY_DELAY,
        ]
        return GovernorDecision(
            state=state,
            status=status,
            details=details(controller, wanted, status),
            applied=wanted if is_applied else None,
            next_at=min((time for time in times if time), default=None),
        )

    async def apply_rate(self, rate: ApplyRateInput) -> None:
        """Set the rate of the upstream's task queue, for every worker on every machine.

        For a probe in two steps (docs/adr/0006): at rate 0 the queue's next task is "never" due. The first step makes
        it due in three seconds, the second makes the following task due in an hour.
        """
        if rate.probe is None:
            await set_queue_rate(self._client, rate.upstream, rate.calls_per_second)
        else:
            await set_queue_rate(self._client, rate.upstream, ARMING_CALLS_PER_SECOND)
            try:
                await set_queue_rate(self._client, rate.upstream, PROBE_CALLS_PER_SECOND)
            except RPCError:
                with suppress(RPCError):
                    await set_queue_rate(self._client, rate.upstream, 0)
                raise

    async def find_saved(self, upstream: Upstream) -> SavedUpstream | None:
        """Return what an earlier run of the governor has saved."""
        async with transaction(self._engine) as connection:
            return await find_saved(connection, upstream)

    async def save(self, status: UpstreamStatus, state: bytes) -> None:
        """Save the upstream's status for its readers, and the state that a new governor continues from."""
        async with transaction(self._engine) as connection:
            await keep_status(connection, status, state)

    async def _controller(self, governor: RateGovernorInput, now: datetime) -> RateController:
        if governor.last and (controller := unpack(governor.last.state)):
            return controller
        async with asyncio.timeout(DATABASE_SECONDS):
            saved = await self.find_saved(governor.upstream)
        return restore(governor, saved.state if saved else None, saved.status if saved else None, now)

    async def _is_applied(self, wanted: ApplyRateInput, applied: ApplyRateInput | None) -> bool:
        """Set the wanted rate, unless the queue has it; returns whether it has it now."""
        if wanted == applied:
            return True
        try:
            await self.apply_rate(wanted)
        except Exception as error:
            if not is_temporal_unavailable(error):
                raise
            logger.warning("queue_rate_not_set", upstream=wanted.upstream, error=error)
            return False
        return True

    async def _is_saved(self, status: UpstreamStatus, state: bytes) -> bool:
        """Save the status; returns whether that succeeded."""
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                await self.save(status, state)
        except Exception as error:  # any failure: the rate must not depend on it
            logger.warning("upstream_status_not_saved", upstream=status.upstream, error=error)
            return False
        return True


def _log_change(before: ExtractorFinding | None, after: ExtractorFinding | None) -> None:
    """Log that the extractor is suspected, found broken, or works."""
    if (before and before.state) == (after and after.state):
        return
    if after:
        logger.warning(
            "extractor_doubted",
            state=after.state,
            step=after.step,
            videos=after.videos,
            detail=after.detail,
            since=after.since,
        )
    else:
        logger.info("extractor_works")
