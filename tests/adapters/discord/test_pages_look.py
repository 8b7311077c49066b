"""A session of the real bot as Discord would show it: played against the fake, rendered, and looked at in a browser.

`--pictures` takes the pictures of docs/discord.md on the way; they need a font with emoji on the machine.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.adapters.discord.bot.stage import finished, running
from tests.adapters.discord.fake.refusals import Json
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.fake.world import Upload
from tests.adapters.discord.look.rendering import render

pytestmark = pytest.mark.browser

CHROMIUM_ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars")
PICTURES = Path(__file__).parents[3] / "docs" / "pictures"
LARGEST_PICTURE_BYTES = 400_000
HEIGHT = 900
IN_STUDIO = 4
OUTSIDE = """() => [...document.querySelectorAll('main *')].filter(
    one => one.getBoundingClientRect().right > innerWidth || one.getBoundingClientRect().left < 0
).map(one => one.outerHTML.slice(0, 200))"""
SHOW_ALONE = """commands => {
    document.querySelectorAll('section:not(:first-of-type)').forEach(one => one.remove());
    document.querySelectorAll('article').forEach(
        one => commands.includes(one.querySelector('.command')?.textContent) || one.remove()
    );
}"""


class Screen(NamedTuple):
    """Its width, its pixels to each of these, and the commands whose answers its picture in the document shows."""

    width: int
    pixels: float
    told: Sequence[str]


SCREENS = {
    "desktop": Screen(1200, 1, ["/imagine", "/quota"]),
    "phone": Screen(390, 1.5, ["/why", "/gallery", "/delete"]),
}


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """The system's Chromium."""
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_ARGUMENTS))
        yield started
        await started.close()


@pytest.fixture
async def session(tmp_path: Path) -> Path:
    """A day of one member, ann, up to the question whether to delete all: the dump of it."""
    async with await FakeDiscord.start() as fake:
        studio = fake.channel("studio", fake.guild("Painters"))
        ann = fake.user("ann")
        async with running(fake, tmp_path / "root", GENERATOR="sketch"):
            await fake.synced()
            wish = {"prompt": "a castle in the sky, full moon", "style": "fantasy-art", "size": "wide"}
            await finished(await ann.slash("imagine", wish))
            four = {"prompt": "a paper boat on a still lake", "style": "origami", "count": IN_STUDIO}
            boats = await finished(await ann.slash("imagine", four, channel=studio))
            await fake.world.bell.until(
                lambda: len(studio.history) == IN_STUDIO, timeout=20, what=lambda: f"{IN_STUDIO} in {studio.history}"
            )
            await finished(await ann.slash("imagine", {"prompt": "one more"}))
            for command in ("quota", "why", "gallery", "help", "delete"):
                await finished(await ann.slash(command))
            await finished(await ann.slash("delete", {"older_than_days": 0}))
            await (await ann.click(boats, "Delete")).acknowledged()
        ann.say("<b>is this bold?</b> **yes**", Upload("notes.txt", b"a few words", "text/plain"), channel=studio)
        return fake.dump(tmp_path / "dump")


async def test_a_session_is_legible_on_every_screen(
    session: Path, browser: Browser, pytestconfig: pytest.Config
) -> None:
    """Every message is in view, none is wider than the screen, every picture is drawn, and nothing is fetched."""
    target = session.with_name("page.html")
    dump = render(session, target)
    for name, screen in SCREENS.items():
        page = await browser.new_page(
            viewport={"width": screen.width, "height": HEIGHT}, device_scale_factor=screen.pixels
        )
        await _looked_at(page, target.as_uri(), dump, screen.width)
        if pytestconfig.getoption("--pictures"):
            await _take(page, PICTURES / f"discord-{name}.png", screen.told)
        await page.close()


async def _looked_at(page: Page, address: str, dump: Json, width: int) -> None:
    errors: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(address)

    await _all_in_view(page, dump)
    assert await page.evaluate(OUTSIDE) == []
    assert await page.evaluate("document.documentElement.scrollWidth") == width
    drawn = await page.evaluate("[...document.images].map(one => one.complete && one.naturalWidth > 0)")
    assert drawn == [True] * (1 + IN_STUDIO + 1)
    assert [one for one in asked if not one.startswith("data:")] == [address]
    assert errors == []


async def _all_in_view(page: Page, session: Json) -> None:
    """The messages of the dump, one for one, each with its words, its buttons and who alone sees it."""
    messages = [message for channel in session["channels"] for message in channel["messages"]]
    articles = page.locator("article")
    await expect(articles).to_have_count(len(messages))
    for place, message in enumerate(messages):
        article, looks = articles.nth(place), message["history"][-1]
        await expect(article).to_be_visible()
        await expect(article).to_contain_text(message["author"])
        for embed in looks["embeds"]:
            await expect(article).to_contain_text(embed["title"])
        for part in (part for row in looks["components"] for part in row["components"]):
            await expect(article.get_by_role("button", name=part.get("label") or part["placeholder"])).to_be_visible()
        await expect(article.get_by_text("Only you can see this")).to_have_count(int(message["ephemeral"]))
    for words in ("Daily Generation Limit Reached", "Delete them for good?", "Choose what to delete", "5/5"):
        await expect(page.get_by_text(words).first).to_be_visible()
    await expect(page.get_by_role("button", name="Yes, delete it")).to_have_class("danger")
    await expect(articles.last).to_contain_text("<b>is this bold?</b> yes")
    await expect(articles.last).to_contain_text("notes.txt")


async def _take(page: Page, target: Path, commands: Sequence[str]) -> None:
    """A picture of the answers to these commands."""
    await page.evaluate(SHOW_ALONE, commands)
    picture = await page.locator("body").screenshot(path=target)
    assert len(picture) <= LARGEST_PICTURE_BYTES, f"{target.name} has {len(picture)} bytes"
