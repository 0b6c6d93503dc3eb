"""The package index that versions of yt-dlp come from: PEP 691's JSON, and files whose hash has to match."""

import asyncio
import hashlib
import platform
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version
from pydantic import BaseModel, Field, ValidationError

from services.worker.extractor.versions import PROJECT

MAX_WHEEL_BYTES = 10_000_000
"""yt-dlp's wheel has 3.2 MB."""
MAX_INDEX_BYTES = 20_000_000
TIMEOUT_SECONDS = 30.0
MAX_REDIRECTS = 3

_ACCEPT = "application/vnd.pypi.simple.v1+json"
_PURE_PYTHON = Tag("py3", "none", "any")


class IndexUnavailableError(Exception):
    """The index could not be read; trying later may help."""


class _File(BaseModel):
    """A file, as the index describes it."""

    filename: str
    url: str
    hashes: dict[str, str]
    requires_python: str | None = Field(default=None, alias="requires-python")
    yanked: bool | str = False
    size: int | None = None
    uploaded_at: datetime | None = Field(default=None, alias="upload-time")


class _Project(BaseModel):
    files: list[_File]


class Wheel(BaseModel):
    """A wheel that this Python can use."""

    filename: str
    version: str
    url: str
    sha256: str
    uploaded_at: datetime | None
    """None: the index does not say."""

    @property
    def number(self) -> Version:
        """The version, to be compared."""
        return Version(self.version)


async def find_wheels(index: str) -> list[Wheel]:
    """Return the usable wheels of yt-dlp. Raises IndexUnavailableError."""
    url = f"{index}/{PROJECT}/"
    async with _opened(url) as response:
        base = str(response.url)
        body = await _read(response, MAX_INDEX_BYTES)
    try:
        project = _Project.model_validate_json(body)
    except ValidationError as error:
        raise IndexUnavailableError(f"{url} has no JSON API (PEP 691): {error.error_count()} errors") from None
    return [wheel for file in project.files if (wheel := _usable(file, base))]


async def download(wheel: Wheel, path: Path) -> None:
    """Save the wheel.

    Raises IndexUnavailableError, also for a body that is not the wheel that the index names: it may come from a proxy.
    """
    async with _opened(wheel.url) as response:
        content = await _read(response, MAX_WHEEL_BYTES)
    if hashlib.sha256(content).hexdigest() != wheel.sha256:
        raise IndexUnavailableError(f"{wheel.filename} does not have the hash that the index names")
    await asyncio.to_thread(path.write_bytes, content)


def _usable(file: _File, base: str) -> Wheel | None:
    try:
        name, version, _, tags = parse_wheel_filename(file.filename)
        fits = SpecifierSet(file.requires_python or "").contains(platform.python_version())
    except (InvalidWheelFilename, InvalidSpecifier):  # also: an sdist
        return None
    sha256, url = file.hashes.get("sha256"), urljoin(base, file.url)
    is_wheel = name == PROJECT and _PURE_PYTHON in tags and (file.size or 0) <= MAX_WHEEL_BYTES
    is_safe = urlsplit(url).scheme in {"https", urlsplit(base).scheme}
    if not (is_wheel and is_safe and fits and sha256) or file.yanked is not False:
        return None
    return Wheel(filename=file.filename, version=str(version), url=url, sha256=sha256, uploaded_at=file.uploaded_at)


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[httpx.Response]:
    """The answer to a GET, whose body is still to be read."""
    try:
        async with (
            httpx.AsyncClient(timeout=TIMEOUT_SECONDS, follow_redirects=True, max_redirects=MAX_REDIRECTS) as client,
            client.stream("GET", url, headers={"Accept": _ACCEPT}) as response,
        ):
            response.raise_for_status()
            yield response
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise IndexUnavailableError(f"{urlsplit(url).hostname}: {type(error).__name__} {error}".strip()) from None


async def _read(response: httpx.Response, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > max_bytes:
            raise IndexUnavailableError(f"{response.url.path} has more than {max_bytes} bytes")
    return bytes(body)
