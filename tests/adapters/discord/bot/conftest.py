"""One bot for all tests that need no start of their own: each takes a user of its own, whose quota is fresh."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.adapters.discord.bot.stage import Stage, running
from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.fake.server import FakeDiscord
from tests.emulators.automatic1111 import Automatic1111Emulator

_numbers = itertools.count(1)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """The bot on a fake Discord with one guild."""
    root = tmp_path_factory.mktemp("bot") / "root"
    painter = Automatic1111Emulator()
    async with await FakeDiscord.start() as fake, painter.serving() as address:
        guild = fake.guild("Painters")
        async with running(fake, root, API_HOST=address) as bot:
            await fake.synced()
            yield Stage(bot, fake, painter, guild, root)


@pytest.fixture
def ann(stage: Stage) -> Person:
    """A user whom nobody has met before."""
    return stage.discord.user(f"ann{next(_numbers)}")


@pytest.fixture
def bob(stage: Stage) -> Person:
    """Another one."""
    return stage.discord.user(f"bob{next(_numbers)}")


@pytest.fixture(autouse=True)
def no_complaints(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each test the fake has nothing to complain of, and no address was asked that it does not have."""
    if "stage" not in request.fixturenames:
        yield
        return
    discord = request.getfixturevalue("stage").discord
    yield
    complaints, discord.world.complaints[:] = discord.complaints, []
    assert complaints == []
    assert discord.unknown_routes == []
