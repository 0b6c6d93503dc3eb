"""`python -m services.notifier`: run one notifier until SIGTERM or SIGINT."""

import logging

from services.notifier.server import Notifier
from shared.db.engine import create_engine
from shared.logs import get_logger
from shared.process import configure_logging, run, stop_requested
from shared.settings import read_settings
from shared.temporal.client import connect

logger = get_logger(__name__)


async def main() -> int:
    """Serve until a signal asks to stop; 0 after a graceful stop."""
    settings = read_settings()
    configure_logging(settings.log_level)
    logging.getLogger("websockets").setLevel(logging.WARNING)  # it reports every connection and health check
    stop = stop_requested(drain_seconds=settings.drain_seconds)
    engine = create_engine(settings)
    async with Notifier(settings, engine, await connect(settings)) as notifier:
        logger.info("listening", port=notifier.port)
        await notifier.serve_until(stop)
    await engine.dispose()
    return 0


if __name__ == "__main__":
    run(main)
