"""A gallery of many pictures: the document stays small, and what is out of sight is chosen, deleted and found too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from itertools import islice
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from adapters.application.saving import NewImage, save_image
from domain.commands import SetPolicy
from domain.limits import MEGABYTE
from tests.end_to_end.page_desk import Service
from tests.end_to_end.test_page_views import DESKTOP
from tests.hostile.builders import png

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

FEW, MANY = 130, 5_000
MOST_TILES = 100
"""Three windows of a desktop, at most; however many pictures there are."""
RECORD_FRAMES = """() => {
    window.frames_ms = []; let last = 0;
    const next = (now) => { if (last) frames_ms.push(now - last); last = now; requestAnimationFrame(next); };
    requestAnimationFrame(next);
}"""
FRAMES = """() => { const sorted = frames_ms.splice(0).sort((one, other) => one - other);
    return [sorted.length, sorted[Math.floor(0.99 * sorted.length)], sorted.at(-1)].map(Math.round); }"""

STANDS_STILL = """() => new Promise((done) => { let former = -1;
    const look = () => { if (former === scrollY) return done(); former = scrollY; setTimeout(look, 100); };
    look(); })"""
"""A key that is pressed while the page still scrolls may be one for the end that it had before."""


@pytest.fixture
def many(*, thorough: bool) -> int:
    """How many pictures there are."""
    return MANY if thorough else FEW


@pytest_asyncio.fixture(loop_scope="session")
async def service(tmp_path: Path, many: int) -> AsyncIterator[Service]:
    """One with that many, the last of which is the newest."""
    limits = SetPolicy(daily=many, user_bytes=500 * MEGABYTE)
    running = Service(tmp_path / "root", limits)
    pictures = (NewImage("local", png(8, 8), name=f"{number}.png") for number in range(many))
    while some := [save_image(running.store, picture) for picture in islice(pictures, 60)]:
        await asyncio.gather(*some)
    yield running
    await running.close()


def tile(page: Page, place: int) -> Locator:
    """That at a place, counted from 1."""
    return page.locator(f".grid > [aria-posinset='{place}'] > .tile")


async def to_the_end(page: Page, many: int) -> int:
    """By the End key until nothing older comes, and the most tiles that there were at once."""
    most = 0
    while await page.locator("#older").is_visible():
        await page.keyboard.press("End")
        most = max(most, await page.locator(".tile").count())
    await page.evaluate(STANDS_STILL)
    await page.keyboard.press("End")
    await expect(tile(page, many)).to_be_in_viewport()
    return max(most, await page.locator(".tile").count())


async def test_a_long_gallery_keeps_few_tiles_and_everything_works_in_it(
    browser: Browser, service: Service, many: int, record_property: Callable[[str, object], None]
) -> None:
    """At its end and back at its beginning; `--thorough` tells how long its frames were."""
    context = await browser.new_context(viewport=DESKTOP)
    page = await context.new_page()
    await page.goto(await service.start())
    await page.get_by_role("button", name="Show older ones").click()
    await expect(tile(page, 13)).to_be_focused()
    await page.evaluate(RECORD_FRAMES)
    assert await to_the_end(page, many) <= MOST_TILES
    record_property("gallery: frames, 99 % within ms, longest ms", str(await page.evaluate(FRAMES)))
    await expect(tile(page, many).locator("img")).to_have_js_property("naturalWidth", 8)
    await two_that_are_far_apart_are_deleted(page, many)
    await arrows_go_from_tile_to_tile(page, many - 2)
    await page.get_by_role("link", name="Admin").click()
    await page.locator("#users-table").get_by_role("button", name="local").click()
    await page.locator("#ledger-more").click()
    await expect(page.locator("#ledger-lines > li")).to_have_count(50)
    await context.close()


async def two_that_are_far_apart_are_deleted(page: Page, many: int) -> None:
    """What is chosen stays so while it is out of sight, and is gone from what was read long ago."""
    await page.get_by_role("button", name="Select", exact=True).click()
    await page.keyboard.press("End")
    oldest = page.locator(f".tile[data-name='{await tile(page, many).get_attribute('data-name')}']")
    await oldest.click()
    await page.keyboard.press("Home")
    await expect(tile(page, 1)).to_be_in_viewport()
    await expect(oldest).to_have_attribute("aria-pressed", "true")  # it has the focus, and so is there
    await tile(page, 1).click()
    await expect(oldest).to_have_count(0)
    await expect(page.locator("#selected-count")).to_have_text("2 selected")
    await page.locator("#selected-delete").click()
    await page.locator("#selected-delete").click()
    await expect(page.locator("#gallery-count")).to_contain_text(f"{many - 2} kept")
    await page.keyboard.press("End")
    await expect(tile(page, many - 2)).to_be_in_viewport()
    await expect(oldest).to_have_count(0)


async def arrows_go_from_tile_to_tile(page: Page, last: int) -> None:
    """In the gallery, and in the viewer; where it is closed the focus comes to the tile of its picture."""
    await tile(page, last).focus()
    await page.keyboard.press("ArrowLeft")
    await expect(tile(page, last - 1)).to_be_focused()
    fourth = await tile(page, last - 4).get_attribute("data-name")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    for _ in range(3):
        await page.keyboard.press("ArrowLeft")
    await expect(page.locator("#viewer-title")).to_have_text(fourth or "")
    await page.keyboard.press("Escape")
    await expect(tile(page, last - 4)).to_be_focused()
