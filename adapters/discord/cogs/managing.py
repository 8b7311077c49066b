"""The managers' commands: cleaning up, quotas of others, and whether the log is whole."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from adapters.application.deleting import clean_up_blocking, delete_image
from adapters.application.governing import override_limits_blocking, reset_daily_blocking
from adapters.application.readiness import readiness_of
from adapters.application.reading import quota_status
from adapters.application.results import Changed, CleanedUp, DeletedImage
from adapters.discord.bot import AbbyBot, Interaction, actor_of
from adapters.discord.embeds import message_embed, quota_embed
from adapters.discord.errors import NotAllowed
from adapters.discord.inputs import suggestions
from adapters.discord.messages import Message, message_for_refusal, timestamp
from adapters.discord.permissions import check_limits_changers, check_managers, may_manage
from adapters.discord.replies import Content, Reply
from adapters.discord.untrusted_text import plain
from adapters.ports.clock import utc_now
from adapters.ports.event_log import LogReport
from adapters.wording.figures import size_in_words
from domain.images import SECONDS_A_DAY
from domain.instants import later
from domain.limits import MEGABYTE, UserLimits, megabytes
from domain.refusals import Refusal
from domain.validation import MAX_DAYS

MOST_MB = 1_000_000
MOST_DAILY = 1_000_000
NOTE_CHARACTERS = 300
GREEN = discord.Colour.green()

Someone = discord.Member | discord.User
ManagersAnswer = Message | Refusal


async def _suggest_theirs(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """The images of the user who is named in the same command, for those who may manage."""
    someone = getattr(interaction.namespace, "user", None)
    if someone is None or not may_manage(interaction):
        return []
    return suggestions(interaction, str(someone.id), typed)


class ManagingCog(commands.Cog):
    """For whoever may manage the server, and for the bot's owner; seen by them alone."""

    quota_admin = app_commands.Group(
        name="quota_admin",
        description="Quotas of other users",
        default_permissions=discord.Permissions(manage_guild=True),
    )

    def __init__(self, bot: AbbyBot) -> None:
        self.bot = bot

    @app_commands.command(description="Remove old temporary files; images are never removed by age")
    @app_commands.describe(days="How old they are, where not as set")
    @app_commands.default_permissions(manage_guild=True)
    @check_managers
    async def storage_cleanup(
        self, interaction: Interaction, days: app_commands.Range[int, 0, MAX_DAYS] | None = None
    ) -> None:
        """The seeds' words for what was done."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        store = self.bot.store
        done = await store.workers.changing.run(clean_up_blocking, store, days, actor=actor_of(interaction))
        if isinstance(done, CleanedUp):
            freed = f"{megabytes(done.freed_bytes):.2f}MB"
            text = f"**Files Deleted**: {done.files}\n**Space Freed**: {freed}"
            await _answer(interaction, Message("🧹 Storage Cleanup", text, GREEN))
        else:
            await _answer(interaction, done)

    @quota_admin.command(description="Show a user's quota")
    @app_commands.describe(user="Whose")
    @check_managers
    async def show(self, interaction: Interaction, user: Someone) -> None:
        """As the user sees it."""
        _refuse_non_members(interaction, user)
        embed = quota_embed(quota_status(self.bot.store, str(user.id)), user.display_name)
        await interaction.response.send_message(embed=embed, ephemeral=True)

    @quota_admin.command(description="Give a user limits of their own; with neither, take theirs away")
    @app_commands.describe(
        user="Whom", daily="Generations a day", storage_mb="Storage in MB", days="For how long; for good otherwise"
    )
    @check_limits_changers
    async def set(
        self,
        interaction: Interaction,
        user: Someone,
        daily: app_commands.Range[int, 0, MOST_DAILY] | None = None,
        storage_mb: app_commands.Range[int, 0, MOST_MB] | None = None,
        days: app_commands.Range[int, 1, MAX_DAYS] | None = None,
    ) -> None:
        """Replaces their former limits whole."""
        _refuse_non_members(interaction, user)
        await interaction.response.defer(ephemeral=True, thinking=True)
        own = UserLimits(None if storage_mb is None else storage_mb * MEGABYTE, daily)
        until = later(utc_now(), seconds=days * SECONDS_A_DAY) if days else None
        done = await self.bot.store.workers.changing.run(
            override_limits_blocking,
            self.bot.store,
            str(user.id),
            "by a manager on Discord",
            own,
            until=until,
            actor=actor_of(interaction),
        )
        await _answer(interaction, _changed(done, f"{_limits_in_words(own, until)} for {_name(user)}."))

    @quota_admin.command(description="Set a user's count of today to 0")
    @app_commands.describe(user="Whose")
    @check_limits_changers
    async def reset(self, interaction: Interaction, user: Someone) -> None:
        """Recorded as done by who asks."""
        _refuse_non_members(interaction, user)
        await interaction.response.defer(ephemeral=True, thinking=True)
        done = await self.bot.store.workers.changing.run(
            reset_daily_blocking, self.bot.store, str(user.id), "by a manager on Discord", actor=actor_of(interaction)
        )
        await _answer(interaction, _changed(done, f"Today's count of {_name(user)} is 0 again."))

    @quota_admin.command(name="delete-image", description="Delete an image of a user")
    @app_commands.describe(user="Whose", name="Which")
    @app_commands.autocomplete(name=_suggest_theirs)
    @check_managers
    async def delete_image(
        self, interaction: Interaction, user: Someone, name: app_commands.Range[str, 1, 120]
    ) -> None:
        """Recorded as done by who asks."""
        _refuse_non_members(interaction, user)
        await interaction.response.defer(ephemeral=True, thinking=True)
        done = await delete_image(self.bot.store, str(user.id), name, actor=actor_of(interaction), reason="admin")
        if isinstance(done, DeletedImage):
            freed = size_in_words(done.freed_bytes)
            text = f"**{plain(done.name, 120)}** of {_name(user)} is gone; {freed} are free again."
            await _answer(interaction, Message("🗑️ Image Deleted", text, GREEN))
        else:
            await _answer(interaction, done)

    @app_commands.command(description="Verify the log: is it whole, what is its head, what needs a look")
    @app_commands.default_permissions(manage_guild=True)
    @check_managers
    async def audit(self, interaction: Interaction) -> None:
        """Reads the log from its first byte to its last, beside the running bot."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        store = self.bot.store
        report = await store.workers.surveying.run(store.engines.log.verify, store.root)
        await _answer(interaction, self._told(report))

    def _told(self, report: LogReport) -> Message:
        readiness = readiness_of(self.bot.store)
        verdict = "The log is whole: every hash fits." if report.is_whole else "**The log is damaged.** Stop the bot."
        cleanup = timestamp(readiness.last_cleanup, "R") if readiness.last_cleanup else "not since the start"
        lines = [
            verdict,
            f"**Head**: position {report.positions}, hash `{str(report.digest)[:16]}`",
            f"**Now**: position {readiness.position}",
            f"**Last cleanup**: {cleanup}",
            *(f"⚠️ {plain(note, NOTE_CHARACTERS)}" for note in readiness.notes),
        ]
        good = report.is_whole and not readiness.degraded
        return Message("🔎 Audit", "\n".join(lines), GREEN if good else discord.Colour.red())


def _refuse_non_members(interaction: Interaction, user: Someone) -> None:
    """Managers of a server manage its members, the bot's owner everybody. Raises NotAllowed."""
    if not isinstance(user, discord.Member) and not interaction.client.is_owner_id(interaction.user.id):
        raise NotAllowed


async def _answer(interaction: Interaction, answer: ManagersAnswer) -> None:
    message = message_for_refusal(answer) if isinstance(answer, Refusal) else answer
    await Reply(interaction).finish(Content([message_embed(message)]))


def _changed(done: Changed | Refusal, text: str) -> ManagersAnswer:
    return done if isinstance(done, Refusal) else Message("✅ Done", text, GREEN)


def _limits_in_words(own: UserLimits, until: str | None) -> str:
    parts = [] if own.daily is None else [f"{own.daily} generations a day"]
    parts += [] if own.user_bytes is None else [f"{size_in_words(own.user_bytes)} of storage"]
    if not parts:
        return "The limits of everybody hold again"
    return " and ".join(parts) + (f" until {timestamp(until, 'f')}" if until else "")


def _name(user: Someone) -> str:
    return f"**{plain(user.display_name, 100)}**"
