"""Further limits and grants on the page: what is left of each, what a picture will cost, and whose limit said no."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Route, expect

from adapters.application.governing import override_limits_blocking
from adapters.application.granting import Gift, give_grant_blocking
from adapters.application.tiers import assign_tier_blocking, define_tier_blocking
from adapters.generation.providers import ProviderSettings, choose_provider
from adapters.settings.prices import price_list
from domain.commands import ChangePolicy, SetPolicy
from domain.limits import MEGABYTE, SharedLimits, UserLimits, Windows
from domain.tiers import Tier
from tests.end_to_end.page_desk import PHONE, Desk, Service, make

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

FURTHER: Windows = (
    ("user/week/generations", 30),
    ("guild/day/generations", 100),
    ("user/month/credits", 20_000),
    ("pool/month/credits", 500_000),
)
"""A guild's is of no request of the page."""
A_GIFT = Gift("credits", 2_500, "a contest", expires_at="2999-01-31T12:00:00.000000Z")


def priced(root: Path, *, unenforced: tuple[str, ...] = (), prices: str = "sketch=6") -> Service:
    """A service whose pictures cost six credits each."""
    provider = choose_provider(ProviderSettings("sketch", credits_each=price_list(prices)))
    return Service(root, SetPolicy(windows=FURTHER, unenforced=unenforced), provider)


@pytest_asyncio.fixture(loop_scope="session")
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    """Of its limits of credits those of a user and of all."""
    running = priced(tmp_path / "root")
    yield running
    await running.close()


async def test_what_is_left_of_each_limit_is_shown_and_falls(desk: Desk) -> None:
    """As a bar with its reset; the price stands beside the button before anything is spent, with what is left."""
    page = desk.page
    rows = page.locator("#windows .meter-row")
    await expect(rows.locator("h3")).to_have_text(
        ["Your pictures this week", "Your credits this month", "Everybody's credits this month"]
    )
    await expect(page.locator("#go-price")).to_have_text("Costs 6 credits; 20 of 20 left this month")
    await page.locator("#more summary").tap()
    await page.get_by_label("How many").select_option("2")
    await expect(page.locator("#go-price")).to_have_text("Costs 12 credits; 20 of 20 left this month")
    await make(page)
    mine = rows.nth(1)
    await expect(mine.locator(".figure")).to_have_text("8 of 20 credits left")
    await expect(mine.get_by_role("meter", name="Your credits this month, used")).to_have_attribute(
        "aria-valuenow", "60"
    )
    await expect(mine.locator(".hint")).to_have_text(
        re.compile(r"^Starts again .+ at 05:30 your time \(00:00 UTC\), in ")
    )
    await expect(rows.nth(2).locator(".figure")).to_have_text("488 of 500 credits left")
    await expect(page.locator("#go-price")).to_have_text("Costs 12 credits; 8 of 20 left this month")
    await make(page)
    refusal = page.get_by_role("alert").filter(has_text="Not enough credits left")
    await expect(refusal).to_contain_text("Your credits this month: 8 of 20 are left, and this takes more.")
    await expect(refusal).to_contain_text("They start again ")
    assert await page.evaluate("() => document.documentElement.scrollWidth") == PHONE["width"]


async def test_a_limit_of_all_is_not_told_as_ones_own(desk: Desk) -> None:
    """Somebody else used up what all share."""
    page, store = desk.page, desk.service.store
    windows = (("pool/month/credits", 6_000),)
    change = ChangePolicy("boss", "less", SharedLimits(windows=windows))
    store.opened().ledger.execute(change)
    await page.route("**/points?limit=10", lambda _: None)  # no answer: figures wait for no market
    await make(page)
    await expect(page.locator("#windows .badge")).to_have_text("Used up")
    await page.unroute("**/points?limit=10")
    await make(page)
    refusal = page.get_by_role("alert").filter(has_text="No credits left")
    await expect(refusal).to_contain_text(
        "Everybody's credits this month: All 6 are used. All who use this service share them."
    )


async def test_grants_are_shown_until_they_end(desk: Desk) -> None:
    """Beyond the limits, with where they came from; nothing where there is none."""
    page, store = desk.page, desk.service.store
    await expect(page.locator("#grants")).to_be_hidden()
    give_grant_blocking(store, "local", Gift("generations", 1, "a start"))
    give_grant_blocking(store, "local", A_GIFT)
    await page.reload()
    await expect(page.locator("#grants-list li")).to_have_text(
        [re.compile(r"^2\.5 credits, until .*2999.* \(from a manager\)$"), "1 picture, for good (from a manager)"]
    )


