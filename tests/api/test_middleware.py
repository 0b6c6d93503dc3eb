"""Limits, media types and origins of bodies by path. `test_problems` tests what holds for all paths."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from services.api.batches.bodies import MAX_BATCH_BYTES, MAX_UPLOAD_BYTES
from services.api.batches.files.problems import FileProblem, file_problem_text
from services.api.http.middleware import JSON as JSON_TYPE
from services.api.http.middleware import MAX_BODY_BYTES, BodyLimit, BodyRule, RequestFilter
from shared.i18n.languages import Language
from tests.api.batches import FORM, JSON, form_part, post_file
from tests.api.support import BASE_URL, NOBODY, Api, problem, youtube_id


async def _in_pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 65_536):
        yield body[start : start + 65_536]


@pytest.mark.parametrize(
    ("path", "headers", "limit"),
    [
        ("videos/batch", JSON, MAX_BATCH_BYTES),
        ("imports", JSON, MAX_BODY_BYTES),
        ("imports", FORM, MAX_UPLOAD_BYTES),
        ("imports/preview", JSON, MAX_BATCH_BYTES),
        ("imports/preview", FORM, MAX_UPLOAD_BYTES),
    ],
)
async def test_a_body_has_the_limit_of_its_path(
    api_without_temporal: Api, path: str, headers: dict[str, str], limit: int
) -> None:
    address = f"/api/lists/{NOBODY}/{path}"
    http = api_without_temporal.http
    unfinished = form_part("file", "", "a.csv").encode().ljust(limit)

    announced = await http.post(address, content=unfinished + b" ", headers=headers)
    streamed = await http.post(address, content=_in_pieces(unfinished + b" "), headers=headers)
    largest = await http.post(address, content=unfinished, headers=headers)

    for refused in (announced, streamed):
        errors = problem(refused, 413, "body_too_large").get("errors", [])
        assert [error["code"] for error in errors] == (["too_large"] if headers == FORM else [])
    if headers == FORM:
        problem(largest, 400, "body_unreadable")
    else:
        problem(largest, 422, "validation_failed")


async def test_too_large_file_is_rejected_with_its_own_sentence(api_without_temporal: Api) -> None:
    for language in Language:
        response = await api_without_temporal.http.post(
            f"/api/lists/{NOBODY}/imports",
            headers=FORM | {"Content-Length": f"{MAX_UPLOAD_BYTES + 1}", "Accept-Language": language},
        )
        [error] = problem(response, 413, "body_too_large")["errors"]
        assert error["message"] == file_problem_text(FileProblem.TOO_LARGE, language)


@pytest.mark.parametrize("path", ["videos/batch", "imports", "imports/preview"])
async def test_nothing_compressed_is_taken(api_without_temporal: Api, path: str) -> None:
    for encoding, status in (("gzip", 415), ("br", 415), ("identity, gzip", 415), ("Identity", 422)):
        response = await api_without_temporal.http.post(
            f"/api/lists/{NOBODY}/{path}", content=b"{}", headers=JSON | {"Content-Encoding": encoding}
        )
        problem(response, status, "unsupported_encoding" if status == 415 else "validation_failed")


@pytest.mark.parametrize(
    ("path", "media_type"),
    [("videos/batch", "multipart/form-data; boundary=b"), ("imports", "text/csv"), ("imports/preview", "text/plain")],
)
async def test_form_is_accepted_only_where_a_file_is_expected(
    api_without_temporal: Api, path: str, media_type: str
) -> None:
    response = await api_without_temporal.http.post(
        f"/api/lists/{NOBODY}/{path}", content="x", headers={"Content-Type": media_type}
    )

    assert "multipart/form-data" in problem(response, 415, "unsupported_media_type")["detail"]


async def test_another_website_cannot_send_a_file(api_without_temporal: Api) -> None:
    api = api_without_temporal
    list_id = await api.new_list()

    for origin in ("https://elsewhere.example", "null"):
        refused = await post_file(api, f"{list_id}/imports", youtube_id(1), Origin=origin)
        problem(refused, 403, "cross_site_request")
    taken = await post_file(api, f"{list_id}/imports", youtube_id(1), Origin="http://localhost:5173")

    assert taken.status_code == 201


async def test_a_body_has_one_deadline_however_often_a_byte_of_it_arrives() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(str(await Request(scope, receive).body()))(scope, receive, send)

    async def drops() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.01)

    rules = (BodyRule("/slow", {JSON_TYPE: BodyLimit(MAX_BODY_BYTES, seconds=0.1)}),)
    transport = httpx.ASGITransport(RequestFilter(app, ["127.0.0.1"], rules))
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as http:
        problem(await http.post("/slow", content=drops(), headers=JSON), 408, "body_too_slow")


@pytest.mark.parametrize(
    ("name", "status", "code"), [("Host", 400, "host_not_allowed"), ("Origin", 403, "cross_site_request")]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_header_that_decides_is_sent_once(
    api_without_temporal: Api, name: str, status: int, code: str, method: str
) -> None:
    """Of two, this program and another in front of it might believe different ones."""
    twice = [(name, "http://127.0.0.1" if name == "Origin" else "127.0.0.1")] * 2
    problem(await api_without_temporal.http.request(method, "/api/lists", headers=twice), status, code)


@pytest.mark.parametrize("path", ["*", ""])
async def test_a_target_that_is_no_path_is_unknown(path: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("it reached the application")

    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request"}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "headers": [(b"host", b"127.0.0.1")]}
    await RequestFilter(app, ["127.0.0.1"], ())(scope, receive, send)  # type: ignore[arg-type]
    assert sent[0]["status"] == 404
