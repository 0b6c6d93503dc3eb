"""Swagger UI works offline."""

import re

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
