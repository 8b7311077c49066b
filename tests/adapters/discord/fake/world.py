"""What exists in the fake Discord: guilds, channels, users, messages and their files, and what all parts of it share.

Whatever happens rings the bell, so that a test waits for what it wants to see and for no fixed time.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from tests.adapters.discord.fake.refusals import Json

if TYPE_CHECKING:
    from tests.adapters.discord.fake.interactions import Interaction
    from tests.adapters.discord.fake.messages import Message

Seen = TypeVar("Seen")

DISCORD_EPOCH_MS = 1_420_070_400_000
MEBIBYTE = 1 << 20
ADMINISTRATOR, MANAGE_GUILD, VIEW_CHANNEL, SEND_MESSAGES = 1 << 3, 1 << 5, 1 << 10, 1 << 11
MANAGE_MESSAGES, EMBED_LINKS, ATTACH_FILES, READ_HISTORY, USE_COMMANDS = 1 << 13, 1 << 14, 1 << 15, 1 << 16, 1 << 31
EVERYTHING = (1 << 53) - 1
USUAL = VIEW_CHANNEL | SEND_MESSAGES | EMBED_LINKS | ATTACH_FILES | READ_HISTORY | USE_COMMANDS


class Clock:
    """Seconds since 1970, which a test may move forward."""

    def __init__(self) -> None:
        self.ahead_seconds = 0.0

    def now(self) -> float:
        """The time by which deadlines and tokens are judged."""
        return time.time() + self.ahead_seconds

    def advance(self, seconds: float) -> None:
        """Lets so many seconds pass at once."""
        self.ahead_seconds += seconds


class Bell:
    """Wakes those who wait for something to be seen."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Event] = set()

    def ring(self) -> None:
        """Something changed."""
        for event in self._waiting:
            event.set()

    async def until(self, look: Callable[[], Seen | None], *, timeout: float, what: Callable[[], str]) -> Seen:
        """The first truthy thing that `look` sees; after `timeout` seconds an AssertionError says what was missed."""
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            async with asyncio.timeout(timeout):
                while not (seen := look()):
                    await event.wait()
                    event.clear()
                return seen
        except TimeoutError:
            raise AssertionError(f"not within {timeout} s: {what()}") from None
        finally:
            self._waiting.discard(event)


@dataclass
class Settings:
    """The rules that a test may narrow. Seconds are those of the world's clock."""

    token: str = "the-right-token"
    acknowledge_seconds: float = 3.0
    token_seconds: float = 15 * 60
    attachment_bytes: int = 10 * MEBIBYTE
    address_seconds: float = 24 * 3600
    heartbeat_ms: int = 41_250
    shards: int = 1
    sessions_a_day: int = 1_000
    privileged_intents: int = 0


class Role(NamedTuple):
    """A role of a server, as an option names it."""

    id: int
    name: str

    @property
    def json(self) -> Json:
        """As Discord sends it."""
        flags = dict.fromkeys(("hoist", "managed", "mentionable"), False)
        return {
            "id": str(self.id),
            "name": self.name,
            "permissions": "0",
            "position": 1,
            "color": 0,
            "flags": 0,
            **flags,
        }


class Upload(NamedTuple):
    """A file as it is handed over: by the bot with a message, or by a user as an option."""

    name: str
    data: bytes
    content_type: str = "application/octet-stream"


@dataclass(eq=False)
class User:
    """Somebody. `permissions` are those in every guild that says nothing else."""

    id: int
    name: str
    permissions: int = USUAL
    is_bot: bool = False

    @property
    def json(self) -> Json:
        """As Discord sends users."""
        return {
            "id": str(self.id),
            "username": self.name,
            "discriminator": "0",
            "global_name": None,
            "avatar": None,
            "bot": self.is_bot,
        }


@dataclass(frozen=True)
class TeamMember:
    """One of the team that an application belongs to; who has not accepted is only invited."""

    user: User
    role: str = "developer"
    accepted: bool = True


@dataclass(eq=False)
class Guild:
    """A server. `bot_permissions` are what the bot was invited with; `announced_bytes` is the largest file as
    interactions tell it, where that is not true. `roles` of a user are told with what they ask. Every user is a member
    who is not `absent`.
    """

    id: int
    name: str
    owner: User
    bot_permissions: int = USUAL
    attachment_bytes: int | None = None
    announced_bytes: int | None = None
    permissions: dict[User, int] = field(default_factory=dict)
    roles: dict[User, tuple[int, ...]] = field(default_factory=dict)
    absent: set[User] = field(default_factory=set)
    channels: list[Channel] = field(default_factory=list)

    def permissions_of(self, user: User) -> int:
        """What a user may do here; the owner and administrators may do all."""
        own = self._given(user)
        return EVERYTHING if user is self.owner or own & ADMINISTRATOR else own

    def member(self, user: User, permissions: int) -> Json:
        """A member as Discord sends it with an interaction."""
        return {
            "user": user.json,
            "roles": [str(role) for role in self.roles.get(user, ())],
            "joined_at": "2024-01-01T00:00:00+00:00",
            "deaf": False,
            "mute": False,
            "flags": 0,
            "permissions": str(permissions),
        }

    def listed_member(self, user: User) -> Json:
        """A member as REST sends it: without permissions, which are those of the roles."""
        return {name: value for name, value in self.member(user, 0).items() if name != "permissions"} | {
            "roles": [str(user.id)]
        }

    def listed(self, users: Iterable[User]) -> Json:
        """The server as REST sends it. Each user has a role of their own."""
        everyone = {"id": str(self.id), "name": "@everyone", "permissions": str(USUAL)}
        own = [{"id": str(user.id), "name": user.name, "permissions": str(self._given(user))} for user in users]
        return {"id": str(self.id), "name": self.name, "owner_id": str(self.owner.id), "roles": [everyone, *own]}

    def _given(self, user: User) -> int:
        return self.permissions.get(user, user.permissions)

    def create_event(self, bot: User) -> Json:
        """What GUILD_CREATE tells. The role of everyone carries the bot's permissions."""
        everyone = {
            "id": str(self.id),
            "name": "@everyone",
            "permissions": str(self.bot_permissions),
            "position": 0,
            "color": 0,
            "hoist": False,
            "managed": False,
            "mentionable": False,
            "flags": 0,
        }
        return {
            "id": str(self.id),
            "name": self.name,
            "owner_id": str(self.owner.id),
            "member_count": 2,
            "unavailable": False,
            "roles": [everyone],
            "emojis": [],
            "features": [],
            "preferred_locale": "en-US",
            "channels": [channel.json for channel in self.channels],
            "members": [self.member(bot, self.bot_permissions)],
        }


