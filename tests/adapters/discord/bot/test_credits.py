"""Where credits are limited: what a picture costs is told before and after it is made, and whose limit said no."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.adapters.discord.bot.stage import Stage, finished, running
from tests.adapters.discord.bot.test_pictures import png
from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.fake.world import Upload
from tests.emulators.automatic1111 import Automatic1111Emulator

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("one bot")]

LIMITS = (
    "user/month/credits=20, user/week/generations=30, guild/month/generations=900, guild/month/credits=200, "
    "pool/month/credits=500, pool/month/generations=1000"
)
PICTURE = Upload("in.png", png(128), "image/png")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A bot whose pictures cost six credits each, with six further limits."""
    root = tmp_path_factory.mktemp("credits") / "root"
    painter = Automatic1111Emulator()
    async with await FakeDiscord.start() as fake, painter.serving() as address:
        guild = fake.guild("Painters")
        async with running(fake, root, API_HOST=address, LIMITS=LIMITS, CREDITS_EACH="automatic1111=6") as bot:
            await fake.synced()
            yield Stage(bot, fake, painter, guild, root)


async def test_pictures_are_made_until_the_credits_are_used_up(stage: Stage, ann: Person) -> None:
    """By every way to one; the one that no longer fits is refused before its input is fetched, and told what is left.
    Each says what it cost.
    """
    made = await stage.imagine(ann)
    assert "Image Generated" in made.text
    assert "Cost: 6 credits" in made.text
    assert "14 of your 20 credits are left this month" in made.text
    changed = await finished(await ann.slash("imgimg", {"prompt": "x", "image": PICTURE}))
    assert "8 of your 20 credits are left this month" in changed.text
    assert "Image Upscaled" in (await finished(await ann.click(made, "Upscale"))).text
    refused = await stage.imagine(ann)
    assert refused.ephemeral
    assert "2 of your 20 credits are left this month, and this takes 6." in refused.text
    assert "Next Reset: <t:" in refused.text


async def test_the_price_is_told_before_anything_is_spent(ann: Person) -> None:
    """To who asks alone; asking holds nothing. What would be refused says so, and why."""
    told = await finished(await ann.slash("price", {"count": 2, "size": "wide"}))
    assert told.ephemeral
    for words in (
        "This costs 12 credits, 6 for each of 2 pictures.",
        "5 of your 5 generations are left today",
        "20 of your 20 credits are left this month",
        "30 of your 30 generations are left this week",
        "of this server's 200 credits are left this month",
        "of the bot's 500 credits are left this month",
    ):
        assert words in told.text
    assert "refused" not in told.text
    again = await finished(await ann.slash("price", {"of": "upscale"}))
    assert "This costs 6 credits." in again.text
    assert "20 of your 20 credits are left this month" in again.text
    much = await finished(await ann.slash("price", {"count": 4}))
    assert "It would be refused now. 20 of your 20 credits are left this month, and this takes 24." in much.text
    assert "Ask for at most 3, or wait." in much.text


async def test_a_quota_shows_whose_each_limit_is(ann: Person) -> None:
    """Six further limits beside the ones that are always there; in direct messages none of a server."""
    text = (await finished(await ann.slash("quota"))).text
    for title in (
        "Your Generations This Week: 0/30",
        "Your Credits This Month: 0/20",
        "This Server's Generations This Month: ",
        "This Server's Credits This Month: ",
        "The Bot's Generations This Month: ",
        "The Bot's Credits This Month: ",
    ):
        assert title in text
    assert "This Server" not in (await finished(await ann.slash("quota", channel=ann.direct))).text
