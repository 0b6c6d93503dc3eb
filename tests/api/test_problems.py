"""Error responses."""

import logging
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.api.http.middleware import MAX_BODY_BYTES
from services.api.http.problem_codes import STATUSES, ProblemCode
from shared.db.connection import autocommit
from shared.i18n.catalog import sentences
from shared.i18n.languages import Language
from shared.settings import Settings
from tests.api.support import NOBODY, Api, problem, serving, youtube_id

JSON = {"Content-Type": "application/json"}


async def test_wrong_path_or_method_is_a_problem(api_without_temporal: Api) -> None:
    http = api_without_temporal.http

    problem(await http.get("/api/nothing"), 404, "route_not_found")
    problem(await http.get("/api/lists/"), 404, "route_not_found")
    response = await http.put("/api/lists")
    problem(response, 405, "method_not_allowed")
    assert response.headers["Allow"]


async def test_problem_in_the_language_of_the_request(api_without_temporal: Api) -> None:
    response = await api_without_temporal.http.get(
        f"/api/lists/{NOBODY}", headers={"Accept-Language": "fr, de-CH;q=0.8"}
    )

    assert problem(response, 404, "list_not_found")["detail"] == sentences(Language.DE)["problem.list_not_found"]
    assert response.headers["Content-Language"] == "de"


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ("{}", "url", "missing"),
        ('{"url": 7}', "url", "string_type"),
        ('{"url": "x", "speed": 2}', "speed", "extra_forbidden"),
        ("[]", "body", "model_attributes_type"),
        ('{"url":', "body", "json_invalid"),
        ("", "body", "missing"),
    ],
)
async def test_invalid_body_names_the_field(api_without_temporal: Api, body: str, field: str, code: str) -> None:
    for language in Language:
        response = await api_without_temporal.http.post(
            f"/api/lists/{NOBODY}/videos", content=body, headers=JSON | {"Accept-Language": language}
        )
        [error] = problem(response, 422, "validation_failed")["errors"]
        assert error == {"field": field, "code": code, "message": sentences(language)[f"field.{code}"]}


@pytest.mark.parametrize(
    ("path", "field", "code", "message"),
    [
        ("/lists/7", "list_id", "uuid_parsing", "This is not a valid id."),
        ("/lists?limit=0", "limit", "greater_than_equal", "This must be at least 1."),
        ("/lists?limit=201", "limit", "less_than_equal", "This must be at most 200."),
        ("/lists?limit=9" + 5000 * "9", "limit", "int_parsing_size", "This number is too large."),
        ("/lists?limit=many", "limit", "int_parsing", "This must be a whole number."),
        (f"/lists/{NOBODY}/videos?limit=201", "limit", "less_than_equal", "This must be at most 200."),
        (f"/videos/{NOBODY}/transcript?limit=5001", "limit", "less_than_equal", "This must be at most 5,000."),
    ],
)
async def test_invalid_parameter_is_named(
    api_without_temporal: Api, path: str, field: str, code: str, message: str
) -> None:
    response = await api_without_temporal.http.get(f"/api{path}")

    [error] = problem(response, 422, "validation_failed")["errors"]
    assert error == {"field": field, "code": code, "message": message}


@pytest.mark.parametrize("cursor", ["", "x", "äöü", "A" * 32 + "AAAA", "f" + "_" * 31, "AAAA", "A A=" * 8])
@pytest.mark.parametrize("path", ["/lists", f"/lists/{NOBODY}/videos", f"/videos/{NOBODY}/transcript"])
async def test_invalid_cursor_is_rejected(api_without_temporal: Api, path: str, cursor: str) -> None:
    response = await api_without_temporal.http.get(f"/api{path}", params={"cursor": cursor})

    [error] = problem(response, 422, "validation_failed")["errors"]
    assert (error["field"], error["code"]) == ("cursor", "cursor_invalid")


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[" * 60_000, b"1" * 5000])
async def test_an_unreadable_body_is_refused(api_without_temporal: Api, body: bytes) -> None:
    response = await api_without_temporal.http.post("/api/lists", content=body, headers=JSON)

    assert problem(response, response.status_code, response.json()["code"])["status"] in {400, 422}


async def _stream(size: int) -> AsyncIterator[bytes]:
    for _ in range(0, size, 1024):
        yield b" " * 1024


async def test_a_large_body_is_refused_whether_announced_or_not(api_without_temporal: Api) -> None:
    http = api_without_temporal.http

    announced = await http.post("/api/lists", content=b" " * (MAX_BODY_BYTES + 1), headers=JSON)
    streamed = await http.post("/api/lists", content=_stream(MAX_BODY_BYTES + 1024), headers=JSON)
    largest = await http.post("/api/lists", content=b'{"name": "x"}'.ljust(MAX_BODY_BYTES), headers=JSON)

    problem(announced, 413, "body_too_large")
    problem(streamed, 413, "body_too_large")
    assert largest.status_code == 201


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_only_json_is_taken(api_without_temporal: Api, media_type: str) -> None:
    response = await api_without_temporal.http.post(
        "/api/lists", content='{"name": "x"}', headers={"Content-Type": media_type}
    )

    problem(response, 415, "unsupported_media_type")


async def test_json_may_name_its_charset(api_without_temporal: Api) -> None:
    response = await api_without_temporal.http.post(
        "/api/lists", content='{"name": "x"}', headers={"Content-Type": "Application/JSON; charset=utf-8"}
    )

    assert response.status_code == 201


async def test_another_website_cannot_change_anything(api_without_temporal: Api) -> None:
    http = api_without_temporal.http
    cross_site = {"Origin": "https://elsewhere.example"}

    for origin in ("https://elsewhere.example", "null", "http://127.0.0.1.elsewhere.example", ""):
        refused = await http.post(f"/api/videos/{NOBODY}/retry", headers={"Origin": origin})
        problem(refused, 403, "cross_site_request")
    preflight = await http.options("/api/lists", headers=cross_site | {"Access-Control-Request-Method": "POST"})
    read = await http.get("/api/lists", headers=cross_site)

    problem(preflight, 405, "method_not_allowed")
    for response in (preflight, read):
        assert not [name for name in response.headers if name.startswith("access-control-")]


async def test_our_own_pages_may_change_things_from_any_port(api_without_temporal: Api) -> None:
    response = await api_without_temporal.http.post(
        "/api/lists", json={"name": "x"}, headers={"Origin": "http://LOCALHOST:5173"}
    )

    assert response.status_code == 201


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::1]:8000", "evil.example:8000"])
async def test_other_host_names_are_refused(api_without_temporal: Api, host: str) -> None:
    problem(await api_without_temporal.http.get("/api/lists", headers={"Host": host}), 400, "host_not_allowed")