@dataclass(eq=False)
class Channel:
    """A text channel of a guild, or, with `recipient`, the direct messages of one user and the bot."""

    world: World
    id: int
    name: str
    guild: Guild | None = None
    recipient: User | None = None
    nsfw: bool = False
    bot_permissions: int | None = None
    history: list[Message] = field(default_factory=list)

    @property
    def bot_may(self) -> int:
        """The bot's permissions here."""
        if self.bot_permissions is not None:
            return self.bot_permissions
        own = self.guild.bot_permissions if self.guild else USUAL
        return EVERYTHING if own & ADMINISTRATOR else own

    @property
    def attachment_bytes(self) -> int:
        """The largest file that may be sent here."""
        own = self.guild.attachment_bytes if self.guild else None
        return own or self.world.settings.attachment_bytes

    @property
    def messages(self) -> list[Message]:
        """What everybody in the channel sees now, oldest first."""
        return [message for message in self.history if not (message.deleted or message.ephemeral)]

    @property
    def json(self) -> Json:
        """As Discord sends channels."""
        if self.recipient is not None:
            return {"id": str(self.id), "type": 1, "recipients": [self.recipient.json], "last_message_id": None}
        assert self.guild is not None
        return {
            "id": str(self.id),
            "type": 0,
            "guild_id": str(self.guild.id),
            "name": self.name,
            "topic": None,
            "position": 0,
            "nsfw": self.nsfw,
            "parent_id": None,
            "last_message_id": None,
            "rate_limit_per_user": 0,
            "flags": 0,
            "permission_overwrites": [],
        }

    async def message(self, until: Callable[[Message], object] = bool, *, timeout: float = 10.0) -> Message:
        """The newest message here that everybody sees and for which `until` is true; waits for it."""
        return await self.world.bell.until(
            lambda: next((one for one in reversed(self.messages) if not one.loading and until(one)), None),
            timeout=timeout,
            what=lambda: f"a message in #{self.name}; there are {[message.text for message in self.messages]}",
        )


class World:
    """Everything there is, and what every part of the fake needs."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = Clock()
        self.bell = Bell()
        self._ids = self._snowflakes()
        self.bot = User(self.new_id(), "Abby", is_bot=True)
        self.application_id = self.bot.id
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.users: dict[int, User] = {self.bot.id: self.bot}
        self.team: list[TeamMember] = []
        self.interactions: dict[str, Interaction] = {}
        self.complaints: list[str] = []

    def new_id(self) -> int:
        """A snowflake; each is of a millisecond of its own, so that guilds spread over the shards."""
        return next(self._ids)

    def direct(self, user: User) -> Channel:
        """The direct messages of a user, made when first needed."""
        found = next((channel for channel in self.channels.values() if channel.recipient is user), None)
        return found or self.add(Channel(self, self.new_id(), f"@{user.name}", recipient=user))

    def add(self, channel: Channel) -> Channel:
        """Keeps a channel."""
        self.channels[channel.id] = channel
        if channel.guild is not None:
            channel.guild.channels.append(channel)
        return channel

    @property
    def application(self) -> Json:
        """The application as Discord sends it: it belongs to the first user, or to the team, whose first member owns
        that.
        """
        owner = next((user for user in self.users.values() if not user.is_bot), self.bot)
        return {
            "id": str(self.application_id),
            "name": self.bot.name,
            "description": "",
            "icon": None,
            "bot_public": True,
            "bot_require_code_grant": False,
            "owner": owner.json,
            "verify_key": "0" * 64,
            "flags": 0,
            "team": self._team if self.team else None,
        }

    @property
    def _team(self) -> Json:
        members = [
            {
                "membership_state": 2 if member.accepted else 1,
                "team_id": "1",
                "user": member.user.json,
                "role": member.role,
                "permissions": ["*"],
            }
            for member in self.team
        ]
        owner = str(self.team[0].user.id)
        return {"id": "1", "name": "Team", "icon": None, "owner_user_id": owner, "members": members}

    def complain(self, sentence: str) -> None:
        """Keeps what a good bot does not do; a test asks for none."""
        self.complaints.append(sentence)

    def _snowflakes(self) -> Iterator[int]:
        start = int(time.time() * 1000) - DISCORD_EPOCH_MS
        yield from ((start + number) << 22 for number in itertools.count())
