"""Reads what the request log records from a request and its answer, and knows which call sends it."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from services.worker.adapters.youtube.errors import body_error, http_error, reason_error, youtube_error
from services.worker.adapters.youtube.exits import Route
from shared.contracts.youtube import YOUTUBE_ID_PATTERN
from shared.contracts.youtube_requests import CallStage, Endpoint, SentRequest

WEB = "web"
"""The client that the watch page is: its player's answer is part of the page."""
_API = "/youtubei/v1/"
_ENDPOINTS = {
    "/watch": Endpoint.WATCH,
    f"{_API}player": Endpoint.PLAYER,
    f"{_API}next": Endpoint.NEXT,
    f"{_API}browse": Endpoint.BROWSE,
    "/api/timedtext": Endpoint.TIMEDTEXT,
    "/feeds/videos.xml": Endpoint.FEED,
    "/videoplayback": Endpoint.MEDIA,
}
_PLAYABILITY = re.compile(rb'"playabilityStatus"\s*:\s*(?={)')
_PLAYABILITY_BYTES = 1 << 16
"""More than YouTube's status and its reason take."""
_WORD = re.compile(r"\w{1,40}")
"""What a client's name or a playability status looks like; anything else is not recorded."""
_ID = re.compile(YOUTUBE_ID_PATTERN)
_decoder = json.JSONDecoder()


@dataclass(slots=True)
class Call:
    """What the requests of this thread are for."""

    subject: str
    """The video or list."""
    stage: CallStage
    needs_new_guest: bool = False
    """Whether YouTube distrusts the guests that are known."""
    route: Route | None = None
    """The exit that its first request has chosen for all of them; None: it has sent none yet."""


_call: ContextVar[Call | None] = ContextVar("youtube_call", default=None)


@contextmanager
def calling(call: Call) -> Iterator[None]:
    """Let this thread's requests belong to `call`."""
    token = _call.set(call)
    try:
        yield
    finally:
        _call.reset(token)


def current_call() -> Call | None:
    """Return the call that this thread's requests belong to; None: none is known."""
    return _call.get()


def endpoint_of(url: str) -> Endpoint:
    """Return what a request to `url` asks for."""
    return _ENDPOINTS.get(urlsplit(url).path, Endpoint.OTHER)


def sent_request(
    request: requests.PreparedRequest,
    started: float,
    response: requests.Response | None,
    failure: Exception | None,
) -> SentRequest:
    """Describe a request.

    Args:
        request: The request.
        started: When it was sent, as `time.monotonic` had it.
        response: Its answer, whose body has been read unless it is media; None: there was none.
        failure: What ended the request or the reading of its body.
    """
    url = request.url or ""
    endpoint = endpoint_of(url)
    call = current_call()
    asked = _body_of(request) if endpoint is Endpoint.PLAYER else {}
    body = response.content if response is not None and _was_read(response) else None
    playability, refusal = _playability(body) if body and endpoint in (Endpoint.WATCH, Endpoint.PLAYER) else (None, "")
    return SentRequest(
        at=datetime.now(UTC),
        endpoint=endpoint,
        milliseconds=round((time.monotonic() - started) * 1000),
        stage=call.stage if call else None,
        youtube_id=_video_of(url, asked, call),
        client=WEB if endpoint is Endpoint.WATCH else _client_of(asked),
        http_status=None if response is None else response.status_code,
        byte_count=_byte_count(response, body),
        playability=playability,
        reason=_reason(url, response, body, failure, refusal),
    )


def _was_read(response: requests.Response) -> bool:
    return getattr(response, "_content", False) is not False  # requests has no public name for it


def _body_of(request: requests.PreparedRequest) -> dict[str, Any]:
    try:
        body = json.loads(request.body or b"")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _client_of(asked: dict[str, Any]) -> str | None:
    context = asked.get("context")
    client = context.get("client") if isinstance(context, dict) else None
    return _word(client.get("clientName")) if isinstance(client, dict) else None


def _word(value: object) -> str | None:
    return value.lower() if isinstance(value, str) and _WORD.fullmatch(value) else None


def _video_of(url: str, asked: dict[str, Any], call: Call | None) -> str | None:
    named = asked.get("videoId") or next(iter(parse_qs(urlsplit(url).query).get("v", [])), None)
    for candidate in (named, call.subject if call else None):
        if isinstance(candidate, str) and _ID.fullmatch(candidate):
            return candidate
    return None


def _byte_count(response: requests.Response | None, body: bytes | None) -> int | None:
    if body is not None:
        return len(body)
    announced = response.headers.get("Content-Length", "") if response is not None else ""
    return int(announced) if announced.isdecimal() else None


def _playability(body: bytes) -> tuple[str | None, str]:
    """YouTube's status, in lower case, and its reason, without parsing the half megabyte around them."""
    found = _PLAYABILITY.search(body)
    if found is None:
        return None, ""
    try:
        status, _ = _decoder.raw_decode(body[found.end() :][:_PLAYABILITY_BYTES].decode(errors="replace"))
    except (ValueError, RecursionError):
        return None, ""
    reason = status.get("reason")
    return _word(status.get("status")), reason if isinstance(reason, str) else ""


def _reason(
    url: str, response: requests.Response | None, body: bytes | None, failure: Exception | None, refusal: str
) -> str | None:
    if failure is not None:
        return youtube_error(failure).error_type
    if response is not None:
        error = http_error(url, response.status_code, response.headers)
        if error is None and body is not None:
            error = body_error(url, body)
        if error is not None:
            return error.error_type
    return reason_error(refusal) if refusal else None
