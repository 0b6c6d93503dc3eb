"""The OpenAPI description is valid and complete."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.openapi.models import OpenAPI
from jsonschema import Draft202012Validator

from services.api.app import create_app
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


def test_generated_clients_get_one_method_per_endpoint() -> None:
    names = [parameters.values[0]["operationId"] for parameters in OPERATIONS]  # type: ignore[index]

    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_is_explained(operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["description"].strip()
    assert [tag for tag in DESCRIPTION["tags"] if tag["name"] == operation["tags"][0]]


@pytest.mark.parametrize(("name", "schema"), DESCRIPTION["components"]["schemas"].items())
def test_examples_are_valid(name: str, schema: dict[str, Any]) -> None:
    for described in (schema, *schema.get("properties", {}).values()):
        for example in described.get("examples", []):
            _validator(described).validate(example)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_problems_have_valid_examples(operation: dict[str, Any]) -> None:
    for response in operation["responses"].values():
        content = response.get("content", {}).get("application/problem+json", {})
        for code, example in content.get("examples", {}).items():
            _validator(content["schema"]).validate(example["value"])
            assert example["value"]["code"] == code


@pytest.mark.parametrize("operation", OPERATIONS)
def test_problems_are_documented(operation: dict[str, Any]) -> None:
    asks_somebody = operation["operationId"] not in {"get_health", "get_config"}
    takes_parameters = "parameters" in operation or "requestBody" in operation

    assert ("503" in operation["responses"]) == asks_somebody
    assert ("422" in operation["responses"]) == takes_parameters
    assert ({"413", "415"} <= operation["responses"].keys()) == ("requestBody" in operation)


@pytest.mark.parametrize("path", ["imports", "imports/preview"])
def test_file_or_json_is_documented(path: str) -> None:
    body = DESCRIPTION["paths"][f"/api/lists/{{list_id}}/{path}"]["post"]["requestBody"]

    assert [*body["content"]] == ["application/json", "multipart/form-data"]


@pytest.mark.parametrize("change", ["pause", "resume"])
def test_the_operators_pause_needs_temporal_alone(change: str) -> None:
    responses = DESCRIPTION["paths"][f"/api/upstreams/{{upstream}}/{change}"]["post"]["responses"]

    assert [*responses["503"]["content"]["application/problem+json"]["examples"]] == ["temporal_away"]


def _validator(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator(
        schema | {"components": DESCRIPTION["components"]}, format_checker=Draft202012Validator.FORMAT_CHECKER
    )


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for inner in node.values():
            yield from _references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _references(inner)
