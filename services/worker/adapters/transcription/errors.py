"""Maps failures of a transcription server to error types: statuses, codes of OpenAI and Groq, exceptions of httpx."""

import re
import ssl

import httpx
from pydantic import BaseModel, JsonValue, ValidationError

from services.worker.adapters.youtube.errors import with_causes
from shared.contracts.errors import ErrorType

_STATUSES = {
    **dict.fromkeys((401, 402, 403, 404, 405, 407), ErrorType.TRANSCRIPTION_MISCONFIGURED),
    **dict.fromkeys((429, 498), ErrorType.TRANSCRIPTION_LIMITED),  # 498: Groq has no capacity left
    413: ErrorType.CHUNK_TOO_LARGE,
    **dict.fromkeys((408, 409, 425), ErrorType.TRANSCRIPTION_UNAVAILABLE),
}
_STATUS_CLASSES = {3: ErrorType.TRANSCRIPTION_MISCONFIGURED, 4: ErrorType.TRANSCRIPTION_REFUSED}
"""Of the other statuses. The address of a redirect belongs in the settings: the key is not sent anywhere else."""

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
"""An error's `code` or `type` that only the operator can resolve, with any status."""
_SPENDING_CODE = re.compile("spend_")
"""Starts codes that Groq sends where its documentation says `blocked_api_access`."""
_UNKNOWN_MODEL = re.compile(r"\b(invalid|unknown|unsupported) model\b", re.IGNORECASE)
"""OpenAI has no code for it: "invalid model ID"."""

_EXCEPTIONS: tuple[tuple[type[BaseException], ErrorType], ...] = (
    (ssl.SSLCertVerificationError, ErrorType.TRANSCRIPTION_MISCONFIGURED),
    (httpx.InvalidURL, ErrorType.TRANSCRIPTION_MISCONFIGURED),
    (httpx.UnsupportedProtocol, ErrorType.TRANSCRIPTION_MISCONFIGURED),
    (httpx.HTTPError, ErrorType.TRANSCRIPTION_UNAVAILABLE),
    (ssl.SSLError, ErrorType.TRANSCRIPTION_UNAVAILABLE),
)
"""The first match in an exception or its causes decides."""


class _Refusal(BaseModel):
    """The fields of a failure's body that OpenAI's clients read."""

    message: str = ""
    code: str | int | None = None
    type: str | None = None
    param: JsonValue = None

    @property
    def needs_operator(self) -> bool:
        """Whether only the operator can resolve it, with any status."""
        return bool(_OPERATOR_CODES & {self.code, self.type}) or bool(_SPENDING_CODE.match(str(self.code)))

    @property
    def concerns_model(self) -> bool:
        """Whether the server rejects the model, not the audio."""
        return self.param == "model" or bool(_UNKNOWN_MODEL.search(self.message))


class _Failure(BaseModel):
    """The body of a failure, in OpenAI's form or in FastAPI's."""

    error: _Refusal | None = None
    detail: str = ""


def refusal_error(status: int, body: bytes) -> tuple[ErrorType, str]:
    """Return the error type of a failed response, and the server's message."""
    refusal = _refusal(body)
    by_class = _STATUS_CLASSES.get(status // 100, ErrorType.TRANSCRIPTION_UNAVAILABLE)
    error_type = _STATUSES.get(status, by_class)
    concerns_model = error_type is ErrorType.TRANSCRIPTION_REFUSED and refusal.concerns_model
    if refusal.needs_operator or concerns_model:
        error_type = ErrorType.TRANSCRIPTION_MISCONFIGURED
    return error_type, refusal.message


def exception_error(failure: BaseException) -> ErrorType:
    """Return the error type of an exception of httpx."""
    causes = list(with_causes(failure))
    return next(found for kind, found in _EXCEPTIONS if any(isinstance(each, kind) for each in causes))


def _refusal(body: bytes) -> _Refusal:
    """Parse a failure's body; empty where it is something else, such as a proxy's page."""
    try:
        failure = _Failure.model_validate_json(body)
    except ValidationError:
        return _Refusal()
    return failure.error or _Refusal(message=failure.detail)
