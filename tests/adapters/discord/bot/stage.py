"""The real bot in a process of its own, beside a fake Discord: what the tests of its commands stand on."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.adapters.discord.fake.interactions import Interaction
from tests.adapters.discord.fake.messages import Message
from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.fake.world import Guild
from tests.adapters.discord.haste import hasty
from tests.adapters.discord.process import BotProcess
from tests.emulators.automatic1111 import Automatic1111Emulator

PICTURE_SECONDS = 20.0


@dataclass(frozen=True)
class Stage:
    """A running bot, the Discord it is on with a guild, and the service that paints for it."""

    bot: BotProcess
    discord: FakeDiscord
    painter: Automatic1111Emulator
    guild: Guild
    root: Path

    async def imagine(self, person: Person, **options: object) -> Message:
        """The answer to `/imagine`, once it is more than progress."""
        return await finished(await person.slash("imagine", {"prompt": "a cat", **options}))

    async def spoil(self, person: Person) -> None:
        """Raises the daily limit of a user, as the guild's owner may."""
        boss = self.guild.owner
        assert isinstance(boss, Person)
        done = await finished(await boss.slash("quota_admin set", {"user": person, "daily": 50}))
        assert "50 generations a day" in done.text

    async def changed(self, message: Message, words: str) -> Message:
        """The same message, once it has these words."""
        return await self.discord.world.bell.until(
            lambda: message if words in message.text else None,
            timeout=PICTURE_SECONDS,
            what=lambda: f"{words!r} in the message; it says {message.text}",
        )


async def finished(interaction: Interaction) -> Message:
    """The answer once it is more than progress: with an embed."""
    return await interaction.message(lambda message: message.embeds, timeout=PICTURE_SECONDS)


def command(root: Path, *words: str, **settings: object) -> list[str]:
    """The command line of `abby` with settings in a file beside the root."""
    lines = {"GENERATOR": "automatic1111", "LOG_FORMAT": "json", "HTTP_PORT": "0"} | settings
    env_file = root.parent / f"{root.name}.env"
    env_file.write_text("".join(f"{name}={value}\n" for name, value in lines.items()), encoding="utf-8")
    return [sys.executable, "-m", "adapters.cli", "--root", str(root), "--env-file", str(env_file), *words]


@asynccontextmanager
async def running(fake: FakeDiscord, root: Path, *words: str, **settings: object) -> AsyncIterator[BotProcess]:
    """The bot, which waits for little, from its readiness on; killed at the end where it has not ended before."""
    async with await BotProcess.start(hasty(command(root, *words or ["bot"], **settings)), {}, fake) as bot:
        await bot.ready()
        yield bot
