"""The web page on the API's origin: cached, and never instead of an API route."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from services.api.app import create_app
from shared.settings import Settings
from tests.api.support import BASE_URL, problem

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Encoding": "gzip, deflate, br"}
INDEX = b"<!doctype html><title>Vidferry</title>"
SCRIPT = b"export const ferry = 'slow but sure';"
ICON = b"<svg xmlns='http://www.w3.org/2000/svg'/>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A built page: some files have a compressed version."""
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (tmp_path / "secret.js").write_bytes(b"outside")
    (dist / "index.html").write_bytes(INDEX)
    (dist / "icon.svg").write_bytes(ICON)
    (dist / ".sources").write_bytes(b"1 2 index.html")
    script = dist / "assets/index-B4pT1x.js"
    script.write_bytes(SCRIPT)
    script.with_suffix(".js.gz").write_bytes(gzip.compress(SCRIPT))
    script.with_suffix(".js.br").write_bytes(b"as brotli")
    return dist


@pytest.fixture
async def http(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client without default headers."""
    transport = httpx.ASGITransport(create_app(Settings(), folder))
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as http:
        http.headers["Accept-Encoding"] = "identity"
        yield http


@pytest.mark.parametrize(
    "path", ["/", "/lists/3f1c", "/videos/3f1c", "/subscriptions", "/add?url=https://youtu.be/x", "//etc"]
)
async def test_every_address_within_the_page_answers_it(http: httpx.AsyncClient, path: str) -> None:
    response = await http.get(path, headers=BROWSER)

    assert (response.status_code, response.content) == (200, INDEX)
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-cache"


async def test_root_is_the_page_for_any_accept_header(http: httpx.AsyncClient) -> None:
    assert (await http.get("/")).content == INDEX
    assert (await http.head("/")).headers["Content-Length"] == str(len(INDEX))


@pytest.mark.parametrize("path", ["/api/nothing", "/docs/nothing/here", "/assets/index-0ld.js", "/assets/", "/assets"])
async def test_the_page_takes_no_place_of_anything_else(http: httpx.AsyncClient, path: str) -> None:
    problem(await http.get(path, headers=BROWSER), 404, "route_not_found")


@pytest.mark.parametrize(
    "path",
    [
        "/lists",
        "/favicon.ico",
        "/.sources",
        "/assets/index-B4pT1x.js.gz",
        "/..%2fsecret.js",
        "/%2fetc%2fpasswd",
        "/%00.js",
        f"/{'x' * 300}.js",
    ],
)
async def test_missing_api_path_is_not_found(http: httpx.AsyncClient, path: str) -> None:
    problem(await http.get(path), 404, "route_not_found")


async def test_nothing_can_be_sent_to_the_page(http: httpx.AsyncClient) -> None:
    for path in ("/", "/lists/3f1c"):
        problem(await http.post(path, headers=BROWSER), 404, "route_not_found")


async def test_api_routes_keep_their_allowed_methods(http: httpx.AsyncClient) -> None:
    response = await http.put("/api/lists", headers=BROWSER)

    problem(response, 405, "method_not_allowed")
    assert set(response.headers["Allow"].split(", ")) <= {"GET", "POST"}


async def test_hashed_files_are_kept_for_ever_and_others_asked_for(http: httpx.AsyncClient) -> None:
    script = await http.get("/assets/index-B4pT1x.js")
    icon = await http.get("/icon.svg")

    assert (script.content, script.headers["Content-Type"]) == (SCRIPT, "text/javascript; charset=utf-8")
    assert script.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert (icon.content, icon.headers["Content-Type"]) == (ICON, "image/svg+xml")
    assert icon.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/", "/lists/3f1c", "/icon.svg", "/assets/index-B4pT1x.js"])
async def test_unchanged_file_is_not_modified(http: httpx.AsyncClient, folder: Path, path: str) -> None:
    first = await http.get(path, headers=BROWSER)
    again = await http.get(path, headers=BROWSER | {"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    (folder / "index.html").write_bytes(INDEX + b"<p>built anew</p>")
    changed = await http.get("/", headers=BROWSER | {"If-None-Match": first.headers["ETag"]})
    assert changed.content.endswith(b"<p>built anew</p>")


@pytest.mark.parametrize(
    ("accepted", "sent"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, br;q=0", "gzip"),
        ("GZIP;q=0.8", "gzip"),
        ("gzip;q=0.0, br; q=0", None),
        ("identity", None),
        ("x-gzip2, brotli", None),
        ("", None),
    ],
)
async def test_compressed_file_is_sent_if_accepted(http: httpx.AsyncClient, accepted: str, sent: str | None) -> None:
    request = http.build_request("GET", "/assets/index-B4pT1x.js", headers={"Accept-Encoding": accepted})
    response = await http.send(request, stream=True)
    raw = b"".join([part async for part in response.aiter_raw()])

    assert response.headers.get("Content-Encoding") == sent
    assert (gzip.decompress(raw) if sent == "gzip" else raw) == (b"as brotli" if sent == "br" else SCRIPT)
    assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert response.headers["Vary"] == "Accept-Encoding"


async def test_each_form_of_a_file_has_a_tag_of_its_own(http: httpx.AsyncClient) -> None:
    tags = {
        (await http.head("/assets/index-B4pT1x.js", headers={"Accept-Encoding": accepted})).headers["ETag"]
        for accepted in ("br", "gzip", "identity")
    }

    assert len(tags) == 3


@pytest.mark.parametrize("path", ["/", "/lists/3f1c", "/assets/index-B4pT1x.js"])
async def test_the_page_may_load_only_what_it_needs(http: httpx.AsyncClient, path: str) -> None:
    headers = (await http.get(path, headers=BROWSER)).headers
    policy = dict(directive.split(" ", 1) for directive in headers["Content-Security-Policy"].split("; "))

    assert (policy["default-src"], policy["script-src"], policy["style-src"]) == ("'none'", "'self'", "'self'")
    assert policy["frame-src"] == "https://www.youtube-nocookie.com"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"


async def test_other_hosts_do_not_get_the_page(http: httpx.AsyncClient) -> None:
    problem(await http.get("/", headers=BROWSER | {"Host": "ferry.example"}), 400, "host_not_allowed")


async def test_without_a_page_the_root_leads_to_the_apis_own(tmp_path: Path) -> None:
    transport = httpx.ASGITransport(create_app(Settings(), tmp_path / "not built"))
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as http:
        response = await http.get("/", headers=BROWSER)

        assert (response.status_code, response.headers["Location"]) == (307, "/docs")
        problem(await http.get("/lists/3f1c", headers=BROWSER), 404, "route_not_found")
