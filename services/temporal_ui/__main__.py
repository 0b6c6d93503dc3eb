"""`python -m services.temporal_ui`: the guard as a process."""

from services.temporal_ui.proxy import create_app
from shared.http.server import listen, serve
from shared.logs import get_logger
from shared.process import configure_logging, run
from shared.settings import read_settings

DRAIN_SECONDS = 1
"""Short: long polls never end by themselves, and what the Web UI asks for can be asked for again."""

logger = get_logger(__name__)


async def main() -> int:
    """Serve until a stop signal; 1 if the port is not available."""
    settings = read_settings()
    configure_logging(settings.log_level)
    host, port = settings.temporal_ui_host, settings.temporal_ui_port
    try:
        listener = listen(host, port)
    except OSError as error:
        logger.error("listen_failed", host=host, port=port, error=error)
        return 1
    logger.info("listening", url=f"http://{host}:{port}")
    await serve(create_app(settings), listener, DRAIN_SECONDS)
    return 0


if __name__ == "__main__":
    run(main)
