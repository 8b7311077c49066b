"""One bot for all tests of the market that need no start of their own; each takes users and offers of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.adapters.discord.bot.stage import running
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.market.bazaar import SETTINGS, Bazaar


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def bazaar(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bazaar]:
    """The bot on a fake Discord with one guild."""
    root = tmp_path_factory.mktemp("bazaar") / "root"
    async with await FakeDiscord.start() as fake:
        guild = fake.guild("Traders")
        async with running(fake, root, **SETTINGS):
            await fake.synced()
            yield Bazaar(fake, guild)


@pytest.fixture(autouse=True)
def no_complaints(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each test the fake has nothing to complain of."""
    if "bazaar" not in request.fixturenames:
        yield
        return
    discord = request.getfixturevalue("bazaar").discord
    yield
    complaints, discord.world.complaints[:] = discord.complaints, []
    assert complaints == []
    assert discord.unknown_routes == []
