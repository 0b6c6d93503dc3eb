"""An HTTP server that stops gracefully and whose clients cannot hold each other up: uvicorn, with limits of its own.

uvicorn limits neither the size of a head nor the time that it takes (h11 would limit the size, at half the speed).
"""

import asyncio
import logging
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from shared.http.limits import (
    HEAD_SECONDS,
    MAX_HEAD_BYTES,
    MAX_HEADERS,
    MAX_TARGET_BYTES,
    UNREAD_SECONDS,
    ConnectionLimit,
    address_of,
)
from shared.process import on_stop_signal

KEEP_ALIVE_SECONDS = 75
"""How long an idle connection stays open: longer than in HTTP clients and proxies (httpx 5 s, nginx 60 s).

If the server closed first, the next request could fail without a response.
"""


_INVALID_REQUEST = "Invalid HTTP request received."
"""What uvicorn logs for each of them: a client could fill the disk with it."""


def listen(host: str, port: int) -> socket.socket:
    """A bound socket. Raises OSError if the port is in use or the host is not of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=2048)


async def serve(app: ASGIApp, listener: socket.socket, drain_seconds: int) -> None:
    """Serve until a stop signal, then finish the requests under way, for `drain_seconds` at most."""
    config = uvicorn.Config(
        app,
        http=LimitedProtocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # no reverse proxy
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=drain_seconds,
    )
    logging.getLogger("uvicorn.error").addFilter(lambda record: record.msg != _INVALID_REQUEST)
    await _Server(config, drain_seconds).serve(sockets=[listener])


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


class LimitedProtocol(HttpToolsProtocol):
    """One connection, within the limits of `shared.http.limits`.

    Its deadline runs while a head is expected, and after a response while the rest of the request's body is. While the
    application reads a body, the application has the deadline.
    """

    _limit = ConnectionLimit()
    _deadline: asyncio.TimerHandle | None = None
    _unread_deadline: asyncio.TimerHandle | None = None
    _refusal: HTTPStatus | None = None
    _is_refused = False
    _head_bytes = 0
    """Of what has been parsed of the head."""
    _framing_bytes = 0
    """Received since the last byte of a body or the end of a request: heads, trailers, sizes of chunks."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect a request."""
        super().connection_made(transport)
        self._start_deadline()
        self._limit.opened(address_of(transport.get_extra_info("peername")), transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        self._stop_deadline()
        self.resume_writing()
        self._limit.closed(self.transport)

    def data_received(self, data: bytes) -> None:
        """Parse what a client sends."""
        if self._is_idle and self._deadline is None:
            self._start_deadline()  # the first byte of another request
        self._framing_bytes += len(data)
        super().data_received(data)
        if self._framing_bytes > MAX_HEAD_BYTES and not self._is_refused:
            self._refusal = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            self.send_400_response("")

    def on_message_begin(self) -> None:
        """Begin to count."""
        super().on_message_begin()
        self._head_bytes = 0

    def on_url(self, url: bytes) -> None:
        """Count the target."""
        super().on_url(url)
        if len(self.url) > MAX_TARGET_BYTES:
            self._refuse(HTTPStatus.REQUEST_URI_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header, or a trailer."""
        super().on_header(name, value)
        self._head_bytes += len(name) + len(value)
        if len(self.headers) > MAX_HEADERS or self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_headers_complete(self) -> None:
        """Have the request answered."""
        self._stop_deadline()
        self._limit.in_use(self.transport)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._framing_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note the end of a request."""
        self._framing_bytes = 0
        if self._is_idle:
            self._stop_deadline()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Expect the rest of the body if there is one, otherwise wait for another request."""
        if self._is_idle:  # else another request has been received meanwhile
            if self.cycle.more_body:
                self._start_deadline()
            self._limit.waits(self.transport)
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Give up a client that does not read its response."""
        super().pause_writing()
        if self._unread_deadline is None:
            self._expect_reading()

    def resume_writing(self) -> None:
        """The client reads."""
        super().resume_writing()
        if self._unread_deadline is not None:
            self._unread_deadline.cancel()
            self._unread_deadline = None

    def _expect_reading(self) -> None:
        unsent = self.transport.get_write_buffer_size()
        self._unread_deadline = self.loop.call_later(UNREAD_SECONDS, self._check_reading, unsent)

    def _check_reading(self, unsent_before: int) -> None:
        if self.transport.get_write_buffer_size() < unsent_before:
            self._expect_reading()
        else:
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Answer a request that is refused before it reaches the application."""
        self._is_refused = True
        status = self._refusal or HTTPStatus.BAD_REQUEST
        body = f"{status.phrase}\n".encode()
        head = f"HTTP/1.1 {status} {status.phrase}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n"
        self.transport.write(f"{head}Connection: close\r\n\r\n".encode() + body)
        self.transport.close()

    @property
    def _is_idle(self) -> bool:
        """Whether every request so far has been answered, and there was one."""
        last: RequestResponseCycle | None = self.cycle
        return last is not None and last.response_complete

    def _refuse(self, status: HTTPStatus) -> None:
        """End parsing."""
        self._refusal = status
        raise ValueError(status.phrase)

    def _start_deadline(self) -> None:
        self._stop_deadline()
        self._deadline = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
