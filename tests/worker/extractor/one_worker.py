"""The part of a worker that looks after yt-dlp."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.client import Client

from services.worker.adapters.youtube.exits import Exits
from services.worker.background.usage_reports import UpstreamReporter
from services.worker.extractor.background import ExtractorUpdates
from services.worker.extractor.canary_runs import CanaryRuns
from services.worker.extractor.store import Store
from shared.contracts.errors import ErrorType
from shared.contracts.upstreams import Upstream
from shared.settings import Settings
from workflows.rate_limits.client import GovernorClient

YOUTUBE_ID = "updatevideo"


class OneWorker:
    """It does one step at a time."""

    def __init__(self, client: Client, engine: AsyncEngine, settings: Settings, store: Store) -> None:
        self.stop = asyncio.Event()
        governor = GovernorClient(client, Upstream.YOUTUBE, settings.youtube_rate_limits)
        self.reporter = UpstreamReporter(governor)
        self.exits = Exits(settings.youtube_proxies)
        canaries = CanaryRuns(engine, settings, self.reporter, self.exits, store, "me")
        self._updates = ExtractorUpdates(settings, self.reporter, store, canaries, self.stop)

    async def step(self) -> None:
        await self._updates.run_once()

    def calls(self, count: int, error_type: ErrorType | None) -> None:
        """So many videos."""
        for number in range(count):
            self.reporter.call_finished(None, f"{YOUTUBE_ID}-{number}", error_type)
