"""Further limits in the admin view: rows that are added, changed, tried out and taken away; of all and of one user."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from adapters.application.granting import grants_of
from adapters.application.reading import override_of, policy_in_force
from adapters.application.saving import NewImage, save_image
from domain.commands import SetPolicy
from domain.limits import UserLimits
from tests.end_to_end.page_desk import Desk, Service
from tests.hostile.builders import png

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def desk(browser: Browser, tmp_path: Path) -> AsyncIterator[Desk]:
    """The admin view of a service with two further limits, in which ann has made two pictures."""
    windows = (("user/week/generations", 9), ("pool/month/credits", 500_000))
    service = Service(tmp_path / "root", SetPolicy(windows=windows))
    for _ in range(2):
        await save_image(service.store, NewImage("ann", png()))
    context = await browser.new_context(reduced_motion="reduce", locale="en-GB")
    page = await context.new_page()
    address = await service.start()
    await page.goto(f"{address}/#admin-view")
    yield Desk(page, service, address, [])
    await context.close()
    await service.close()


async def see(page: Page, where: str, why: str) -> None:
    """Says why, and asks what would change."""
    await page.locator(f"#{where}-reason").fill(why)
    await (
        page.locator("form")
        .filter(has=page.locator(f"#{where}-reason"))
        .get_by_role("button", name="See what changes")
        .click()
    )


async def test_further_limits_for_everybody_are_added_changed_tried_and_taken_away(desk: Desk) -> None:
    """The rows are those in force; from what to what and who is over is shown first, and they are all of them then."""
    page, store = desk.page, desk.service.store
    rows = page.locator("#everybody-further > li")
    await expect(rows).to_have_count(2)
    await expect(rows.nth(1).get_by_label("Which limit")).to_have_value("pool/month/credits")
    await expect(rows.nth(1).get_by_label("How much")).to_have_value("500")
    await rows.nth(0).get_by_label("How much").fill("1")
    await rows.nth(1).get_by_role("button", name="Take this limit away").click()
    await expect(page.locator("#everybody-add")).to_be_focused()
    await page.locator("#everybody-add").click()
    await rows.nth(1).get_by_label("Which limit").select_option("credits a month for each user")
    await rows.nth(1).get_by_label("How much").fill("2.5")
    await rows.nth(1).get_by_label("only try it out").check()
    await see(page, "everybody", "a lean month")
    text = page.locator("#everybody-text")
    for words in (
        "pictures a week for each user from 9 to 1",
        "2.5 credits a month for each user",
        "no limit of credits a month for all",
        "credits a month for each user only tried out",
        "1 user used more pictures a week for each user",
    ):
        await expect(text).to_contain_text(words)
    assert dict(policy_in_force(store).windows)["pool/month/credits"] == 500_000
    await page.get_by_role("button", name="Change for everybody").click()
    await expect(page.locator("#everybody-said")).to_contain_text("Changed: ")
    policy = policy_in_force(store)
    assert policy.windows == (("user/week/generations", 1), ("user/month/credits", 2_500))
    assert policy.unenforced == ("user/month/credits",)
    await expect(page.locator("#everybody-changes > li").first).to_contain_text("2.5 credits a month for each user")
    await expect(rows).to_have_count(2)


async def test_a_row_that_is_no_limit_is_told(desk: Desk) -> None:
    """No number, a part of a picture, and one limit twice."""
    page = desk.page
    rows = page.locator("#everybody-further > li")
    await expect(rows).to_have_count(2)
    for amount, told in (("", "How many pictures a week"), ("1.5", "How many pictures a week")):
        await rows.nth(0).get_by_label("How much").fill(amount)
        await see(page, "everybody", "a try")
        await expect(page.locator("#everybody-error")).to_contain_text(told)
    await rows.nth(0).get_by_label("How much").fill("3")
    await rows.nth(0).get_by_label("Which limit").select_option("pool/month/credits")
    await see(page, "everybody", "a try")
    await expect(page.locator("#everybody-error")).to_contain_text("two limits of credits a month for all")


async def test_what_is_being_written_outlives_a_refresh(desk: Desk) -> None:
    """The view looks anew by itself."""
    page = desk.page
    amount = page.locator("#everybody-further > li").nth(0).get_by_label("How much")
    await expect(amount).to_have_value("9")
    await amount.fill("7")
    async with page.expect_response("**/v1/policy"):
        await page.emulate_media(color_scheme="dark")
    await expect(page.locator("#limits-now")).to_contain_text("pictures a day")
    await expect(amount).to_have_value("7")


async def test_one_user_has_further_limits_of_their_own(desk: Desk) -> None:
    """Only those that a user can have are offered; taken away, everybody's hold again."""
    page, store = desk.page, desk.service.store
    await page.locator("#users-table").get_by_role("button", name="ann", exact=True).click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.locator("#own-set")).to_have_text("They have no limits of their own.")
    await dialog.locator("#own-add").click()
    row = dialog.locator("#own-further > li")
    assert await row.get_by_label("Which limit").locator("option").count() == 5
    await row.get_by_label("Which limit").select_option("user/month/credits")
    await row.get_by_label("How much").fill("40")
    await see(page, "own", "a prize")
    await expect(dialog.locator("#own-text")).to_contain_text(
        "further limits from everybody's to 40 credits a month for each user"
    )
    await dialog.get_by_role("button", name="Set these limits").click()
    await expect(dialog.locator("#own-set")).to_contain_text(": a prize")
    assert override_of(store, "ann").limits == UserLimits(windows=(("user/month/credits", 40_000),))
    await row.get_by_role("button", name="Take this limit away").click()
    await see(page, "own", "it is over")
    await dialog.get_by_role("button", name="Set these limits").click()
    await expect(dialog.locator("#own-set")).to_contain_text("were taken away")
    assert override_of(store, "ann").limits == UserLimits()


async def test_a_grant_is_given_seen_and_taken_away(desk: Desk) -> None:
    """With its end; what is no amount is told, and taking away asks first."""
    page, store = desk.page, desk.service.store
    await page.locator("#users-table").get_by_role("button", name="ann", exact=True).click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.locator("#user-grants-none")).to_be_visible()
    await dialog.get_by_label("Give", exact=True).fill("1.5")
    await dialog.get_by_role("button", name="Give it").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("Pictures are whole")
    await dialog.get_by_label("Of what").select_option("credits")
    await dialog.get_by_label("It ends").fill("2999-01-31T12:00")
    await dialog.get_by_label("Given for").fill("a contest")
    await dialog.get_by_role("button", name="Give it").click()
    await expect(dialog.locator("#user-grants li")).to_contain_text("1.5 credits left, until 31 Jan 2999")
    (grant,) = grants_of(store, "ann")
    assert (grant.unit, grant.amount, grant.expires_at) == ("credits", 1_500, "2999-01-31T12:00:00.000000Z")
    await dialog.get_by_role("button", name="Take away: 1.5 credits left").click()
    await expect(dialog.locator("#grant-no")).to_be_focused()
    await dialog.get_by_role("button", name="Leave it").click()
    assert not grants_of(store, "ann")[0].voided
    await dialog.get_by_role("button", name="Take away: 1.5 credits left").click()
    await dialog.get_by_role("button", name="Take it away").click()
    await expect(dialog.locator("#user-grants-none")).to_be_visible()
    assert grants_of(store, "ann")[0].voided
