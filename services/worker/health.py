"""`/healthz` of the worker: answers once the worker polls its task queues."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response


@asynccontextmanager
async def serve_health(port: int) -> AsyncIterator[None]:
    """Answer every GET on 127.0.0.1:`port` with 200 as long as the context lasts; 0: do not listen at all."""
    if port == 0:
        yield
        return

    def answer(connection: ServerConnection, request: Request) -> Response:
        response = connection.respond(200, json.dumps({"status": "ok"}))
        response.headers["Content-Type"] = "application/json"
        return response

    async def never_reached(connection: ServerConnection) -> None:
        """Every request has been answered above."""

    async with serve(never_reached, "127.0.0.1", port, process_request=answer):
        yield
