"""Asking for more on the page: beneath a refusal, and in the admin view, where it is answered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from adapters.application.asking_for_more import Answer, answer_ask_blocking, ask_of, open_asks
from adapters.application.granting import grants_of
from domain.commands import SetPolicy
from tests.end_to_end.page_desk import HURRIED, Desk, Service

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def desk(browser: Browser, tmp_path: Path) -> AsyncIterator[Desk]:
    """The page of a service where nobody may make a picture."""
    service = Service(tmp_path / "root", SetPolicy(daily=0))
    context = await browser.new_context(reduced_motion="reduce", locale="en-GB")
    page = await context.new_page()
    await page.add_init_script(HURRIED)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    address = await service.start()
    await page.goto(address)
    yield Desk(page, service, address, errors)
    await context.close()
    await service.close()
    assert errors == []


async def refuse(desk: Desk) -> None:
    """Asks for a picture, and is refused."""
    await desk.page.locator("#prompt").fill("a fox")
    await desk.page.locator("#go").click()
    await expect(desk.page.locator("#ask-more")).to_be_visible()


async def test_whoever_is_refused_asks_and_sees_the_answer(desk: Desk) -> None:
    """Once; what is no number is told first. The answer is there after a look at the quota."""
    page, store = desk.page, desk.service.store
    await refuse(desk)
    await page.get_by_label("More pictures").fill("many")
    await page.get_by_role("button", name="Ask whoever runs this service").click()
    await expect(page.locator("#more-error")).to_contain_text("Write a number")
    await page.get_by_label("More pictures").fill("3")
    await page.locator("#more-reason").fill("for the <b>fair</b>")
    await page.get_by_role("button", name="Ask whoever runs this service").click()
    await expect(page.locator("#more-said")).to_contain_text("You asked for 3 pictures more.")
    await expect(page.locator("#ask-more")).to_be_hidden()
    (ask,) = open_asks(store)
    assert (ask.user, ask.amount, ask.reason, ask.by) == ("local", 3, "for the <b>fair</b>", "claimed:page")
    await page.reload()
    await expect(page.locator("#more-said")).to_contain_text("You asked for 3 pictures more.")
    answer_ask_blocking(store, ask.ask, Answer("approved", 2, reason="two are enough"))
    async with page.expect_response("**/quota*"):
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(page.locator("#more-said")).to_contain_text("Approved: 2 pictures more. They wrote: two are enough")


async def test_in_the_admin_view_what_waits_is_answered(desk: Desk) -> None:
    """Another amount for some days, and a denial; a wrong number answers nothing; who asked is shown as text."""
    page, store = desk.page, desk.service.store
    await refuse(desk)
    await page.locator("#more-reason").fill("for the <b>fair</b>")
    await page.get_by_role("button", name="Ask whoever runs this service").click()
    await expect(page.locator("#more-said")).to_contain_text("You asked for 1 picture more.")
    await page.goto(f"{desk.address}/#admin-view")
    row = page.locator("#asks-list > li")
    await expect(row).to_contain_text("local asks for 1 picture beyond user/day/generations")
    await expect(row).to_contain_text("“for the <b>fair</b>”")
    await row.get_by_label("Give pictures").fill("0")
    await row.get_by_role("button", name="Approve").click()
    await expect(page.locator("#admin-error")).to_contain_text("Write a number")
    await row.get_by_label("Give pictures").fill("4")
    await row.get_by_label("Days (empty: for good)").fill("7")
    await row.get_by_role("button", name="Approve").click()
    await expect(page.locator("#asks-none")).to_be_visible()
    await expect(row).to_have_count(0)
    (grant,) = grants_of(store, "local")
    assert (grant.balance, grant.source, grant.expires_at is not None) == (4, "asked", True)
    last = ask_of(store, "local")
    assert last is not None
    assert (last.answer, last.answered_by) == ("approved", "claimed:page")
