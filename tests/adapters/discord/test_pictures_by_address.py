"""`/imgimg` and `/upscale` from an address: the real program, whose way to Discord's file hosts leads to loopback."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.discord.bot.stage import command, finished
from tests.adapters.discord.bot.test_pictures import png
from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.process import BotProcess
from tests.adapters.generation.public_internet import DISCORD, GOOD, PATH, SECRET, PublicInternet, answer

PROGRAM = """
from adapters.bootstrap import making
from tests.adapters.generation.public_internet import fetcher_of

making.ImageFetcher = lambda hosts: fetcher_of({way_in!r}, hosts)
from adapters.cli import main
main()
"""
"""The program, in which a public host is one of loopback; all else of the fetcher is as ever."""


@pytest.fixture
async def internet() -> AsyncIterator[PublicInternet]:
    """Each of its hosts has the same picture."""
    async with PublicInternet(answer(png(128), "Content-Type: image/png")).serving() as internet:
        yield internet


@pytest.mark.parametrize(
    ("name", "options", "title"),
    [("imgimg", {"prompt": "of paper"}, "Image Changed"), ("upscale", {}, "Image Upscaled")],
)
async def test_a_picture_at_an_address_of_discord_is_fetched_and_used(  # noqa: PLR0917 - fixtures and a row
    fake: FakeDiscord, ann: Person, internet: PublicInternet, tmp_path: Path,
    name: str, options: dict[str, Any], title: str,
) -> None:  # fmt: skip
    """Over TLS from the host that is named. An address of any other host is refused, and never asked."""
    words = command(tmp_path / "root", "bot", GENERATOR="sketch")
    program = PROGRAM.format(way_in=internet.way_in)
    async with await BotProcess.start([sys.executable, "-c", program, *words[3:]], {}, fake) as bot:
        await bot.ready()
        await fake.synced()
        elsewhere = {**options, "url": f"https://images.example{PATH}"}
        assert "This address cannot be used." in (await finished(await ann.slash(name, elsewhere))).text
        assert internet.heard == []
        message = await finished(await ann.slash(name, {**options, "url": GOOD}))
        assert title in message.text
        assert "Daily: 1/5" in message.text
        assert len(message.attachments) == 1
        assert internet.asked_for == [DISCORD]
        assert internet.heard[0].startswith(f"GET {PATH} ".encode())
        assert SECRET not in bot.log
    assert fake.complaints == []
