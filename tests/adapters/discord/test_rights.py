"""Every act of the bot on somebody's things, by every kind of person, on things of every origin: allowed, or not.

The rights are asked as the bot asks them, with the library's own interactions, made of what Discord sends.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import discord
import pytest
import pytest_asyncio
from discord import app_commands

from adapters.application.results import Actor
from adapters.application.saves import save_under
from adapters.application.saving import NewImage, save_image
from adapters.application.storage import Storage
from adapters.discord.bot import AbbyBot, Abilities, Parts
from adapters.discord.cogs import managing
from adapters.discord.errors import NotAllowed, OwnerOnly
from adapters.discord.pending_answers import PendingAnswers
from adapters.discord.permissions import managers_only, may_delete, shared_managers_only
from adapters.engines.opening import open_store
from adapters.generation.providers import UnavailableProvider
from adapters.library.image_generator import ImageGenerator
from adapters.ports.failure_reasons import PlainReason
from adapters.ports.failures import GenerationFailure
from adapters.settings.config import load_config
from adapters.studio import Studio
from tests.adapters.discord.fake.interactions import AUTOCOMPLETE, COMMAND, Interaction
from tests.adapters.discord.fake.world import (
    MANAGE_GUILD,
    USUAL,
    Channel,
    Guild,
    Settings,
    TeamMember,
    User,
    World,
)
from tests.hostile.builders import png

pytestmark = pytest.mark.asyncio(loop_scope="module")

ORIGINS = ("here", "elsewhere", "direct", "http", "unknown")
"""Where a picture of ann was made: in the guild where she is met, in another one, in direct messages, by the page or
the HTTP interface, and where nobody knows (a library, an adoption, a former version).
"""
ALL, NONE = frozenset(ORIGINS), frozenset[str]()
HERE, ELSEWHERE = frozenset({"here"}), frozenset({"elsewhere"})


@dataclass(frozen=True)
class Asks:
    """Who asks, from where, with which setting, and what they may: delete pictures of which origins, see the figures
    of a member and of one who is none, act on what all servers share.
    """

    who: str
    deletes: frozenset[str]
    at: str = "here"
    managers_channel: str = ""
    member_figures: bool = False
    stranger_figures: bool = False
    shared: bool = False

    def __str__(self) -> str:
        channel = f", managers' channel {self.managers_channel}" if self.managers_channel else ""
        return f"{self.who} asks {self.at}{channel}"


OWNERS_RIGHTS: dict[str, Any] = {"member_figures": True, "stranger_figures": True, "shared": True}
TABLE = [
    *(Asks("the person", ALL, at) for at in ("here", "elsewhere", "direct")),
    *(Asks("another member", NONE, at) for at in ("here", "elsewhere", "direct")),
    Asks("a manager", HERE, member_figures=True),
    Asks("a manager", ELSEWHERE, "elsewhere", member_figures=True),
    Asks("a manager", NONE, "direct"),
    Asks("a manager of here alone", HERE, member_figures=True),
    Asks("a manager of here alone", NONE, "elsewhere"),
    Asks("a manager", HERE, managers_channel="here", member_figures=True, shared=True),
    Asks("a manager", NONE, "elsewhere", managers_channel="here"),
    Asks("a manager", NONE, "direct", managers_channel="here"),
    Asks("a manager", NONE, managers_channel="elsewhere"),
    Asks("a manager", NONE, managers_channel="gone"),
    Asks("another member", NONE, managers_channel="here"),
    *(Asks("the owner of the settings", ALL, at, **OWNERS_RIGHTS) for at in ("here", "elsewhere", "direct")),
    Asks("the owner of the settings", ALL, managers_channel="elsewhere", **OWNERS_RIGHTS),
    Asks("the application's owner", ALL, "direct", **OWNERS_RIGHTS),
    Asks("the application's owner where the settings name another", NONE, "here"),
    *(
        Asks(f"the team's {role}", ALL, at, **OWNERS_RIGHTS)
        for role in ("owner", "admin", "developer")
        for at in ("here", "direct")
    ),
    *(
        Asks(f"the team's {role}", NONE, at)
        for role in ("read_only", "invited admin", "invited developer", "unheard-of role")
        for at in ("here", "direct")
    ),
]


@dataclass
class Scene:
    """A bot that is not connected, and what it would know of two guilds, of ann and her pictures, and of who asks."""

    store: Storage
    world: World = field(default_factory=lambda: World(Settings()))

    def __post_init__(self) -> None:
        new = self.world.new_id
        self.ann, self.stranger = User(new(), "ann"), User(new(), "a stranger")
        self.owner = User(new(), "owner of the application")
        self.world.users[self.owner.id] = self.owner
        self.guilds = {name: Guild(new(), name, User(new(), f"owner of {name}")) for name in ("here", "elsewhere")}
        self.channels = {
            name: self.world.add(Channel(self.world, new(), name, guild)) for name, guild in self.guilds.items()
        }

    def origin(self, name: str) -> str | None:
        """An origin as the log has it."""
        own = {"direct": "direct", "http": "http", "unknown": None}
        return own[name] if name in own else f"guild:{self.guilds[name].id}"

    def asker(self, who: str) -> User:
        """The user whom the table means; a team is made where one is spoken of."""
        if who == "the person":
            return self.ann
        if who.startswith("the application's owner"):
            return self.owner
        user = User(self.world.new_id(), who)
        if who == "a manager":
            user.permissions = USUAL | MANAGE_GUILD
        elif who == "a manager of here alone":
            self.guilds["here"].permissions[user] = USUAL | MANAGE_GUILD
        elif who == "the team's owner":
            self.world.team = [TeamMember(user)]
        elif who.startswith("the team's "):
            first, *rest = who.removeprefix("the team's ").split()
            member = TeamMember(user, rest[0] if first == "invited" else first, accepted=first != "invited")
            self.world.team = [TeamMember(User(self.world.new_id(), "the team's owner")), member]
        return user

    def interaction(
        self, bot: AbbyBot, asks: Asks, user: User, kind: int = COMMAND, about: User | None = None
    ) -> discord.Interaction[Any]:
        """What Discord would send."""
        channel = self.channels.get(asks.at) or self.world.direct(user)
        options = [] if about is None else [{"name": "user", "type": 6, "value": str(about.id)}]
        data = {"id": "1", "name": "quota_admin", "type": 1, "options": options}
        event: Any = Interaction(self.world, kind, user, channel, data).event()
        return discord.Interaction(data=event, state=bot._connection)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pictures(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Scene]:
    """One of ann's pictures of each origin."""
    scene = Scene(open_store(tmp_path_factory.mktemp("rights") / "root"))
    for origin in ORIGINS:
        actor = Actor(f"discord:{scene.ann.id}", scene.origin(origin))
        saved = await save_image(scene.store, NewImage(str(scene.ann.id), png(), name=f"{origin}.png"), actor=actor)
        assert saved
    yield scene
    scene.store.close()


