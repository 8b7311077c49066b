"""A fake Discord of one guild, and a user of it, for every test of a bot."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.fake.server import FakeDiscord


@pytest.fixture
async def fake() -> AsyncIterator[FakeDiscord]:
    """A Discord with the guild Foxes and its channel #general."""
    async with await FakeDiscord.start() as fake:
        fake.guild("Foxes")
        yield fake


@pytest.fixture
def ann(fake: FakeDiscord) -> Person:
    """A user of it without further permissions."""
    return fake.user("ann")
