"""The outermost layer: refuses what may not come in, and turns errors that nobody foresaw into an answer.

Plain ASGI, because it runs for every request.
"""

import re
from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api.file_problems import MAX_FILE_BYTES, FileProblem, file_problem_text
from services.api.problem_texts import ProblemCode
from services.api.problems import FieldError, Problem, problem_response, unexpected_problem
from shared.contracts.texts import Language, best_language
from shared.hosts import is_allowed_host, is_allowed_origin

MAX_BODY_BYTES = 64 * 1024
MAX_BATCH_BYTES = 1024 * 1024
"""A thousand addresses, each as long as browsers make them."""
MAX_UPLOAD_BYTES = MAX_FILE_BYTES + 1024 * 1024
"""The largest file that is read, and what surrounds it."""
_JSON = b"application/json"
_MULTIPART = b"multipart/form-data"
Bodies = Mapping[bytes, int]
"""The media types that a path takes, and how many bytes of each."""
_USUAL_BODIES: Bodies = {_JSON: MAX_BODY_BYTES}
_BULK_PATH = re.compile(r"/api/lists/[^/]+/(videos/batch|imports|imports/preview)")
_BULK_BODIES: Mapping[str, Bodies] = {
    "videos/batch": {_JSON: MAX_BATCH_BYTES},
    "imports": {_JSON: MAX_BODY_BYTES, _MULTIPART: MAX_UPLOAD_BYTES},
    "imports/preview": {_JSON: MAX_BATCH_BYTES, _MULTIPART: MAX_UPLOAD_BYTES},
}
_CHANGING_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_PROBE_PATHS = frozenset({"/api/health", "/api/ready"})
"""Reveal nothing and change nothing; probes ask for them by whatever address they see us at."""


class RequestGuard:
    """Lets in what is addressed to us, comes from us, and is JSON, or a file where one is taken, of a sensible size.

    A browser sends JSON to another website only after asking with a preflight request, which is never granted here.
    Requests without a body and files need no preflight; browsers name the website they come from (Origin).
    """

    def __init__(self, app: ASGIApp, allowed_hosts: list[str]) -> None:
        self._app = app
        self._allowed_hosts = frozenset(allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the request's headers, count its body, and answer for what goes wrong inside."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        headers: dict[bytes, bytes] = dict(scope["headers"])
        answer = _Answer(send)
        try:
            limit = self._check(scope["method"], scope["path"], headers)
            await self._app(scope, _limited(receive, limit, _language(headers)), answer.send)
        except Problem as refused:
            problem = refused
        except Exception as error:
            problem = unexpected_problem(error, scope["method"], scope["path"])
        else:
            return None
        if not answer.has_begun:
            await problem_response(problem, _language(headers))(scope, receive, send)
        return None

    def _check(self, method: str, path: str, headers: dict[bytes, bytes]) -> int:
        """How many bytes the body may have. Raises Problem."""
        host = headers.get(b"host", b"").decode("latin-1")
        if path not in _PROBE_PATHS and not is_allowed_host(host, self._allowed_hosts):
            raise Problem(ProblemCode.HOST_NOT_ALLOWED)
        if method not in _CHANGING_METHODS:
            return MAX_BODY_BYTES
        origin = headers.get(b"origin")
        if origin is not None and not is_allowed_origin(origin.decode("latin-1"), self._allowed_hosts):
            raise Problem(ProblemCode.CROSS_SITE_REQUEST)
        return _body_limit(_bodies(path), headers)


def _bodies(path: str) -> Bodies:
    bulk = _BULK_PATH.fullmatch(path)
    return _BULK_BODIES[bulk[1]] if bulk else _USUAL_BODIES


def _body_limit(bodies: Bodies, headers: dict[bytes, bytes]) -> int:
    """How many bytes a body with these headers may have. Raises Problem for one that is not taken."""
    length = int(headers.get(b"content-length", b"0"))  # the server has checked that it is a number
    media_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    limit = bodies.get(media_type, MAX_BODY_BYTES)
    if length > limit:
        raise _too_large(limit, _language(headers))
    if length or b"transfer-encoding" in headers:
        if media_type not in bodies:
            raise Problem(ProblemCode.UNSUPPORTED_MEDIA_TYPE)
        if headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
            raise Problem(ProblemCode.UNSUPPORTED_ENCODING)
    return limit


class _Answer:
    """Notes whether an answer has begun: from then on, no other can be given."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.has_begun = False

    async def send(self, message: Message) -> None:
        self.has_begun = True
        await self._send(message)


def _language(headers: dict[bytes, bytes]) -> Language:
    return best_language(headers.get(b"accept-language", b"").decode("latin-1"))


def _too_large(limit: int, language: Language) -> Problem:
    """The problem of a body beyond `limit`; of a file, people can do something about it."""
    if limit != MAX_UPLOAD_BYTES:
        return Problem(ProblemCode.BODY_TOO_LARGE)
    message = file_problem_text(FileProblem.TOO_LARGE, language)
    error = FieldError(field="file", message=message, code=FileProblem.TOO_LARGE)
    return Problem(ProblemCode.BODY_TOO_LARGE, errors=[error])


def _limited(receive: Receive, limit: int, language: Language) -> Receive:
    """`receive` for a body whose length nobody announced. Raises Problem when it is too large."""
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise _too_large(limit, language)
        return message

    return counted
