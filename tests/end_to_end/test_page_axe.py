"""The page against the rules of axe-core (WCAG 2.2 A and AA, and good practice), in light and dark, on a phone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib import resources
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from adapters.application import market
from adapters.application.governing import override_limits_blocking
from adapters.application.granting import Gift, give_grant_blocking
from adapters.application.results import LIBRARY, StoreSettings
from adapters.application.saving import NewImage, save_image
from adapters.disk.files import Files
from adapters.http.access import Door
from adapters.tokens.judging import KnownTokens
from adapters.tokens.kept import KeptTokens
from adapters.tokens.sessions import Sessions
from domain.commands import SetPolicy
from domain.limits import UserLimits
from domain.point_commands import Offer
from tests.end_to_end.page_desk import PHONE, Service, make
from tests.end_to_end.test_page_limits import priced
from tests.hostile.builders import png

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PICTURES = 8
"""So many have a search."""
RULES = """async () => {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const found = await axe.run(document, { runOnly: tags });
    return found.violations.map((one) => [one.id, one.nodes.map((node) => node.target.join(' '))]);
}"""


async def violations(page: Page) -> list[object]:
    """What axe finds in the page as it is."""
    found: list[object] = await page.evaluate(RULES)
    return found


@pytest_asyncio.fixture(params=["light", "dark"], loop_scope="session")
async def page(request: pytest.FixtureRequest, browser: Browser) -> AsyncIterator[Page]:
    """On a phone, in either scheme, without the policy that would keep axe-core out."""
    context = await browser.new_context(
        viewport=PHONE, has_touch=True, reduced_motion="reduce", color_scheme=request.param, bypass_csp=True
    )
    yield await context.new_page()
    await context.close()


async def visit(page: Page, address: str) -> None:
    """The page, with axe-core in it."""
    await page.goto(address)
    await page.add_script_tag(content=(resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))


async def test_no_view_breaks_a_rule(page: Page, service: Service) -> None:
    """The empty page, with a picture and all options, the viewer, a history, the admin view and a user's ledger."""
    await visit(page, await service.start())
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
    await expect(page.get_by_label("until", exact=True)).to_be_visible()
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
    await page.get_by_label("Own pictures a day").fill("9")
    await page.locator("#own-reason").fill("a prize")
    await page.get_by_role("dialog").get_by_role("button", name="See what changes").tap()
    await expect(page.locator("#own-ask")).to_be_visible()
    assert await violations(page) == []


async def test_the_market_breaks_no_rule(page: Page, tmp_path: Path) -> None:
    """Open, with a question, a complaint, all that is folded, and a favourite in the gallery and the viewer."""
    service = Service(tmp_path / "market", SetPolicy(), settings=StoreSettings(earn_daily=3))
    await market.set_offer(service.store, Offer("ten", "generations", 10, 5, 30), "a fair", actor=LIBRARY)
    await market.claim_daily(service.store, "local", actor=LIBRARY)
    await save_image(service.store, NewImage("local", png(), name="cat.png"))
    await market.set_favourite(service.store, "local", "local", "cat.png", on=True, actor=LIBRARY)
    await visit(page, await service.start())
    await page.locator("#market-summary").tap()
    for folded in await page.locator("#market details > summary").all():
        await folded.tap()
    await page.locator("#gift").get_by_role("button", name="Give").tap()
    await page.get_by_role("button", name="Buy 10 pictures").tap()
    await page.locator("#market-yes").tap()
    await expect(page.locator("#market-error")).to_contain_text("This takes 5 points")
    await page.get_by_role("button", name="Buy 10 pictures").tap()
    await expect(page.locator("#market-ask")).to_be_visible()
    assert await violations(page) == []
    await page.locator(".tile").tap()
    await expect(page.locator("#viewer-favourite")).to_be_visible()
    assert await violations(page) == []
    await service.close()


async def test_no_question_and_no_answer_breaks_a_rule(page: Page, service: Service) -> None:
    """The styles and their pictures, whom one acts for, a complaint, a search and what it does not find, selected
    pictures and the question before they go, and a refusal.
    """
    override_limits_blocking(service.store, "local", "one more", UserLimits(daily=PICTURES + 1))
    for _ in range(PICTURES):
        await save_image(service.store, NewImage("local", png()))
    await visit(page, await service.start())
    await page.get_by_role("button", name="Choose a style by its picture").tap()
    await expect(page.locator("#styles")).to_be_visible()
    assert await violations(page) == []
    await page.keyboard.press("Escape")
    await page.locator("#who").tap()
    await page.get_by_label("User id").fill("No One")
    await page.get_by_role("button", name="Use it").tap()
    assert await violations(page) == []
    await page.keyboard.press("Escape")
    await make(page)
    await page.get_by_label("Search your pictures").fill("nothing like it")
    await expect(page.locator("#gallery-none")).to_be_visible()
    assert await violations(page) == []
    await page.get_by_role("button", name="Show all").tap()
    await page.locator("#selecting").tap()
    await page.locator(".tile").first.tap()
    await page.locator("#selected-delete").tap()
    await expect(page.locator("#selected-delete")).to_contain_text("for good")
    assert await violations(page) == []
    await page.locator("#selecting").tap()
    await page.locator(".tile").first.tap()
    await page.locator("#viewer-delete").tap()
    assert await violations(page) == []
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    await make(page)
    await expect(page.locator("#refusal")).to_be_visible()
    assert await violations(page) == []


async def test_no_limit_and_no_grant_breaks_a_rule(page: Page, tmp_path: Path) -> None:
    """Bars that are full, what is beyond the limits, the price, and the refusal; on a phone and on a desk."""
    service = priced(tmp_path / "root", unenforced=("user/week/generations",))
    give_grant_blocking(service.store, "local", Gift("bytes", 1_048_576, "a start"))
    try:
        await visit(page, await service.start())
        await expect(page.locator("#go-price")).to_be_visible()
        assert await violations(page) == []
        for _ in range(4):
            await make(page)
        await expect(page.locator("#refusal")).to_be_visible()
        assert await violations(page) == []
        await page.set_viewport_size({"width": 1280, "height": 900})
        assert await violations(page) == []
        await page.get_by_role("link", name="Admin").tap()
        await expect(page.locator("#everybody-further > li")).to_have_count(4)
        await page.locator("#everybody-add").tap()
        assert await violations(page) == []
        await page.locator("#users-table").get_by_role("button", name="local").tap()
        await page.locator("#own-add").tap()
        assert await violations(page) == []
        await page.set_viewport_size(PHONE)
        assert await violations(page) == []
    finally:
        await service.close()


async def test_signing_in_breaks_no_rule(page: Page, tmp_path: Path) -> None:
    """The form, and its complaint about a token."""
    root = tmp_path / "closed"
    door = Door(KnownTokens(KeptTokens(root, Files())), Sessions(root, Files()), needs_token=True)
    service = Service(root, SetPolicy(), door=door)
    try:
        await visit(page, await service.start())
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert await violations(page) == []
        await page.get_by_label("Token").fill("abby_nobodys")
        await page.get_by_role("button", name="Sign in", exact=True).tap()
        await expect(page.locator("#token-error")).to_be_visible()
        assert await violations(page) == []
    finally:
        await service.close()
