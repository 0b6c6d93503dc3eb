"""Requests that concern many videos at once."""

from typing import Any

import httpx

from tests.api.support import Api


async def post_urls(api: Api, list_id: str, urls: list[Any], **headers: str) -> httpx.Response:
    """The answer to an attempt to add many videos."""
    return await api.http.post(f"/api/lists/{list_id}/videos/batch", json={"urls": urls}, headers=headers)


async def added(api: Api, list_id: str, *urls: str) -> dict[str, Any]:
    """A batch that was created."""
    response = await post_urls(api, list_id, [*urls])
    assert response.status_code == 201, response.text
    return dict(response.json())


async def post_file(
    api: Api, path: str, content: bytes | str, name: str = "videos.csv", **headers: str
) -> httpx.Response:
    """The answer to an attempt to import a file, or to preview that: `path` begins behind the list's."""
    return await api.http.post(f"/api/lists/{path}", files={"file": (name, content)}, headers=headers)


async def items_of(api: Api, list_id: str) -> list[str]:
    """The YouTube ids on a list, the top first."""
    return [video["youtube_id"] for video in await api.all_pages(f"/lists/{list_id}/videos", limit=200)]