def bot_of(scene: Scene, asks: Asks, user: User) -> AbbyBot:
    """A bot with the settings of a row, as it is once it has logged in."""
    channel = scene.channels.get(asks.managers_channel)
    managers_channel = channel.id if channel else 1 if asks.managers_channel else 0
    of_settings = {"the owner of the settings": user.id, "the application's owner where the settings name another": 7}
    config = load_config(
        {"DISCORD_OWNER": of_settings.get(asks.who, 0), "DISCORD_MANAGERS_CHANNEL": managers_channel}, Path("no.env")
    )
    generator = ImageGenerator(provider=UnavailableProvider(GenerationFailure(PlainReason.GENERATOR_CLOSED)))
    parts = Parts(config, scene.store, Studio(scene.store, generator), generator)
    bot = AbbyBot(parts, Abilities(), PendingAnswers(scene.store.root))
    own: Any = scene.world.bot.json
    application: Any = scene.world.application
    bot._connection.user = discord.ClientUser(state=bot._connection, data=own)
    bot._application = discord.AppInfo(bot._connection, application)
    for guild in scene.guilds.values():
        event: Any = guild.create_event(scene.world.bot)
        bot._connection._add_guild_from_data(event)
    return bot


def allowed(check: Callable[[], object]) -> bool:
    """Whether a check lets somebody pass."""
    try:
        check()
    except NotAllowed:
        return False
    return True


@pytest.mark.parametrize("asks", TABLE, ids=str)
async def test_an_act_needs_a_right_that_belongs_to_its_place(pictures: Scene, asks: Asks) -> None:
    """Deleting as the picture's origin allows; figures as the member's server does; and what concerns all servers as
    the owner does.
    """
    pictures.world.team = []
    user = pictures.asker(asks.who)
    bot = bot_of(pictures, asks, user)
    ann = str(pictures.ann.id)
    asked = pictures.interaction(bot, asks, user)
    deletes = set()
    for origin in ORIGINS:
        save = save_under(pictures.store, ann, f"{origin}.png")
        assert save is not None
        deletes |= {origin} if await may_delete(asked, ann, save) else set()
    assert deletes == asks.deletes

    def sees(of: User, guild: discord.Guild | None) -> bool:
        """The figures of a user: of a member of this guild, or where there is none, of anybody."""
        user_data: Any = of.json
        whom: discord.Member | discord.User = discord.User(data=user_data, state=bot._connection)
        if guild is not None:
            member: Any = pictures.guilds[asks.at].member(of, USUAL)
            whom = discord.Member(data=member, guild=guild, state=bot._connection)

        def check() -> None:
            managers_only(asked)
            managing.refuse_non_members(asked, whom)

        return allowed(check)

    if asks.who != "the person":
        assert sees(pictures.ann, asked.guild) == asks.member_figures
    assert sees(pictures.stranger, None) == asks.stranger_figures
    assert allowed(lambda: shared_managers_only(asked)) == asks.shared


@pytest.mark.parametrize("asks", [asks for asks in TABLE if asks.who != "the person"], ids=str)
async def test_names_are_suggested_of_what_may_be_deleted_and_of_nothing_else(pictures: Scene, asks: Asks) -> None:
    """While a manager types, Discord does not say whether the user is a member. (One's own names are suggested by one's
    own commands.)
    """
    pictures.world.team = []
    user = pictures.asker(asks.who)
    bot = bot_of(pictures, asks, user)
    asked = pictures.interaction(bot, asks, user, AUTOCOMPLETE, pictures.ann)
    options: Any = [{"name": "user", "type": 6, "value": str(pictures.ann.id)}]
    own_slot: Any = asked
    own_slot._cs_namespace = app_commands.Namespace(asked, {}, options)
    names = {choice.value.removesuffix(".png") for choice in await managing.suggest_theirs(asked, "")}
    assert names == asks.deletes


async def test_the_table_has_every_row_that_there_is() -> None:
    """Each kind of person, each place to ask from, each managers' channel."""
    assert {asks.at for asks in TABLE} == {"here", "elsewhere", "direct"}
    assert {asks.managers_channel for asks in TABLE} == {"", "here", "elsewhere", "gone"}
    assert len({str(asks) for asks in TABLE}) == len(TABLE)
    assert issubclass(OwnerOnly, NotAllowed)
