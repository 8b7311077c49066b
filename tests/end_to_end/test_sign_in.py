"""The page where everybody needs a token: who signs in, sees what is theirs, and goes again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, expect

from adapters.disk.files import Files
from adapters.http.access import Door
from adapters.tokens.judging import KnownTokens
from adapters.tokens.kept import KeptTokens
from adapters.tokens.sessions import Sessions
from adapters.tokens.token import Scope, Token, digest_of, new_text
from domain.commands import SetPolicy
from domain.instants import EARLIEST
from tests.end_to_end.page_desk import Service, make
from tests.end_to_end.test_page_views import NARROW, OUTSIDE

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    """One that asks everybody for a token."""
    root = tmp_path / "root"
    door = Door(KnownTokens(KeptTokens(root, Files())), Sessions(root, Files()), needs_token=True)
    running = Service(root, SetPolicy(daily=5), door=door)
    yield running
    await running.close()


def token(service: Service, scope: Scope, user: str | None = None) -> str:
    """The text of a new one."""
    text = new_text()
    KeptTokens(service.store.root, Files()).add(Token(scope.value, scope, user, EARLIEST, None, digest_of(text)))
    return text


async def phone(browser: Browser) -> BrowserContext:
    """A browser of somebody's own."""
    return await browser.new_context(viewport=NARROW, has_touch=True, reduced_motion="reduce")


async def sign_in(page: Page, text: str) -> None:
    """Fills the form in."""
    await page.get_by_label("Token").fill(text)
    await page.get_by_role("button", name="Sign in", exact=True).tap()


async def test_a_member_signs_in_makes_a_picture_and_is_out_in_every_tab(browser: Browser, service: Service) -> None:
    """A wrong token has a sentence and the focus; the right one shows the page of its user, who acts for no other."""
    address = await service.start()
    member = token(service, Scope.WRITE, "ada")
    context = await phone(browser)
    page = await context.new_page()
    await page.goto(f"{address}/?user=eve")
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await expect(page.get_by_label("Token")).to_be_focused()
    await expect(page.locator("#make")).to_be_hidden()
    await page.keyboard.press("Enter")
    await expect(page.locator("#token-error")).to_have_text("Paste the token that you were given.")
    await sign_in(page, new_text())
    await expect(page.locator("#token-error")).to_contain_text("not known here, was revoked, or has ended")
    await expect(page.get_by_label("Token")).to_be_focused()
    await expect(page.get_by_label("Token")).to_have_attribute("aria-invalid", "true")
    assert await page.evaluate(OUTSIDE) == []
    await sign_in(page, member)
    await expect(page.locator("#go-left")).to_contain_text("5 of 5 left today")
    await expect(page.locator("#prompt")).to_be_focused()
    await expect(page.locator("#who")).to_be_hidden()
    await make(page)
    await expect(page.locator("#picture")).to_be_visible(timeout=20_000)
    await expect(page.locator(".tile")).to_have_count(1)
    other = await context.new_page()
    await other.goto(address)
    await expect(other.locator(".tile")).to_have_count(1)
    await other.get_by_label("What should be in it?").fill("not sent yet")
    await page.locator("#account summary").tap()
    assert await page.evaluate(OUTSIDE) == []
    await page.get_by_role("button", name="Sign out", exact=True).tap()
    await expect(page.get_by_label("Token")).to_be_focused()
    await other.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    await expect(other.locator("#sign-in-notice")).to_contain_text("You are signed out here.")
    await expect(other.locator("#grid")).to_be_hidden()
    await sign_in(other, member)
    await expect(other.locator("#columns")).to_be_visible()
    await expect(other.get_by_label("What should be in it?")).to_have_value("not sent yet")
    assert await context.cookies() != []
    assert await page.evaluate("() => document.cookie") == ""


async def test_the_page_offers_what_the_token_allows(browser: Browser, service: Service) -> None:
    """Who may only read sees no form to make pictures; who may act for others is offered that."""
    address = await service.start()
    reader, manager = token(service, Scope.READ, "ada"), token(service, Scope.ADMIN)
    context = await phone(browser)
    page = await context.new_page()
    await page.goto(address)
    await sign_in(page, reader)
    await expect(page.locator("#quota-title")).to_be_visible()
    await expect(page.locator("#make")).to_be_hidden()
    await expect(page.locator("#empty")).to_contain_text("nothing can be made with this token", use_inner_text=True)
    await expect(page.get_by_text("Your picture appears here.")).to_be_hidden()
    await page.locator("#account summary").tap()
    await page.get_by_role("button", name="Sign out everywhere").tap()
    await sign_in(page, manager)
    await expect(page.locator("#make")).to_be_visible()
    await expect(page.locator("#who")).to_be_visible()
