"""Points and the market on the page: seen, claimed, bought and given after a question, and hearts on pictures.

| what happens | the page |
|---|---|
| points are not in use, and nothing is offered | shows nothing of it |
| the offer is another by now | says so, and shows it as it is; nothing is bought |
| an answer is lost on the way | keeps the question, whose yes buys once |
| too little, a user that is none | the sentence of the service |
| words of others hold markup | they are words |
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Route, expect

from adapters.application import market
from adapters.application.deleting import delete_image
from adapters.application.granting import grants_of
from adapters.application.results import LIBRARY, StoreSettings
from adapters.application.saving import NewImage, save_image
from domain.commands import SetPolicy
from domain.limits import MEGABYTE
from domain.point_commands import Offer
from tests.adapters.application.evidence import events_of
from tests.end_to_end.page_desk import Desk, Service
from tests.hostile.builders import png

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

TEN = Offer("ten", "generations", 10, 5, 30)
ROOM = Offer("room", "bytes", 500 * MEGABYTE, 9)

WAITS_LESS = "() => { const real = setTimeout; setTimeout = (work, ms) => real(work, ms / 50); }"


@pytest_asyncio.fixture(loop_scope="session")
async def desk(browser: Browser, tmp_path: Path) -> AsyncIterator[Desk]:
    """The page of a user with 20 points and a picture, where a day gives 3 and two things are offered."""
    service = Service(tmp_path / "root", SetPolicy(daily=5), settings=StoreSettings(earn_daily=3, points_name="stars"))
    for offer in (TEN, ROOM):
        await market.set_offer(service.store, offer, "a fair", actor=LIBRARY)
    await market.move_points(service.store, "local", "mint", 20, "<b>a game</b>", actor=LIBRARY)
    await save_image(service.store, NewImage("local", png(), name="cat.png"))
    context = await browser.new_context(reduced_motion="reduce", locale="en-GB")
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    address = await service.start()
    await page.goto(address)
    await page.locator("#market-summary").click()
    yield Desk(page, service, address, errors)
    await context.close()
    await service.close()
    assert errors == []


async def test_where_points_are_not_in_use_nothing_of_them_is_shown(browser: Browser, service: Service) -> None:
    """Nor a heart on a picture."""
    await save_image(service.store, NewImage("local", png()))
    page = await browser.new_page()
    await page.goto(await service.start())
    await page.locator(".tile").first.click()
    await expect(page.locator("#viewer-delete")).to_be_visible()
    await expect(page.locator("#viewer-favourite")).to_be_hidden()
    await page.keyboard.press("Escape")
    await expect(page.locator("#market")).to_be_hidden()


async def test_a_user_sees_claims_buys_and_gives(desk: Desk) -> None:
    """With the keyboard alone; each is asked before anything is spent, and the figures follow."""
    page, store = desk.page, desk.service.store
    balance = page.locator("#points-balance")
    await expect(balance).to_have_text("20 stars, 3 to take today")
    await page.get_by_role("button", name="Take today\u2019s 3").press("Enter")
    await expect(balance).to_have_text("23 stars")
    await expect(page.locator("#market-summary")).to_be_focused()
    await expect(page.get_by_role("button", name="Taken for today")).to_have_attribute("aria-disabled", "true")
    await expect(page.locator("#offers li")).to_have_text(
        [
            "10 pictures for 30 days: 5 starsBuy",
            "500 MB for good: 9 starsBuy",
        ]
    )
    await page.get_by_role("button", name="Buy 10 pictures for 30 days: 5 stars").press("Enter")
    await expect(page.locator("#market-text")).to_have_text("Buy 10 pictures for 30 days for 5 stars?")
    await expect(page.locator("#market-no")).to_be_focused()
    await page.keyboard.press("Enter")
    assert grants_of(store, "local") == ()
    await page.get_by_role("button", name="Buy 10 pictures for 30 days: 5 stars").press("Enter")
    await page.locator("#market-yes").press("Enter")
    await expect(page.locator("#market-said")).to_have_text("Bought for 5 stars.")
    await expect(balance).to_have_text("18 stars")
    await expect(page.locator("#grants-list li")).to_contain_text("10 pictures, until")
    await page.get_by_text("Give stars to somebody").press("Enter")
    await page.get_by_label("To whom").fill("ann")
    await page.get_by_label("Amount").fill("6")
    await page.get_by_label("A few words").press("Enter")
    await expect(page.locator("#market-text")).to_have_text("Give 6 stars to ann? It cannot be taken back.")
    await page.locator("#market-yes").press("Enter")
    await expect(balance).to_have_text("12 stars")
    assert market.points_of(store, "ann").balance == 6
    await page.get_by_text("What came and went").press("Enter")
    await expect(page.locator("#points-moves li").first).to_contain_text("\u22126 to ann")
    await expect(page.locator("#points-moves li").last).to_contain_text("+20 given by the managers: <b>a game</b>")


async def test_another_offer_than_was_shown_is_not_bought(desk: Desk) -> None:
    """The page says so and shows the one that is there now; nothing is paid."""
    page, store = desk.page, desk.service.store
    await page.get_by_role("button", name="Buy 10 pictures").click()
    await market.set_offer(store, TEN._replace(price=6), "dearer", actor=LIBRARY)
    await page.locator("#market-yes").click()
    await expect(page.locator("#market-error")).to_contain_text("The offer ten is gone, or another by now.")
    await expect(page.locator("#market-ask")).to_be_hidden()
    await expect(page.locator("#offers li").first).to_contain_text("6 stars")
    assert (grants_of(store, "local"), market.points_of(store, "local").balance) == ((), 20)


async def test_a_lost_answer_keeps_the_question_and_buys_once(desk: Desk) -> None:
    """However often the request is sent."""
    page, store = desk.page, desk.service.store
    lost = 0

    async def lose(route: Route) -> None:
        nonlocal lost
        lost += 1
        await route.fetch()
        await route.abort()

    await page.evaluate(WAITS_LESS)
    await page.route("**/purchases", lose)
    await page.get_by_role("button", name="Buy 500 MB").click()
    await page.locator("#market-yes").click()
    await expect(page.locator("#market-error")).to_have_text("It may have been stopped.", timeout=20_000)
    await expect(page.locator("#market-text")).to_contain_text("Buy 500 MB for good for 9 stars?")
    assert lost == 3
    await page.unroute("**/purchases")
    await page.locator("#market-yes").click()
    await expect(page.locator("#market-said")).to_have_text("Bought for 9 stars.")
    assert (len(grants_of(store, "local")), market.points_of(store, "local").balance) == (1, 11)


async def test_of_an_external_currency_the_page_says_what_one_has(desk: Desk) -> None:
    """Or why nobody knows, as its service says."""
    page = desk.page
    outside = {"called": "coins", "outside": True, "offers": []}
    has = {"called": "coins", "outside": True, "balance": 12, "sentence": None}
    await page.route("**/v1/market", lambda route: route.fulfill(json=outside))
    told = page.locator("#market-outside")

    async def tell(funds: dict[str, object], route: Route) -> None:
        await route.fulfill(json=funds)

    for funds, words in (
        (has, "You have 12 coins."),
        ({**has, "balance": None, "sentence": "It failed."}, "It failed."),
    ):
        await page.unroute("**/funds")
        await page.route("**/funds", partial(tell, funds))
        await page.reload()
        await page.locator("#market-summary").click()
        await expect(told).to_have_text(f"Offers are paid in coins, which another service keeps. {words}")


async def test_what_cannot_be_given_is_told(desk: Desk) -> None:
    """By the page where nothing is asked for, else in the words of the service."""
    page, store = desk.page, desk.service.store
    await page.get_by_text("Give stars to somebody").click()
    give = page.locator("#gift").get_by_role("button", name="Give")
    await give.click()
    await expect(page.locator("#market-error")).to_have_text("Write to whom, and how many: a whole number.")
    await expect(page.locator("#gift-to")).to_be_focused()
    for to, amount, told in (
        ("ann", "1.5", "Write to whom, and how many"),
        ("ann", "21", "This takes 21 points, and 20 points are there."),
        ("Ann Bee", "1", "user id"),
        ("local", "1", "Nobody gives points to themselves."),
    ):
        await page.locator("#gift-to").fill(to)
        await page.locator("#gift-amount").fill(amount)
        await give.click()
        if amount.isdigit():
            await page.locator("#market-yes").click()
        await expect(page.locator("#market-error")).to_contain_text(told)
    assert market.points_of(store, "local").balance == 20


async def test_a_picture_is_a_favourite_and_no_longer(desk: Desk) -> None:
    """The tile says so, also after a reload; of one that is gone it is told."""
    page, store = desk.page, desk.service.store
    tile, heart = page.locator(".tile"), page.locator("#viewer-favourite")
    await tile.click()
    await expect(heart).to_have_attribute("aria-pressed", "false")
    await heart.press("Enter")
    await expect(heart).to_have_attribute("aria-pressed", "true")
    await page.keyboard.press("Escape")
    await expect(tile).to_have_attribute("aria-label", re.compile("A favourite"))
    await page.reload()
    await expect(tile).to_have_attribute("aria-label", re.compile("A favourite"))
    await tile.click()
    await expect(heart).to_have_attribute("aria-pressed", "true")
    await heart.click()
    await expect(heart).to_have_attribute("aria-pressed", "false")
    assert [event["data"]["on"] for event in events_of(store.root, "FavouriteSet")] == [True, False]
    await delete_image(store, "local", "cat.png")
    await heart.click()
    await expect(page.locator("#viewer-error")).to_contain_text("Image not found: cat.png")
    await expect(heart).to_have_attribute("aria-pressed", "false")
