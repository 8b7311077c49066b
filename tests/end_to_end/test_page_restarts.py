"""The page while its service stops, is killed and starts again, and while an answer is cut off or refused.

| what happens | what the page does |
|---|---|
| the service is started anew while a picture is made, and knows the job no longer | it asks again under the same key |
| a cancellation is lost with the connection | it is sent again, and the picture is not asked for again |
| a reload while a picture is made from one of this machine | the job is shown, and then its picture |
| an archive does not come, or is cut off | it says so, and goes on |
| the feed is refused | it is tried again, from where it was |
| the storage is not ready | the notes that say why are shown |
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, Route, expect

from adapters.application.governing import override_limits_blocking
from adapters.application.reading import quota_status
from adapters.application.saving import NewImage, save_image
from adapters.http.jobs import Jobs
from domain.limits import UserLimits
from tests.end_to_end.page_desk import Desk, Held, Service, ask_for
from tests.end_to_end.test_page_tools import SECONDS
from tests.hostile.builders import png

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Any, held: Service) -> Page:
    """The page of that service."""
    opened: Page = await (await browser.new_context(reduced_motion="reduce")).new_page()
    await opened.goto(await held.start())
    return opened


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Once this list is not empty, the next question about a job finds none: that of a service started anew."""
    asked: list[bool] = []
    find = Jobs.find

    def found(jobs: Jobs, user: str, job_id: str) -> Any:
        if asked and asked.pop():
            return None
        return find(jobs, user, job_id)

    monkeypatch.setattr(Jobs, "find", found)
    return asked


async def begun(page: Page) -> None:
    """A picture is half made, and the page waits for its end."""
    await ask_for(page, "a red fox")
    await expect(page.locator("#progress")).to_have_attribute("value", "50")


async def test_a_job_that_a_new_start_forgot_is_asked_for_under_its_key(
    page: Page, held: Service, provider: Held, forgetful: list[bool]
) -> None:
    """One picture, shown as ever."""
    await begun(page)
    forgetful.append(True)
    provider.go_on.set()
    await expect(page.locator("#caption")).to_contain_text("a red fox", timeout=SECONDS)
    assert forgetful == []
    await expect(page.locator("#refusal")).to_be_hidden()
    assert quota_status(held.store, "local")["daily"]["used"] == 1


async def test_a_cancellation_that_was_lost_is_sent_again(page: Page, held: Service, provider: Held) -> None:
    """And the picture not asked for again: else one would be made, and counted, that nobody wants."""
    lost = 0

    async def away(route: Route) -> None:
        nonlocal lost
        lost += 1
        await route.abort()

    await begun(page)
    await page.route("**/jobs/*", away)
    await page.get_by_role("button", name="Cancel", exact=True).click()
    await expect(page.locator("#working-title")).to_have_text("Cancelling…")
    await page.evaluate("window.stop()")  # what it waits for is lost too
    await expect(page.locator("#outage")).to_be_visible(timeout=SECONDS)
    assert quota_status(held.store, "local")["user"]["reserved_mb"] > 0
    await page.unroute("**/jobs/*")
    await page.get_by_role("button", name="Try again").click()
    await expect(page.locator("#outage")).to_be_hidden()
    async with asyncio.timeout(SECONDS / 1_000):
        while quota_status(held.store, "local")["user"]["reserved_mb"]:
            await page.wait_for_timeout(50)
    provider.go_on.set()
    await expect(page.locator("#frame")).not_to_have_attribute("aria-busy", "true")
    await expect(page.locator("#daily-left")).to_have_text("5")
    await expect(page.locator(".tile")).to_have_count(0)
    assert lost
    assert quota_status(held.store, "local")["daily"]["used"] == 0


async def test_a_picture_from_this_machine_survives_a_reload_too(
    page: Page, held: Service, provider: Held, tmp_path: Path
) -> None:
    """Its own input is gone with the reload; what is made of it is not."""
    (tmp_path / "begin.png").write_bytes(png(64, 64))
    await page.locator("#source-file").set_input_files(tmp_path / "begin.png")
    await page.get_by_label("What should be in it?").fill("a fox in it")
    await page.get_by_role("button", name="Make it from that picture").click()
    await expect(page.locator("#progress")).to_have_attribute("value", "50")
    await page.reload()
    await expect(page.locator("#progress")).to_have_attribute("value", "50")
    provider.go_on.set()
    await expect(page.locator("#caption")).to_contain_text("a fox in it", timeout=SECONDS)
    await expect(page.locator("#result-actions").get_by_role("button", name="Again")).to_be_hidden()
    assert quota_status(held.store, "local")["daily"]["used"] == 1


@pytest.mark.parametrize("trouble", ["no answer", "a page of a proxy"])
async def test_an_archive_that_does_not_come_is_told(desk: Desk, trouble: str) -> None:
    """In words, and the page works on."""

    async def instead(route: Route) -> None:
        if trouble == "no answer":
            await route.abort()
        else:
            await route.fulfill(status=502, body="<h1>Bad gateway</h1>", content_type="text/html")

    page = desk.page
    override_limits_blocking(desk.service.store, "local", "six at once", UserLimits(daily=50))
    for number in range(6):
        await save_image(desk.service.store, NewImage("local", png(8, 8), name=f"{number}.png"))
    await page.reload()
    await page.route("**/archives", instead)
    await page.get_by_role("button", name="Select", exact=True).tap()
    await page.locator(".tile").first.tap()
    await page.get_by_role("button", name="Download as a zip").tap()
    shown = page.locator("#outage" if trouble == "no answer" else "#refusal")
    await expect(shown).to_be_visible()
    await expect(shown).to_contain_text("does not answer" if trouble == "no answer" else "answered 502")


async def test_a_feed_that_is_refused_is_tried_again_from_where_it_was(desk: Desk) -> None:
    """A browser by itself never asks again after an answer such as 503."""
    page, asked = desk.page, list[str]()

    async def refused_once(route: Route) -> None:
        asked.append(route.request.url)
        await (route.fulfill(status=503, body="full") if len(asked) == 2 else route.continue_())

    await page.route("**/events/stream*", refused_once)
    await page.add_init_script(
        "(() => { const later = setTimeout; window.setTimeout = (what, ms) => later(what, ms / 10); })()"
    )
    await page.reload()
    await page.get_by_role("link", name="Admin").tap()
    await expect(page.locator("#feed-state")).to_have_text("Live.")
    await save_image(desk.service.store, NewImage("local", png(8, 8), name="a.png"))
    await expect(page.locator("#feed li")).to_have_count(2)
    address = desk.address
    await desk.service.stop()
    await save_image(desk.service.store, NewImage("local", png(8, 8), name="b.png"))
    assert await desk.service.start() == address
    await expect(page.locator("#feed li")).to_have_count(4, timeout=SECONDS)
    assert len(asked) >= 3


async def test_a_storage_that_is_not_ready_says_why(desk: Desk) -> None:
    """That is when whoever runs it looks."""
    page = desk.page
    why = "The ledger has stopped: the log cannot be written."
    body = {"status": "not ready", "notes": [why], "last_cleanup": None, "position": 0}
    await page.route("**/readyz", lambda route: route.fulfill(status=503, json=body))
    await page.get_by_role("link", name="Admin").tap()
    await expect(page.locator("#health-notes")).to_contain_text(why)
    await expect(page.locator("#health-state")).to_contain_text("not ready")
