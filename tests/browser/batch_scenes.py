"""Imports of many videos: under way, paused, over; and YouTube's own pause."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Page, expect

from tests.browser.chromium import Person
from tests.browser.handling import cards, csv_of, drop_file
from tests.browser.stage import FILMS, LONG_SECONDS, Props, scene
from tests.e2e.clients import new_ids

MORE_THAN_THE_WINDOW = 24
WAITING = re.compile("Imports are waiting|Importe warten")
"""The name of the notice, whatever the page's language has become."""


@asynccontextmanager
async def _under_way(person: Person, props: Props, count: int) -> AsyncIterator[Page]:
    """A list onto which so many videos come, whose captions take long."""
    async with props.another_list("From a file", *FILMS[:3]) as list_id:
        await props.stall(kind="timedtext")
        answer = await props.api.http.post(f"/lists/{list_id}/videos/batch", json={"urls": new_ids(count)})
        answer.raise_for_status()
        page = await person.open(f"/lists/{list_id}")
        await expect(page.get_by_role("button", name="Pause the import")).to_be_visible()
        await expect(cards(page, "importing").first).to_be_visible()
        yield page


@asynccontextmanager
async def _waiting(person: Person, props: Props, notice: str, **fault: object) -> AsyncIterator[Page]:
    """A list with videos that wait until YouTube no longer answers so; `notice`: what the page says about it."""
    async with props.another_list("Evenings", *FILMS[:2]) as list_id:
        await props.stall(stall_seconds=0, **fault)
        for youtube_id in new_ids(4):
            await props.api.add(list_id, youtube_id)
        page = await person.open(f"/lists/{list_id}")
        status = page.get_by_role("status", name=WAITING)
        await expect(status).to_contain_text(notice)
        await expect(cards(page, "waiting")).to_have_count(4)
        try:
            yield page
        finally:
            await props.fake_youtube.clear_faults()
            (await props.api.http.post("/upstreams/youtube/resume")).raise_for_status()
            await expect(status).to_be_empty()


@scene
async def _batch(person: Person, props: Props) -> AsyncIterator[Page]:
    async with _under_way(person, props, 9) as page:
        yield page


@scene
async def _batch_paused(person: Person, props: Props) -> AsyncIterator[Page]:
    async with _under_way(person, props, MORE_THAN_THE_WINDOW) as page:
        await page.get_by_role("button", name="Pause the import").click()
        await expect(page.get_by_role("button", name="Resume the import")).to_be_visible()
        yield page


@scene
async def _batch_cancellation(person: Person, props: Props) -> AsyncIterator[Page]:
    async with _under_way(person, props, MORE_THAN_THE_WINDOW) as page:
        await page.get_by_role("button", name="Cancel the import").click()
        await expect(page.get_by_role("dialog", name="Cancel this import?")).to_be_visible()
        yield page


@scene
async def _batch_over(person: Person, props: Props) -> AsyncIterator[Page]:
    async with props.another_list("From a file") as list_id:
        page = await person.open(f"/lists/{list_id}")
        await drop_file(page, "harbour.csv", csv_of([*FILMS[:8], "demoNoCaps_", "demoPrivate"]))
        await page.get_by_role("dialog").get_by_role("button", name=re.compile("^Import")).click()
        await expect(page.get_by_role("region", name="Notifications")).to_contain_text("1 failed")
        await expect(cards(page, "complete")).to_have_count(8)
        yield page


@scene
async def _pause(person: Person, props: Props) -> AsyncIterator[Page]:
    throttle = {"kind": "watch", "status": 429, "headers": {"Retry-After": str(LONG_SECONDS)}}
    async with _waiting(person, props, "YouTube is limiting requests", **throttle) as page:
        yield page


@scene
async def _pause_outdated(person: Person, props: Props) -> AsyncIterator[Page]:
    async with _waiting(person, props, "YouTube has changed", kind="player", status=400) as page:
        yield page
