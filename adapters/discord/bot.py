"""The bot: a client of Discord with the studio, the storage and the settings at hand, and what runs in it.

Answers for what it is made of, which commands Discord knows of, and which work is under way. What the commands do is in
`cogs`, how the connection lives and ends in `life`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import discord
import orjson
import structlog
from discord import app_commands
from discord.ext import commands

from adapters.application.results import Actor
from adapters.application.storage import Storage
from adapters.discord.bot_state import Remembered
from adapters.discord.connection import connection_options
from adapters.discord.errors import AbbyTree
from adapters.discord.identifying import IdentifyPace
from adapters.library.image_generator import ImageGenerator
from adapters.library.storage_manager import StorageManager
from adapters.settings.config import Config
from adapters.studio import Studio

COMMANDS_SENT = "commands"
"""Under this name it is remembered which commands Discord was sent last."""
TOLD_SECONDS = 5.0
"""How long work that was cancelled may take to tell its user so."""

_log = structlog.wrap_logger(logging.getLogger(__name__))

AnyItem = discord.ui.DynamicItem[discord.ui.Item[Any]]
MakeCog = Callable[["AbbyBot"], commands.Cog]
AddMenus = Callable[["AbbyBot"], None]


@dataclass(frozen=True)
class Parts:
    """What the bot stands on; all of it is the composition root's to close."""

    config: Config
    store: Storage
    studio: Studio
    generator: ImageGenerator


@dataclass(frozen=True)
class Abilities:
    """What the bot can do: its cogs, its menus on messages, and its buttons."""

    cogs: Sequence[MakeCog] = ()
    menus: Sequence[AddMenus] = ()
    buttons: Sequence[type[AnyItem]] = ()


class AbbyBot(commands.AutoShardedBot):
    """Abby on Discord. `storage`, `generator` and `config` are there for other people's cogs too."""

    def __init__(self, parts: Parts, abilities: Abilities) -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # it does not speak, so it needs neither
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=AbbyTree,
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            **connection_options(parts.config.discord),
        )
        self.config = parts.config
        self.store = parts.store
        self.studio = parts.studio
        self.storage = StorageManager.over(parts.store)
        self.generator = parts.generator
        self.remembered = Remembered(parts.store.root)
        self.stopping = False
        self._abilities = abilities
        self._pace = IdentifyPace()
        self._work: set[asyncio.Task[Any]] = set()

    async def setup_hook(self) -> None:
        """Before the connection: commands, menus and buttons, also those on messages of earlier starts."""
        for make_cog in self._abilities.cogs:
            await self.add_cog(make_cog(self))
        for add_menus in self._abilities.menus:
            add_menus(self)
        self.add_dynamic_items(*self._abilities.buttons)
        await self.register_commands()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Called by the library before each session."""
        await self._pace.wait(shard_id, initial=initial)

    async def on_ready(self) -> None:
        """Says that all is well."""
        _log.info(f"Abby is online as {self.user}", guilds=len(self.guilds), shards=self.shard_count)

    async def register_commands(self) -> None:
        """Sends Discord the commands where they differ from those it was sent last. A failure is logged: the commands
        that Discord knows already still work.
        """
        payload = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        digest = sha256(orjson.dumps([self.application_id, payload], option=orjson.OPT_SORT_KEYS)).hexdigest()
        if self.remembered.get(COMMANDS_SENT) == digest:
            return
        try:
            await self.tree.sync()
        except (discord.HTTPException, app_commands.AppCommandError) as error:
            _log.error(
                "Discord did not take the commands; the bot goes on with those that it knows. Start again to retry",
                reason=str(error),
            )
        else:
            self.remembered.put(COMMANDS_SENT, digest)
            _log.info("commands registered", count=len(payload))

    def is_owner_id(self, user_id: int) -> bool:
        """Whether this is who owns the bot: the one of the settings, or else the application's owner."""
        if self.config.discord.owner:
            return user_id == self.config.discord.owner
        application = self.application
        if application is None:
            return False
        if application.team is not None:
            return user_id in {member.id for member in application.team.members}
        return user_id == application.owner.id

    @contextmanager
    def working(self) -> Iterator[None]:
        """Around what takes long: `drain` waits for it, and ends it where it takes too long."""
        task = asyncio.current_task()
        assert task is not None, "work runs in a task"
        self._work.add(task)
        try:
            yield
        finally:
            self._work.discard(task)

    async def drain(self, seconds: float) -> None:
        """Takes no new work, waits so long for what runs, then cancels it; it tells its users."""
        self.stopping = True
        if not self._work:
            return
        _log.info("waiting for pictures under way", count=len(self._work), seconds=seconds)
        _, late = await asyncio.wait(set(self._work), timeout=seconds)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=TOLD_SECONDS)


Interaction = discord.Interaction[AbbyBot]


def actor_of(interaction: discord.Interaction[Any]) -> Actor:
    """Who acts, and in which guild, as the log names them."""
    origin = f"guild:{interaction.guild_id}" if interaction.guild_id else "direct"
    return Actor(f"discord:{interaction.user.id}", origin)
