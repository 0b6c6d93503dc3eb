"""What the OpenAPI page says beyond what FastAPI finds out by itself: problems, and examples of answers."""

from typing import Any, cast

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from services.api import examples
from services.api.batch_schemas import ExportedList, FileInput, PreviewInput, SourceInput
from services.api.problem_texts import PROBLEMS, ProblemCode
from services.api.problems import MEDIA_TYPE, ProblemDetails
from shared.contracts.texts import Language

DESCRIPTION = """
Carries YouTube videos into your lists and never drops one.

Every answer that is not a success is an RFC 9457 problem (`application/problem+json`): `code` is for programs,
`detail` for people, in the language of `Accept-Language` (en, de).
"""
TAGS = [
    {"name": "lists", "description": "Lists of videos."},
    {"name": "videos", "description": "Videos of a list and their imports."},
    {"name": "batches", "description": "Imports of many videos: addresses, files, playlists and channels."},
    {"name": "subscriptions", "description": "Playlists and channels whose new videos come by themselves."},
    {"name": "content", "description": "What an import has brought: captions and chapters."},
    {"name": "events", "description": "Progress that a client has missed."},
    {"name": "upstreams", "description": "Servers outside that set the pace: YouTube and speech-to-text."},
    {"name": "usage", "description": "Speech-to-text: how much of it, and what it costs."},
    {"name": "system", "description": "The installation itself."},
]
_COMPONENT = "#/components/schemas/{model}"
BODY_PROBLEMS = (
    ProblemCode.VALIDATION_FAILED,
    ProblemCode.BODY_UNREADABLE,
    ProblemCode.BODY_TOO_LARGE,
    ProblemCode.UNSUPPORTED_MEDIA_TYPE,
    ProblemCode.UNSUPPORTED_ENCODING,
)
"""What can be wrong with a request that has a body."""
_OWN_MODELS: tuple[type[BaseModel], ...] = (ProblemDetails, SourceInput, PreviewInput, FileInput, ExportedList)
"""Those that FastAPI does not see."""
Responses = dict[int | str, dict[str, Any]]


def problem_responses(*codes: ProblemCode, asks_database: bool = True) -> Responses:
    """The documentation of an endpoint's problems, and of those that nearly every endpoint has."""
    responses: Responses = {}
    away = (ProblemCode.DATABASE_AWAY,) if asks_database else ()
    for code in (*codes, *away, ProblemCode.UNEXPECTED):
        kind = PROBLEMS[code]
        response = responses.setdefault(
            kind.status.value,
            {
                "description": kind.status.phrase,
                "content": {MEDIA_TYPE: {"schema": reference(ProblemDetails), "examples": {}}},
            },
        )
        response["content"][MEDIA_TYPE]["examples"][code.value] = {"value": _problem_example(code)}
    return responses


def example_response(
    status: int, description: str, example: dict[str, Any], model: type[BaseModel] | None = None
) -> Responses:
    """The documentation of a successful answer that looks different from its model's example.

    The `model` of a status that is not the endpoint's usual one has to be named.
    """
    described = {"description": description, "content": {"application/json": {"example": example}}}
    return {status: described | ({"model": model} if model else {})}


def body_schema(json: type[BaseModel], form: type[BaseModel]) -> dict[str, Any]:
    """The documentation of a body that is either JSON or a form, which FastAPI does not find out by itself."""
    content = {
        media_type: {"schema": reference(model)}
        for media_type, model in (("application/json", json), ("multipart/form-data", form))
    }
    return {"requestBody": {"required": True, "content": content}}


def install_openapi(app: FastAPI) -> None:
    """Make `app` describe itself with `ProblemDetails` among its schemas."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _describe(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way to extend it


def _describe(app: FastAPI) -> dict[str, Any]:
    description = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes, tags=TAGS
    )
    schemas = description["components"]["schemas"]
    for model in _OWN_MODELS:
        schema = model.model_json_schema(ref_template=_COMPONENT)
        schemas |= schema.pop("$defs", {}) | schemas | {model.__name__: schema}
    return cast("dict[str, Any]", _with_nulls(description))


def _with_nulls(node: Any) -> Any:
    """`node` with null wherever an example has its stand-in."""
    if isinstance(node, dict):
        return {name: _with_nulls(inner) for name, inner in node.items()}
    if isinstance(node, list):
        return [_with_nulls(inner) for inner in node]
    return None if node == examples.NULL else node


def reference(model: type[BaseModel]) -> dict[str, str]:
    """Where the documentation has the schema of `model`, one of those that FastAPI sees or of `_OWN_MODELS`."""
    return {"$ref": _COMPONENT.format(model=model.__name__)}


def _problem_example(code: ProblemCode) -> dict[str, Any]:
    kind = PROBLEMS[code]
    example: dict[str, Any] = {
        "type": "about:blank",
        "title": kind.status.phrase,
        "status": kind.status.value,
        "detail": kind.detail[Language.EN],
        "code": code.value,
    }
    return example | examples.PROBLEM_MEMBERS.get(code, {})
