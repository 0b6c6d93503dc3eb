"""Errors as RFC 9457 problem details: one shape for every error response."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast
from uuid import uuid4

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Match

from services.api.http.problem_codes import STATUSES, ProblemCode
from shared.i18n.catalog import sentences, text
from shared.i18n.languages import Language, best_language
from shared.logs import get_logger

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5
"""The `Retry-After` of a 503: when a client tries again."""

logger = get_logger(__name__)


class FieldError(BaseModel):
    """A field of a request that is not valid."""

    field: str = Field(description="Name of the field in the request.")
    message: str = Field(description="What is wrong, as a sentence in the language of the request.")
    code: str = Field(description="What is wrong, as a stable code.")


class ProblemDetails(BaseModel):
    """An error response (RFC 9457). Subclasses have the members of single problems."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(default="about:blank", description="Always `about:blank`: `code` identifies the problem.")
    title: str = Field(description="The phrase of the HTTP status.", examples=["Conflict"])
    status: int = Field(description="The HTTP status.", examples=[409])
    detail: str = Field(description="The problem as a sentence in the language of `Accept-Language` (en, de).")
    code: ProblemCode = Field(description="The problem; stable.")
    errors: list[FieldError] | None = Field(default=None, description="With 422: the fields that are not valid.")
    incident_id: str | None = Field(default=None, description="With `unexpected`: the incident in the logs.")


class Problem(HTTPException):
    """Ends a request with problem details; `members`: those that only this problem has."""

    def __init__(self, code: ProblemCode, **members: Any) -> None:
        super().__init__(STATUSES[code], code)
        self.code = code
        self.members = members


def invalid_field(field: str, code: str, message: str) -> Problem:
    """The problem of a request with one invalid field."""
    return Problem(ProblemCode.VALIDATION_FAILED, errors=[FieldError(field=field, message=message, code=code)])


def problem_response(problem: Problem, language: Language) -> JSONResponse:
    """The response for `problem`."""
    status = STATUSES[problem.code]
    details = ProblemDetails(
        type="about:blank",
        title=status.phrase,
        status=status,
        detail=text(f"problem.{problem.code}", language),
        code=problem.code,
        **problem.members,
    )
    headers = {"Content-Language": language.value}
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return JSONResponse(details.model_dump(mode="json", exclude_unset=True), status, headers, media_type=MEDIA_TYPE)


def unexpected_problem(error: Exception, method: str, path: str) -> Problem:
    """The problem of an unexpected error, which is logged with its traceback; the client gets an incident id."""
    incident_id = uuid4().hex[:12]
    logger.error("request_failed", incident_id=incident_id, method=method, path=path, exc_info=error)
    return Problem(ProblemCode.UNEXPECTED, incident_id=incident_id)


def field_text(code: str, language: Language, context: Mapping[str, Any] | None = None) -> str:
    """The sentence for the error type `code` of a field; `context` has the values of its placeholders."""
    key = f"field.{code}"
    return text(key if key in sentences(language) else "field.other", language, **(context or {}))


def install_problem_handlers(app: FastAPI) -> None:
    """Make `app` answer every expected error with problem details."""
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_validation_error)


_OF_STATUS = {
    HTTPStatus.NOT_FOUND: ProblemCode.ROUTE_NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED: ProblemCode.METHOD_NOT_ALLOWED,
}
"""Errors of the framework itself."""


_METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")


async def _on_http_exception(request: Request, error: Exception) -> Response:
    refused = cast("HTTPException", error)
    problem = (
        refused
        if isinstance(refused, Problem)
        else Problem(_OF_STATUS.get(HTTPStatus(refused.status_code), ProblemCode.BODY_UNREADABLE))
    )
    response = problem_response(problem, _language(request))
    if problem.code is ProblemCode.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = ", ".join(_methods_of(request))
    return response


def _methods_of(request: Request) -> list[str]:
    """The methods of the requested path; the framework names those of its first route only."""
    scopes = [{**request.scope, "method": method} for method in _METHODS]
    routes = request.app.routes
    return [scope["method"] for scope in scopes if any(route.matches(scope)[0] is Match.FULL for route in routes)]


async def _on_validation_error(request: Request, error: Exception) -> Response:
    language = _language(request)
    errors = [_field_error(detail, language) for detail in cast("RequestValidationError", error).errors()]
    return problem_response(Problem(ProblemCode.VALIDATION_FAILED, errors=errors), language)


def _field_error(detail: dict[str, Any], language: Language) -> FieldError:
    place, *path = detail["loc"]
    is_in_body = place == "body" and path and detail["type"] != "json_invalid"
    field = ".".join(str(part) for part in path) if is_in_body or place != "body" else "body"
    return FieldError(field=field, message=field_text(detail["type"], language, detail.get("ctx")), code=detail["type"])


def _language(request: Request) -> Language:
    return best_language(request.headers.get("accept-language"))
