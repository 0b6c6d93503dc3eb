"""`python -m services.api`: the API as a process."""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from services.api.app import create_app
from shared.logs import get_logger
from shared.process import configure_logging, on_stop_signal, run
from shared.settings import read_settings

KEEP_ALIVE_SECONDS = 75
"""How long an idle connection stays open: longer than in HTTP clients and proxies (httpx 5 s, nginx 60 s).

If the server closed first, the next request could fail without a response.
"""

logger = get_logger(__name__)


class _Server(uvicorn.Server):
    """A server that shuts down gracefully; uvicorn's own raises the signal again afterwards."""

    def __init__(self, config: uvicorn.Config, drain_seconds: float) -> None:
        super().__init__(config)
        self._drain_seconds = drain_seconds

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let SIGINT and SIGTERM end `serve`; a second signal does not wait for running requests."""
        on_stop_signal(lambda: self.handle_exit(signal.SIGINT, None), drain_seconds=self._drain_seconds)
        yield


async def main() -> int:
    """Serve until a stop signal; 1 if the port is not available."""
    settings = read_settings()
    configure_logging(settings.log_level)
    try:
        listener = _listen(settings.api_host, settings.api_port)
    except OSError as error:
        logger.error("listen_failed", host=settings.api_host, port=settings.api_port, error=error)
        return 1
    config = uvicorn.Config(
        create_app(settings),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # no reverse proxy
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=settings.drain_seconds,
    )
    host, port = listener.getsockname()[:2]
    logger.info("listening", url=f"http://{host}:{port}")
    await _Server(config, settings.drain_seconds).serve(sockets=[listener])
    return 0


def _listen(host: str, port: int) -> socket.socket:
    """A bound socket. Raises OSError if the port is in use or the host is not of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=2048)


if __name__ == "__main__":
    run(main)
