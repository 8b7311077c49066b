"""What the tests of the market on Discord stand on: a bot that calls points stars and gives some, and who uses it."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.adapters.discord.bot.stage import PICTURE_SECONDS, finished
from tests.adapters.discord.fake.interactions import Interaction
from tests.adapters.discord.fake.messages import Message
from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.fake.world import Channel, Guild

SETTINGS = {"GENERATOR": "sketch", "POINTS_NAME": "stars", "EARN_DAILY": 5, "EARN_FAVOURITE": 2}


@dataclass
class Bazaar:
    """A Discord with a bot on it."""

    discord: FakeDiscord
    guild: Guild
    names: int = field(default=0)

    def somebody(self, name: str = "ann") -> Person:
        """A member whom nobody has met before."""
        self.names += 1
        return self.discord.user(f"{name}{self.names}")

    @property
    def owner(self) -> Person:
        """Of the application, and here of the server too."""
        owner = self.guild.owner
        assert isinstance(owner, Person)
        return owner

    async def rich(self, points: int, name: str = "ann") -> Person:
        """A member with so many."""
        person = self.somebody(name)
        await self.manages("mint", user=person, amount=points, reason="a game")
        return person

    async def manages(self, action: str, **options: object) -> Message:
        """What the owner is told of `/market_admin`."""
        return await finished(await self.owner.slash(f"market_admin {action}", options))

    async def offers(self, offer: str, amount: float, price: int, **options: object) -> None:
        """Puts an offer of generations up, or another in its place."""
        told = await self.manages("offer", offer=offer, amount=amount, price=price, **{"unit": "generations"} | options)
        assert "✅" in told.text, told.text

    async def changed(self, message: Message, words: str) -> Message:
        """The same message, once it has these words."""
        return await self.discord.world.bell.until(
            lambda: message if words in message.text else None,
            timeout=PICTURE_SECONDS,
            what=lambda: f"{words!r} in the message; it says {message.text}",
        )


async def said(person: Person, command: str, *, channel: Channel | None = None, **options: object) -> Message:
    """The answer to a command, which its asker alone sees."""
    message = await finished(await person.slash(command, options, channel=channel))
    assert message.ephemeral, message.text
    return message


async def pressed(person: Person, message: Message, button: str) -> Message:
    """What a press on a button tells whoever pressed, in a message of its own."""
    told: Interaction = await person.click(message, button)
    return await told.followup() if told.followups else await finished(told)
