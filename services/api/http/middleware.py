"""The outermost middleware: rejects requests that are not allowed, and answers unexpected errors.

Plain ASGI, because it runs for every request.
"""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api.http.problem_codes import ProblemCode
from services.api.http.problems import Problem, problem_response, unexpected_problem
from shared.auth.hosts import is_allowed_host, is_allowed_origin
from shared.i18n.languages import Language, best_language

MAX_BODY_BYTES = 64 * 1024
BODY_SECONDS = 30.0
JSON = b"application/json"
MULTIPART = b"multipart/form-data"


def _body_too_large(_language: Language) -> Problem:
    return Problem(ProblemCode.BODY_TOO_LARGE)


@dataclass(frozen=True)
class BodyLimit:
    """The limits of a body: its size, with the problem of a larger one, and the time until its end."""

    max_bytes: int
    problem: Callable[[Language], Problem] = _body_too_large
    seconds: float = BODY_SECONDS


USUAL_LIMIT = BodyLimit(MAX_BODY_BYTES)
Bodies = Mapping[bytes, BodyLimit]
"""The media types that a path accepts, with their limits."""
_USUAL_BODIES: Bodies = {JSON: USUAL_LIMIT}


@dataclass(frozen=True)
class BodyRule:
    """The bodies that a path accepts; `path` is a regular expression that matches the whole path."""

    path: str
    bodies: Bodies


_SECURITY = [
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
]
"""Of every response that has none of its own: data is shown in no frame, and is what it says it is."""
_CHANGING_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_PROBE_PATHS = frozenset({"/api/health", "/api/ready"})
"""Any host name is allowed here: probes use addresses of their own, and nothing is revealed or changed."""


class RequestFilter:
    """Accepts requests for an allowed host, from an allowed origin, with a JSON or file body within its limit.

    This prevents cross-site requests: a browser sends JSON to another origin only after a preflight request, which is
    never granted. Requests without a body and file uploads need no preflight, but browsers send their Origin.
    """

    def __init__(self, app: ASGIApp, allowed_hosts: list[str], body_rules: Sequence[BodyRule]) -> None:
        self._app = app
        self._allowed_hosts = frozenset(allowed_hosts)
        self._body_rules = [(re.compile(rule.path), rule.bodies) for rule in body_rules]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the headers, limit the body, and turn errors into responses."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers: dict[bytes, bytes] = dict(scope["headers"])
        names = [name for name, _ in scope["headers"]]
        answer = _Response(send)
        try:
            if not scope["path"].startswith("/"):  # such as *
                raise Problem(ProblemCode.ROUTE_NOT_FOUND)
            limit = self._check(scope["method"], scope["path"], headers, names)
            await self._app(scope, _limited(receive, limit, _language(headers)), answer.send)
        except Problem as refused:
            problem = refused
        except Exception as error:
            problem = unexpected_problem(error, scope["method"], scope["path"])
        else:
            return None
        if not answer.has_started:
            await problem_response(problem, _language(headers))(scope, receive, answer.send)
        return None

    def _check(self, method: str, path: str, headers: dict[bytes, bytes], names: list[bytes]) -> BodyLimit:
        """The limit of the body. Raises Problem."""
        host = headers.get(b"host", b"").decode("latin-1")
        if names.count(b"host") > 1 or (path not in _PROBE_PATHS and not is_allowed_host(host, self._allowed_hosts)):
            raise Problem(ProblemCode.HOST_NOT_ALLOWED)
        if names.count(b"origin") > 1:
            raise Problem(ProblemCode.CROSS_SITE_REQUEST)
        if method not in _CHANGING_METHODS:
            return USUAL_LIMIT
        origin = headers.get(b"origin")
        if origin is not None and not is_allowed_origin(origin.decode("latin-1"), self._allowed_hosts):
            raise Problem(ProblemCode.CROSS_SITE_REQUEST)
        return _body_limit(self._bodies(path), headers)

    def _bodies(self, path: str) -> Bodies:
        return next((bodies for pattern, bodies in self._body_rules if pattern.fullmatch(path)), _USUAL_BODIES)


def _body_limit(bodies: Bodies, headers: dict[bytes, bytes]) -> BodyLimit:
    """The limit of a body with these headers. Raises Problem for a body that is not accepted."""
    length = int(headers.get(b"content-length", b"0"))  # the server has checked that it is a number
    media_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    limit = bodies.get(media_type, USUAL_LIMIT)
    if length > limit.max_bytes:
        raise limit.problem(_language(headers))
    if length or b"transfer-encoding" in headers:
        if media_type not in bodies:
            raise Problem(ProblemCode.UNSUPPORTED_MEDIA_TYPE)
        if headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
            raise Problem(ProblemCode.UNSUPPORTED_ENCODING)
    return limit


class _Response:
    """Adds headers, and remembers whether the response has started: no other one can be sent then."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.has_started = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_started = True
            names = {name.lower() for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *(each for each in _SECURITY if each[0] not in names)]
        await self._send(message)


def _language(headers: dict[bytes, bytes]) -> Language:
    return best_language(headers.get(b"accept-language", b"").decode("latin-1"))


def _limited(receive: Receive, limit: BodyLimit, language: Language) -> Receive:
    """`receive` within the limits of the body. Raises Problem if it is too large or too slow."""
    received = 0
    deadline: float | None = asyncio.get_running_loop().time() + limit.seconds

    async def counted() -> Message:
        nonlocal received, deadline
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            raise Problem(ProblemCode.BODY_TOO_SLOW) from None
        if not message.get("more_body"):
            deadline = None  # what comes after the body is the end of the connection
        received += len(message.get("body", b""))
        if received > limit.max_bytes:
            raise limit.problem(language)
        return message

    return counted
