"""The page in Chromium: from drop to card, the weight of the first load, and the frames while cards move or go by.

Everything behind the page is real and a process of its own (PostgreSQL, Temporal, worker, notifier, API), and YouTube
is a fake. Events are written as a worker's activities write them (see `feed_lag`); frames are those of somebody
who has nothing against motion (see `frames`). Drop to card is measured in the page: from the event to the frame that
shows the card.
"""

import asyncio
import statistics
import time

from playwright.async_api import Browser, Page, Request, ViewportSize
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.feed_lag import Lags, Writer, publisher
from benchmarks.frames import Frames, watched
from benchmarks.installation import way_to
from benchmarks.machine import machine, print_machine
from benchmarks.videos import add_entries
from fakes.youtube import FakeYoutube
from shared.contracts.stages import ImportStage
from shared.db import imports
from shared.db.connection import transaction
from shared.db.engine import create_engine
from shared.temporal.feed import FeedPublisher
from tests.browser.chromium import DESKTOP, Person, chromium
from tests.browser.handling import address_of, cards

DROPS = 20
AIM_DROP_MS = 100
AIM_FIRST_LOAD_KB = 150
CARDS, EVENTS_PER_SECOND, SECONDS = 100, 100, 10
PERCENTAGES = range(26, 35)
SCROLLED_CARDS, SCROLL_STEP, SCROLL_SECONDS = 5_000, 200, 180
"""So many pixels a frame; so long at most."""
WHOLE_GRID: ViewportSize = {"width": 1600, "height": 6000}
"""All hundred cards are in the window: no more than people see is ever drawn."""
SCROLL = """async ([step, count, seconds]) => {
  const end = performance.now() + 1000 * seconds;
  while (!document.querySelector(`[aria-posinset="${count}"]`)) {
    if (performance.now() > end) throw new Error(`stuck at ${scrollY} pixels: ${document.body.innerText.slice(-200)}`);
    window.scrollBy(0, step);
    await new Promise(requestAnimationFrame);
  }
}"""
COMPLETED = "UPDATE videos SET import_stage = 'complete', import_progress = 100 WHERE youtube_id = ANY(:ids)"
ENRICHED = """INSERT INTO video_enrichments
  (youtube_id, title, channel, duration_seconds, captions_source, description, tags, categories, youtube_chapters)
  SELECT id, 'Crossing number ' || id, 'Harbour', 754, 'youtube', '', '{}', '{}', '[]'
  FROM unnest(CAST(:ids AS text[])) id"""
MEASURE_DROP = """async (address) => {
  const isShown = () => [...document.querySelectorAll("article[data-state]")].some((card) =>
    card.textContent.includes(address.slice(-11)));
  const transfer = new DataTransfer();
  transfer.setData("text/uri-list", address);
  const target = document.querySelector("main h1");
  const begun = performance.now();
  for (const name of ["dragenter", "dragover", "drop"]) {
    target.dispatchEvent(new DragEvent(name, { bubbles: true, cancelable: true, dataTransfer: transfer }));
  }
  while (!isShown()) await new Promise(requestAnimationFrame);
  const channel = new MessageChannel();
  await new Promise((resolve) => {
    channel.port1.onmessage = resolve;
    channel.port2.postMessage(null);
  });
  return performance.now() - begun;
}"""


async def list_of(engine: AsyncEngine, youtube_id: str) -> str:
    """The id of the list that a video is on."""
    async with engine.connect() as connection:
        found = await connection.execute(text("SELECT list_id FROM videos WHERE youtube_id = :id"), {"id": youtube_id})
        return str(found.scalar_one())


async def measure_drops(page: Page) -> list[float]:
    """Milliseconds from each drop to its card."""
    return [float(await page.evaluate(MEASURE_DROP, address_of(f"dropped{number:04}"))) for number in range(DROPS)]


async def first_load(browser: Browser, url: str, path: str) -> int:
    """Bytes of JavaScript that a list's page loads, compressed by gzip."""
    context = await browser.new_context(base_url=url, extra_http_headers={"Accept-Encoding": "gzip"})
    page = await context.new_page()
    scripts: list[Request] = []
    page.on("requestfinished", lambda request: scripts.append(request) if is_script(request.url) else None)
    await page.goto(path)
    await cards(page).first.wait_for()
    sizes = [(await request.sizes())["responseBodySize"] for request in scripts]
    await context.close()
    return sum(sizes)


def is_script(url: str) -> bool:
    """Whether a script is at this address."""
    return url.endswith(".js")


