"""The browser of this machine, and people who sit before it. Nothing they do leaves the machine."""

import colorsys
import random
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from playwright.async_api import Browser, ConsoleMessage, Page, Route, ViewportSize, async_playwright, expect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}
PATIENCE_SECONDS = 90
"""For whatever a busy machine takes to show; far below a second otherwise."""
PICTURE_HOSTS = ("img.youtube.com", "i.ytimg.com")
PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="480" height="270">'
    '<defs><linearGradient id="sky" x2="0.4" y2="1"><stop stop-color="{sky}"/><stop offset="1" stop-color="{haze}"/>'
    '</linearGradient></defs><rect width="480" height="270" fill="url(#sky)"/><circle cx="{sun}" cy="92" r="30" '
    'fill="{light}"/><path d="M0 {hill} Q120 {crest} 250 190 T480 {hill} V270 H0Z" fill="{land}"/>'
    '<path d="M0 226 Q120 206 240 226 T480 222 V270 H0Z" fill="{sea}"/></svg>'
)

Scheme = Literal["light", "dark"]
Motion = Literal["no-preference", "reduce"]

expect.set_options(timeout=PATIENCE_SECONDS * 1000)


def find() -> str | None:
    """Where the browser is."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The browser, without a window."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find(), args=ARGUMENTS)
        yield browser
        await browser.close()


@dataclass
class Person:
    """Somebody at a browser of their own: with its tabs, its language and its storage."""

    browser: Browser
    url: str
    """Of the product."""
    viewport: ViewportSize = field(default_factory=lambda: DESKTOP)
    locale: str = "en-GB"
    scheme: Scheme = "light"
    motion: Motion = "reduce"
    """Less of it by default: what slides and fades is of no use to a test."""
    has_pictures: bool = True
    """Whether thumbnails can be had."""
    complaints: list[str] = field(default_factory=list)
    """What went wrong in a tab and nobody was told of."""

    @asynccontextmanager
    async def present(self) -> AsyncIterator["Person"]:
        """The person at work; the browser's window is closed afterwards."""
        self._context = await self.browser.new_context(
            base_url=self.url,
            viewport=self.viewport,
            locale=self.locale,
            color_scheme=self.scheme,
            reduced_motion=self.motion,
            timezone_id="Europe/Berlin",
            has_touch=self.viewport["width"] < 600,
        )
        self._context.set_default_timeout(PATIENCE_SECONDS * 1000)
        self._context.on("weberror", lambda complaint: self.complaints.append(str(complaint.error)))
        self._context.on("console", self._note)
        await self._context.route(lambda url: urlsplit(url).hostname != "127.0.0.1", self._answer_from_outside)
        yield self
        await self._context.close()

    async def open(self, path: str) -> Page:
        """A new tab."""
        page = await self._context.new_page()
        await page.goto(path)
        return page

    async def _answer_from_outside(self, route: Route) -> None:
        address = urlsplit(route.request.url)
        if self.has_pictures and address.hostname in PICTURE_HOSTS:
            await route.fulfill(body=picture(address.path.split("/")[2]), content_type="image/svg+xml")
        else:
            await route.abort()

    def _note(self, message: ConsoleMessage) -> None:
        # The browser says by itself what could not be loaded; people are told by the page.
        if message.type in {"error", "warning"} and not message.text.startswith(("Failed to load", "WebSocket")):
            self.complaints.append(message.text)


def picture(youtube_id: str) -> str:
    """A landscape in colours of its own for each video."""
    dice = random.Random(youtube_id)  # noqa: S311 - nothing here is a secret
    hue = dice.random()
    return PICTURE.format(
        sky=_colour(hue, 0.62, 0.55),
        haze=_colour(hue + 0.09, 0.86, 0.6),
        light=_colour(hue + 0.12, 0.95, 0.75),
        land=_colour(hue - 0.05, 0.36, 0.38),
        sea=_colour(hue - 0.02, 0.22, 0.4),
        sun=dice.randrange(70, 410),
        hill=dice.randrange(150, 200),
        crest=dice.randrange(70, 150),
    )


def _colour(hue: float, lightness: float, saturation: float) -> str:
    red, green, blue = (round(part * 255) for part in colorsys.hls_to_rgb(hue % 1, lightness, saturation))
    return f"#{red:02x}{green:02x}{blue:02x}"
