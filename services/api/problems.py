"""Errors as RFC 9457 problem details: one shape for everything that is not a success."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, cast
from uuid import UUID, uuid4

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from services.api.problem_texts import ANY_FIELD_TEXT, FIELD_TEXTS, PROBLEMS, ProblemCode
from services.api.schemas import VideoOutput
from services.api.subscription_schemas import SubscriptionOutput
from shared.contracts.texts import Language, best_language

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5
"""How long a client waits before it asks again for something that is away."""

logger = logging.getLogger(__name__)


class FieldError(BaseModel):
    """What is wrong with one part of a request."""

    field: str = Field(description="Name of the field, as in the request.")
    message: str = Field(description="What is wrong with it, for a person.")
    code: str = Field(description="What is wrong with it, for a program.")


class ProblemDetails(BaseModel):
    """What every answer says that is not a success (RFC 9457)."""

    type: str = Field(default="about:blank", description="Always `about:blank`: `code` tells problems apart.")
    title: str = Field(description="The HTTP status in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="A plain sentence in the language of `Accept-Language` (en, de).")
    code: ProblemCode = Field(description="Which problem it is; stable.")
    errors: list[FieldError] | None = Field(default=None, description="With 422: every field that is not valid.")
    video_id: UUID | None = Field(default=None, description="With `video_already_in_list`: the video there.")
    video: VideoOutput | None = Field(default=None, description="With `video_already_in_list`: the video there.")
    subscription_id: UUID | None = Field(default=None, description="With `already_subscribed`: the subscription there.")
    subscription: SubscriptionOutput | None = Field(
        default=None, description="With `already_subscribed`: the subscription there."
    )
    incident_id: str | None = Field(default=None, description="With `unexpected`: where the logs tell more.")


class Problem(HTTPException):
    """Ends a request with problem details; `members` are those that only this problem has."""

    def __init__(self, code: ProblemCode, **members: Any) -> None:
        super().__init__(PROBLEMS[code].status, code)
        self.code = code
        self.members = members


def invalid_field(field: str, code: str, message: str) -> Problem:
    """The problem of a request with one field that is not valid."""
    return Problem(ProblemCode.VALIDATION_FAILED, errors=[FieldError(field=field, message=message, code=code)])


def problem_response(problem: Problem, language: Language) -> JSONResponse:
    """The answer that tells of `problem`."""
    kind = PROBLEMS[problem.code]
    details = ProblemDetails(
        type="about:blank",
        title=kind.status.phrase,
        status=kind.status,
        detail=kind.detail[language],
        code=problem.code,
        **problem.members,
    )
    headers = {"Content-Language": language.value}
    if kind.status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return JSONResponse(
        details.model_dump(mode="json", exclude_unset=True), kind.status, headers, media_type=MEDIA_TYPE
    )


def unexpected_problem(error: Exception, method: str, path: str) -> Problem:
    """The problem of an error that nobody foresaw: logged with its trace, told as an incident number only."""
    incident_id = uuid4().hex[:12]
    logger.error("incident %s: %s %s", incident_id, method, path, exc_info=error)
    return Problem(ProblemCode.UNEXPECTED, incident_id=incident_id)


def field_text(code: str, language: Language, context: Mapping[str, Any] | None = None) -> str:
    """The plain sentence for the error type `code` of one field; `context` fills in its limits."""
    return FIELD_TEXTS.get(code, ANY_FIELD_TEXT)[language].format_map(context or {})


def install_problem_handlers(app: FastAPI) -> None:
    """Make `app` tell every foreseen error as problem details."""
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_validation_error)


_OF_STATUS = {
    HTTPStatus.NOT_FOUND: ProblemCode.ROUTE_NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED: ProblemCode.METHOD_NOT_ALLOWED,
}
"""What the framework itself refuses."""


async def _on_http_exception(request: Request, error: Exception) -> Response:
    refused = cast("HTTPException", error)
    problem = (
        refused
        if isinstance(refused, Problem)
        else Problem(_OF_STATUS.get(HTTPStatus(refused.status_code), ProblemCode.BODY_UNREADABLE))
    )
    response = problem_response(problem, _language(request))
    response.headers.update(refused.headers or {})
    return response


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
