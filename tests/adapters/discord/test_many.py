"""Many users at once, with a service that takes its time: all are answered in time, and counted exactly."""

from __future__ import annotations

import asyncio
import json
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.adapters.discord.bot.stage import running
from tests.adapters.discord.fake.server import FakeDiscord
from tests.emulators.automatic1111 import Automatic1111Emulator

USERS, MANY_USERS = 60, 200
PATIENCE_SECONDS = 240.0


@pytest.mark.parametrize("users", [USERS, pytest.param(MANY_USERS, marks=pytest.mark.thorough)])
async def test_pictures_for_many_at_once_are_acknowledged_made_and_counted_once_each(
    fake: FakeDiscord, tmp_path: Path, record_property: Callable[[str, object], None], users: int
) -> None:
    """Each may have one a day, and asks twice at once: one is made, one refused, whichever came first.

    The service does not go on before all are acknowledged. Discord gives each three seconds, or the fake refuses.
    """
    root, painter = tmp_path / "root", Automatic1111Emulator()
    painter.shown = asyncio.Event()
    people = [fake.user(f"one of many {number}") for number in range(users)]
    async with (
        painter.serving() as address,
        running(fake, root, API_HOST=address, MAX_USER_DAILY_GENS=1) as bot,
    ):
        await fake.synced()
        asked = [await person.slash("imagine", {"prompt": "a cat"}) for _ in range(2) for person in people]
        await asyncio.gather(*(one.acknowledged(within=30) for one in asked))
        longest = max(one.acknowledged_after or 0.0 for one in asked)
        record_property("the longest wait of all commands, in seconds", longest)
        painter.shown.set()
        done = await asyncio.gather(
            *(one.message(lambda message: message.embeds, timeout=PATIENCE_SECONDS) for one in asked)
        )
        assert [one.failures for one in asked if one.failures] == []
        shown = Counter(one.user.id for one, message in zip(asked, done, strict=True) if message.attachments)
        assert shown == {person.id: 1 for person in people}
        assert sum("Daily Generation Limit Reached" in message.text for message in done) == users
        bot.send(signal.SIGTERM)
        assert await bot.exit_code() == 0
    assert painter.jobs == users
    lines = (root / "logs" / "events.jsonl").read_text(encoding="utf-8").splitlines()
    kinds = Counter(json.loads(line)["type"] for line in lines if '"user:' in line)
    assert kinds == {
        "GenerationReserved": users,
        "GenerationCompleted": users,
        "ImageSaved": users,
        "RequestRefused": users,
    }
    assert fake.complaints == []
