"""The page's story in a real browser, against a real service: by touch at phone width, and by keyboard alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Request, Route, expect

from adapters.application.governing import override_limits_blocking, reset_daily_blocking
from adapters.application.reading import quota_status
from adapters.application.saving import NewImage, save_image
from domain.commands import SetPolicy
from domain.limits import UserLimits
from tests.end_to_end.page_desk import HURRIED, PHONE, PROMPT, Desk, Service, make
from tests.hostile.builders import png

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

MAX_TABS = 40


async def test_the_story_at_phone_width(desk: Desk) -> None:
    """A wish, the picture, the quota falling, the sixth refusal with its time, the gallery, a deletion."""
    page = desk.page
    await page.get_by_role("button", name="Choose a style by its picture").tap()
    await expect(page.get_by_role("button", name="No particular style", pressed=True)).to_be_focused()
    await page.get_by_role("button", name="Origami").tap()
    await expect(page.get_by_label("Style", exact=True)).to_have_value("origami")
    await page.get_by_text("Portrait").tap()
    await make(page)
    picture = page.get_by_role("img", name=PROMPT)
    await expect(picture).to_be_visible()
    assert await picture.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [832, 1216]
    await expect(page.locator("#caption")).to_contain_text("Origami")
    await expect(page.locator("#daily-left")).to_have_text("4")
    await expect(page.locator("#said")).to_have_text("Your picture is ready and kept. 4 of 5 left today.")
    await expect(page.locator(".tile")).to_have_count(1)

    for number in range(2, 6):
        await make(page, f"{PROMPT}, number {number}")
        await expect(page.locator("#daily-left")).to_have_text(str(5 - number))
    await expect(page.locator("#daily-badge")).to_have_text("Used up")
    await make(page, "one too many")
    refusal = page.get_by_role("alert").filter(has_text="Daily limit reached")
    await expect(refusal).to_contain_text("All 5 pictures of today are made.")
    await expect(refusal).to_contain_text(re.compile(r"(today|tomorrow) at 05:30 your time \(00:00 UTC\), in \d+ "))
    await expect(page.locator(".tile")).to_have_count(5)

    await page.locator(".tile").first.tap()
    viewer = page.get_by_role("dialog")
    await expect(viewer).to_contain_text(f"{PROMPT}, number 5")
    await expect(viewer).to_contain_text("Seed")
    await viewer.get_by_role("button", name="Delete").tap()
    await expect(viewer.get_by_role("button", name="Keep it")).to_be_focused()
    await viewer.get_by_role("button", name="Delete for good").tap()
    await expect(viewer).to_be_hidden()
    await expect(page.locator(".tile")).to_have_count(4)
    await expect(page.locator(".tile").first).to_be_focused()
    await expect(page.locator("#said")).to_contain_text("are free again")
    await expect(page.get_by_text("Your picture appears here.")).to_be_visible()
    await expect(page.locator("#daily-left")).to_have_text("0")
    assert await page.evaluate("() => document.documentElement.scrollWidth") == PHONE["width"]
    status = quota_status(desk.service.store, "local")
    assert (status["daily"]["used"], status["user"]["images"]) == (5, 4)


async def tab_to(page: Page, name: str) -> None:
    """Presses Tab until the element with that accessible name or text has the focus."""
    for _ in range(MAX_TABS):
        await page.keyboard.press("Tab")
        told = await page.evaluate(
            "() => { const e = document.activeElement; const by = e.labels?.[0]?.textContent ?? '';"
            " if (!e.matches('a, button, input, select, summary, textarea')) return '';"
            " return [e.getAttribute('aria-label'), by, e.textContent, e.value].join(' | '); }"
        )
        if name in told:
            return
    raise AssertionError(f"Tab never comes to {name!r}")


async def test_the_story_by_keyboard_alone(desk: Desk) -> None:
    """Without a pointer: every step can be reached, seen to have the focus, and undone with Escape."""
    page = desk.page
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the prompt")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("What should be in it?")).to_be_focused()
    await page.keyboard.type(PROMPT)
    await tab_to(page, "Style")
    await page.keyboard.type("Low")
    await expect(page.get_by_label("Style", exact=True)).to_have_value("low-poly")
    await tab_to(page, "Square")
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("radio", name="Portrait")).to_be_checked()
    await tab_to(page, "Make the picture")
    outline = await page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("img", name=PROMPT)).to_be_visible(timeout=20_000)
    await expect(page.locator(".tile")).to_have_count(1)

    await tab_to(page, "Open")
    await page.keyboard.press("Enter")
    viewer = page.get_by_role("dialog")
    await expect(viewer.get_by_role("button", name="Close")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(viewer).to_be_hidden()
    await expect(page.locator(".tile").first).to_be_focused()

    await page.keyboard.press("Enter")
    await expect(viewer).to_contain_text("Low poly")
    await tab_to(page, "Delete")
    await page.keyboard.press("Enter")
    await expect(viewer.get_by_role("button", name="Keep it")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(viewer.get_by_role("button", name="Delete", exact=True)).to_be_focused()
    await page.keyboard.press("Enter")
    await tab_to(page, "Delete for good")
    await page.keyboard.press("Enter")
    await expect(page.locator(".tile")).to_have_count(0)
    await expect(page.get_by_role("heading", name="Gallery")).to_be_focused()
    assert quota_status(desk.service.store, "local")["user"]["images"] == 0


async def test_a_double_click_makes_one_picture(desk: Desk) -> None:
    """The second click of the two does nothing."""
    page = desk.page
    await page.get_by_label("What should be in it?").fill(PROMPT)
    await page.get_by_role("button", name="Make the picture").dblclick()
    await expect(page.get_by_role("img", name=PROMPT)).to_be_visible(timeout=20_000)
    await expect(page.locator("#daily-left")).to_have_text("4")
    assert quota_status(desk.service.store, "local")["daily"]["used"] == 1


async def test_a_lost_answer_is_asked_for_again_and_makes_one_picture(desk: Desk) -> None:
    """The request arrived and its answer did not: the repeat has the same key, so one generation is used."""
    page = desk.page
    await page.evaluate(HURRIED)
    keys: list[str] = []

    async def lose_the_first(route: Route, request: Request) -> None:
        keys.append(request.headers["idempotency-key"])
        if len(keys) == 1:
            await route.fetch()
            await route.abort("connectionreset")
        else:
            await route.continue_()

    await page.route("**/generations", lose_the_first)
    await make(page)
    await expect(page.get_by_role("img", name=PROMPT)).to_be_visible(timeout=20_000)
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert quota_status(desk.service.store, "local")["daily"]["used"] == 1


async def test_a_service_that_is_gone_is_said_so_and_found_again(desk: Desk) -> None:
    """What was typed stays; once the service is back, the page makes the picture that was asked for, by itself."""
    page = desk.page
    await page.evaluate(HURRIED)
    await desk.service.stop()
    await make(page)
    outage = page.get_by_role("alert").filter(has_text="The service does not answer")
    await expect(outage).to_be_visible(timeout=20_000)
    await expect(page.get_by_label("What should be in it?")).to_have_value(PROMPT)
    await outage.get_by_role("button", name="Try again").tap()
    await expect(outage).to_be_visible(timeout=20_000)
    await desk.service.start()
    await expect(page.get_by_role("img", name=PROMPT)).to_be_visible(timeout=20_000)
    await expect(outage).to_be_hidden()
    assert quota_status(desk.service.store, "local")["daily"]["used"] == 1


async def test_an_empty_wish_is_asked_for_in_words(desk: Desk) -> None:
    """No request: the field says what it needs, is marked as wrong, and has the focus."""
    page = desk.page
    await page.get_by_role("button", name="Make the picture").tap()
    prompt = page.get_by_label("What should be in it?")
    await expect(prompt).to_be_focused()
    await expect(prompt).to_have_attribute("aria-invalid", "true")
    await expect(prompt).to_have_accessible_description("Write a few words about the picture.")


async def test_another_user_has_a_quota_and_a_gallery_of_their_own(desk: Desk) -> None:
    """Chosen in a dialog, kept in the address; an id that cannot be is refused in words."""
    page = desk.page
    await make(page)
    await page.get_by_role("button", name="Acting for local").tap()
    chooser = page.get_by_role("dialog")
    await chooser.get_by_label("User id").fill("No One")
    await chooser.get_by_role("button", name="Use it").tap()
    await expect(chooser).to_contain_text("A user id has 1 to 64 small letters")
    await chooser.get_by_label("User id").fill("mia")
    await chooser.get_by_role("button", name="Use it").tap()
    await expect(page).to_have_url(f"{desk.address}/?user=mia")
    await expect(page.locator("#go-left")).to_have_text("5 of 5 left today")
    await expect(page.get_by_text("Nothing is kept yet.")).to_be_visible()


async def test_the_settings_of_a_picture_can_be_used_again(desk: Desk) -> None:
    """Prompt, style, size and seed come back into the form, so the same picture can be made."""
    page = desk.page
    await page.get_by_label("Style", exact=True).select_option("Anime")
    await page.get_by_text("Landscape").tap()
    await make(page)
    await page.reload()
    await page.locator(".tile").first.tap()
    await page.get_by_role("button", name="Use these settings").tap()
    await expect(page.get_by_label("What should be in it?")).to_have_value(PROMPT)
    await expect(page.get_by_label("Style", exact=True)).to_have_value("anime")
    await expect(page.get_by_role("radio", name="Landscape")).to_be_checked()
    await expect(page.get_by_label("Seed")).to_have_value(re.compile(r"^\d+$"))


async def test_a_picture_that_is_not_kept_is_shown_and_marked(browser: Browser, tmp_path: Path) -> None:
    """No room: the picture is there all the same, with the reason; storage is marked in words, not by colour alone."""
    service = Service(tmp_path / "full", SetPolicy(user_bytes=3_000, gen_bytes=100, daily=5))
    page = await browser.new_page(viewport=PHONE, has_touch=True)
    try:
        await page.goto(await service.start())
        await make(page)
        await expect(page.get_by_role("img", name=PROMPT)).to_be_visible()
        assert await page.locator("#picture").evaluate("image => image.naturalWidth") == 1024
        await expect(page.locator("#not-kept")).to_contain_text("Not kept: Your storage quota is full")
        await expect(page.get_by_text("Nothing is kept yet.")).to_be_visible()
    finally:
        await page.close()
        await service.close()


async def test_a_refresh_leaves_the_focus_and_the_new_day_takes_the_refusal_away(desk: Desk) -> None:
    """What the page reads again by itself disturbs nobody, and shows that pictures can be made again."""
    page, store = desk.page, desk.service.store
    override_limits_blocking(store, "local", "a test", UserLimits(daily=1))
    await make(page)
    await make(page, "one too many")
    refusal = page.get_by_role("alert").filter(has_text="Daily limit reached")
    await expect(refusal).to_be_visible()
    await page.locator(".tile").first.focus()
    reset_daily_blocking(store, "local", "a new day")
    await save_image(store, NewImage("local", png(64, 64), name="from elsewhere.png"))
    reset_daily_blocking(store, "local", "a new day")
    await page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    await expect(refusal).to_be_hidden()
    await expect(page.locator(".tile")).to_have_count(2)
    await expect(page.locator(".tile").nth(1)).to_be_focused()
