"""The frames of a page: what its own clock, and what Chromium's trace says of them."""

import asyncio
import statistics
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import CDPSession, Page

AIM_FRAME_MS = 50
CATEGORIES = ("toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline")
WATCH = """() => {
  const watched = { gaps: [], long: [], isOver: false };
  window.watched = watched;
  const observer = new PerformanceObserver((list) => watched.long.push(...list.getEntries().map((e) => e.duration)));
  observer.observe({ type: "long-animation-frame" });
  let last = null;
  const note = (now) => {
    if (last !== null) watched.gaps.push(now - last);
    last = now;
    if (!watched.isOver) requestAnimationFrame(note);
  };
  requestAnimationFrame(note);
}"""
"""From one frame to the next; and what Chromium itself takes for a long frame: more than 50 ms."""
WATCHED = "() => Object.assign(window.watched, { isOver: true })"


@dataclass
class Frames:
    """What was seen of a page while something happened in it."""

    events: list[dict[str, Any]] = field(default_factory=list)
    """Chromium's trace."""
    gaps: list[float] = field(default_factory=list)
    """Milliseconds from one frame to the next."""
    long: list[float] = field(default_factory=list)
    """Milliseconds of what Chromium takes for long frames."""

    def tasks(self, clock: str) -> list[float]:
        """Milliseconds of every task of the page's thread: by the wall (`dur`), or by its own time (`tdur`)."""
        mains = {
            (event["pid"], event["tid"])
            for event in self.events
            if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
        }
        return [
            event[clock] / 1000
            for event in self.events
            if event.get("ph") == "X"
            and (event["pid"], event["tid"]) in mains
            and event["name"] in {"RunTask", "ThreadControllerImpl::RunTask"}
            and clock in event
        ]

    def print(self, what: str) -> None:
        """By each clock: what else runs on the machine lengthens everything by the wall."""
        print(f"{what} (aim: no frame above {AIM_FRAME_MS} ms)")
        print(f"  from frame to frame: median {statistics.median(self.gaps):.0f} ms, {_longest(self.gaps, 'frames')}")
        print(f"  long animation frames: {len(self.long)}, longest {max(self.long, default=0):.0f} ms")
        for clock, name in (("dur", "by the wall"), ("tdur", "the page's own time")):
            if tasks := self.tasks(clock):
                print(f"  tasks, {name}: {_longest(tasks, 'tasks')}")


def _longest(milliseconds: list[float], name: str) -> str:
    over = sum(each > AIM_FRAME_MS for each in milliseconds)
    return f"longest {max(milliseconds):.0f} ms, {over} of {len(milliseconds)} {name} above {AIM_FRAME_MS} ms"


@asynccontextmanager
async def watched(page: Page) -> AsyncIterator[Frames]:
    """What happens in a page meanwhile; complete afterwards."""
    frames = Frames()
    await page.evaluate(WATCH)
    async with _traced(page, frames.events):
        yield frames
    seen = await page.evaluate(WATCHED)
    frames.gaps, frames.long = seen["gaps"], seen["long"]


@asynccontextmanager
async def _traced(page: Page, events: list[dict[str, Any]]) -> AsyncIterator[None]:
    session: CDPSession = await page.context.new_cdp_session(page)
    session.on("Tracing.dataCollected", lambda data: events.extend(data["value"]))
    complete = asyncio.Event()
    session.on("Tracing.tracingComplete", lambda _: complete.set())
    await session.send("Tracing.start", {"traceConfig": {"includedCategories": list(CATEGORIES)}})
    yield
    await session.send("Tracing.end")
    await complete.wait()
    await session.detach()
