"""The ASGI application behind every YouTube host: logs each request, applies faults, sends the answer."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl

from fakes.youtube.faults import Fault, FaultTable
from fakes.youtube.model import ACCOUNT, ACCOUNT_COOKIE, Kind, LoggedRequest
from fakes.youtube.routes import answer, classify, client_of, parse_body, youtube_id_of
from fakes.youtube.youtube import Answer, Youtube

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_HTML = "text/html; charset=utf-8"
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


@dataclass(frozen=True)
class _Response:
    """What goes over the wire."""

    status: int
    body: bytes
    headers: dict[str, str]


@dataclass
class FakeYoutubeApp:
    """Answers as `youtube`."""

    youtube: Youtube
    latency_seconds: float = 0
    faults: FaultTable = field(default_factory=FaultTable)
    log: list[LoggedRequest] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one HTTP request."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        body = parse_body(await _read(receive))
        request = _describe(scope, headers, body)
        self.log.append(request)
        fault = self.faults.take(request) or Fault()
        await asyncio.sleep(self.latency_seconds)
        if fault.stall_after_bytes is None:
            await self.faults.stall(fault.stall_seconds)
        if fault.status is None and fault.body is None:
            is_signed_in = request.account == ACCOUNT and (request.kind is Kind.WATCH or "authorization" in headers)
            real = answer(
                self.youtube, request.kind, request.youtube_id, request.query, body, is_signed_in=is_signed_in
            )
            response = _ranged(real, headers.get("range"))
        else:
            response = _Response(fault.status or 200, (fault.body or "").encode(), {"content-type": _HTML})
        await self._send(send, response, fault, with_body=request.method != "HEAD")

    async def _send(self, send: Send, response: _Response, fault: Fault, *, with_body: bool) -> None:
        headers = {**response.headers, "content-length": str(len(response.body)), **fault.headers}
        raw_headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": response.status, "headers": raw_headers})
        body = response.body[: fault.cut_after_bytes] if with_body else b""
        if fault.stall_after_bytes is not None:
            await send({"type": "http.response.body", "body": body[: fault.stall_after_bytes], "more_body": True})
            await self.faults.stall(fault.stall_seconds)
            body = body[fault.stall_after_bytes :]
        # An answer that is not completed makes uvicorn hang up.
        await send({"type": "http.response.body", "body": body, "more_body": fault.cut_after_bytes is not None})


async def _read(receive: Receive) -> bytes:
    chunks = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


def _describe(scope: Scope, headers: dict[str, str], body: dict[str, Any]) -> LoggedRequest:
    host = headers.get("host", "").partition(":")[0].lower()
    path, query = scope["path"], dict(parse_qsl(scope["query_string"].decode("latin-1")))
    kind = classify(host, path)
    return LoggedRequest(
        at=time.time(),
        host=host,
        method=scope["method"],
        path=path,
        query=query,
        kind=kind,
        youtube_id=youtube_id_of(kind, path, query, body),
        client=client_of(body),
        visitor_data=headers.get("x-goog-visitor-id"),
        byte_range=headers.get("range"),
        account=_account_of(headers.get("cookie", "")),
    )


def _account_of(cookies: str) -> str | None:
    cookie = SimpleCookie(cookies).get(ACCOUNT_COOKIE)
    return None if cookie is None else cookie.value


def _ranged(real: Answer, wanted: str | None) -> _Response:
    """The part of the answer that a Range header wants: 206, or 416 beyond the end; all of it without the header."""
    headers = {"content-type": real.content_type, "accept-ranges": "bytes"}
    match = _RANGE.fullmatch(wanted or "")
    if match is None or real.status != 200:
        return _Response(real.status, real.body, headers)
    size, first = len(real.body), int(match[1])
    if first >= size:
        return _Response(416, b"", headers | {"content-range": f"bytes */{size}"})
    last = min(int(match[2] or size), size - 1)
    return _Response(206, real.body[first : last + 1], headers | {"content-range": f"bytes {first}-{last}/{size}"})
