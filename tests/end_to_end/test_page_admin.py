"""The page for whoever runs the service: one user's limits are changed from what holds, and nothing else is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from adapters.application.governing import override_limits_blocking, reset_daily_blocking
from adapters.application.reading import override_of
from adapters.application.results import Actor
from adapters.application.saving import NewImage, save_image
from adapters.application.tiers import define_tier_blocking
from domain.commands import ReleasePlaces, ReserveGeneration, SetPolicy
from domain.limits import MEGABYTE, Override, UserLimits
from domain.refusals import Refusal
from domain.tiers import Tier
from tests.end_to_end.page_desk import Desk, Service
from tests.hostile.builders import png

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

END = "2999-01-31T12:34:56.789000Z"
A_PRIZE = UserLimits(100 * MEGABYTE + 1, 90)


@pytest_asyncio.fixture(loop_scope="session")
async def desk(browser: Browser, tmp_path: Path) -> AsyncIterator[Desk]:
    """The admin view of a service in which ann has limits of her own."""
    service = Service(tmp_path / "root", SetPolicy())
    override_limits_blocking(service.store, "ann", "a prize", A_PRIZE, until=END, actor=Actor("discord:7"))
    context = await browser.new_context(reduced_motion="reduce", locale="en-GB")
    page = await context.new_page()
    address = await service.start()
    await page.goto(f"{address}/#admin-view")
    yield Desk(page, service, address, [])
    await context.close()
    await service.close()


async def open_user(page: Page, user: str) -> None:
    """Opens the dialog about a user of the table."""
    await page.locator("#users-table").get_by_role("button", name=user, exact=True).click()


async def test_one_limit_of_a_user_is_changed_and_the_others_stay(desk: Desk) -> None:
    """The fields hold what is set, with who set it and why; from what to what is shown before; the end is kept to the
    microsecond and the storage to the byte where nobody wrote into their fields.
    """
    page, store = desk.page, desk.service.store
    await open_user(page, "ann")
    dialog = page.get_by_role("dialog")
    await expect(dialog.locator("#own-set")).to_contain_text("by discord:7: a prize")
    await expect(dialog.get_by_label("Own pictures a day")).to_have_value("90")
    await expect(dialog.get_by_label("Own storage")).to_have_value("100.000001")
    await expect(dialog.get_by_label("Until")).to_have_value("2999-01-31T12:34")
    await dialog.get_by_label("Own pictures a day").fill("95")
    await dialog.get_by_label("Why").fill("more of it")
    await dialog.get_by_role("button", name="See what changes").click()
    await expect(dialog.locator("#own-text")).to_have_text("For ann: pictures a day from 90 to 95.")
    assert override_of(store, "ann").limits.daily == 90
    await dialog.get_by_role("button", name="Set these limits").click()
    await expect(dialog.locator("#own-set")).to_contain_text(": more of it")
    assert override_of(store, "ann") == Override(A_PRIZE._replace(daily=95), END)
    await dialog.get_by_label("Until").fill("2999-02-01T00:00")
    await dialog.get_by_label("Own storage").fill("")
    await dialog.get_by_label("Why").fill("less of it")
    await dialog.get_by_role("button", name="See what changes").click()
    told = "storage from 100.000001 MB to everybody's; the end from 31 Jan 2999, 12:34 UTC to 1 Feb 2999, 00:00 UTC."
    await expect(dialog.locator("#own-text")).to_contain_text(told)
    await dialog.get_by_role("button", name="Set these limits").click()
    await expect(dialog.locator("#own-set")).to_contain_text(": less of it")
    assert override_of(store, "ann") == Override(UserLimits(None, 95), "2999-02-01T00:00:00.000000Z")


async def test_a_manager_who_saw_other_limits_of_a_user_is_told(desk: Desk) -> None:
    """Nothing is changed, and the fields hold what the other one set."""
    page, store = desk.page, desk.service.store
    await open_user(page, "ann")
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_label("Own pictures a day")).to_have_value("90")
    await dialog.get_by_label("Own pictures a day").fill("95")
    await dialog.get_by_label("Why").fill("more of it")
    await dialog.get_by_role("button", name="See what changes").click()
    override_limits_blocking(store, "ann", "meanwhile", UserLimits(None, 8))
    await dialog.get_by_role("button", name="Set these limits").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("daily is 8")
    await expect(dialog.get_by_label("Own pictures a day")).to_have_value("8")
    assert override_of(store, "ann") == Override(UserLimits(None, 8))


async def test_any_user_is_found(desk: Desk) -> None:
    """Whoever made the most today stands first, a part of an id finds who has it, and an id opens whoever it is."""
    page, store = desk.page, desk.service.store
    for user in ("zoe", "zoe", "bob"):
        await save_image(store, NewImage(user, png()))
    await page.reload()
    names = page.locator("#users-table").get_by_role("button")
    await expect(names).to_have_text(["zoe", "bob", "ann"])
    await page.get_by_label("Order of the users").select_option("By id")
    await expect(names).to_have_text(["ann", "bob", "zoe"])
    await page.get_by_label("Search users by id").fill("O")
    await expect(names).to_have_text(["bob", "zoe"])
    await page.get_by_label("Search users by id").fill("x")
    await expect(page.locator("#users-count")).to_have_text("No user is like that.")
    await page.get_by_label("Open a user").fill("Nobody-yet")
    await page.get_by_role("button", name="Open", exact=True).click()
    await expect(page.locator("#ledger-title")).to_have_text("nobody-yet")
    await expect(page.locator("#own-said")).to_contain_text("knows nothing of this user yet")


async def test_a_users_ledger_tells_what_was_changed_and_explains_what_was_allowed(desk: Desk) -> None:
    """By whom and from what to what; a picture that was kept has its why too."""
    page, store = desk.page, desk.service.store
    await save_image(store, NewImage("ann", png(), name="kept.png"))
    reset_daily_blocking(store, "ann", "a mistake", actor=Actor("discord:7"))
    await open_user(page, "ann")
    lines = page.locator("#ledger-lines > li")
    await expect(lines.nth(0)).to_contain_text("The count of the day was set to 0: a mistake (by discord:7)")
    await expect(lines.nth(2)).to_contain_text("Own limits from none to 90 generations a day")
    await lines.nth(1).get_by_role("button", name="Why was it kept").click()
    await expect(lines.nth(1).locator(".why")).to_contain_text("90")
    await expect(page.locator("#ledger-lines").get_by_role("button")).to_have_count(0)


async def test_the_log_says_how_it_stands(desk: Desk) -> None:
    """Its length, its last event, when it was verified, and that no seal is kept outside."""
    told = desk.page.locator("#log-notes > li")
    await expect(told).to_contain_text(["The log has 2 events", "less than a minute ago", "at the start", "SEAL_FILE"])


async def test_services_have_their_failures_by_kind_and_what_is_none_has_no_row(desk: Desk) -> None:
    """A saved file was made by no service, and what nobody delivered is told in words."""
    page, store = desk.page, desk.service.store
    await save_image(store, NewImage("ann", png()))
    ledger = store.opened().ledger
    for number, (reason, service) in enumerate([("moderated", "paints"), ("unknown", "paints"), ("expired", None)]):
        reservation = f"{number:032x}"
        assert not isinstance(ledger.execute(ReserveGeneration("ann", "library", reservation, 600)), Refusal)
        release = ReleasePlaces("ann", "library", reservation, reason, provider=service)
        assert not isinstance(ledger.execute(release), Refusal)
    await page.reload()
    rows = page.locator("#providers-table tbody tr")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("paints")
    await expect(rows).to_contain_text("1 picture filtered, 1 answer lost")
    await expect(page.locator("#providers-none")).to_have_text("Of no service that is known: 1 nothing in time.")


async def test_the_tiers_are_listed(desk: Desk) -> None:
    """What each gives and allows, and who has it; where there is none it says how there would be."""
    page, store = desk.page, desk.service.store
    await expect(page.locator("#no-tier")).to_contain_text("There are none")
    gold = Tier(
        tier="gold",
        limits=UserLimits(20 * MEGABYTE, 9, (("user/month/credits", 2_500),)),
        groups=("guild:9/role:5",),
        models=("core",),
        weight=3,
    )
    for tier in (gold, Tier("everybody", operations=("text_to_image",)), Tier("plain")):
        define_tier_blocking(store, tier, "thanks")
    await page.reload()
    await expect(page.locator("#every-tier li")).to_have_text(
        [
            "everybody: operations: text_to_image. Whoever has no other.",
            (
                "gold: 9 pictures a day; 20 MB of storage; 2.5 credits a month for each user; models: core; "
                "weight 3 in the line. By guild:9/role:5, or by hand."
            ),
            "plain: the limits of everybody. By hand.",
        ]
    )
    await expect(page.locator("#no-tier")).to_be_hidden()
