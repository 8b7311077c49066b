"""The commands about what is one's own: quota, images, style, refusals, data."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from adapters.discord.bot import AbbyBot, Interaction
from adapters.discord.embeds import quota_embed


class MineCog(commands.Cog):
    """Answers for the user who asks, seen by them alone."""

    def __init__(self, bot: AbbyBot) -> None:
        self.bot = bot

    @app_commands.command(description="Show how much of your daily limit and storage is used")
    async def quota(self, interaction: Interaction) -> None:
        """The figures are in memory, so there is nothing to defer."""
        status = self.bot.store.status(str(interaction.user.id))
        embed = quota_embed(status, interaction.user.display_name)
        await interaction.response.send_message(embed=embed, ephemeral=True)
