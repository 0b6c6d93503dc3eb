"""Pictures of every page in every state: `python -m tests.browser.screenshots DIRECTORY [SCENE …]`.

In German, too; what was said in passing stays in English.
"""

import asyncio
import sys
import tempfile
from itertools import product
from pathlib import Path
from typing import Literal

import httpx
from playwright.async_api import Browser

from shared.i18n.languages import Language
from tests.browser.chromium import DESKTOP, PHONE, Person, chromium
from tests.browser.handling import control_url
from tests.browser.scenes import PHONE_ONLY, SCENES, Props
from tests.browser.translation import to_german
from tests.e2e.clients import Api, FakeYoutubeControl
from tests.e2e.stack import Stack, running_stack

WINDOWS = {"desktop": DESKTOP, "phone": PHONE}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LOADED = """async () => {
  await Promise.allSettled([...document.images].filter((each) => each.loading !== "lazy").map((each) => each.decode()));
  await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
}"""


async def take(browser: Browser, stack: Stack, props: Props, directory: Path, names: list[str]) -> None:
    """Play every scene before every kind of window, light and dark, and keep what is seen."""
    for name, (window, viewport), scheme in product(names, WINDOWS.items(), SCHEMES):
        if name in PHONE_ONLY and viewport != PHONE:
            continue
        person = Person(browser, stack.api_url.removesuffix("/api"), viewport=viewport, scheme=scheme)
        async with person.present(), SCENES[name](person, props) as page:
            for language in Language:
                if language is Language.DE:
                    await to_german(page)
                await page.wait_for_load_state("networkidle")
                await page.evaluate(LOADED)
                file = directory / f"{name}-{window}-{scheme}-{language}.png"
                await page.screenshot(path=file, caret="initial")


async def main(directory: Path, names: list[str]) -> None:
    """Start the product, take the pictures, stop it."""
    with tempfile.TemporaryDirectory() as home:
        async with (
            running_stack(Path(home)) as stack,
            httpx.AsyncClient(base_url=stack.api_url, timeout=30) as api,
            httpx.AsyncClient(base_url=control_url(stack), timeout=30) as fake_youtube,
            chromium() as browser,
        ):
            props = await Props.ready(Api(api), FakeYoutubeControl(fake_youtube))
            await take(browser, stack, props, directory, names or list(SCENES))


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(target, sys.argv[2:]))
