"""What went wrong with speech-to-text, in one word: statuses, the codes of OpenAI and Groq, exceptions of httpx."""

import re
import ssl

import httpx
from pydantic import BaseModel, JsonValue, ValidationError

from services.worker.adapters.errors import with_causes
from shared.contracts.errors import ErrorType

_STATUSES = {
    **dict.fromkeys((401, 402, 403, 404, 405, 407), ErrorType.TRANSCRIPTION_MISCONFIGURED),
    **dict.fromkeys((429, 498), ErrorType.TRANSCRIPTION_LIMITED),  # 498: Groq has no capacity left
    413: ErrorType.CHUNK_TOO_LARGE,
    **dict.fromkeys((408, 409, 425), ErrorType.TRANSCRIPTION_UNAVAILABLE),
}
_STATUS_CLASSES = {3: ErrorType.TRANSCRIPTION_MISCONFIGURED, 4: ErrorType.TRANSCRIPTION_REFUSED}
"""Of the other statuses. The address of a redirect belongs into the settings: the key is not carried anywhere else."""

_OPERATOR_CODES = frozenset(
    {
        "model_not_found",
        "model_decommissioned",
        "model_terms_required",
        "organization_restricted",
        "blocked_api_access",  # Groq: the limit of what may be spent is reached
        "insufficient_quota",
    }
)
"""An error's `code` or `type` that nobody but the operator can do something about, whatever the status is."""
_SPENDING_CODE = re.compile("spend_")
"""Begins codes that Groq was seen to send where its documentation says `blocked_api_access`."""
_UNKNOWN_MODEL = re.compile(r"\b(invalid|unknown|unsupported) model\b", re.IGNORECASE)
"""OpenAI has no code for it: "invalid model ID"."""

_EXCEPTIONS: tuple[tuple[type[BaseException], ErrorType], ...] = (
    (ssl.SSLCertVerificationError, ErrorType.TRANSCRIPTION_MISCONFIGURED),
    (httpx.InvalidURL, ErrorType.TRANSCRIPTION_MISCONFIGURED),
    (httpx.UnsupportedProtocol, ErrorType.TRANSCRIPTION_MISCONFIGURED),
    (httpx.HTTPError, ErrorType.TRANSCRIPTION_UNAVAILABLE),
    (ssl.SSLError, ErrorType.TRANSCRIPTION_UNAVAILABLE),
)
"""The first that is found in an exception or its causes decides."""


class _Refusal(BaseModel):
    """What OpenAI's clients look for in the body of a failure."""

    message: str = ""
    code: str | int | None = None
    type: str | None = None
    param: JsonValue = None

    @property
    def is_for_the_operator(self) -> bool:
        """Whether it says so, in whatever answer."""
        return bool(_OPERATOR_CODES & {self.code, self.type}) or bool(_SPENDING_CODE.match(str(self.code)))

    @property
    def is_of_the_model(self) -> bool:
        """Whether what is refused is the model, not the sound."""
        return self.param == "model" or bool(_UNKNOWN_MODEL.search(self.message))


class _Failure(BaseModel):
    """The body of a failure, in OpenAI's form or in FastAPI's."""

    error: _Refusal | None = None
    detail: str = ""


def refusal_error(status: int, body: bytes) -> tuple[ErrorType, str]:
    """The error in an answer that is no success, and what the server says of it."""
    refusal = _refusal(body)
    by_class = _STATUS_CLASSES.get(status // 100, ErrorType.TRANSCRIPTION_UNAVAILABLE)
    error_type = _STATUSES.get(status, by_class)
    is_of_the_model = error_type is ErrorType.TRANSCRIPTION_REFUSED and refusal.is_of_the_model
    if refusal.is_for_the_operator or is_of_the_model:
        error_type = ErrorType.TRANSCRIPTION_MISCONFIGURED
    return error_type, refusal.message


def exception_error(failure: BaseException) -> ErrorType:
    """The error in what httpx raised."""
    causes = list(with_causes(failure))
    return next(found for kind, found in _EXCEPTIONS if any(isinstance(each, kind) for each in causes))


def _refusal(body: bytes) -> _Refusal:
    """What a failure's body says; nothing where it is something else, such as the page of a proxy."""
    try:
        failure = _Failure.model_validate_json(body)
    except ValidationError:
        return _Refusal()
    return failure.error or _Refusal(message=failure.detail)
