"""Serves the web page, which is built from frontend/, on the API's origin."""

import os
import re
import stat
from contextlib import suppress
from pathlib import Path, PurePosixPath

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

BUILT_PAGE = Path(__file__).resolve().parents[3] / "frontend/dist"
"""Where `make` and the Docker image have it."""
INDEX = "index.html"
_ASSETS = "assets"
_NON_SPA_PREFIXES = frozenset({"api", "docs", _ASSETS})
"""First path segments that the page's router does not handle."""

_MEDIA_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""Media types of the files that are served. The machine's own table may differ, and browsers check scripts' types."""
_CODINGS = {"br": ".br", "gzip": ".gz"}
"""Best first. The build writes the compressed files where they are smaller."""

_FOREVER = "public, max-age=31536000, immutable"
"""For file names with a hash of the contents."""
_REVALIDATE = "no-cache"
_SECURITY = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' https://img.youtube.com https://i.ytimg.com",
            "frame-src https://www.youtube-nocookie.com",
            "connect-src 'self' ws: wss:",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",  # without an origin, YouTube's player refuses to play
}


class SpaFiles:
    """Answers requests without a route: with a file of the page, or with the page itself for the paths of its router.

    `otherwise` answers everything else, and everything if the page is not built.
    """

    def __init__(self, folder: Path, otherwise: ASGIApp) -> None:
        self._files = StaticFiles(directory=folder, check_dir=False)
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        response: Response | None = None
        if scope["type"] == "http" and scope["method"] in {"GET", "HEAD"}:
            response = await run_in_threadpool(self._response, scope["path"], Headers(scope=scope))
        await (response or self._otherwise)(scope, receive, send)

    def _response(self, path: str, headers: Headers) -> Response | None:
        response = self._file(path.removeprefix("/"), headers)
        if response is None and (path == "/" or _is_page_request(path, headers)):
            response = self._file(INDEX, headers)
        return RedirectResponse("/docs") if response is None and path == "/" else response

    def _file(self, name: str, headers: Headers) -> Response | None:
        """The file of this name, compressed if the client accepts that."""
        media_type = _MEDIA_TYPES.get(PurePosixPath(name).suffix)
        compressed = [(coding, name + suffix) for coding, suffix in _CODINGS.items() if _accepts(headers, coding)]
        for coding, stored in [*compressed, (None, name)] if media_type else []:
            if found := self._find(stored):
                path, status = found
                response = FileResponse(path, headers=_headers(name, coding), media_type=media_type, stat_result=status)
                is_known = self._files.is_not_modified(response.headers, headers)
                return NotModifiedResponse(response.headers) if is_known else response
        return None

    def _find(self, name: str) -> tuple[str, os.stat_result] | None:
        with suppress(OSError, ValueError):  # not a valid file name
            path, status = self._files.lookup_path(name)
            if status is not None and stat.S_ISREG(status.st_mode):
                return path, status
        return None


def _is_page_request(path: str, headers: Headers) -> bool:
    """Whether a browser navigates to this path: the page's router decides what to show."""
    return path.split("/")[1] not in _NON_SPA_PREFIXES and "text/html" in headers.get("accept", "")


def _accepts(headers: Headers, coding: str) -> bool:
    offered = re.search(rf"(?:^|[\s,]){coding}\s*(?:;([^,]*))?(?:,|$)", headers.get("accept-encoding", "").lower())
    return offered is not None and not re.fullmatch(r"\s*q=0(\.0*)?\s*", offered[1] or "")


def _headers(name: str, coding: str | None) -> dict[str, str]:
    caching = _FOREVER if name.startswith(f"{_ASSETS}/") else _REVALIDATE
    headers = _SECURITY | {"Cache-Control": caching, "Vary": "Accept-Encoding"}
    return headers | ({"Content-Encoding": coding} if coding else {})
