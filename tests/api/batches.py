"""Requests of bulk imports."""

from typing import Any
from uuid import UUID

import httpx

from tests.api.support import Api

JSON = {"Content-Type": "application/json"}
CHANGES = ["pause", "resume", "cancel", "retry-failed"]
"""The changes of a batch."""
FORM = {"Content-Type": "multipart/form-data; boundary=b"}


def form_part(name: str, content: str = "x", file_name: str | None = None) -> str:
    """A part of a `FORM`, which ends with `--b--`."""
    file = f'; filename="{file_name}"' if file_name is not None else ""
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n{content}\r\n'


async def fail_all(api: Api, batch_id: str, error_code: str = "video_private") -> None:
    """Make every import of a batch fail."""
    await api.execute(
        "UPDATE videos SET import_stage = 'error', error_code = :error_code WHERE batch_id = :batch_id",
        error_code=error_code,
        batch_id=UUID(batch_id),
    )


async def post_urls(api: Api, list_id: str, urls: list[Any], **headers: str) -> httpx.Response:
    """The response to adding many videos."""
    return await api.http.post(f"/api/lists/{list_id}/videos/batch", json={"urls": urls}, headers=headers)


async def added(api: Api, list_id: str, *urls: str) -> dict[str, Any]:
    """A batch that was created."""
    response = await post_urls(api, list_id, [*urls])
    assert response.status_code == 201, response.text
    return dict(response.json())


async def post_file(
    api: Api, path: str, content: bytes | str, name: str = "videos.csv", **headers: str
) -> httpx.Response:
    """The response to importing or previewing a file; `path` follows that of the list."""
    return await api.http.post(f"/api/lists/{path}", files={"file": (name, content)}, headers=headers)


async def items_of(api: Api, list_id: str) -> list[str]:
    """The YouTube ids on a list, the top first."""
    return [video["youtube_id"] for video in await api.all_pages(f"/lists/{list_id}/videos", limit=200)]
