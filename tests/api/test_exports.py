"""Exports of lists."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.types import Message

from services.api.app import create_app
from services.api.exports import pages as list_pages
from services.api.exports.headers import attachment
from shared.i18n.languages import Language
from shared.settings import Settings
from tests.api.batches import added, items_of, post_file
from tests.api.support import NOBODY, Api, problem, youtube_id

MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few videos make several pages."""
    monkeypatch.setattr(list_pages, "PAGE_SIZE", 3)


async def _filled_list(api: Api, videos: int, name: str = "Lighthouses") -> str:
    list_id = await api.new_list(name)
    if videos:
        await added(api, list_id, *(youtube_id(number) for number in range(videos)))
    return list_id


@pytest.mark.parametrize("videos", [0, 1, 3, 7])
@pytest.mark.parametrize("file_format", MEDIA_TYPES)
async def test_a_list_that_was_exported_imports_as_the_same_list(
    api_without_temporal: Api, file_format: str, videos: int
) -> None:
    api = api_without_temporal
    list_id, other = await _filled_list(api, videos), await api.new_list()
    await api.add(list_id, 500)  # goes to the top

    response = await api.http.get(f"/api/lists/{list_id}/export", params={"format": file_format})
    assert (response.status_code, response.headers["Content-Type"]) == (200, MEDIA_TYPES[file_format])
    await post_file(api, f"{other}/imports", response.content, f"list.{file_format}")

    assert await items_of(api, other) == await items_of(api, list_id)


async def test_export_has_the_known_fields(api_without_temporal: Api) -> None:
    api = api_without_temporal
    list_id = await api.new_list()
    video = await api.add(list_id)
    await api.complete()

    exported = json.loads((await api.http.get(f"/api/lists/{list_id}/export?format=json")).content)
    table = (await api.http.get(f"/api/lists/{list_id}/export")).text  # CSV unless asked for JSON

    described = create_app(Settings()).openapi()
    content = described["paths"]["/api/lists/{list_id}/export"]["get"]["responses"]["200"]["content"]
    Draft202012Validator(content["application/json"]["schema"] | {"components": described["components"]}).validate(
        exported
    )
    assert {"url", "title", "added_at"} <= described["components"]["schemas"]["ExportedVideo"]["properties"].keys()
    assert exported["name"] == "Lighthouses"
    [told] = exported["videos"]
    expected = {"url": video["url"], "title": "A lens", "channel": "The Lamp Room", "duration_seconds": 754}
    assert told.items() >= expected.items()
    assert (told["import_stage"], told["captions_source"], told["captions_language"]) == ("complete", "youtube", "en")
    header, row = table.removeprefix("\ufeff").splitlines()
    assert (header.split(",")[0], row.split(",")[0]) == ("url", video["url"])


@pytest.mark.parametrize(
    ("name", "simple", "true"),
    [
        ("Lighthouses", "Lighthouses.csv", "Lighthouses.csv"),
        ('a/b\\c: "d"', "a_b_c_ _d_.csv", "a_b_c_%20_d_.csv"),
        ("Leuchttürme 灯台", "Leuchtt_rme _.csv", "Leuchtt%C3%BCrme%20%E7%81%AF%E5%8F%B0.csv"),
        ("...", "list.csv", "list.csv"),
        ("100 %; x=1", "100 _; x=1.csv", "100%20%25%3B%20x%3D1.csv"),
    ],
)
async def test_a_download_has_the_lists_name(api_without_temporal: Api, name: str, simple: str, true: str) -> None:
    api = api_without_temporal

    response = await api.http.get(f"/api/lists/{await api.new_list(name)}/export")

    expected = f"attachment; filename=\"{simple}\"; filename*=UTF-8''{true}"
    assert response.headers["Content-Disposition"] == expected


def test_a_long_name_is_cut() -> None:
    assert attachment("x" * 200, "csv").startswith(f'attachment; filename="{"x" * 100}.csv"')


async def test_an_export_that_breaks_off_does_not_look_complete(
    api_without_temporal: Api, settings: Settings, engine: AsyncEngine
) -> None:
    api = api_without_temporal
    list_id = await _filled_list(api, 7)
    sent: list[Message] = []
    app = create_app(settings)
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "method": "GET",
        "scheme": "http", "path": f"/api/lists/{list_id}/export", "raw_path": b"", "root_path": "",
        "query_string": b"format=csv", "headers": [(b"host", b"127.0.0.1")], "client": None, "server": None,
    }  # fmt: skip

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body" and not sent[-1].get("body"):
            await api.execute("ALTER TABLE videos RENAME TO gone")  # behind the header of the table
        sent.append(message)

    async with app.router.lifespan_context(app):
        await app(scope, receive, send)

    assert sent[0]["status"] == 200
    assert [message["more_body"] for message in sent[1:]] == [True]


async def test_an_unknown_list_cannot_be_exported(api_without_temporal: Api) -> None:
    problem(await api_without_temporal.http.get(f"/api/lists/{NOBODY}/export"), 404, "list_not_found")


async def test_unknown_format_is_rejected(api_without_temporal: Api) -> None:
    messages = set()
    for language in Language:
        response = await api_without_temporal.http.get(
            f"/api/lists/{NOBODY}/export?format=xlsx", headers={"Accept-Language": language}
        )
        [error] = problem(response, 422, "validation_failed")["errors"]
        assert (error["field"], error["code"]) == ("format", "enum")
        messages.add(error["message"])
    assert len(messages) == len(Language)


async def test_without_postgres_it_is_a_503(api_without_postgres: Api) -> None:
    problem(await api_without_postgres.http.get(f"/api/lists/{NOBODY}/export"), 503, "database_away")
