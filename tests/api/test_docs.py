"""Swagger UI works offline."""

import re
from base64 import b64encode
from hashlib import sha256

import pytest

from tests.api.support import Api, problem


async def test_the_page_loads_nothing_from_elsewhere(api_without_temporal: Api) -> None:
    page = await api_without_temporal.http.get("/docs")

    addresses = re.findall(r"""(?:src|href|url)(?:=|: )["']([^"']+)["']""", page.text)
    assert {"/openapi.json", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css"} <= set(addresses)
    assert "://" not in page.text
    for address in addresses:
        response = await api_without_temporal.http.get(address)
        assert (response.status_code, len(response.content) > 1000) == (200, True), address


async def test_the_base_address_of_the_api_leads_there(api_without_temporal: Api) -> None:
    for path in ("/api", "/api/"):
        response = await api_without_temporal.http.get(path)
        assert (response.is_redirect, response.headers["Location"]) == (True, "/docs")


async def test_only_files_of_the_page_are_served(api_without_temporal: Api) -> None:
    for path in ("/docs/redoc.standalone.js", "/docs/..%2f__init__.py"):
        response = await api_without_temporal.http.get(path)
        problem(response, response.status_code, response.json()["code"])


async def test_its_policy_allows_its_own_script_only(api_without_temporal: Api) -> None:
    page = await api_without_temporal.http.get("/docs")
    [script] = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    digest = b64encode(sha256(script.encode()).digest()).decode()
    policy = page.headers["content-security-policy"]
    assert f"script-src 'self' 'sha256-{digest}';" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    "path", ["/docs", "/docs/swagger-ui.css", "/api/lists", "/api", "/openapi.json", "/api/nothing", "/"]
)
async def test_nothing_is_shown_in_a_frame_or_taken_for_something_else(api_without_temporal: Api, path: str) -> None:
    for headers in ({}, {"Host": "elsewhere.example"}):
        response = await api_without_temporal.http.get(path, headers=headers)
        assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
        assert response.headers["x-content-type-options"] == "nosniff"
