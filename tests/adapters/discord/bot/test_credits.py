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
    """By every way to one; the one that no longer fits is refused before its input is fetched, and told whose limit it
    is and what is left.
    """
    made = await stage.imagine(ann)
    assert "Image Generated" in made.text
    changed = await finished(await ann.slash("imgimg", {"prompt": "x", "image": PICTURE}))
    assert "Image Changed" in changed.text
    assert "Image Upscaled" in (await finished(await ann.click(made, "Upscale"))).text
    refused = await stage.imagine(ann)
    assert refused.ephemeral
    assert "Limit Reached" in refused.text
