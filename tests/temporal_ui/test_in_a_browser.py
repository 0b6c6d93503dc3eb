"""The Web UI in a real browser, through the guard; and a page that has its name point here."""

import sys
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from playwright.async_api import Browser, async_playwright

from services.stack.settings import hidden_address
from services.stack.temporal import EmbeddedTemporal
from tests.browser.chromium import ARGUMENTS, find
from tests.support.servers import free_port, server
from tests.support.waiting import eventually

pytestmark = pytest.mark.skipif(find() is None, reason="needs Chromium")
REBOUND = "rebound.example"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Where the guard listens, before a Web UI."""
    folder, port, (host, hidden) = tmp_path_factory.mktemp("guarded"), free_port(), hidden_address()
    environment = {
        "TEMPORAL_UI_URL": f"http://127.0.0.1:{port}",
        "VIDFERRY_TEMPORAL_UI_PORT": str(port),
        "VIDFERRY_TEMPORAL_UI_UPSTREAM": f"http://{host}:{hidden}",
    }
    guard = ["env", *(f"{name}={value}" for name, value in environment.items()), sys.executable, "-m"]
    with (
        server(EmbeddedTemporal(free_port(), (host, hidden)).argv(), folder / "temporal.log"),
        server([*guard, "services.temporal_ui"], folder / "guard.log"),
    ):
        yield port


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A browser in which a foreign name points to this machine, as after DNS rebinding."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find(), args=[*ARGUMENTS, f"--host-resolver-rules=MAP {REBOUND} 127.0.0.1"]
        )
        yield browser
        await browser.close()


async def test_the_web_ui_works_and_a_rebound_name_gets_nothing(port: int, browser: Browser) -> None:
    async def is_up() -> bool:
        try:
            async with httpx.AsyncClient(trust_env=False) as http:
                return (await http.get(f"http://127.0.0.1:{port}/api/v1/namespaces/default")).is_success
        except httpx.TransportError:
            return False

    await eventually(is_up)
    page = await browser.new_page()
    await page.goto(f"http://127.0.0.1:{port}/")
    await page.get_by_role("heading", name="Workflows").first.wait_for(timeout=120_000)
    assert page.url.startswith(f"http://127.0.0.1:{port}/namespaces/default/workflows")
    refused = await page.goto(f"http://{REBOUND}:{port}/")
    assert refused is not None
    assert refused.status == 403
    assert await page.context.cookies(f"http://{REBOUND}:{port}/") == []