async def write_progress(writer: Writer, youtube_ids: list[str]) -> None:
    """Metadata for every card, then percent after percent, at an even pace."""
    begun = time.perf_counter()
    steps: list[tuple[str, int | None]] = [(youtube_id, None) for youtube_id in youtube_ids]
    steps += [(youtube_id, percent) for percent in PERCENTAGES for youtube_id in youtube_ids]
    async with asyncio.TaskGroup() as writes:
        for number, (youtube_id, percent) in enumerate(steps):
            await asyncio.sleep(begun + number / EVENTS_PER_SECOND - time.perf_counter())
            if percent is None:
                writes.create_task(writer.write(youtube_id, ImportStage.METADATA))
            else:
                writes.create_task(write_step(writer, youtube_id, percent))


async def write_step(writer: Writer, youtube_id: str, percent: int) -> None:
    """What an activity tells in the middle of a stage."""
    async with transaction(writer.engine) as connection:
        items = await imports.set_subprogress(connection, youtube_id, ImportStage.CAPTIONS, percent)
    writer.feed.publish(items)


async def move_cards(page: Page, writer: Writer, youtube_ids: list[str]) -> Frames:
    """What was seen while the cards moved."""
    async with watched(page) as frames:
        await write_progress(writer, youtube_ids)
        shown = await cards(page).count()
        await page.locator(f'[role=progressbar][aria-valuenow="{PERCENTAGES[-1]}"]').nth(shown - 1).wait_for()
    return frames


async def add_imported(engine: AsyncEngine, count: int) -> str:
    """The id of a list with so many videos that are complete."""
    youtube_ids = await add_entries(engine, count)
    async with engine.begin() as connection:
        for statement in (COMPLETED, ENRICHED):
            await connection.execute(text(statement), {"ids": youtube_ids})
    return await list_of(engine, youtube_ids[0])


async def scroll(page: Page) -> Frames:
    """What was seen while the list went by, from its first card to its last."""
    async with watched(page) as frames:
        await page.evaluate(SCROLL, [SCROLL_STEP, SCROLLED_CARDS, SCROLL_SECONDS])
    return frames


async def measure_frames(browser: Browser, url: str, engine: AsyncEngine, feed: FeedPublisher) -> None:
    """A hundred cards that move, in a window that shows them all and in a usual one; and a long list that goes by."""
    for viewport in (WHOLE_GRID, DESKTOP):
        youtube_ids = await add_entries(engine, CARDS)
        async with Person(browser, url, viewport=viewport, motion="no-preference").present() as person:
            page = await person.open(f"/lists/{await list_of(engine, youtube_ids[0])}")
            await cards(page).nth(CARDS - 1 if viewport == WHOLE_GRID else 0).wait_for()
            frames = await move_cards(page, Writer(engine, feed, Lags()), youtube_ids)
            window = f"{viewport['width']} × {viewport['height']}"
            frames.print(f"{CARDS} cards, {EVENTS_PER_SECOND} events/s, {SECONDS} s, window {window}")
    list_id = await add_imported(engine, SCROLLED_CARDS)
    async with Person(browser, url, motion="no-preference").present() as person:
        page = await person.open(f"/lists/{list_id}")
        await cards(page).first.wait_for()
        (await scroll(page)).print(f"{SCROLLED_CARDS} cards scrolled by, {SCROLL_STEP} pixels a frame")


async def main() -> None:
    """Measure and print."""
    print_machine()
    async with (
        machine() as running,
        publisher(running) as feed,
        FakeYoutube.start() as fake_youtube,
        running.product(**way_to(fake_youtube)),
        chromium() as browser,
    ):
        engine, url = create_engine(running.settings), running.url
        youtube_ids = await add_entries(engine, CARDS)
        path = f"/lists/{await list_of(engine, youtube_ids[0])}"
        print(f"Chromium {browser.version}")
        print(f"JavaScript of the first load: {await first_load(browser, url, path) / 1000:.0f} KB", end=" ")
        print(f"gzipped (aim: {AIM_FIRST_LOAD_KB})")
        await measure_frames(browser, url, engine, feed)
        async with Person(browser, url).present() as person:
            page = await person.open(path)
            await cards(page).first.wait_for()
            drops = await measure_drops(page)
            print(f"drop to card: median {statistics.median(drops):.0f} ms, longest {max(drops):.0f} ms", end=" ")
            print(f"(aim: {AIM_DROP_MS}; {DROPS} drops)")
        await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main())
