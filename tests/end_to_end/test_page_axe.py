"""The page against the rules of axe-core (WCAG 2.2 A and AA, and good practice), in light and dark, on a phone."""

from __future__ import annotations

from importlib import resources
from typing import Literal

import pytest
from playwright.async_api import Browser, Page, expect

from tests.end_to_end.page_desk import PHONE, Service, make

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

RULES = """async () => {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const found = await axe.run(document, { runOnly: tags });
    return found.violations.map((one) => [one.id, one.nodes.map((node) => node.target.join(' '))]);
}"""


async def violations(page: Page) -> list[object]:
    """What axe finds in the page as it is."""
    found: list[object] = await page.evaluate(RULES)
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_view_breaks_a_rule(browser: Browser, service: Service, scheme: Literal["light", "dark"]) -> None:
    """The empty page, with a picture and all options, the viewer, a history, the admin view and a user's ledger."""
    context = await browser.new_context(
        viewport=PHONE, has_touch=True, reduced_motion="reduce", color_scheme=scheme, bypass_csp=True
    )
    page = await context.new_page()
    await page.goto(await service.start())
    await page.add_script_tag(content=(resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    await expect(page.locator("#go-left")).to_contain_text("left today")
    assert await violations(page) == []
    await page.locator("#more summary").tap()
    await make(page)
    assert await violations(page) == []
    await page.locator(".tile").first.tap()
    await expect(page.locator("#viewer-facts")).to_contain_text("Seed")
    assert await violations(page) == []
    await page.keyboard.press("Escape")
    await page.get_by_role("dialog").wait_for(state="hidden")
    await page.locator("#search").evaluate("form => { form.hidden = false; }")  # as with more pictures
    await page.get_by_label("Filter by time").select_option("own")
    await page.get_by_role("button", name="Select", exact=True).tap()
    await expect(page.get_by_label("until")).to_be_visible()
    assert await violations(page) == []
    await page.keyboard.press("Escape")
    await page.get_by_role("link", name="History").tap()
    await expect(page.locator("#history-lines > li")).to_have_count(1)
    assert await violations(page) == []
    await page.get_by_role("link", name="Admin").tap()
    await expect(page.locator("#providers-table")).to_contain_text("sketch")
    await page.locator("#days summary").tap()
    for name in ("generations", "storage", "seconds"):
        await expect(page.locator(f"#{name}-chart [role=img] svg")).to_be_visible(timeout=20_000)
    await page.locator("#everybody-daily").fill("0")
    await page.locator("#everybody-reason").fill("a break")
    await page.get_by_role("button", name="See what changes").tap()
    await expect(page.locator("#everybody-ask")).to_contain_text("from 5 to 0")
    assert await violations(page) == []
    await page.locator("#users-table").get_by_role("button", name="local").tap()
    await expect(page.locator("#ledger-lines > li")).to_have_count(1)
    assert await violations(page) == []
    await context.close()
