"""A limit that is nearly reached, told by the bot itself: by direct message, or beneath the next command's answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.adapters.discord.bot.stage import Stage, finished, running
from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.fake.server import FakeDiscord
from tests.emulators.automatic1111 import Automatic1111Emulator

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("one bot")]

HALF = "50 % of your generations for today are used or held: 1 generation of 2 generations."


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A bot with two generations a day, that tells at a half."""
    root = tmp_path_factory.mktemp("news") / "root"
    painter = Automatic1111Emulator()
    async with await FakeDiscord.start() as fake, painter.serving() as address:
        guild = fake.guild("Painters")
        async with running(fake, root, API_HOST=address, TELL_AT="50", MAX_USER_DAILY_GENS="2") as bot:
            await fake.synced()
            yield Stage(bot, fake, painter, guild, root)


@pytest.mark.usefixtures("stage")
async def test_a_user_is_told_by_direct_message(ann: Person) -> None:
    """While the picture is made, or soon after."""
    await finished(await ann.slash("imagine", {"prompt": "a fox"}))
    direct = ann.direct
    message = await direct.message(lambda message: HALF in message.text)
    assert "Your Limit Comes Nearer" in message.text
    assert len(direct.messages) == 1


async def test_where_that_is_closed_it_stands_beneath_the_next_answer(stage: Stage, bob: Person) -> None:
    """For that user alone, and once: that of the picture, where it is still to come, or of the next command."""
    stage.discord.trouble("POST /users/@me/channels", 403, code=50007)
    asked = [await bob.slash("imagine", {"prompt": "an owl"})]
    await finished(asked[0])
    async with asyncio.timeout(20):
        while "limits waiting" not in (stage.root / "logs" / "discord.json").read_text(encoding="utf-8"):  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.05)

    def told() -> list[Any]:
        return [message for one in asked for message in one.followups if HALF in message.text]

    for _ in range(2):
        asked.append(await bob.slash("quota"))
        await finished(asked[-1])
        await stage.discord.world.bell.until(told, timeout=10, what=lambda: "what waits for its user")
    assert len(told()) == 1
