"""The bot: a client of Discord with the studio, the storage and the settings at hand, and what runs in it.

Answers for what it is made of, which commands Discord knows of, and which work is under way. What the commands do is in
`cogs`, how the connection lives and ends in `life`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord
import structlog
from discord import app_commands
from discord.ext import commands

from adapters.application.results import Actor
from adapters.application.storage import Storage
from adapters.discord.bot_state import Remembered
from adapters.discord.connection import GuardedState, connection_options, downloading
from adapters.discord.cooldowns import Cooldowns
from adapters.discord.delivery import Patience, facts_of
from adapters.discord.digests import Digests, Served
from adapters.discord.ending import tell_stopped
from adapters.discord.errors import OUTDATED_BUTTON, AbbyTree
from adapters.discord.forms import LastingForm
from adapters.discord.identifying import IdentifyPace
from adapters.discord.left_over import LeftOver
from adapters.discord.limit_news import LimitNews
from adapters.discord.news import News
from adapters.discord.pending_answers import PendingAnswers
from adapters.discord.registration import Registration
from adapters.discord.replies import tell
from adapters.discord.roles import roles_of
from adapters.discord.workers import MemberWorkers
from adapters.library.image_generator import ImageGenerator
from adapters.library.storage_manager import StorageManager
from adapters.market.market import Market
from adapters.settings.config import Config
from adapters.studio import Studio
from adapters.studio.generation_queue import GenerationQueue

DEFAULT_PATIENCE = Patience()
OTHERS_SECONDS = 1.0
"""How long a press that nothing here knows is left to other people's cogs."""
INPUTS_AT_ONCE, INPUTS_OF_ONE_USER, INPUTS_WAITING = 4, 3, 60
"""Inputs that are fetched at once, and those of one user and of all that may be fetched or wait for it."""
INPUT_BYTES = 256 * 1_048_576
"""Of all these inputs together, by the sizes that are told of them."""
TOLD_SECONDS = 5.0
"""How long work that was cancelled may take to tell its user so."""

OWNING_ROLES = frozenset({discord.TeamMemberRole.admin, discord.TeamMemberRole.developer})

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
    patience: Patience = DEFAULT_PATIENCE
    market: Market | None = None
    """None: the one of the storage, where points pay."""


@dataclass(frozen=True)
class Abilities:
    """What the bot can do: its cogs, its menus on messages, its buttons and forms, and what it tells by itself."""

    cogs: Sequence[MakeCog] = ()
    menus: Sequence[AddMenus] = ()
    buttons: Sequence[type[AnyItem]] = ()
    forms: Sequence[LastingForm] = ()
    news: Sequence[type[News]] = (LimitNews,)
    """What follows the log and tells of it, also beneath the answer to a command."""


