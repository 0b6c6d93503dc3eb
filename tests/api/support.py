"""A client of the API, with access to its database."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.api.app import create_app
from services.api.dependencies import open_resources
from shared.settings import Settings

BASE_URL = "http://127.0.0.1:8000"
NOBODY = "00000000-0000-0000-0000-000000000000"
"""An id that does not exist."""


def youtube_id(number: int) -> str:
    """The id of an invented video."""
    return f"video{number:06d}"


class Api:
    """Requests to the API. Shortcuts assert success; everything else goes through `http`."""

    def __init__(self, http: httpx.AsyncClient, engine: AsyncEngine) -> None:
        self.http = http
        self._engine = engine

    async def new_list(self, name: str = "Lighthouses") -> str:
        """The id of a new list."""
        response = await self.http.post("/api/lists", json={"name": name})
        assert response.status_code == 201, response.text
        return str(response.json()["id"])

    async def add(self, list_id: str, number: int = 1) -> dict[str, Any]:
        """A video that was added to a list."""
        response = await self.post_url(list_id, youtube_id(number))
        assert response.status_code == 201, response.text
        return dict(response.json())

    async def post_url(self, list_id: str, url: str, **headers: str) -> httpx.Response:
        """The answer to an attempt to add a video."""
        return await self.http.post(f"/api/lists/{list_id}/videos", json={"url": url}, headers=headers)

    async def get(self, path: str, **parameters: Any) -> dict[str, Any]:
        """A successful answer's content."""
        response = await self.http.get(f"/api{path}", params=parameters)
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def import_events(self) -> list[dict[str, Any]]:
        """The events of imports, oldest first."""
        return [event for event in (await self.get("/events"))["items"] if event["type"] == "import_progress"]

    async def all_pages(self, path: str, limit: int, **parameters: Any) -> list[dict[str, Any]]:
        """Everything on all pages."""
        page = await self.get(path, limit=limit, **parameters)
        items = list(page["items"])
        while page["next_cursor"]:
            page = await self.get(path, limit=limit, cursor=page["next_cursor"], **parameters)
            items += page["items"]
        return items

    async def execute(self, statement: str, **parameters: Any) -> None:
        """Change the database behind the API's back."""
        async with self._engine.begin() as connection:
            await connection.execute(text(statement), parameters)

    async def fail(self, video_id: str, error_code: str = "video_private", progress: int = 25) -> None:
        """Let a video's import have ended in an error."""
        await self.execute(
            "UPDATE videos SET import_stage = 'error', import_progress = :progress, error_code = :error_code "
            "WHERE id = CAST(:video_id AS uuid)",
            video_id=video_id,
            error_code=error_code,
            progress=progress,
        )

    async def complete(self, number: int = 1) -> None:
        """Let a video's import be complete, with what YouTube knew of it."""
        await self.execute("UPDATE videos SET import_stage = 'complete', import_progress = 100")
        await self.execute(
            """
            INSERT INTO video_enrichments (youtube_id, title, channel, duration_seconds, published_at, description,
                                           tags, categories, view_count, like_count, youtube_chapters, captions_source,
                                           captions_language, captions_kind)
            VALUES (:youtube_id, 'A lens', 'The Lamp Room', 754, '2025-03-09T17:30:00Z', 'From the first cut.',
                    '{optics,glass}', '{Education}', 48210, 1930, '[]', 'youtube', 'en', 'manual')
            """,
            youtube_id=youtube_id(number),
        )


_idle: dict[str, list[FastAPI]] = defaultdict(list)
"""By the host names they answer to; an application builds its endpoints on the first request, and again for nobody."""


@asynccontextmanager
async def serving(settings: Settings, engine: AsyncEngine) -> AsyncIterator[Api]:
    """The API with what its lifespan opens."""
    idle = _idle[settings.allowed_hosts]
    app = idle.pop() if idle else create_app(settings)
    transport = httpx.ASGITransport(app)
    try:
        async with (
            open_resources(settings) as app.state.resources,
            httpx.AsyncClient(transport=transport, base_url=BASE_URL) as http,
        ):
            yield Api(http, engine)
    finally:
        idle.append(app)


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem details of an error response."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    details: dict[str, Any] = response.json()
    assert (response.status_code, details["status"], details["code"]) == (status, status, code), details
    assert details["type"] == "about:blank"
    assert details["title"]
    assert details["detail"].endswith(".")
    return details
