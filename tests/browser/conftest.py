"""One running product and one browser for all tests of this package; skipped where no browser is installed.

Unless `BROWSER_TESTS_REQUIRED` is set, as continuous integration does: then its absence is a failure.
"""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest
from playwright.async_api import Browser

from tests.browser.chromium import NAMES, Person, chromium, find
from tests.browser.scenes import Props
from tests.e2e.clients import Api, FakeYoutubeControl
from tests.e2e.conftest import api, fake_youtube, pytest_runtest_makereport, stack
from tests.e2e.stack import Stack, running_stack

__all__ = ["api", "fake_youtube", "pytest_runtest_makereport", "stack"]

Invite = Callable[..., Awaitable[Person]]


@pytest.fixture(scope="package")
async def browser() -> AsyncIterator[Browser]:
    """The browser."""
    if find() is None:
        reason = f"no browser is installed: none of {', '.join(NAMES)} was found"
        pytest.fail(reason) if os.environ.get("BROWSER_TESTS_REQUIRED") else pytest.skip(reason)
    async with chromium() as running:
        yield running


@pytest.fixture(scope="package")
async def demo(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """The running product."""
    async with running_stack(tmp_path_factory.mktemp("browser")) as stack:
        yield stack


@pytest.fixture(scope="package")
async def all_props() -> list[Props]:
    """Made once, by the first test that plays a scene."""
    return []


@pytest.fixture
async def invite(browser: Browser, stack: Stack, api: Api, all_props: list[Props]) -> AsyncIterator[Invite]:
    """Brings people: `await invite(locale="de-DE")`. Nothing may go wrong in their tabs behind their backs.

    What they leave is cleared away: every list is one more to pass by keyboard.
    """
    people: list[Person] = []
    async with AsyncExitStack() as exits:

        async def bring(**particulars: Any) -> Person:
            person = Person(browser, stack.api_url.removesuffix("/api"), **particulars)
            people.append(person)
            return await exits.enter_async_context(person.present())

        yield bring
    kept = {list_id for props in all_props for list_id in props.lists}
    for left in (await api.get("/lists", limit=200))["items"]:
        if left["id"] not in kept:
            await api.http.delete(f"/lists/{left['id']}")
    assert [person.complaints for person in people if person.complaints] == []


@pytest.fixture
async def props(api: Api, fake_youtube: FakeYoutubeControl, all_props: list[Props]) -> Props:
    """What the scenes are played with."""
    if not all_props:
        all_props.append(await Props.ready(api, fake_youtube))
    return replace(all_props[0], api=api, fake_youtube=fake_youtube)
