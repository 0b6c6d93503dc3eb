"""The outermost layer: refuses what may not come in, and turns errors that nobody foresaw into an answer.

Plain ASGI, because it runs for every request.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api.problem_texts import ProblemCode
from services.api.problems import Problem, problem_response, unexpected_problem
from shared.contracts.texts import best_language

MAX_BODY_BYTES = 64 * 1024
_CHANGING_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class RequestGuard:
    """Lets in what is addressed to us, comes from us, and is JSON of a sensible size.

    A browser sends JSON to another website only after asking with a preflight request, which is never granted here.
    Requests without a body need no preflight; browsers mark those of other websites as `cross-site`.
    """

    def __init__(self, app: ASGIApp, allowed_hosts: list[str]) -> None:
        self._app = app
        self._allowed_hosts = {host.lower() for host in allowed_hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the request's headers, count its body, and answer for what goes wrong inside."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers: dict[bytes, bytes] = dict(scope["headers"])
        answer = _Answer(send)
        try:
            self._check(scope["method"], headers)
            await self._app(scope, _limited(receive), answer.send)
        except Problem as refused:
            problem = refused
        except Exception as error:
            problem = unexpected_problem(error, scope["method"], scope["path"])
        else:
            return None
        if not answer.has_begun:
            language = best_language(headers.get(b"accept-language", b"").decode("latin-1"))
            await problem_response(problem, language)(scope, receive, send)
        return None

    def _check(self, method: str, headers: dict[bytes, bytes]) -> None:
        if _host_name(headers.get(b"host", b"").decode("latin-1")) not in self._allowed_hosts:
            raise Problem(ProblemCode.HOST_NOT_ALLOWED)
        if method not in _CHANGING_METHODS:
            return
        if headers.get(b"sec-fetch-site") == b"cross-site":
            raise Problem(ProblemCode.CROSS_SITE_REQUEST)
        length = headers.get(b"content-length", b"0")
        if int(length) > MAX_BODY_BYTES:  # the server has checked that it is a number
            raise Problem(ProblemCode.BODY_TOO_LARGE)
        has_body = length != b"0" or b"transfer-encoding" in headers
        media_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if has_body and media_type != b"application/json":
            raise Problem(ProblemCode.UNSUPPORTED_MEDIA_TYPE)


class _Answer:
    """Notes whether an answer has begun: from then on, no other can be given."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.has_begun = False

    async def send(self, message: Message) -> None:
        self.has_begun = True
        await self._send(message)


def _limited(receive: Receive) -> Receive:
    """`receive` for a body whose length nobody announced. Raises Problem when it is too large."""
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > MAX_BODY_BYTES:
            raise Problem(ProblemCode.BODY_TOO_LARGE)
        return message

    return counted


def _host_name(host: str) -> str:
    """The name in a Host header, without its port."""
    return host.lower().partition("]")[0].lstrip("[") if host.startswith("[") else host.lower().partition(":")[0]
