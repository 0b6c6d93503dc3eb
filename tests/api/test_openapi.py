"""The description of the API is valid, complete and true."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.openapi.models import OpenAPI
from jsonschema import Draft202012Validator

from services.api import examples
from services.api.app import create_app
from shared.contracts.texts import pause_text, waiting_text
from shared.contracts.upstreams import PauseReason, Upstream
from shared.settings import Settings

DESCRIPTION = create_app(Settings()).openapi()
OPERATIONS = [
    pytest.param(operation, id=operation["operationId"])
    for methods in DESCRIPTION["paths"].values()
    for operation in methods.values()
]


def test_it_is_valid_and_its_references_lead_somewhere() -> None:
    OpenAPI.model_validate(DESCRIPTION)

    references = set(_references(DESCRIPTION))

    assert references
    for reference in references:
        _, components, schemas, name = reference.split("/")
        assert name in DESCRIPTION[components][schemas]


def test_every_endpoint_is_described() -> None:
    endpoints = {(method, path) for path, methods in DESCRIPTION["paths"].items() for method in methods}

    assert endpoints == {
        ("post", "/api/lists"),
        ("get", "/api/lists"),
        ("get", "/api/lists/{list_id}"),
        ("patch", "/api/lists/{list_id}"),
        ("delete", "/api/lists/{list_id}"),
        ("post", "/api/lists/{list_id}/videos"),
        ("get", "/api/lists/{list_id}/videos"),
        ("get", "/api/videos/{video_id}"),
        ("delete", "/api/videos/{video_id}"),
        ("get", "/api/videos/{video_id}/progress"),
        ("post", "/api/videos/{video_id}/retry"),
        ("get", "/api/videos/{video_id}/transcript"),
        ("get", "/api/videos/{video_id}/chapters"),
        ("get", "/api/events"),
        ("get", "/api/upstreams"),
        ("post", "/api/upstreams/{upstream}/pause"),
        ("post", "/api/upstreams/{upstream}/resume"),
        ("get", "/api/usage"),
        ("get", "/api/health"),
        ("get", "/api/ready"),
        ("get", "/api/config"),
    }


def test_generated_clients_get_one_method_per_endpoint() -> None:
    names = [parameters.values[0]["operationId"] for parameters in OPERATIONS]  # type: ignore[index]

    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_is_explained(operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["description"].strip()
    assert [tag for tag in DESCRIPTION["tags"] if tag["name"] == operation["tags"][0]]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_example_is_what_the_schema_says(operation: dict[str, Any]) -> None:
    bodies = [operation["requestBody"]] if "requestBody" in operation else []
    for body in [*bodies, *operation["responses"].values()]:
        for media_type, content in body.get("content", {}).items():
            examples = list(_examples(content))
            assert examples, f"{body.get('description')} has no example"
            for example in examples:
                _validator(content["schema"]).validate(example)
                assert media_type == ("application/problem+json" if "code" in example else "application/json")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_problems_are_documented(operation: dict[str, Any]) -> None:
    asks_somebody = operation["operationId"] not in {"get_health", "get_config"}
    takes_parameters = "parameters" in operation or "requestBody" in operation

    assert ("503" in operation["responses"]) == asks_somebody
    assert ("422" in operation["responses"]) == takes_parameters
    assert ({"413", "415"} <= operation["responses"].keys()) == ("requestBody" in operation)


@pytest.mark.parametrize("change", ["pause", "resume"])
def test_the_operators_pause_needs_temporal_alone(change: str) -> None:
    responses = DESCRIPTION["paths"][f"/api/upstreams/{{upstream}}/{change}"]["post"]["responses"]

    assert [*responses["503"]["content"]["application/problem+json"]["examples"]] == ["temporal_away"]


def test_examples_of_a_pause_say_what_is_said() -> None:
    one_import = examples.PROGRESS_PAUSED

    assert one_import["message"] == waiting_text(Upstream.YOUTUBE, PauseReason(one_import["waiting_for"]))
    for upstream in (examples.UPSTREAM, examples.TRANSCRIPTION):
        assert upstream["message"] == pause_text(Upstream(upstream["name"]), PauseReason(upstream["reason"]))


def _validator(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator(
        schema | {"components": DESCRIPTION["components"]}, format_checker=Draft202012Validator.FORMAT_CHECKER
    )


def _examples(content: dict[str, Any]) -> Iterator[Any]:
    if "example" in content:
        yield content["example"]
    for example in content.get("examples", {}).values():
        yield example["value"]
    name = content["schema"].get("$ref", "").rpartition("/")[2]
    yield from DESCRIPTION["components"]["schemas"].get(name, {}).get("examples", [])


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for inner in node.values():
            yield from _references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _references(inner)
