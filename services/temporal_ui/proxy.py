"""Passes on requests that name this installation and come from its own pages; refuses all others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from urllib.parse import urlsplit

import httpx
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from shared.auth.hosts import is_own_request
from shared.logs import get_logger
from shared.settings import Settings

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
HEALTH_PATH = "/healthz"
"""Answered under any Host, for probes; it says only whether the Web UI answers."""
MAX_BODY_BYTES = 4 * 1024 * 1024
"""Temporal's own limit is that of gRPC."""
BODY_SECONDS = 30.0
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 90.0
"""Longer than Temporal's long polls."""
_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "content-length"}
)
_SECURITY = {"Content-Security-Policy": "frame-ancestors 'self'", "X-Content-Type-Options": "nosniff"}
"""The policy is sent beside the Web UI's own, which keeps scripts in the Markdown that it shows from running."""

logger = get_logger(__name__)


def create_app(settings: Settings) -> Starlette:
    """The guard as an ASGI application."""
    guard = _Guard(settings)
    return Starlette(
        routes=[Route("/{path:path}", guard.answer, methods=METHODS)],
        lifespan=guard.lifespan,
    )


class _Guard:
    def __init__(self, settings: Settings) -> None:
        own_name = urlsplit(settings.temporal_ui_url).hostname or ""
        self._host_names = {*settings.allowed_host_names, own_name}
        self._upstream = httpx.URL(settings.temporal_ui_upstream)
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=200),
            trust_env=False,
        )

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        async with self._client:
            yield

    async def answer(self, request: Request) -> Response:
        if request.url.path == HEALTH_PATH:
            return await self._health()
        if not is_own_request(request.headers.getlist("host"), request.headers.getlist("origin"), self._host_names):
            return _plain(HTTPStatus.FORBIDDEN)
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > MAX_BODY_BYTES:
                        return _plain(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        except TimeoutError:
            return _plain(HTTPStatus.REQUEST_TIMEOUT)
        except ClientDisconnect:
            return _plain(HTTPStatus.BAD_REQUEST)
        return await self._pass_on(request, bytes(body))

    async def _pass_on(self, request: Request, body: bytes) -> Response:
        target = b"?".join(filter(None, (request.scope["raw_path"], request.scope["query_string"])))
        try:
            url = self._upstream.copy_with(raw_path=target)
        except (httpx.InvalidURL, UnicodeError):
            return _plain(HTTPStatus.BAD_REQUEST)
        # Not the client's `build_request`, which adds headers and cookies of its own.
        passed_on = httpx.Request(request.method, url, headers=_end_to_end(request.headers), content=body or None)
        try:
            answer = await self._client.send(passed_on, stream=True)
        except httpx.HTTPError as error:
            logger.warning("web_ui_unavailable", error=error)
            return _plain(HTTPStatus.BAD_GATEWAY)
        response = StreamingResponse(answer.aiter_raw(), answer.status_code, background=BackgroundTask(answer.aclose))
        theirs = _end_to_end(Headers(raw=answer.headers.raw))
        headers = [*(header for header in theirs if header[0].lower() != "x-content-type-options"), *_SECURITY.items()]
        response.raw_headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        return response

    async def _health(self) -> Response:
        try:
            answer = await self._client.get(self._upstream.join("/api/v1/settings"))
        except httpx.HTTPError:
            return _plain(HTTPStatus.SERVICE_UNAVAILABLE)
        return _plain(HTTPStatus.OK if answer.is_success else HTTPStatus.SERVICE_UNAVAILABLE)


def _end_to_end(headers: Headers) -> list[tuple[str, str]]:
    """The headers without those of one connection."""
    return [(name, value) for name, value in headers.items() if name.lower() not in _HOP_BY_HOP]


def _plain(status: HTTPStatus) -> Response:
    return PlainTextResponse(f"{status.phrase}\n", status, dict(_SECURITY))
