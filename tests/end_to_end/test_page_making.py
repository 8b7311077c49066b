"""What the page does around making: jobs of other tabs, full size, again, drops, many at once, days of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from adapters.application.governing import override_limits_blocking
from adapters.application.reading import quota_status
from adapters.application.saving import NewImage, save_image
from domain.limits import UserLimits
from tests.end_to_end.page_desk import Desk, Held, Service, ask_for, make
from tests.hostile.builders import png

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SECONDS = 20_000
DROP = """([selector, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], "dropped.png", { type: "image/png" }));
  const at = document.querySelector(selector);
  const sent = (type) => at.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
  return [sent("dragover"), sent("drop")];
}"""
"""Whether the browser would do with the file what it does by itself: leave the page for it."""


async def fill_gallery(desk: Desk, count: int) -> None:
    """So many kept pictures, the newest with the highest number."""
    override_limits_blocking(desk.service.store, "local", "many at once", UserLimits(daily=1000))
    for number in range(count):
        await save_image(desk.service.store, NewImage("local", png(8, 8), name=f"{number}.png"))
    await desk.page.reload()


async def opened_by(page: Page, part: str) -> Page:
    """The picture in full size, which a link in this part of the page opens beside it."""
    async with page.context.expect_page() as opening:
        await page.locator(part).get_by_role("link", name="Full size").focus()
        await page.keyboard.press("Enter")
    return await opening.value


async def test_a_job_with_a_file_is_followed_after_a_reload(
    browser: Browser,
    held: Service,
    provider: Held,
    tmp_path: Path,
) -> None:
    """The bytes are gone from the page; the job is found by its user, told how far it is, and ends in the frame."""
    page = await (await browser.new_context(reduced_motion="reduce")).new_page()
    await page.goto(await held.start())
    (tmp_path / "begin.png").write_bytes(png(64, 64))
    await page.locator("#source-file").set_input_files(tmp_path / "begin.png")
    await page.get_by_label("What should be in it?").fill("a fox in it")
    await page.get_by_role("button", name="Make it from that picture").click()
    await expect(page.locator("#progress")).to_have_attribute("value", "50")
    await page.evaluate("sessionStorage.clear()")  # a browser that keeps nothing
    await page.reload()
    await expect(page.locator("#progress")).to_have_attribute("value", "50")
    provider.go_on.set()
    await expect(page.locator("#caption")).to_contain_text("a fox in it", timeout=SECONDS)
    assert quota_status(held.store, "local")["daily"]["used"] == 1


async def test_another_tab_follows_a_job_and_cancels_it(browser: Browser, held: Service) -> None:
    """Where it is opened later, and where it becomes visible again."""
    context = await browser.new_context(reduced_motion="reduce")
    first, second = await context.new_page(), await context.new_page()
    address = await held.start()
    await first.goto(address)
    await second.goto(address)
    await expect(second.locator("#go-left")).to_contain_text("left today")
    await ask_for(first, "a red fox")
    await expect(first.locator("#progress")).to_have_attribute("value", "50")
    await second.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(second.locator("#progress")).to_have_attribute("value", "50")
    third = await context.new_page()
    await third.goto(address)
    await expect(third.locator("#progress")).to_have_attribute("value", "50")
    await third.get_by_role("button", name="Cancel", exact=True).click()
    for page in (first, second, third):
        await expect(page.locator("#said")).to_have_text("Cancelled. Nothing was kept.")
    assert quota_status(held.store, "local")["daily"]["used"] == 0


async def test_the_history_is_shown_anew_at_the_end_of_a_job(browser: Browser, held: Service, provider: Held) -> None:
    """Without leaving it."""
    page = await (await browser.new_context(reduced_motion="reduce")).new_page()
    await page.goto(await held.start())
    await ask_for(page, "a red fox")
    await expect(page.locator("#progress")).to_have_attribute("value", "50")
    await page.get_by_role("link", name="History").click()
    await expect(page.locator("#history-empty")).to_be_visible()
    provider.go_on.set()
    await expect(page.locator("#history-lines > li")).to_have_count(1, timeout=SECONDS)


async def test_a_picture_is_shown_in_full_size_and_made_again(desk: Desk) -> None:
    """By keyboard, under the fresh picture and in the viewer; again is another picture by the same words."""
    page = desk.page
    await make(page, "a red fox")
    full = await opened_by(page, "#result-actions")
    assert await full.evaluate("() => document.images[0].naturalWidth") == 1024
    await full.close()
    first = await page.locator("#caption-facts").text_content()
    await page.locator(".tile").first.tap()
    full = await opened_by(page, "#viewer")
    assert await full.evaluate("() => document.images[0].naturalWidth") == 1024
    await full.close()
    await page.get_by_role("dialog").get_by_role("button", name="Again").tap()
    await expect(page.locator(".tile")).to_have_count(2, timeout=SECONDS)
    await expect(page.locator("#caption-prompt")).to_have_text("a red fox")
    assert await page.locator("#caption-facts").text_content() != first
    await page.locator("#result-actions").get_by_role("button", name="Upscale").tap()
    await expect(page.locator(".tile")).to_have_count(3, timeout=SECONDS)
    await page.locator(".tile").first.tap()
    await expect(page.locator("#viewer-facts")).to_contain_text("a red fox")


async def test_a_file_dropped_anywhere_is_the_source(desk: Desk) -> None:
    """Beside the box for it, the browser would leave the page for the file; in another view it is not taken either."""
    page = desk.page
    assert await page.evaluate(DROP, ["#quota-title", list(png(8, 8))]) == [False, False]
    await expect(page.locator("#source-name")).to_have_text("dropped.png")
    await page.get_by_role("button", name="Without it").tap()
    await page.get_by_role("link", name="History").tap()
    await expect(page.locator("#history-title")).to_be_visible()
    assert await page.evaluate(DROP, ["#history-title", list(png(8, 8))]) == [False, False]
    await page.get_by_role("link", name="Make", exact=True).tap()
    await expect(page.locator("#source-chosen")).to_be_hidden()


async def test_many_are_selected_by_a_range_or_all_and_escape_ends_it(desk: Desk) -> None:
    """Those that are not shown yet are among all."""
    page = desk.page
    await fill_gallery(desk, 30)
    await page.get_by_role("button", name="Select", exact=True).tap()
    tiles, count = page.locator(".tile"), page.locator("#selected-count")
    await tiles.nth(1).click()
    await tiles.nth(4).click(modifiers=["Shift"])
    await expect(count).to_have_text("4 selected")
    await page.get_by_role("button", name="Select all").tap()
    await expect(count).to_have_text("30 selected")
    await page.keyboard.press("Escape")
    await expect(page.locator("#selected")).to_be_hidden()
    await expect(page.get_by_role("button", name="Select", exact=True)).to_be_focused()
    await page.get_by_label("Search your pictures").fill("2")
    await expect(tiles).to_have_count(12)
    await page.get_by_role("button", name="Select", exact=True).tap()
    await page.get_by_role("button", name="Select all").tap()
    await expect(count).to_have_text("12 selected")


async def test_no_more_are_selected_than_go_at_once(desk: Desk) -> None:
    """And that is told."""
    page = desk.page
    listed = [
        {"name": f"{n}.png", "at": "2026-01-01T00:00:00Z", "thumbnail_url": "", "prompt": None} for n in range(501)
    ]
    answer = {"images": listed, "total": 501, "offset": 0, "limit": 100, "next_cursor": None}
    await page.route("**/images?**", lambda route: route.fulfill(json=answer))
    await page.reload()
    await page.get_by_role("button", name="Select", exact=True).tap()
    await page.get_by_role("button", name="Select all").tap()
    await expect(page.locator("#selected-count")).to_have_text("500 selected, the most that go at once")


async def test_the_gallery_is_filtered_by_days_of_ones_own(desk: Desk) -> None:
    """From a day, until a day, both included; the field of the search looks like the others."""
    page = desk.page
    await fill_gallery(desk, 7)
    today = await page.evaluate("new Date().toISOString().slice(0, 10)")
    await page.get_by_label("Filter by time").select_option("own")
    await page.get_by_label("until", exact=True).fill("2020-01-31")
    await expect(page.locator("#gallery-none")).to_be_visible()
    await page.get_by_label("until", exact=True).fill("")
    await page.get_by_label("From", exact=True).fill(today)
    await expect(page.locator("#gallery-count")).to_have_text("7 found, newest first")
    await page.get_by_label("Filter by time").select_option("")
    await expect(page.get_by_label("until", exact=True)).to_be_hidden()
    border = await page.get_by_label("Search your pictures").evaluate("field => getComputedStyle(field).borderTopStyle")
    assert border == "solid"
