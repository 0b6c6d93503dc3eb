"""Importing files, playlists and channels."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from temporalio.client import Client

from services.api.batches import bodies
from services.api.batches.files.problems import MAX_FILE_BYTES, MAX_ROWS, FileProblem, file_problem_text
from services.api.batches.schemas import MAX_SHOWN_ROWS
from services.api.dependencies import MAX_FILES_AT_ONCE, MAX_UPLOADS
from shared.i18n.catalog import sentences, text
from shared.i18n.languages import Language
from shared.temporal.names import import_batch_id
from shared.youtube.source_urls import InvalidSourceReason
from tests.api.batches import FORM, JSON, form_part, items_of, post_file
from tests.api.support import NOBODY, Api, problem, youtube_id
from tests.support.waiting import PATIENCE_SECONDS, eventually

CHANNEL = "https://www.youtube.com/@lamp-room/videos"
BOTH_PATHS = ["imports", "imports/preview"]


async def test_a_file_is_in_the_list_at_once_in_its_own_order(api_without_temporal: Api) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    there = await api.add(list_id, 1)
    lines = ["Video ID,Added", f"{youtube_id(3)},2026", f"{youtube_id(1)},2026", "https://vimeo.com/1,2026",
             f"{youtube_id(2)},2026", f"{youtube_id(3)},2026"]  # fmt: skip

    response = await post_file(api, f"{list_id}/imports", "\n".join(lines), "lighthouses.csv")

    assert response.status_code == 201
    answer = response.json()
    assert response.headers["Location"] == f"/api/batches/{answer['batch_id']}"
    assert (answer["kind"], answer["source"], answer["created"]) == ("file", "lighthouses.csv", 2)
    assert (answer["duplicate_count"], answer["invalid_count"]) == (2, 1)
    assert [(row["row"], row["youtube_id"]) for row in answer["duplicates"]] == [(3, youtube_id(1)), (6, youtube_id(3))]
    assert answer["duplicates"][0]["video_id"] == there["id"]
    assert [(row["row"], row["reason"]) for row in answer["invalid"]] == [(4, "not_youtube")]
    assert await items_of(api, list_id) == [youtube_id(3), youtube_id(2), youtube_id(1)]
    batch = await api.get(f"/batches/{answer['batch_id']}")
    assert (batch["kind"], batch["source"], batch["listing"]) == ("file", "lighthouses.csv", None)
    assert (batch["total"], batch["duplicates"], batch["invalid"]) == (2, 2, 1)


async def test_largest_file_is_accepted_with_few_rows_reported(api_without_temporal: Api) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    quarter = MAX_ROWS // 4
    valid = [youtube_id(number) for number in range(2 * quarter)]
    rows = [*valid, *valid[:quarter], *(f"https://vimeo.com/{number}" for number in range(quarter))]

    answer = (await post_file(api, f"{list_id}/imports", "\n".join(rows))).json()

    assert (answer["created"], answer["duplicate_count"], answer["invalid_count"]) == (2 * quarter, quarter, quarter)
    assert (len(answer["duplicates"]), len(answer["invalid"])) == (MAX_SHOWN_ROWS, MAX_SHOWN_ROWS)
    assert (await api.get(f"/lists/{list_id}"))["video_count"] == 2 * quarter


async def test_where_nothing_in_a_file_is_new_there_is_no_batch(api_without_temporal: Api) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    await api.add(list_id, 1)

    for content in (youtube_id(1), "https://vimeo.com/1"):
        response = await post_file(api, f"{list_id}/imports", content)
        assert (response.status_code, response.json()["batch_id"], response.json()["created"]) == (200, None, 0)
    assert (await api.get("/batches"))["items"] == []


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("C:\\Users\\me\\videos.csv", "videos.csv"),
        ("../../etc/passwd", "passwd"),
        ("Leuchttürme — 灯台.csv", "Leuchttürme — 灯台.csv"),
        ("a\u202eb\x7fc.csv", "abc.csv"),
        ("x" * 500, "x" * 200),
    ],
)
async def test_a_file_keeps_a_name_that_can_be_shown(api_without_temporal: Api, sent: str, kept: str) -> None:
    api = api_without_temporal
    form = "".join([form_part("file", youtube_id(1), sent), "--b--\r\n"])

    response = await api.http.post(f"/api/lists/{await api.new_list()}/imports", content=form.encode(), headers=FORM)

    assert response.json()["source"] == kept
    assert (await api.get("/batches"))["items"][0]["source"] == kept


@pytest.mark.parametrize("path", BOTH_PATHS)
@pytest.mark.parametrize(
    ("content", "name", "reason"),
    [
        (b"", "videos.csv", FileProblem.EMPTY),
        (b"\n".join([b"x"] * (MAX_ROWS + 1)), "videos.txt", FileProblem.TOO_MANY_ROWS),
        (b"PK\x03\x04", "videos.zip", FileProblem.COMPRESSED),
        (bytes(range(256)), "videos.bin", FileProblem.NOT_TEXT),
        (b"[{", "history.json", FileProblem.JSON_INVALID),
        (b"x" * (MAX_FILE_BYTES + 1), "videos.csv", FileProblem.TOO_LARGE),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_in_the_language_of_the_request(
    api_without_temporal: Api, path: str, content: bytes, name: str, reason: FileProblem
) -> None:
    api = api_without_temporal
    list_id = await api.new_list()

    for language in Language:
        response = await post_file(api, f"{list_id}/{path}", content, name, **{"Accept-Language": language})
        [error] = problem(response, 422, "validation_failed")["errors"]
        assert error == {"field": "file", "code": reason, "message": file_problem_text(reason, language)}


@pytest.mark.parametrize("path", BOTH_PATHS)
@pytest.mark.parametrize(
    ("form", "field", "code"),
    [
        ("", "file", "missing"),
        (form_part("file", "", ""), "file", "missing"),  # a browser's form without a chosen file
        (form_part("file"), "file", "file_expected"),
        (form_part("file", "x", "a.csv") * 2, "file", "one_file_only"),
        (form_part("file", "x", "a.csv") * 100, "file", "one_file_only"),
        (form_part("file", "x", "a.csv") + form_part("speed", "fast"), "speed", "extra_forbidden"),
    ],
)
async def test_a_form_that_is_not_one_file_is_refused(
    api_without_temporal: Api, path: str, form: str, field: str, code: str
) -> None:
    list_id = await api_without_temporal.new_list()

    for language in Language:
        response = await api_without_temporal.http.post(
            f"/api/lists/{list_id}/{path}", content=f"{form}--b--\r\n", headers=FORM | {"Accept-Language": language}
        )
        [error] = problem(response, 422, "validation_failed")["errors"]
        assert error == {"field": field, "code": code, "message": sentences(language)[f"field.{code}"]}


@pytest.mark.parametrize(
    ("content_type", "form"),
    [
        ("multipart/form-data", form_part("file", "x", "a.csv")),
        ("multipart/form-data; boundary=b", "no form at all"),
        ("multipart/form-data; boundary=b", ""),
        ("multipart/form-data; boundary=b", form_part("file", "x", "a.csv")),
        ("multipart/form-data; boundary=b", form_part("file", "x", "a.csv") + "--b"),
        ("multipart/form-data; boundary=b", form_part("speed") * 1001 + "--b--\r\n"),
        ("multipart/form-data; boundary=b; charset=idna", form_part("xn--99999", "x") + "--b--\r\n"),
    ],
)
async def test_unreadable_form_is_rejected(api_without_temporal: Api, content_type: str, form: str) -> None:
    response = await api_without_temporal.http.post(
        f"/api/lists/{NOBODY}/imports", content=form, headers={"Content-Type": content_type}
    )

    problem(response, 400, "body_unreadable")


class SlowUploads:
    """Uploads of the same file, which stay under way until they may end."""

    def __init__(self, api: Api, list_id: str) -> None:
        self.may_end = asyncio.Event()
        self._api = api
        self._path = f"/api/lists/{list_id}/imports"
        self._wanted = 0
        self._begun = 0

    def begin(self, group: asyncio.TaskGroup, count: int) -> list[asyncio.Task[httpx.Response]]:
        self._wanted = count
        return [group.create_task(self._send()) for _ in range(count)]

    async def are_begun(self) -> bool:
        return self._begun == self._wanted

    async def _send(self) -> httpx.Response:
        return await self._api.http.post(self._path, content=self._pieces(), headers=FORM)

    async def _pieces(self) -> AsyncIterator[bytes]:
        form = (form_part("file", youtube_id(1), "a.csv") + "--b--\r\n").encode()
        yield form[:50]
        self._begun += 1
        await self.may_end.wait()
        yield form[50:]


async def test_uploads_under_way_hold_up_no_other_file(api_without_temporal: Api) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    uploads = SlowUploads(api, list_id)
    async with asyncio.TaskGroup() as group:
        sent = uploads.begin(group, MAX_FILES_AT_ONCE + 3)
        await eventually(uploads.are_begun)
        async with asyncio.timeout(PATIENCE_SECONDS):
            quick = await post_file(api, f"{list_id}/imports", youtube_id(2))
        uploads.may_end.set()

    assert quick.status_code == 201
    assert sorted(task.result().status_code for task in sent) == [200] * (MAX_FILES_AT_ONCE + 2) + [201]


async def test_so_many_uploads_are_received_at_a_time(
    api_without_temporal: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    uploads = SlowUploads(api, list_id)
    async with asyncio.TaskGroup() as group:
        sent = uploads.begin(group, MAX_UPLOADS)
        await eventually(uploads.are_begun)
        with monkeypatch.context() as patch:
            patch.setattr(bodies, "UPLOAD_WAIT_SECONDS", 0.1)
            problem(await post_file(api, f"{list_id}/imports", youtube_id(2)), 503, "too_many_uploads")
        waiting = group.create_task(post_file(api, f"{list_id}/imports", youtube_id(2)))
        uploads.may_end.set()

    assert {task.result().status_code for task in sent} == {200, 201}
    assert waiting.result().status_code == 201


@pytest.mark.parametrize("charset", ["utf-7", "base64", "no-such-thing"])
async def test_unknown_charset_is_not_an_internal_error(api_without_temporal: Api, charset: str) -> None:
    response = await api_without_temporal.http.post(
        f"/api/lists/{NOBODY}/imports",
        content=form_part("+2AA-", "x", "+2AA-") + "--b--\r\n",
        headers={"Content-Type": f"multipart/form-data; boundary=b; charset={charset}"},
    )

    [error] = problem(response, 422, "validation_failed")["errors"]
    assert error["code"] == "extra_forbidden"


@given(content=st.binary(max_size=300), name=st.text(max_size=20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_file_whatever_is_an_unexpected_error(api_without_temporal: Api, content: bytes, name: str) -> None:
    api = api_without_temporal
    list_id = await api.new_list()

    response = await post_file(api, f"{list_id}/imports", content, name.encode(errors="replace").decode())

    assert response.status_code in {200, 201, 422}, response.text


@pytest.mark.parametrize(
    ("source", "kind", "address"),
    [
        (" @lamp-room ", "channel", CHANNEL),
        (
            "youtube.com/playlist?list=PLabcdefghijkl",
            "playlist",
            "https://www.youtube.com/playlist?list=PLabcdefghijkl",
        ),
    ],
)
async def test_a_source_is_read_in_the_background(
    api: Api, client: Client, source: str, kind: str, address: str
) -> None:
    response = await api.http.post(f"/api/lists/{await api.new_list()}/imports", json={"source": source})

    assert response.status_code == 201
    answer = response.json()
    assert response.headers["Location"] == f"/api/batches/{answer['batch_id']}"
    assert (answer["kind"], answer["source"], answer["created"]) == (kind, address, 0)
    batch = await api.get(f"/batches/{answer['batch_id']}")
    assert (batch["kind"], batch["source"], batch["listing"], batch["total"]) == (kind, address, "under_way", 0)

    async def is_started() -> bool:
        found = client.list_workflows(f"WorkflowId = '{import_batch_id(answer['batch_id'])}'")
        return bool([execution async for execution in found])

    await eventually(is_started)


@pytest.mark.parametrize("path", BOTH_PATHS)
@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("", InvalidSourceReason.EMPTY),
        (youtube_id(1), InvalidSourceReason.SINGLE_VIDEO),
        ("https://www.youtube.com/playlist?list=RDabcdefghijk", InvalidSourceReason.MIX),
        ("https://vimeo.com/channels/1", InvalidSourceReason.NOT_YOUTUBE),
    ],
)
async def test_invalid_source_has_the_reason(
    api_without_temporal: Api, path: str, source: str, reason: InvalidSourceReason
) -> None:
    list_id = await api_without_temporal.new_list()

    for language in Language:
        response = await api_without_temporal.http.post(
            f"/api/lists/{list_id}/{path}", json={"source": source}, headers={"Accept-Language": language}
        )
        [error] = problem(response, 422, "validation_failed")["errors"]
        assert error == {"field": "source", "code": reason, "message": text(f"invalid_source.{reason}", language)}


@pytest.mark.parametrize(
    ("path", "body", "field", "code"),
    [
        ("imports", "", "body", "missing"),
        ("imports", "{}", "source", "missing"),
        ("imports", '{"source": 7}', "source", "string_type"),
        ("imports", '{"source": "@x", "speed": 1}', "speed", "extra_forbidden"),
        ("imports", '{"source": "%s"}' % ("x" * 5000), "source", "string_too_long"),
        ("imports", '{"source":', "body", "json_invalid"),
        ("imports", '{"source": "\\ud800"}', "body", "json_invalid"),
        ("imports", "[]", "body", "model_type"),
        ("imports/preview", "{}", "body", "urls_or_source"),
        ("imports/preview", '{"source": "@x", "urls": ["x"]}', "body", "urls_or_source"),
        ("imports/preview", '{"urls": []}', "urls", "too_short"),
        ("imports/preview", json.dumps({"urls": [""] * 1001}), "urls", "too_many_urls"),
    ],
)
async def test_invalid_body_is_rejected(api_without_temporal: Api, path: str, body: str, field: str, code: str) -> None:
    messages = set()
    for language in Language:
        response = await api_without_temporal.http.post(
            f"/api/lists/{NOBODY}/{path}", content=body, headers=JSON | {"Accept-Language": language}
        )
        [error] = problem(response, 422, "validation_failed")["errors"]
        assert (error["field"], error["code"]) == (field, code)
        messages.add(error["message"])
    assert len(messages) == len(Language)


@pytest.mark.parametrize("path", BOTH_PATHS)
async def test_an_unknown_list_takes_nothing(api_without_temporal: Api, path: str) -> None:
    api = api_without_temporal

    for content in (youtube_id(1), "https://vimeo.com/1"):
        problem(await post_file(api, f"{NOBODY}/{path}", content), 404, "list_not_found")
    response = await api.http.post(f"/api/lists/{NOBODY}/{path}", json={"source": CHANNEL})
    problem(response, 404, "list_not_found")


@pytest.mark.parametrize("path", BOTH_PATHS)
async def test_without_postgres_it_is_a_503(api_without_postgres: Api, path: str) -> None:
    problem(await post_file(api_without_postgres, f"{NOBODY}/{path}", youtube_id(1)), 503, "database_away")
    response = await api_without_postgres.http.post(f"/api/lists/{NOBODY}/{path}", json={"source": CHANNEL})
    problem(response, 503, "database_away")
