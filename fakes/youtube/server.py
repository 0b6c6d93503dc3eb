"""Runs a fake YouTube: TLS server, CONNECT proxy and control interface on one event loop in a thread of its own.

It has its own thread because the libraries under test block: a test may call them from the loop that started it.
"""

import asyncio
import contextlib
import logging
import socket
import tempfile
import threading
from collections.abc import AsyncIterator
from concurrent.futures import Future
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn

from fakes.youtube.app import FakeYoutubeApp
from fakes.youtube.certificates import Certificates, prepare
from fakes.youtube.control import build_control
from fakes.youtube.faults import FaultTable
from fakes.youtube.library import Library
from fakes.youtube.model import LoggedRequest
from fakes.youtube.tunnel import Tunnel
from fakes.youtube.youtube import InventedYoutube, Youtube

_LOOPBACK = "127.0.0.1"
_BACKLOG = 512
_KEEP_ALIVE_SECONDS = 75
"""As the API's: a server that closes an idle connection races with the next request."""


class FakeYoutube:
    """A YouTube on this machine; its properties and methods may be used from any thread."""

    def __init__(
        self, certificates: Certificates, *, library: Library, youtube: Youtube, port: int, latency_seconds: float
    ) -> None:
        self.library = library
        self.ca_file = certificates.ca_file
        self._app = FakeYoutubeApp(youtube, latency_seconds)
        self._tls_server = _server(self._app, ssl_certfile=certificates.server_file)
        self._control_server = _server(build_control(self._app, library))
        # Listening from here on: a client that comes before the loop runs waits in the backlog.
        self._proxy_socket, self._tls_socket, self._control_socket = (_listen(each) for each in (port, 0, 0))
        self.proxy_url = _url(self._proxy_socket)
        """The CONNECT proxy: the value of YOUTUBE_PROXY."""
        self.control_url = _url(self._control_socket)
        """The control interface, for other processes."""
        self._loop: Future[asyncio.AbstractEventLoop] = Future()
        self._stop = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def start(
        cls,
        *,
        library: Library | None = None,
        youtube: Youtube | None = None,
        directory: Path | None = None,
        port: int = 0,
        latency_seconds: float = 0,
    ) -> AsyncIterator["FakeYoutube"]:
        """A running fake YouTube.

        `youtube` answers in the place of the invented videos of `library`; `directory` keeps the certificate
        authority (default: a temporary one); `port` is the proxy's (0: any free one, OSError when it is taken).
        """
        with contextlib.ExitStack() as stack:
            place = directory or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fake-youtube-")))
            shelf = Library() if library is None else library
            fake_youtube = cls(
                prepare(place),
                library=shelf,
                youtube=youtube or InventedYoutube(shelf),
                port=port,
                latency_seconds=latency_seconds,
            )
            async with fake_youtube._running():
                yield fake_youtube

    @property
    def requests(self) -> list[LoggedRequest]:
        """Every request so far, oldest first."""
        return list(self._app.log)

    @property
    def faults(self) -> FaultTable:
        """The fault table."""
        return self._app.faults

    def clear(self) -> None:
        """Forget the log, the faults and the videos that were added."""
        self._app.log.clear()
        self._app.faults.clear()
        self.library.clear()

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="fake_youtube", daemon=True)
        thread.start()
        loop = await asyncio.wrap_future(self._loop)
        try:
            yield
        finally:
            loop.call_soon_threadsafe(self._stop.set)
            await asyncio.to_thread(thread.join)

    async def _serve(self) -> None:
        """The thread's life."""
        self._loop.set_result(asyncio.get_running_loop())
        tunnel = await asyncio.start_server(Tunnel(self._tls_socket.getsockname()[1]), sock=self._proxy_socket)
        serving = asyncio.gather(
            self._tls_server.serve([self._tls_socket]), self._control_server.serve([self._control_socket])
        )
        await self._stop.wait()
        tunnel.close()
        for server in (self._tls_server, self._control_server):
            server.should_exit = server.force_exit = True
        await serving


def _listen(port: int) -> socket.socket:
    # asyncio sends without delay (TCP_NODELAY) only on sockets that name their protocol; else an answer takes 40 ms.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((_LOOPBACK, port))
        listening.listen(_BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def _url(listening: socket.socket) -> str:
    return f"http://{_LOOPBACK}:{listening.getsockname()[1]}"


def _server(app: Any, **options: Any) -> uvicorn.Server:
    # Its complaints (a cut answer, a client that hung up) are what tests ask for: not worth a line.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    config = uvicorn.Config(
        app, lifespan="off", log_config=None, access_log=False, timeout_keep_alive=_KEEP_ALIVE_SECONDS, **options
    )
    config.load()
    return uvicorn.Server(config)
