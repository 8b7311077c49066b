"""Takes the picture of the page that the README shows: a real service in a temporary folder, and a real browser.

Run it from anywhere: `python scripts/page_picture.py [TARGET]`. Needs Chromium and the development packages.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import itertools
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Literal

from PIL import Image, ImageDraw, ImageFilter
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

# The line above makes these imports work from anywhere.
from adapters.engines.opening import open_store  # noqa: E402 - as above
from adapters.generation.generator import Generator  # noqa: E402 - as above
from adapters.generation.sketch.provider import SketchProvider  # noqa: E402 - as above
from adapters.http.service import HttpService, make_app  # noqa: E402 - as above
from adapters.studio import Studio  # noqa: E402 - as above

TARGET = ROOT / "docs" / "pictures" / "page.png"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")
DESKTOP: ViewportSize = {"width": 1180, "height": 1495}
PHONE: ViewportSize = {"width": 380, "height": 880}
MARGIN, GAP, ROUND = 44, 44, 22
BACKGROUND = (226, 221, 209)
WISHES = (
    ("A fox folded from one sheet, autumn", "origami", "Square"),
    ("An owl in the city at night", "neon-punk", "Portrait"),
    ("A lighthouse, summer clouds", "anime", "Square"),
    ("A dragon before the full moon", "fantasy-art", "Landscape"),
)
ANSWER_MS = 30_000


async def main(target: Path) -> None:
    """Serves, makes the pictures through the page, and puts both views into one image."""
    chromium = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if chromium is None:
        raise SystemExit("There is no Chromium here. Debian and Ubuntu: sudo apt install chromium.")
    with tempfile.TemporaryDirectory() as folder:
        provider = SketchProvider(itertools.count(1).__next__)  # the picture is to be the same each time
        store = open_store(Path(folder))
        studio = Studio(store, Generator(provider))
        service = HttpService(make_app(store, studio), host="127.0.0.1", port=0)
        address = await service.start()
        try:
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_ARGUMENTS))
                desktop = await _after_four_wishes(browser, address)
                phone = await _gallery_on_a_phone(browser, address)
                await browser.close()
        finally:
            await service.stop()
            await studio.close()
            await provider.close()
            store.close()
    target.parent.mkdir(parents=True, exist_ok=True)
    _side_by_side(desktop, phone).save(target, optimize=True)


async def _after_four_wishes(browser: Browser, address: str) -> Image.Image:
    page = await _open(browser, address, DESKTOP, "light")
    for prompt, style, size in WISHES:
        await page.get_by_label("What should be in it?").fill(prompt)
        await page.get_by_role("combobox", name="Style", exact=True).select_option(style)
        await page.get_by_text(size).click()
        await page.get_by_role("button", name="Make the picture").click()
        await page.get_by_role("img", name=prompt).wait_for(timeout=ANSWER_MS)
        await page.locator(".tile").nth(WISHES.index((prompt, style, size))).wait_for(timeout=ANSWER_MS)
    return await _shot(page)


async def _gallery_on_a_phone(browser: Browser, address: str) -> Image.Image:
    page = await _open(browser, address, PHONE, "dark")
    await page.locator(".tile").nth(2).click()
    await page.get_by_role("button", name="Use these settings").wait_for(timeout=ANSWER_MS)
    return await _shot(page)


async def _open(browser: Browser, address: str, viewport: ViewportSize, scheme: Literal["light", "dark"]) -> Page:
    context = await browser.new_context(
        viewport=viewport, color_scheme=scheme, timezone_id="Europe/Berlin", reduced_motion="reduce"
    )
    page = await context.new_page()
    await page.goto(address)
    await page.locator("#go-left").filter(has_text="left today").wait_for(timeout=ANSWER_MS)
    return page


async def _shot(page: Page) -> Image.Image:
    await page.wait_for_load_state("networkidle")
    await page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0); }")
    return Image.open(io.BytesIO(await page.screenshot())).convert("RGB")


def _side_by_side(desktop: Image.Image, phone: Image.Image) -> Image.Image:
    width = MARGIN * 2 + desktop.width + GAP + phone.width
    height = MARGIN * 2 + max(desktop.height, phone.height)
    sheet = Image.new("RGB", (width, height), BACKGROUND)
    for picture, left in ((desktop, MARGIN), (phone, MARGIN + desktop.width + GAP)):
        _lay(sheet, picture, (left, (height - picture.height) // 2))
    return sheet


def _lay(sheet: Image.Image, picture: Image.Image, place: tuple[int, int]) -> None:
    """The picture with round corners and a soft shadow below it."""
    corners = Image.new("L", picture.size)
    ImageDraw.Draw(corners).rounded_rectangle((0, 0, *picture.size), ROUND, fill=255)
    shadow = Image.new("L", sheet.size)
    shadow.paste(corners.point(lambda value: value // 4), (place[0], place[1] + 10))
    sheet.paste((70, 60, 40), mask=shadow.filter(ImageFilter.GaussianBlur(16)))
    sheet.paste(picture, place, corners)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="Takes the picture of the page for the README.")
    arguments.add_argument("target", nargs="?", type=Path, default=TARGET, help="where to write it")
    asyncio.run(main(arguments.parse_args().target))