class AbbyBot(commands.AutoShardedBot):
    """Abby on Discord. `storage`, `generator` and `config` are there for other people's cogs too."""

    def __init__(self, parts: Parts, abilities: Abilities, pending: PendingAnswers) -> None:
        """`pending` is the process's: a bot that comes back after a trouble finds the work of the one before it."""
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
        self.market = parts.market or Market(parts.store)
        self.remembered = Remembered(parts.store.root)
        self.patience = parts.patience
        self.pending = pending
        self.cooldowns = Cooldowns()
        self.workers = MemberWorkers(parts.store.workers.drawing)
        self.input_line = GenerationQueue(
            INPUTS_AT_ONCE, length=INPUTS_WAITING, per_user=INPUTS_OF_ONE_USER, input_bytes=INPUT_BYTES
        )
        self.stopping = False
        self._abilities = abilities
        self._registration = Registration(self.tree)
        self._pace = IdentifyPace()
        self._work: dict[asyncio.Task[Any], discord.Interaction[Any]] = {}
        self._catching_up: asyncio.Task[None] | None = None
        served = Served(self, self.store, self.remembered, self.config.discord, self.patience)
        self._digests = Digests(served)
        self._news = [news(served) for news in abilities.news]
        self._away: set[int] = set()
        self._downloads: aiohttp.ClientSession | None = None

    def _get_state(self, **options: Any) -> GuardedState:
        """The library's own way to have another state."""
        return GuardedState(
            dispatch=self.dispatch, handlers=self._handlers, hooks=self._hooks, http=self.http, **options
        )

    async def setup_hook(self) -> None:
        """Before the connection: commands, menus and buttons, also those on messages of earlier starts."""
        for make_cog in self._abilities.cogs:
            await self.add_cog(make_cog(self))
        for add_menus in self._abilities.menus:
            add_menus(self)
        self.add_dynamic_items(*self._abilities.buttons)
        self._downloads = downloading(self.http.connector)
        self._registration.start()
        left_over = LeftOver(self, self.pending, self.store.workers.reading, self.studio, self.patience)
        self._catching_up = asyncio.get_running_loop().create_task(left_over.keep_telling())
        self._digests.start()
        for news in self._news:
            news.start()

    async def close(self) -> None:
        """Ends what runs beside the connection, and the connection."""
        self._stop_telling()
        await self._registration.stop()
        if self._catching_up is not None:
            self._catching_up.cancel()
        if self._downloads is not None:
            await self._downloads.close()
        await super().close()

    def _stop_telling(self) -> None:
        self._digests.stop()
        for news in self._news:
            news.stop()

    @property
    def downloads(self) -> aiohttp.ClientSession:
        """For files of Discord's, which are read as far as whoever asks wants to."""
        assert self._downloads is not None, "there are no interactions before the connection"
        return self._downloads

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Called by the library before each session."""
        await self._pace.wait(shard_id, initial=initial)

    async def on_ready(self) -> None:
        """Says that all is well."""
        self._registration.look_soon()
        _log.info(f"Abby is online as {self.user}", guilds=len(self.guilds), shards=self.shard_count)

    def is_owner_id(self, user_id: int) -> bool:
        """Whether this is who owns the bot: the one of the settings, or else the application's owner."""
        if self.config.discord.owner:
            return user_id == self.config.discord.owner
        application = self.application
        if application is None:
            return False
        return user_id in owners_of(application)

    async def on_shard_disconnect(self, shard_id: int) -> None:
        """The library connects again by itself."""
        self._away.add(shard_id)

    async def on_shard_connect(self, shard_id: int) -> None:
        """A new session."""
        self._away.discard(shard_id)

    async def on_shard_resumed(self, shard_id: int) -> None:
        """The former session."""
        self._away.discard(shard_id)

    @property
    def trouble(self) -> str | None:
        """Why commands do not arrive at this moment, None where they do."""
        if self._away:
            return "it has lost its connection to Discord, and connects again"
        return None if self.is_ready() else "it is connecting to Discord"

    async def on_app_command_completion(self, interaction: discord.Interaction[Any], _command: object) -> None:
        """After a command: what its user's direct messages did not take."""
        for news in self._news:
            await news.tell_what_waits(interaction)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Every press and form: what nothing here knows any more, such as a former version's button, is told so."""
        kinds = {discord.InteractionType.component, discord.InteractionType.modal_submit}
        data: Any = interaction.data or {}
        known = (button.__discord_ui_compiled_template__ for button in self._abilities.buttons)
        custom_id = str(data.get("custom_id", ""))
        if interaction.type is discord.InteractionType.modal_submit:
            for form in self._abilities.forms:
                if match := form.template.fullmatch(custom_id):
                    await form.submitted(interaction, match)
                    return
        if interaction.type not in kinds or any(template.fullmatch(custom_id) for template in known):
            return
        await asyncio.sleep(OTHERS_SECONDS)
        if not interaction.response.is_done():
            await tell(interaction, OUTDATED_BUTTON)

    def begins(self, interaction: discord.Interaction[Any]) -> None:
        """The running task is the work of an interaction: `drain` waits for it, and ends it where it takes too long."""
        task = asyncio.current_task()
        assert task is not None, "the library runs each interaction in a task of its own"
        self._work[task] = interaction
        task.add_done_callback(lambda done: self._work.pop(done, None))

    async def drain(self, seconds: float) -> None:
        """Takes no new work, waits so long for what runs, then cancels it; whoever was promised an answer gets one."""
        self.stopping = True
        self._stop_telling()
        if self._catching_up is not None:
            self._catching_up.cancel()
        work = {task: interaction for task, interaction in self._work.items() if task is not asyncio.current_task()}
        if not work:
            return
        _log.info("waiting for pictures under way", count=len(work), seconds=seconds)
        _, late = await asyncio.wait(set(work), timeout=seconds)
        if late:
            await asyncio.wait({asyncio.ensure_future(_end(task, work[task])) for task in late}, timeout=TOLD_SECONDS)


async def _end(task: asyncio.Task[Any], interaction: discord.Interaction[Any]) -> None:
    """Cancels the work of an interaction, and tells its user so."""
    task.cancel()
    await asyncio.wait({task})
    try:
        await tell_stopped(interaction)
    except discord.DiscordException as error:
        _log.warning("a stop was not told", **facts_of(error))


def owners_of(application: discord.AppInfo) -> frozenset[int]:
    """Who owns an application: its owner, or of a team its owner, admins and developers who have accepted. Who may only
    read, or is invited, is none.
    """
    team = application.team
    if team is None:
        return frozenset({application.owner.id})
    members = {
        member.id
        for member in team.members
        if member.role in OWNING_ROLES and member.membership_state is discord.TeamMembershipState.accepted
    }
    return frozenset(members | ({team.owner_id} if team.owner_id else set()))


Interaction = discord.Interaction[AbbyBot]


def guild_of(interaction: discord.Interaction[Any]) -> str | None:
    """The guild that somebody asks in, by its id; None in a direct message."""
    return str(interaction.guild_id) if interaction.guild_id else None


def actor_of(interaction: discord.Interaction[Any]) -> Actor:
    """Who acts, in which guild, and with which roles, as the log names them."""
    origin = f"guild:{interaction.guild_id}" if interaction.guild_id else "direct"
    return Actor(f"discord:{interaction.user.id}", origin, roles_of(interaction))
