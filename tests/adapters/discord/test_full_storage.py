"""Where storage is nearly full: what was paid is shown all the same, and the managers hear of it, once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from adapters.library.storage_manager import StorageManager
from domain.limits import MEGABYTE
from tests.adapters.discord.bot.stage import finished, running
from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.fake.world import MANAGE_GUILD, USUAL
from tests.emulators.automatic1111 import Automatic1111Emulator

LEFT_BYTES = 3_000
"""More than is held for a picture here, less than one needs."""


@pytest.fixture
async def full_root(tmp_path: Path) -> Path:
    """A storage root of 1 MB in which there is hardly any room."""
    root = tmp_path / "root"
    with StorageManager(root, max_global_storage_mb=1, check_images=False) as storage:
        ok, message, _ = await storage.save_image(os.urandom(MEGABYTE - LEFT_BYTES), "somebody", "large.png")
        assert ok, message
    return root


async def test_a_paid_picture_without_room_is_shown_and_the_managers_are_told_once(
    fake: FakeDiscord, ann: Person, full_root: Path
) -> None:
    """The quota line is for the user alone here; managers of another server manage nothing here, those
    of the channel's server change limits too.
    """
    guild = next(iter(fake.world.guilds.values()))
    channel = fake.channel("managers", guild)
    other = fake.guild("elsewhere")
    settings = {
        "MAX_GLOBAL_STORAGE_MB": 1,
        "IMAGE_GEN_SIZE_MB": 0.001,
        "QUOTA_LINE_PUBLIC": "false",
        "DISCORD_MANAGERS_CHANNEL": channel.id,
        "DISCORD_OWNER": ann.id,
    }
    painter = Automatic1111Emulator()
    async with painter.serving() as address, running(fake, full_root, API_HOST=address, **settings) as bot:
        await fake.synced()
        for _ in range(2):
            asked = await ann.slash("imagine", {"prompt": "a cat"})
            message = await finished(asked)
            assert "not kept: Server storage is full" in message.text
            assert "Daily:" not in message.text
            assert (len(message.attachments), message.buttons) == (1, [])
            line = await asked.followup()
            assert line.ephemeral
            assert "Daily Generations:" in line.text
        warned = await channel.message()
        assert "Server storage critical!" in warned.text
        assert len(channel.messages) == 1
        boss = fake.user("boss", permissions=USUAL | MANAGE_GUILD)
        refused = await finished(await boss.slash("audit", channel=other.channels[0]))
        assert "Not Allowed" in refused.text
        assert "The log is whole" in (await finished(await boss.slash("audit", channel=channel))).text
        limits = {"user": fake.user("eve"), "daily": 9}
        refused = await finished(await boss.slash("quota_admin set", limits, channel=other.channels[0]))
        assert "Not Allowed" in refused.text
        done = await finished(await boss.slash("quota_admin set", limits, channel=channel))
        assert "9 generations a day" in done.text
        assert "uncaught" not in bot.log
    assert fake.complaints == []
