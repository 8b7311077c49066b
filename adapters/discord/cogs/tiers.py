"""`/tiers`: which there are, and change one or take it away, with the question first."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from adapters.application.tiers import tiers_in_force
from adapters.discord.bot import AbbyBot, Interaction
from adapters.discord.cogs.managing import suggest_tiers
from adapters.discord.embeds import message_embed
from adapters.discord.messages import message_for_refusal
from adapters.discord.own_limits import not_possible
from adapters.discord.permissions import check_shared_managers
from adapters.discord.replies import NOT_TAKEN, Content, Reply, defer
from adapters.discord.tier_edits import TierOptions, asked_step, message_of_all, question
from domain.names import malformed_tier
from domain.refusals import Reason, Refusal
from domain.tiers import MAX_WAITING, MAX_WEIGHT

MOST_DAILY, MOST_MB = 1_000_000, 1_000_000
KEY_CHARACTERS = 64
LIMITS_CHARACTERS, OPERATIONS_CHARACTERS = 500, 80

Key = app_commands.Range[str, 1, KEY_CHARACTERS]


class TiersCog(commands.Cog):
    """For whoever may change what all servers share; seen by them alone."""

    tiers = app_commands.Group(
        name="tiers",
        description="Limits and rights of members with a role",
        default_permissions=discord.Permissions(manage_guild=True),
    )

    def __init__(self, bot: AbbyBot) -> None:
        self.bot = bot

    @tiers.command(description="Show every tier: what it gives, what it allows, who has it")
    @check_shared_managers
    async def show(self, interaction: Interaction) -> None:
        """From memory."""
        await defer(interaction, ephemeral=True)
        await Reply(interaction).finish(Content([message_embed(message_of_all(tiers_in_force(self.bot.store)))]))

    @tiers.command(description="Change a tier or make a new one: shows what it would be, then asks; the rest stays")
    @app_commands.describe(
        tier="Which, in small letters; everybody is that of who has no other",
        daily="Generations a day",
        storage_mb="Storage in MB",
        limits="All its further limits, such as user/month/credits=20; or none",
        role="A role that gives it",
        without_role="A role that gives it no longer",
        operations="What alone is allowed: text_to_image, image_to_image, upscale; or all",
        weight="Turns in the line",
        waiting="The most requests of a member under way",
    )
    @app_commands.autocomplete(tier=suggest_tiers)
    @check_shared_managers
    async def set(  # noqa: PLR0913, PLR0917 - each is an option of the command
        self,
        interaction: Interaction,
        tier: Key,
        daily: app_commands.Range[int, 0, MOST_DAILY] | None = None,
        storage_mb: app_commands.Range[int, 0, MOST_MB] | None = None,
        limits: app_commands.Range[str, 1, LIMITS_CHARACTERS] | None = None,
        role: discord.Role | None = None,
        without_role: discord.Role | None = None,
        operations: app_commands.Range[str, 1, OPERATIONS_CHARACTERS] | None = None,
        weight: app_commands.Range[int, 1, MAX_WEIGHT] | None = None,
        waiting: app_commands.Range[int, 1, MAX_WAITING] | None = None,
    ) -> None:
        """What is left out stays as it is."""
        options = TierOptions(
            daily=daily,
            storage_mb=storage_mb,
            limits=_line(limits),
            role=_group(interaction, role),
            without_role=_group(interaction, without_role),
            operations=_line(operations),
            weight=weight,
            waiting=waiting,
        )
        await _ask(interaction, tier, options)

    @tiers.command(description="Take a tier away from all who have it: shows whom that touches, then asks")
    @app_commands.describe(tier="Which")
    @app_commands.autocomplete(tier=suggest_tiers)
    @check_shared_managers
    async def remove(self, interaction: Interaction, tier: Key) -> None:
        """Nobody loses anything but the tier."""
        await _ask(interaction, tier, TierOptions(removed=True))


async def _ask(interaction: Interaction, key: str, options: TierOptions) -> None:
    await defer(interaction, ephemeral=True)
    key = key.strip().lower()
    reply = Reply(interaction)
    try:
        wrong = malformed_tier(key)
        step = Refusal(Reason.MALFORMED, detail=wrong) if wrong else await asked_step(interaction, key, options)
    except ValueError as error:
        await reply.finish(Content([message_embed(not_possible(error))]))
        return
    if isinstance(step, Refusal):
        await reply.finish(Content([message_embed(message_for_refusal(step))]))
        return
    await reply.finish(question(interaction.user.id, key, step, options), NOT_TAKEN)


def _group(interaction: Interaction, role: discord.Role | None) -> str | None:
    return None if role is None else f"guild:{interaction.guild_id}/role:{role.id}"


def _line(text: str | None) -> str | None:
    """What was typed, in one line and without what ends a quotation."""
    return None if text is None else " ".join(text.replace("`", "").split())
