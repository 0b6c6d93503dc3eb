"""Answers requests from `answers.json` instead of sending them, and counts them."""

import gzip
import json
import re
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from pydantic import BaseModel
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from services.worker.adapters.youtube.connection import Connection

ANSWERS = "answers.json"
ANY_CLIENT = "VISIONOS"
"""What a client that has no answer of its own is answered like."""
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_NOT_FOUND = 404


class RecordedAnswer(BaseModel):
    """One answer of YouTube."""

    status: int = 200
    content_type: str
    body: str
    """In Latin-1, so that it may hold any bytes."""


def request_key(url: str, body: bytes | str | None) -> str:
    """What a request asks for, without what differs between two that ask for the same."""
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    asked = _json(body)
    client = asked.get("context", {}).get("client", {}).get("clientName", "")
    match parts.path.removeprefix("/youtubei/v1/"):
        case "player":
            return f"player {asked.get('videoId')} {client}"
        case "next":
            return f"next {asked.get('videoId') or asked.get('continuation')}"
        case "browse":
            return f"browse {asked.get('continuation') or (asked.get('browseId'), asked.get('params', ''))}"
        case "navigation/resolve_url":
            return f"resolve {asked.get('url')}"
        case "/watch" | "/playlist":
            return f"{parts.path} {query.get('v') or query.get('list')}"
        case "/api/timedtext":
            return f"timedtext {query.get('v')} {query.get('lang')} {query.get('kind', '')} {query.get('fmt', '')}"
        case "/videoplayback":
            return f"media {query.get('id')} {query.get('itag')}"
    return f"{parts.hostname}{parts.path}"


class ReplayConnection(Connection):
    """A connection that leads nowhere: every request of the adapters is answered from the invented answers."""

    def __init__(self) -> None:
        super().__init__(None, None)
        self.requests = 0
        """How many there were."""

    def instrument(self, session: requests.Session) -> None:
        """Answer every request of `session` in here."""
        super().instrument(session)
        for prefix in [*session.adapters]:
            session.mount(prefix, _Replay(self))

    def answer(self, request: requests.PreparedRequest) -> RecordedAnswer:
        """Count the request, and find its answer."""
        self.requests += 1
        key = request_key(request.url or "", request.body if isinstance(request.body, (bytes, str)) else None)
        alternative = key.rpartition(" ")[0] + f" {ANY_CLIENT}"
        found = _answers().get(key) or (_answers().get(alternative) if key.startswith("player ") else None)
        return found or RecordedAnswer(status=_NOT_FOUND, content_type="text/plain", body="Not Found")


class _Replay(BaseAdapter):
    def __init__(self, connection: ReplayConnection) -> None:
        self._connection = connection
        super().__init__()

    def send(self, request: requests.PreparedRequest, *_args: Any, **_options: Any) -> requests.Response:
        """Answer as a server would: one range where one is asked for."""
        answer = self._connection.answer(request)
        status, body, headers = _ranged(answer, request.headers.get("Range"))
        response = requests.Response()
        response.status_code, response.reason = status, "OK" if status < _NOT_FOUND else "Not Found"
        response.headers.update(headers)
        response.url, response.request = request.url or "", request
        response.raw = HTTPResponse(
            BytesIO(body), headers=headers, status=status, preload_content=False, request_url=request.url
        )
        return response

    def close(self) -> None:
        """Nothing is open."""


def _ranged(answer: RecordedAnswer, wanted: str | None) -> tuple[int, bytes, dict[str, str]]:
    body = answer.body.encode("latin-1")
    headers = {"Content-Type": answer.content_type, "Content-Length": str(len(body))}
    match = _RANGE.fullmatch(wanted or "")
    if match is None or answer.status >= _NOT_FOUND:
        return answer.status, body, headers
    first, last = int(match[1]), min(int(match[2] or len(body)), len(body) - 1)
    part = body[first : last + 1]
    return (
        206,
        part,
        headers
        | {
            "Content-Length": str(len(part)),
            "Content-Range": f"bytes {first}-{last}/{len(body)}",
        },
    )


@cache
def _answers() -> dict[str, RecordedAnswer]:
    text = files(__package__).joinpath(ANSWERS).read_text(encoding="utf-8")
    return {key: RecordedAnswer.model_validate(answer) for key, answer in json.loads(text).items()}


def _json(body: bytes | str | None) -> dict[str, Any]:
    raw = body.encode() if isinstance(body, str) else body or b""
    try:
        value = json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
    except (ValueError, OSError):
        return {}
    return value if isinstance(value, dict) else {}
