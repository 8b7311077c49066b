"""A member signs in to the page with Discord, and sees the pictures that the bot made for them."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from adapters.application.results import Actor
from adapters.application.saving import NewImage, save_image
from adapters.disk.files import Files
from adapters.http.access import Door
from adapters.http.people.discord_api import DiscordApi
from adapters.http.people.rights import Rights
from adapters.http.people.sign_in import Application, DiscordSignIn
from adapters.tokens.judging import KnownTokens
from adapters.tokens.kept import KeptTokens
from adapters.tokens.sessions import Sessions
from domain.commands import SetPolicy
from tests.adapters.discord.fake.rest import API
from tests.adapters.discord.fake.server import FakeDiscord
from tests.end_to_end.page_desk import PHONE, Service, make
from tests.hostile.builders import png

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def open_to_discord(root: Path, fake: FakeDiscord) -> Service:
    """A service whose page is known to the fake's application."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    application = Application(fake.world.application_id, fake.oauth.secret, f"http://127.0.0.1:{port}")
    fake.oauth.redirects.append(application.redirect_uri)
    api = DiscordApi(fake.address + API, fake.settings.token)
    discord = DiscordSignIn(application, api, Rights(api, owner=1, managers_channel=0))
    door = Door(KnownTokens(KeptTokens(root, Files())), Sessions(root, Files()), needs_token=True, discord=discord)
    return Service(root, SetPolicy(daily=5), door=door, port=port)


async def answer(page: Page, words: str) -> None:
    """Goes to Discord by the page's button, and answers there."""
    await page.get_by_role("link", name="Sign in with Discord").tap()
    await expect(page.get_by_role("heading", name="Abby wants to know who you are")).to_be_visible()
    await page.get_by_role("button", name=words).tap()


async def test_a_member_says_no_and_then_yes_and_sees_their_pictures(browser: Browser, tmp_path: Path) -> None:
    """Back from a no there is a sentence and the form; back from a yes there is their gallery, and they can go on."""
    async with await FakeDiscord.start() as fake:
        service = open_to_discord(tmp_path / "root", fake)
        fake.guild("town")
        fake.oauth.person = ann = fake.user("ann")
        await save_image(service.store, NewImage(str(ann.id), png(96, 64)), actor=Actor(f"discord:{ann.id}"))
        address = await service.start()
        context = await browser.new_context(viewport=PHONE, has_touch=True, reduced_motion="reduce")
        page = await context.new_page()
        await page.goto(address)
        await answer(page, "Cancel")
        await expect(page.locator("#sign-in-notice")).to_contain_text("You did not allow it at Discord")
        assert page.url == f"{address}/"
        await answer(page, "Authorize")
        await expect(page.locator(".tile")).to_have_count(1)
        await expect(page.locator("#account-name")).to_have_text("ann")
        await expect(page.locator("#who")).to_be_hidden()
        await make(page)
        await expect(page.locator(".tile")).to_have_count(2)
        await page.locator("#account summary").tap()
        await expect(page.locator("#account-how")).to_have_text("Signed in with Discord")
        await page.get_by_role("button", name="Sign out", exact=True).tap()
        await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        await context.close()
        await service.close()
        assert fake.complaints == fake.unknown_routes == []