@pytest.mark.parametrize("host", ["LOCALHOST", "127.0.0.1:5173", "vidferry.example:443", "[::1]:8000"])
async def test_allowed_host_names_are_answered_on_any_port(settings: Settings, engine: AsyncEngine, host: str) -> None:
    allowed = settings.model_copy(update={"allowed_hosts": "localhost, 127.0.0.1, Vidferry.example, ::1"})
    async with serving(allowed, engine) as api:
        response = await api.http.get("/api/lists", headers={"Host": host})

    assert response.status_code == 200


async def test_probes_are_answered_under_any_host_name(settings: Settings, engine: AsyncEngine) -> None:
    async with serving(settings.model_copy(update={"allowed_hosts": "video.example.org"}), engine) as api:
        for path in ("/api/health", "/api/ready"):
            assert (await api.http.get(path)).status_code == 200
        problem(await api.http.get("/api/lists"), 400, "host_not_allowed")


async def test_unexpected_error_becomes_an_incident(
    api_without_temporal: Api, caplog: pytest.LogCaptureFixture
) -> None:
    video = await api_without_temporal.add(await api_without_temporal.new_list())
    await api_without_temporal.execute("DROP TABLE chapters")

    with caplog.at_level(logging.ERROR):
        response = await api_without_temporal.http.get(f"/api/videos/{video['id']}/chapters")

    incident_id = problem(response, 500, "unexpected")["incident_id"]
    [record] = [record for record in caplog.records if incident_id in record.getMessage()]
    assert record.exc_info is not None
    assert "chapters" not in response.text


async def test_without_postgres_every_request_is_a_503(api_without_postgres: Api) -> None:
    http = api_without_postgres.http

    for response in (
        await http.get("/api/lists"),
        await http.post("/api/lists", json={"name": "x"}),
        await api_without_postgres.post_url(NOBODY, youtube_id(1)),
        await http.get("/api/events"),
    ):
        problem(response, 503, "database_away")
        assert int(response.headers["Retry-After"]) > 0


async def test_a_lost_connection_is_replaced(api_without_temporal: Api) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    await api.get("/lists")

    await api.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    response = await api.post_url(list_id, youtube_id(1))
    while response.status_code != 201:  # until the end of the connection has come through
        problem(response, 503, "database_away")
        response = await api.post_url(list_id, youtube_id(1))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", f"/lists/{NOBODY}"),
        ("GET", f"/lists/{NOBODY}/videos"),
        ("GET", f"/videos/{NOBODY}"),
        ("GET", f"/videos/{NOBODY}/progress"),
        ("GET", f"/videos/{NOBODY}/transcript"),
        ("GET", f"/videos/{NOBODY}/chapters"),
        ("POST", f"/videos/{NOBODY}/retry"),
        ("GET", f"/batches/{NOBODY}"),
        ("POST", f"/batches/{NOBODY}/cancel"),
        ("POST", f"/batches/{NOBODY}/retry-failed"),
        ("DELETE", f"/subscriptions/{NOBODY}"),
    ],
)
async def test_a_refusal_costs_no_connection(
    api_without_temporal: Api, engine: AsyncEngine, method: str, path: str
) -> None:
    api = api_without_temporal
    async with autocommit(engine) as connection:

        async def connections() -> set[int]:
            """Of the API, once it has made a request."""
            await api.get("/lists")
            ours = "datname = current_database() AND application_name = 'vidferry'"
            return set((await connection.execute(text(f"SELECT pid FROM pg_stat_activity WHERE {ours}"))).scalars())

        before = await connections()
        assert (await api.http.request(method, f"/api{path}")).status_code == 404
        assert await connections() <= before


def test_every_problem_has_a_status() -> None:
    assert set(STATUSES) == set(ProblemCode)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/lists", "GET, POST"),
        ("PUT", f"/api/lists/{NOBODY}", "DELETE, GET, PATCH"),
        ("DELETE", "/docs", "GET"),
    ],
)
async def test_a_wrong_method_is_told_the_right_ones(
    api_without_temporal: Api, method: str, path: str, allowed: str
) -> None:
    response = await api_without_temporal.http.request(method, path)
    problem(response, 405, "method_not_allowed")
    assert response.headers["allow"] == allowed
