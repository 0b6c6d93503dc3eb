"""How far a long step is, for whoever watches."""

import logging

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.stages import ImportStage
from shared.db import import_progress
from shared.db.driver import DATABASE_AWAY, transaction
from shared.temporal.feed import Publish

logger = logging.getLogger(__name__)


class ProgressTeller:
    """Writes percentages within the captions stage into the entries that wait, and tells the feed."""

    def __init__(self, engine: AsyncEngine, publish: Publish) -> None:
        self._engine = engine
        self._publish = publish

    async def tell(self, youtube_id: str, progress: int) -> None:
        """A video's import is at `progress` percent, with its captions. Never fails: the next one says it as well."""
        try:
            async with transaction(self._engine) as connection:
                items = await import_progress.step(connection, youtube_id, ImportStage.CAPTIONS, progress)
        except DATABASE_AWAY as error:
            logger.info("progress cannot be written down: %r", error)
        else:
            self._publish(items)
