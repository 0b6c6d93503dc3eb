"""`python -m services.api`: the API as a process."""

from services.api.app import create_app
from shared.http.server import listen, serve
from shared.logs import get_logger
from shared.process import configure_logging, run
from shared.settings import read_settings

logger = get_logger(__name__)


async def main() -> int:
    """Serve until a stop signal; 1 if the port is not available."""
    settings = read_settings()
    configure_logging(settings.log_level)
    try:
        listener = listen(settings.api_host, settings.api_port)
    except OSError as error:
        logger.error("listen_failed", host=settings.api_host, port=settings.api_port, error=error)
        return 1
    host, port = listener.getsockname()[:2]
    logger.info("listening", url=f"http://{host}:{port}")
    await serve(create_app(settings), listener, settings.drain_seconds)
    return 0


if __name__ == "__main__":
    run(main)
