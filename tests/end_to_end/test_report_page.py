"""The page of a report (`abby report --format html`) in a browser: no network, and no code made of text."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from adapters.reports.page import as_page
from adapters.reports.reporting import Terms, report
from tests.adapters.reports.conftest import month, opened
from tests.adapters.reports.guild_weeks import Deed, write

__all__ = ["month"]
pytest.importorskip("duckdb", reason="the extra `reports` is not installed: pip install -e '.[reports]'")
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_its_charts_are_drawn_under_its_own_policy_and_tell_days_of_the_log(
    browser: Browser, tmp_path: Path
) -> None:
    """Also where a day begins hours later: what happened on the 16th is shown as the 16th, a tenth of the chart."""
    deeds = [Deed("2026-11-16T01:00:00.000000Z", "1", None, made=3, size_bytes=5_000)]
    await asyncio.to_thread(write, tmp_path / "root", deeds)
    with opened(tmp_path / "root") as log:
        told = as_page(report(log, Terms("day", 10, "2026-11-20")))
    assert "unsafe-eval" not in told
    (tmp_path / "report.html").write_text(told, encoding="utf-8")
    page = await (await browser.new_context(timezone_id="America/Los_Angeles")).new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    await page.goto((tmp_path / "report.html").as_uri())
    bar = page.locator("#chart-0 .mark-rect path")
    await expect(bar).to_have_count(1)
    chart, drawn = await page.locator("#chart-0 .background").first.bounding_box(), await bar.bounding_box()
    assert chart is not None
    assert drawn is not None
    assert drawn["width"] == pytest.approx(chart["width"] / 10, abs=2)
    await bar.hover()
    await expect(page.locator("#vg-tooltip-element")).to_contain_text("16 November 2026")
    await expect(page.locator("#vg-tooltip-element")).to_contain_text("3")
    assert said == []


@pytest.mark.parametrize(("width", "has_whole_table"), [(390, False), (1280, True)])
async def test_charts_and_columns_are_seen_whole(
    browser: Browser, month: Path, tmp_path: Path, width: int, has_whole_table: bool
) -> None:
    """On a telephone each chart ends within its box, with its last days; on a screen the table ends within its own."""
    with opened(month) as log:
        told = as_page(report(log, Terms("day")))
    (tmp_path / "report.html").write_text(told, encoding="utf-8")
    page = await (await browser.new_context(viewport={"width": width, "height": 900})).new_page()
    await page.goto((tmp_path / "report.html").as_uri())
    await expect(page.locator(".chart svg.marks")).to_have_count(5)
    for number in range(5):
        box = await page.locator(".chart").nth(number).bounding_box()
        drawn = await page.locator(".chart svg.marks").nth(number).bounding_box()
        assert box is not None
        assert drawn is not None
        assert drawn["x"] + drawn["width"] < box["x"] + box["width"]
    hidden = await page.locator(".rows").evaluate("rows => rows.scrollWidth - rows.clientWidth")
    assert (hidden <= 0) == has_whole_table
    note, table = await page.locator("p.note").first.bounding_box(), await page.locator(".rows").bounding_box()
    assert note is not None
    assert table is not None
    assert note["y"] < table["y"]  # beside the sums that it is of
