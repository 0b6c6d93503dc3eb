"""The answer to `/healthz`."""

import json
from http import HTTPStatus

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Response

from services.notifier.store import DatabaseUnavailableError, Store


async def health_response(
    connection: ServerConnection, store: Store, *, connections: int, feed_connected: bool
) -> Response:
    """200 while clients can be served, 503 while PostgreSQL is unavailable. Without the feed it is only slower."""
    try:
        await store.check()
        database = "ok"
    except DatabaseUnavailableError:
        database = "away"
    body = {
        "status": database if database == "ok" else "unavailable",
        "connections": connections,
        "database": database,
        "feed": "ok" if feed_connected else "away",
    }
    status = HTTPStatus.OK if database == "ok" else HTTPStatus.SERVICE_UNAVAILABLE
    response = connection.respond(status, json.dumps(body) + "\n")
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = "application/json"
    return response