async def test_a_price_that_is_not_told_holds_nobody_up(desk: Desk) -> None:
    """Neither an answer that never comes nor a failure is shown, and a picture is made meanwhile."""
    page = desk.page
    await expect(page.locator("#go-price")).to_be_visible()

    async def never(route: Route) -> None:
        """Is asked, and does not answer."""
        if "count=2" not in route.request.url:
            await route.abort()

    await page.route("**/v1/price?*", never)
    await page.locator("#more summary").tap()
    await page.get_by_label("How many").select_option("3")
    await expect(page.locator("#go-price")).to_be_hidden()
    await page.get_by_label("How many").select_option("2")
    await make(page)
    await expect(page.locator("#frame")).to_have_attribute("data-state", "picture")
    await page.unroute("**/v1/price?*", never)
    await page.get_by_label("How many").select_option("1")
    await expect(page.locator("#go-price")).to_have_text("Costs 6 credits; 8 of 20 left this month")


async def test_what_costs_nothing_says_nothing_and_what_is_tried_out_says_so(browser: Browser, tmp_path: Path) -> None:
    """A limit that refuses nobody is no reason to tell what is left of it."""
    service = priced(tmp_path / "root", unenforced=("user/month/credits",), prices="")
    context = await browser.new_context(viewport=PHONE, has_touch=True, reduced_motion="reduce")
    page = await context.new_page()
    async with page.expect_response("**/v1/price?*"):
        await page.goto(await service.start())
    await expect(page.locator("#windows .hint").nth(1)).to_contain_text("only tried out: nobody is refused by it")
    await expect(page.locator("#go-price")).to_be_hidden()
    await context.close()
    await service.close()


async def test_limits_that_are_nearly_used_up_are_marked(browser: Browser, tmp_path: Path) -> None:
    """With a sentence beside each bar, in the words in which people are told; not before."""
    provider = choose_provider(ProviderSettings("sketch", credits_each=price_list("sketch=8")))
    service = Service(tmp_path / "root", SetPolicy(windows=FURTHER, daily=3, tell_at=(30, 80)), provider)
    context = await browser.new_context(viewport=PHONE, has_touch=True, reduced_motion="reduce")
    page = await context.new_page()
    await page.goto(await service.start())
    await expect(page.locator("#windows .meter-row").first).to_be_visible()
    await expect(page.locator(".reached")).to_have_count(0)
    await make(page)
    await expect(page.locator(".reached")).to_have_text(
        [
            "30 % of your generations for today are used or held: 1 generation of 3 generations.",
            "30 % of your credits for this month are used or held: 8 credits of 20 credits.",
        ]
    )
    await expect(page.locator("#daily .reached .icon")).to_be_visible()
    await make(page)
    await expect(page.locator("#windows .reached")).to_contain_text("80 % of your credits for this month")
    assert await page.evaluate("() => document.documentElement.scrollWidth") == PHONE["width"]
    await context.close()
    await service.close()


async def test_the_page_says_by_which_tier_a_limit_is(desk: Desk) -> None:
    """Above all limits, and beside each that it gives; and what is the user's alone."""
    page, store = desk.page, desk.service.store
    await expect(page.locator("#tiers")).to_be_hidden()
    define_tier_blocking(store, Tier("gold", UserLimits(daily=9, windows=(("user/month/credits", 40_000),))), "thanks")
    assign_tier_blocking(store, "local", "gold", "a friend")
    override_limits_blocking(store, "local", "a prize", UserLimits(MEGABYTE))
    await page.reload()
    await expect(page.locator("#tiers")).to_have_text("You are in the tier gold.")
    await expect(page.locator("#daily-reached")).to_have_text("By the tier gold.")
    await expect(page.locator("#storage-reached")).to_have_text("Yours alone.")
    hints = page.locator("#windows .meter-row .hint")
    await expect(hints.nth(1)).to_have_text(re.compile(r"\. By the tier gold\.$"))
    for of_all in (0, 2):
        await expect(hints.nth(of_all)).not_to_contain_text("tier")
