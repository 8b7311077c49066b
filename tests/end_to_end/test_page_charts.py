"""The charts of the admin view: drawn of the report's descriptions, under the page's own policy."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FloatRect, Locator, Page, expect

from domain.commands import SetPolicy
from tests.adapters.reports.guild_weeks import Deed, write
from tests.end_to_end.page_desk import Service
from tests.end_to_end.test_page_views import DESKTOP, NARROW, OUTSIDE

pytest.importorskip("duckdb", reason="the extra `reports` is not installed: pip install -e '.[reports]'")
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SECONDS = 20_000
NAMES = ("generations", "refusals", "storage", "seconds", "credits")
TODAY = datetime.now(UTC)
BEFORE, LATELY = TODAY - timedelta(days=20), TODAY - timedelta(days=2)


def at(day: datetime) -> str:
    return f"{day:%Y-%m-%d}T01:00:00.000000Z"


@pytest_asyncio.fixture(loop_scope="session")
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    """A service in which two of the last thirty days had something."""
    deeds = [
        Deed(at(BEFORE), "ada", None, made=3, refused=1, size_bytes=5_000),
        Deed(at(LATELY), "ada", None, made=1, failed=2, size_bytes=5_000),
    ]
    await asyncio.to_thread(write, tmp_path / "root", deeds)
    running = Service(tmp_path / "root", SetPolicy(daily=5))
    yield running
    await running.close()


class Seen:
    """What a page said on its console, and what it asked for."""

    def __init__(self, page: Page) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))

    @property
    def scripts(self) -> int:
        """How often the script that draws was asked for."""
        return sum(url.endswith("/v1/admin/charts.js") for url in self.asked)


def chart(page: Page, name: str) -> Locator:
    return page.locator(f"#{name}-chart [role=img]")


async def box(place: Locator) -> FloatRect:
    found = await place.bounding_box()
    assert found is not None
    return found


async def fits(page: Page, name: str) -> None:
    """Waits until a chart is as wide as its place."""
    wide = (await box(page.locator(f"#{name}-chart")))["width"]
    drawn = chart(page, name).locator("svg")
    async with asyncio.timeout(SECONDS / 1_000):
        while not wide * 0.9 <= (await box(drawn))["width"] <= wide + 1:  # noqa: ASYNC110  # a layout wakes nobody
            await asyncio.sleep(0.05)


async def all_drawn(page: Page) -> None:
    """Waits for it."""
    for name in NAMES:
        await expect(chart(page, name).locator("svg")).to_be_visible(timeout=SECONDS)


async def test_charts_show_the_figures_to_whoever_sees_points_hears_or_reads(
    browser: Browser, service: Service
) -> None:
    """No code is made of text and no style is injected; days are those of the log, also where they begin later."""
    context = await browser.new_context(viewport=DESKTOP, timezone_id="America/Los_Angeles", color_scheme="light")
    page = await context.new_page()
    seen = Seen(page)
    await page.goto(await service.start())
    await expect(page.locator("#go-left")).to_contain_text("left today")
    assert seen.scripts == 0  # who does not look does not load it
    await page.get_by_role("link", name="Admin").click()
    await all_drawn(page)
    says = {name: await chart(page, name).get_attribute("aria-label") for name in NAMES}
    assert says["generations"] == "Generations by day: 4 kept, 2 failed."
    assert says["refusals"] == "Refusals by day: 1 daily limit."
    assert says["credits"] == "Credits by day: 0.80 in all."
    assert says["seconds"] == "Seconds that a provider took: half of them within 4.0, 95 of 100 within 4.0."
    assert str(says["storage"]).startswith("Storage of all, at the end of each day: On ")
    bars = chart(page, "generations").locator(".mark-rect path")
    await expect(bars).to_have_count(3)
    ground = await box(chart(page, "generations").locator(".background").first)
    first, later, failed = [await box(bars.nth(number)) for number in range(3)]
    assert first["width"] == pytest.approx(ground["width"] / 30, abs=2)
    assert later["x"] - first["x"] == pytest.approx(ground["width"] * 18 / 30, abs=2)
    assert [one["height"] / later["height"] for one in (first, failed)] == pytest.approx([3, 2], rel=0.05)
    await bars.nth(0).hover()
    await expect(chart(page, "generations")).to_have_attribute("title", f"day: {BEFORE:%d %B %Y}\nkind: kept\ncount: 3")
    await page.get_by_role("heading", name="Admin").hover()
    await expect(chart(page, "generations")).not_to_have_attribute("title", re.compile("."))
    await page.get_by_text("Each day in figures").click()
    rows = page.locator("#days-table tbody tr")
    assert [await row.locator("td").all_inner_texts() for row in await rows.all()] == [
        [f"{LATELY:%Y-%m-%d}", "1", "2", "0", "0 MB", "4 s", "4 s", "0.2"],
        [f"{BEFORE:%Y-%m-%d}", "3", "0", "1", "0 MB", "4 s", "4 s", "0.6"],
    ]
    assert seen.said == []


async def test_charts_follow_the_scheme_and_the_window_and_are_there_again(browser: Browser, service: Service) -> None:
    """Their script is loaded once; at 320 pixels nothing leaves its card."""
    context = await browser.new_context(viewport=DESKTOP, color_scheme="light", reduced_motion="reduce")
    page = await context.new_page()
    seen = Seen(page)
    await page.goto(f"{await service.start()}/#admin-view")
    await all_drawn(page)
    kept = chart(page, "generations").locator(".mark-rect path").first
    await expect(kept).to_have_attribute("fill", "#2f5d50")
    await page.emulate_media(color_scheme="dark")
    await expect(kept).to_have_attribute("fill", "#8fcbb4", timeout=SECONDS)
    await page.get_by_role("link", name="History").click()
    for size in (NARROW, DESKTOP):
        await page.set_viewport_size(size)
        await page.evaluate("() => new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(seen)))")
    await page.get_by_role("link", name="Admin").click()
    await all_drawn(page)
    for name in NAMES:
        await fits(page, name)
    await page.set_viewport_size(NARROW)
    for name in NAMES:
        await fits(page, name)
    assert await page.evaluate(OUTSIDE) == []
    assert seen.scripts == 1
    assert seen.said == []


async def test_without_their_script_the_charts_are_words_until_it_comes(browser: Browser, service: Service) -> None:
    """And every figure that is no chart is there."""
    page = await (await browser.new_context(viewport=NARROW)).new_page()
    await page.route("**/v1/admin/charts.js", lambda route: route.abort())
    await page.goto(f"{await service.start()}/#admin-view")
    await expect(page.locator("#generations-chart")).to_contain_text("4 kept, 2 failed.")
    await expect(page.locator("#providers-table")).to_contain_text("stability")
    await expect(page.locator("#credits-services")).to_contain_text("0.8")
    assert await page.evaluate(OUTSIDE) == []
    await page.unroute("**/v1/admin/charts.js")
    await page.get_by_role("link", name="History").click()
    await page.get_by_role("link", name="Admin").click()
    await all_drawn(page)
