"""Swagger UI at /docs, served from here: it works offline."""

import re
from base64 import b64encode
from enum import StrEnum
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse

router = APIRouter(include_in_schema=False)


class Asset(StrEnum):
    """The files of Swagger UI."""

    SCRIPT = "swagger-ui-bundle.js"
    STYLE = "swagger-ui.css"
    ICON = "favicon.png"


@router.get("/docs")
async def docs() -> HTMLResponse:
    """Swagger UI."""
    page = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Vidferry API",
        swagger_js_url=f"/docs/{Asset.SCRIPT}",
        swagger_css_url=f"/docs/{Asset.STYLE}",
        swagger_favicon_url=f"/docs/{Asset.ICON}",
    )
    page.headers["Content-Security-Policy"] = _policy(bytes(page.body))
    return page


def _policy(page: bytes) -> str:
    """Only what the page consists of: its files, its one script, and the styles that Swagger UI sets."""
    [script] = re.findall(rb"<script>(.*?)</script>", page, re.DOTALL)
    digest = b64encode(sha256(script).digest()).decode()
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'sha256-{digest}'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


@router.get("/api")
@router.get("/api/")
async def api_root() -> RedirectResponse:
    """Leads people who open the API's base address to its documentation."""
    return RedirectResponse("/docs")


@router.get("/docs/{asset}")
async def docs_asset(asset: Asset) -> FileResponse:
    """A file of Swagger UI, from the package `fastapi_offline`."""
    return FileResponse(Path(str(files("fastapi_offline"))) / "static" / asset)
