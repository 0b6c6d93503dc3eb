"""Reports the sub-progress of long activities to clients."""

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.stages import ImportStage
from shared.db import imports
from shared.db.connection import transaction
from shared.logs import get_logger
from shared.temporal.feed import Publish

logger = get_logger(__name__)


class ProgressReporter:
    """Writes percentages of the captions stage to the waiting list entries, and publishes them."""

    def __init__(self, engine: AsyncEngine, publish: Publish) -> None:
        self._engine = engine
        self._publish = publish

    async def report(self, youtube_id: str, progress: int) -> None:
        """Report that a video's captions are at `progress` percent. Never fails: the next report follows soon."""
        try:
            async with transaction(self._engine) as connection:
                items = await imports.set_subprogress(connection, youtube_id, ImportStage.CAPTIONS, progress)
        except Exception as error:  # any failure: a download matters more than its percentage
            logger.warning("progress_not_written", youtube_id=youtube_id, error=error)
        else:
            self._publish(items)
