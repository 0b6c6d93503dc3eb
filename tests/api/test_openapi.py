"""The description of the API is valid, complete and true."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.openapi.models import OpenAPI
from jsonschema import Draft202012Validator

from services.api import batch_examples, examples
from services.api.app import create_app
from services.api.batch_schemas import BatchOutput
from shared.contracts.batches import BatchSummary
from shared.contracts.texts import Language, pause_text, waiting_text
from shared.contracts.upstreams import PauseReason, Upstream
from shared.settings import Settings
from shared.youtube_url import InvalidUrlReason, invalid_url_text, parse_youtube_id

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
        ("post", "/api/lists/{list_id}/videos/batch"),
        ("post", "/api/lists/{list_id}/imports"),
        ("post", "/api/lists/{list_id}/imports/preview"),
        ("get", "/api/lists/{list_id}/export"),
        ("get", "/api/batches"),
        ("get", "/api/batches/{batch_id}"),
        ("post", "/api/batches/{batch_id}/pause"),
        ("post", "/api/batches/{batch_id}/resume"),
        ("post", "/api/batches/{batch_id}/cancel"),
        ("post", "/api/batches/{batch_id}/retry-failed"),
        ("post", "/api/subscriptions"),
        ("get", "/api/subscriptions"),
        ("get", "/api/subscriptions/{subscription_id}"),
        ("patch", "/api/subscriptions/{subscription_id}"),
        ("delete", "/api/subscriptions/{subscription_id}"),
        ("post", "/api/subscriptions/{subscription_id}/pause"),
        ("post", "/api/subscriptions/{subscription_id}/resume"),
        ("post", "/api/subscriptions/{subscription_id}/run"),
        ("get", "/api/videos/{video_id}"),
        ("delete", "/api/videos/{video_id}"),
        ("get", "/api/videos/{video_id}/progress"),
        ("post", "/api/videos/{video_id}/retry"),
        ("post", "/api/videos/{video_id}/reimport"),
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
                assert (media_type == "application/problem+json") == ("code" in example)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_problems_are_documented(operation: dict[str, Any]) -> None:
    asks_somebody = operation["operationId"] not in {"get_health", "get_config"}
    takes_parameters = "parameters" in operation or "requestBody" in operation

    assert ("503" in operation["responses"]) == asks_somebody
    assert ("422" in operation["responses"]) == takes_parameters
    assert ({"413", "415"} <= operation["responses"].keys()) == ("requestBody" in operation)


@pytest.mark.parametrize("path", ["imports", "imports/preview"])
def test_a_file_may_be_sent_in_the_place_of_json(path: str) -> None:
    body = DESCRIPTION["paths"][f"/api/lists/{{list_id}}/{path}"]["post"]["requestBody"]

    assert [*body["content"]] == ["application/json", "multipart/form-data"]


@pytest.mark.parametrize("change", ["pause", "resume"])
def test_the_operators_pause_needs_temporal_alone(change: str) -> None:
    responses = DESCRIPTION["paths"][f"/api/upstreams/{{upstream}}/{change}"]["post"]["responses"]

    assert [*responses["503"]["content"]["application/problem+json"]["examples"]] == ["temporal_away"]


def test_examples_of_a_pause_say_what_is_said() -> None:
    one_import = examples.PROGRESS_PAUSED

    assert one_import["message"] == waiting_text(Upstream.YOUTUBE, PauseReason(one_import["waiting_for"]))
    for upstream in (examples.UPSTREAM, examples.TRANSCRIPTION):
        assert upstream["message"] == pause_text(Upstream(upstream["name"]), PauseReason(upstream["reason"]))


def test_examples_of_what_was_refused_say_what_is_said() -> None:
    [invalid] = batch_examples.BATCH_CREATED["invalid"]
    [duplicate] = batch_examples.BATCH_CREATED["duplicates"]

    assert invalid["message"] == invalid_url_text(InvalidUrlReason(invalid["reason"]))
    assert parse_youtube_id(duplicate["url"]) == duplicate["youtube_id"]


@pytest.mark.parametrize("example", [batch_examples.BATCH, batch_examples.BATCH_LISTING_FAILED])
def test_the_figures_of_a_batch_fit_each_other(example: dict[str, Any]) -> None:
    shown = {name: None if value == examples.NULL else value for name, value in example.items()}

    assert BatchOutput.of(BatchSummary.model_validate(shown), Language.EN).model_dump(mode="json") == shown
    parts = ("queued", "running", "waiting", "imported", "failed", "cancelled")
    assert shown["total"] == sum(shown[part] for part in parts)


@pytest.mark.parametrize(
    "example", [batch_examples.PREVIEW, batch_examples.PREVIEW_OF_PLAYLIST, batch_examples.PREVIEW_OF_CHANNEL]
)
def test_the_figures_of_a_preview_fit_each_other(example: dict[str, Any]) -> None:
    seconds, finish_at = example["estimated_seconds"], example["estimated_finish_at"]

    assert example["total"] == sum(example[part] for part in ("new", "duplicates", "invalid", "unavailable"))
    assert example["at_least"] == (seconds == finish_at == examples.NULL)
    if not example["at_least"]:
        assert datetime.fromisoformat(finish_at) - timedelta(seconds=seconds) == datetime(
            2026, 11, 23, 8, 1, tzinfo=UTC
        )


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
