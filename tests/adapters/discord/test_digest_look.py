"""The week's digest as the real bot posts it at its start, drawn as Discord shows it, and looked at in a browser.

`--pictures` takes the picture of docs/discord.md on the way; it needs a font with emoji on the machine.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

from adapters.ports.clock import utc_now
from adapters.reports.digest_words import title
from projections.iso_weeks import Week, last_whole_week
from tests.adapters.discord.bot.stage import running
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.fake.world import Channel, Guild, User
from tests.adapters.discord.look.rendering import render
from tests.adapters.discord.test_pages_look import CHROMIUM_ARGUMENTS, LARGEST_PICTURE_BYTES, OUTSIDE, PICTURES
from tests.adapters.reports.guild_weeks import Deed, write

MEMBERS = ("Ann", "Bob", "Caro", "Dmitri", "Eve", "Fred")
SCREENS = ((1200, 900), (390, 900))


def weeks(week: Week, guild: Guild) -> list[Deed]:
    """Two weeks of six members, of whom the first makes most, and is refused more; and a day of failures."""
    begin = datetime.combine(week.former().monday, datetime.min.time(), UTC)
    made: list[Deed] = []
    for day in range(14):
        for number in range(len(MEMBERS)):
            at = (begin + timedelta(days=day, hours=9 + number)).isoformat(timespec="microseconds")[:26] + "Z"
            count = max(0, (3 + day % 3 + (day > 6)) // (number + 1))
            refused, failed = 3 * (number == 0 and day > 8), 2 * (number == 3 and day in {3, 10, 11})
            made.append(Deed(at, str(number + 1), guild.id, min(count, 5), failed, refused, size_bytes=60_000))
    return made


async def test_the_managers_find_it_in_their_channel(fake: FakeDiscord, tmp_path: Path) -> None:
    """The bot posts it when it starts, as it was not there at the hour; with a picture where the extra is installed."""
    (guild,) = fake.world.guilds.values()
    managers = fake.channel("managers", guild)
    week = last_whole_week(utc_now())
    await asyncio.to_thread(write, tmp_path / "root", [Deed(week.begins_at, "1", guild.id, made=2)])
    async with running(fake, tmp_path / "root", **_settings(managers)):
        message = await managers.message(timeout=30)
    assert title(week) in message.text
    assert "2 pictures by 1 person; none the week before." in message.text
    assert len(message.attachments) == 1


@pytest.mark.browser
@pytest.mark.thorough
async def test_it_is_legible_on_every_screen(
    fake: FakeDiscord, tmp_path: Path, chromium: str, pytestconfig: pytest.Config
) -> None:
    """Once, for two starts; its picture is drawn, and nothing stands out."""
    (guild,) = fake.world.guilds.values()
    managers = fake.channel("managers", guild)
    fake.world.users |= {number: User(number, name) for number, name in enumerate(MEMBERS, start=1)}
    week = last_whole_week(utc_now())
    await asyncio.to_thread(write, tmp_path / "root", weeks(week, guild))
    async with running(fake, tmp_path / "root", **_settings(managers)):
        message = await managers.message(timeout=30)
    async with running(fake, tmp_path / "root", **_settings(managers)):
        await fake.synced()
    assert managers.messages == [message]
    assert fake.complaints == []
    target = tmp_path / "page.html"
    render(fake.dump(tmp_path / "dump"), target)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_ARGUMENTS))
        for width, height in SCREENS:
            page = await browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=1.25)
            await page.goto(target.as_uri())
            article = page.locator("article")
            for words in (
                title(week),
                "Made most",
                "Ann",
                "Storage of all servers",
                "refusals by the daily limit of 5",
            ):
                await expect(article).to_contain_text(words)
            assert await page.evaluate(OUTSIDE) == []
            drawn = await page.evaluate("[...document.images].map(one => one.complete && one.naturalWidth > 0)")
            assert drawn == [True]
            if pytestconfig.getoption("--pictures") and (width, height) == SCREENS[0]:
                picture = await article.screenshot(path=PICTURES / "discord-digest.png")
                assert len(picture) <= LARGEST_PICTURE_BYTES
        await browser.close()


def _settings(managers: Channel) -> dict[str, object]:
    return {"DISCORD_MANAGERS_CHANNEL": managers.id, "DISCORD_DIGEST_AT": "monday 0", "GENERATOR": "sketch"}
