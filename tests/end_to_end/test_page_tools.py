"""The page as a tool: jobs that are cancelled and outlive a reload, pictures from pictures, gallery, history, admin."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from adapters.application.governing import change_policy_blocking, override_limits_blocking
from adapters.application.reading import quota_status
from adapters.application.results import Actor
from adapters.application.saving import NewImage, save_image
from domain.limits import SharedLimits, UserLimits
from tests.end_to_end.page_desk import Desk, Held, Service, ask_for, make
from tests.hostile.builders import png

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SECONDS = 20_000


async def test_a_job_shows_how_far_it_is_survives_a_reload_and_can_be_cancelled(
    browser: Any, held: Service, provider: Held
) -> None:
    """What was cancelled counts nothing; what goes on after a reload is one picture."""
    page = await (await browser.new_context(reduced_motion="reduce")).new_page()
    await page.goto(await held.start())
    await ask_for(page, "a red fox")
    await expect(page.locator("#progress")).to_have_attribute("value", "50")
    await page.get_by_role("button", name="Cancel", exact=True).click()
    await expect(page.locator("#said")).to_have_text("Cancelled. Nothing was kept.")
    await expect(page.locator("#daily-left")).to_have_text("5")
    await ask_for(page, "a red fox")
    await expect(page.locator("#progress")).to_have_attribute("value", "50")
    await page.reload()
    await expect(page.locator("#progress")).to_have_attribute("value", "50")
    provider.go_on.set()
    await expect(page.locator("#caption")).to_contain_text("a red fox", timeout=SECONDS)
    await expect(page.locator(".tile")).to_have_count(1)
    assert quota_status(held.store, "local")["daily"]["used"] == 1


async def test_a_picture_begins_with_another_or_is_made_larger(desk: Desk, tmp_path: Path) -> None:
    """From this machine, from the gallery, and back without one."""
    page = desk.page
    (tmp_path / "words.txt").write_text("no picture", encoding="utf-8")
    await page.locator("#source-file").set_input_files(tmp_path / "words.txt")
    await expect(page.locator("#source-error")).to_contain_text("no picture of a kind")
    (tmp_path / "begin.png").write_bytes(png(64, 64))
    await page.locator("#source-file").set_input_files(tmp_path / "begin.png")
    await expect(page.get_by_role("button", name="Make it from that picture")).to_be_visible()
    await page.get_by_label("What should be in it?").fill("a fox in it")
    await page.get_by_role("button", name="Make it from that picture").tap()
    await expect(page.locator("#caption")).to_contain_text("a fox in it", timeout=SECONDS)
    await page.locator("#result-actions").get_by_role("button", name="Vary").tap()
    await expect(page.locator("#source-name")).to_have_text(re.compile("image_to_image"))
    await page.get_by_role("button", name="Without it").tap()
    await expect(page.get_by_role("button", name="Make the picture")).to_be_visible()
    await page.locator("#result-actions").get_by_role("button", name="Upscale").tap()
    await expect(page.locator(".tile")).to_have_count(2, timeout=SECONDS)
    assert quota_status(desk.service.store, "local")["daily"]["used"] == 2


async def test_the_gallery_is_searched_turned_through_and_cleared(desk: Desk) -> None:
    """By words of the prompt; several are deleted with one question."""
    page, store = desk.page, desk.service.store
    override_limits_blocking(store, "local", "eight at once", UserLimits(daily=50))
    for number in range(8):
        details = {"prompt": "a blue bird" if number % 2 else "a red fox"}
        await save_image(store, NewImage("local", png(8, 8), name=f"{number}.png", details=details))
    await page.reload()
    await expect(page.locator(".tile")).to_have_count(8)
    await page.locator(".tile").first.scroll_into_view_if_needed()
    await expect(page.locator(".tile img").first).to_have_js_property("naturalWidth", 8)
    await page.get_by_label("Search your pictures").fill("BIRD")
    await expect(page.locator(".tile")).to_have_count(4)
    await expect(page.locator("#gallery-count")).to_have_text("4 found, newest first")
    await page.locator(".tile").first.tap()
    viewer = page.get_by_role("dialog")
    await expect(viewer.locator("#viewer-title")).to_have_text("7.png")
    await page.keyboard.press("ArrowRight")
    await expect(viewer.locator("#viewer-title")).to_have_text("5.png")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Select").tap()
    for place in range(3):
        await page.locator(".tile").nth(place).tap()
    await expect(page.locator("#selected-count")).to_have_text("3 selected")
    async with page.expect_download() as downloading:
        await page.get_by_role("button", name="Download as a zip").tap()
    assert (await downloading.value).suggested_filename == "pictures.zip"
    await page.locator("#selected-delete").tap()
    await expect(page.locator("#selected-delete")).to_have_text("Delete 3 for good")
    await page.locator("#selected-delete").tap()
    await expect(page.locator(".tile")).to_have_count(1)
    await page.get_by_label("Search your pictures").fill("nothing like it")
    await page.get_by_role("button", name="Show all").tap()
    await expect(page.locator(".tile")).to_have_count(5)


async def test_history_tells_each_request_and_why_it_was_refused(desk: Desk) -> None:
    """The settlement of a picture, and the lines of an explanation."""
    page = desk.page
    await page.locator("#more summary").tap()
    await page.get_by_label("How many").select_option("6")
    await make(page)
    await page.get_by_label("How many").select_option("1")
    await make(page)
    await page.get_by_role("link", name="History").tap()
    await expect(page.get_by_role("heading", name="History")).to_be_focused()
    lines = page.locator("#history-lines > li")
    await expect(lines).to_have_count(2)
    await expect(lines.first).to_contain_text("Counted 1 on")
    await expect(lines.last).to_contain_text("Over the daily limit")
    await lines.last.get_by_role("button", name=re.compile("Why")).tap()
    await expect(lines.last.locator(".why")).to_contain_text("5 generations a day")


async def test_whoever_runs_the_service_sees_it_and_changes_a_users_limits(desk: Desk) -> None:
    """Pool, days, users, and what happens while they look."""
    page = desk.page
    await make(page)
    await page.get_by_role("link", name="Admin").tap()
    await expect(page.locator("#feed-state")).to_have_text("Live.")
    await expect(page.locator("#pool-forecast")).not_to_be_empty()
    await expect(page.locator("#limits-now")).to_contain_text("5 pictures a day")
    await expect(page.locator("#providers-table")).to_contain_text("sketch")
    await page.locator("#users-table").get_by_role("button", name="local").tap()
    ledger = page.get_by_role("dialog")
    await expect(ledger.locator("li")).to_have_count(1)
    await ledger.get_by_label("Own pictures a day").fill("9")
    await ledger.get_by_role("button", name="See what changes").tap()
    await expect(ledger.get_by_role("alert")).to_contain_text("Say why")
    await ledger.get_by_role("textbox", name="Why").fill("for the contest")
    await ledger.get_by_role("button", name="See what changes").tap()
    await expect(ledger.locator("#own-text")).to_have_text("For local: pictures a day from everybody's to 9.")
    await ledger.get_by_role("button", name="Set these limits").tap()
    await expect(ledger.locator("#ledger-status")).to_contain_text("1 of 9 today")
    await ledger.get_by_role("button", name="Close").tap()
    await expect(page.locator("#feed li").first).to_contain_text("LimitsOverridden")
    await expect(page.locator("#users-table")).to_contain_text("1 of 9")


async def test_what_concerns_everybody_is_shown_before_it_is_done(desk: Desk) -> None:
    """Limits from old to new with who would be over them, and not over another manager's; the files that would go."""
    page, store = desk.page, desk.service.store
    await make(page)
    await save_image(store, NewImage("local", png(), name="t.png", temp=True))
    await page.get_by_role("link", name="Admin").tap()
    form, ask = page.locator("#everybody"), page.locator("#everybody-ask")
    await form.get_by_label("Pictures a day").fill("0")
    await form.get_by_role("button", name="See what changes").tap()
    await expect(form.get_by_role("alert")).to_contain_text("Say why")
    await form.get_by_label("Why").fill("a break")
    await form.get_by_role("button", name="See what changes").tap()
    await expect(ask).to_contain_text("pictures a day from 5 to 0. 1 user made more today. Nobody loses anything")
    seen = SharedLimits(daily=5)
    assert change_policy_blocking(store, SharedLimits(daily=8), seen, "meanwhile", actor=Actor("discord:7"))
    await ask.get_by_role("button", name="Change for everybody").tap()
    await expect(form.get_by_role("alert")).to_contain_text("daily is 8")
    await form.get_by_role("button", name="See what changes").tap()
    await expect(ask).to_contain_text("from 8 to 0")
    await ask.get_by_role("button", name="Change for everybody").tap()
    await expect(page.locator("#everybody-said")).to_have_text("Changed: pictures a day from 8 to 0.")
    changes = page.locator("#everybody-changes > li")
    await expect(changes.first).to_contain_text("pictures a day from 8 to 0. By claimed:page: a break")
    await expect(changes.last).to_contain_text("pictures a day from 5 to 8. By discord:7: meanwhile")
    await page.get_by_label("Remove temp files older than").fill("0")
    await page.get_by_role("button", name="See what goes").tap()
    await expect(page.locator("#cleanup-ask")).to_contain_text("1 temp file would go, 1 KB: 1 image/png. Of local")
    await page.get_by_role("button", name="Remove them").tap()
    await expect(page.locator("#cleanup-said")).to_have_text("1 file removed, 1 KB freed.")
