"""What the OpenAPI description has beyond what FastAPI derives: problems, and bodies with several media types."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from services.api.http.problem_codes import STATUSES, ProblemCode
from services.api.http.problems import MEDIA_TYPE, ProblemDetails
from shared.i18n.catalog import text

DESCRIPTION = """
Imports YouTube videos into your lists, durably.

Every error response is an RFC 9457 problem (`application/problem+json`): `code` is stable, `detail` is a sentence for
people in the language of `Accept-Language` (en, de).
"""
TAGS = [
    {"name": "lists", "description": "Lists of videos."},
    {"name": "videos", "description": "Videos of a list and their imports."},
    {"name": "batches", "description": "Bulk imports: URLs, files, playlists and channels."},
    {"name": "subscriptions", "description": "Playlists and channels whose new videos are added automatically."},
    {"name": "content", "description": "Transcripts and chapters of imported videos."},
    {"name": "events", "description": "Progress events that a client has missed."},
    {"name": "upstreams", "description": "YouTube and the transcription server: rate limits, budgets and pauses."},
    {"name": "usage", "description": "Usage and cost of transcription."},
    {"name": "system", "description": "The installation itself."},
]
_COMPONENT = "#/components/schemas/{model}"
BODY_PROBLEMS = (
    ProblemCode.VALIDATION_FAILED,
    ProblemCode.BODY_UNREADABLE,
    ProblemCode.BODY_TOO_LARGE,
    ProblemCode.BODY_TOO_SLOW,
    ProblemCode.UNSUPPORTED_MEDIA_TYPE,
    ProblemCode.UNSUPPORTED_ENCODING,
)
"""The problems of a request with a body."""
Responses = dict[int | str, dict[str, Any]]
_MEMBERS: dict[ProblemCode, dict[str, Any]] = {
    ProblemCode.VALIDATION_FAILED: {
        "errors": [{"field": "limit", "message": text("field.int_parsing"), "code": "int_parsing"}]
    },
    ProblemCode.UNEXPECTED: {"incident_id": "4f1c0a9be27d"},
}
"""Example values of the members that only some problems have."""


def problem_responses(
    *codes: ProblemCode,
    asks_database: bool = True,
    models: Mapping[ProblemCode, type[ProblemDetails]] = MappingProxyType({}),
) -> Responses:
    """The documentation of an endpoint's problems, including those of nearly every endpoint.

    `models`: the schemas of problems with members of their own. The schema of a status is that of its first code.
    """
    responses: Responses = {}
    away = (ProblemCode.DATABASE_AWAY,) if asks_database else ()
    for code in (*codes, *away, ProblemCode.UNEXPECTED):
        status = STATUSES[code]
        response = responses.setdefault(
            status.value,
            {
                "description": status.phrase,
                "content": {MEDIA_TYPE: {"schema": reference(models.get(code, ProblemDetails))}},
            },
        )
        if code not in models:  # the schemas of those have examples
            response["content"][MEDIA_TYPE].setdefault("examples", {})[code.value] = {"value": _problem_example(code)}
    return responses


def body_schema(json: type[BaseModel], form: type[BaseModel]) -> dict[str, Any]:
    """The documentation of a body that is either JSON or a form, which FastAPI does not derive."""
    content = {
        media_type: {"schema": reference(model)}
        for media_type, model in (("application/json", json), ("multipart/form-data", form))
    }
    return {"requestBody": {"required": True, "content": content}}


def install_openapi(app: FastAPI, models: Sequence[type[BaseModel]]) -> None:
    """Add `ProblemDetails` and `models`, which no endpoint returns as its result, to the schemas of `app`."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _describe(app, (ProblemDetails, *models))
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way to extend it


def _describe(app: FastAPI, models: Sequence[type[BaseModel]]) -> dict[str, Any]:
    description = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes, tags=TAGS
    )
    schemas = description["components"]["schemas"]
    for model in models:
        schema = model.model_json_schema(ref_template=_COMPONENT)
        schemas |= schema.pop("$defs", {}) | schemas | {model.__name__: schema}
    return description


def reference(model: type[BaseModel]) -> dict[str, str]:
    """A reference to the schema of `model`, which an endpoint uses or `install_openapi` has added."""
    return {"$ref": _COMPONENT.format(model=model.__name__)}


def _problem_example(code: ProblemCode) -> dict[str, Any]:
    status = STATUSES[code]
    example: dict[str, Any] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": text(f"problem.{code}"),
        "code": code.value,
    }
    return example | _MEMBERS.get(code, {})
