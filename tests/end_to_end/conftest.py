"""The browser, and the page on a phone, for the tests that drive them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright, expect

from domain.commands import SetPolicy
from tests.end_to_end.page_desk import CHROMIUM_ARGUMENTS, PHONE, Desk, Held, Service


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def started_browser(chromium: str) -> AsyncIterator[Browser]:
    """The system's Chromium, started once for all tests of a module."""
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_ARGUMENTS))
        yield started
        await started.close()


@pytest_asyncio.fixture(loop_scope="session")
async def browser(started_browser: Browser) -> AsyncIterator[Browser]:
    """It, as after its start: each context has cookies, a store and a cache of its own, and none outlives its test."""
    yield started_browser
    for context in started_browser.contexts:
        await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    """A service with the usual limits."""
    running = Service(tmp_path / "root", SetPolicy(daily=5))
    yield running
    await running.close()


@pytest.fixture
def provider() -> Held:
    """The one of this test's service."""
    return Held()


@pytest_asyncio.fixture(loop_scope="session")
async def held(tmp_path: Path, provider: Held) -> AsyncIterator[Service]:
    """A service whose pictures wait."""
    running = Service(tmp_path / "root", SetPolicy(daily=5), provider)
    yield running
    await running.close()


@pytest_asyncio.fixture(loop_scope="session")
async def desk(browser: Browser, service: Service) -> AsyncIterator[Desk]:
    """The page on a phone, in a zone five and a half hours ahead of UTC."""
    address = await service.start()
    context = await browser.new_context(
        viewport=PHONE, has_touch=True, timezone_id="Asia/Kolkata", reduced_motion="reduce"
    )
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if "Content Security" in message.text else None)
    await page.goto(address)
    await expect(page.locator("#go-left")).to_have_text("5 of 5 left today")
    yield Desk(page, service, address, errors)
    await context.close()
    assert errors == []
