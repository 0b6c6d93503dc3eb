"""`python -m services.api`: the API as a process."""

import asyncio
import logging
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from services.api.app import create_app
from shared.process import configure_logging, run
from shared.settings import Settings

logger = logging.getLogger(__name__)


class _Server(uvicorn.Server):
    """A server that a stop signal ends in order; uvicorn's own would then raise the signal once more."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let SIGINT and SIGTERM end `serve`."""
        loop = asyncio.get_running_loop()
        for stop in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(stop, self.handle_exit, stop, None)
        yield


async def main() -> int:
    """Serve until a stop signal comes; 1 when the port cannot be had."""
    settings = Settings()
    configure_logging(settings.log_level)
    try:
        listener = _listen(settings.api_host, settings.api_port)
    except OSError as error:
        logger.error("cannot listen on %s:%d: %s", settings.api_host, settings.api_port, error.strerror)
        return 1
    config = uvicorn.Config(
        create_app(settings),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nothing stands in front of it
        timeout_graceful_shutdown=settings.drain_seconds,
    )
    logger.info("listening on http://%s:%d", *listener.getsockname()[:2])
    await _Server(config).serve(sockets=[listener])
    return 0


def _listen(host: str, port: int) -> socket.socket:
    """A bound socket. Raises OSError when the port is taken or the host is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=2048)


if __name__ == "__main__":
    run(main)
