"""The commands about what is one's own: quota, images, style, refusals. Deleting and data are in `data`."""

from __future__ import annotations

from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from adapters.application.default_style import set_default_style
from adapters.application.history import RefusedEntry, ReleasedEntry, history_of, last_without_picture, refusal_of
from adapters.application.reading import policy_in_force, quota_status
from adapters.discord.bot import AbbyBot, Interaction, actor_of
from adapters.discord.cogs.imagine import STYLE_CHOICES
from adapters.discord.default_style import style_of
from adapters.discord.embeds import message_embed, quota_embed
from adapters.discord.messages import Message, help_text, message_for_refusal, timestamp
from adapters.discord.pages import NOT_MADE, gallery_page, history_page
from adapters.discord.replies import Content, Reply, tell
from domain.refusals import Refusal

GalleryKind = Literal["all", "text_to_image", "image_to_image", "upscale"]
NOTHING_REFUSED = Message(
    "✅ Nothing Was Refused", "None of your requests was refused or has failed lately.", discord.Colour.green()
)


class MineCog(commands.Cog):
    """Answers for the user who asks, seen by them alone."""

    def __init__(self, bot: AbbyBot) -> None:
        self.bot = bot

    @app_commands.command(description="Show how much of your daily limit and storage is used")
    async def quota(self, interaction: Interaction) -> None:
        """The figures are in memory, so there is nothing to defer."""
        status = quota_status(self.bot.store, str(interaction.user.id))
        embed = quota_embed(status, interaction.user.display_name)
        await interaction.response.send_message(embed=embed, ephemeral=True)

    @app_commands.command(description="Show your images, newest first")
    @app_commands.describe(kind="Only those made in this way")
    async def gallery(self, interaction: Interaction, kind: GalleryKind = "all") -> None:
        """Small copies are made meanwhile."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await Reply(interaction).finish(await gallery_page(self.bot, str(interaction.user.id), kind, 1))

    @app_commands.command(description="Show what you asked for lately, and what became of it")
    async def history(self, interaction: Interaction) -> None:
        """The log is read meanwhile."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await Reply(interaction).finish(await history_page(self.bot, str(interaction.user.id), 1))

    @app_commands.command(description="Show or set the style of your pictures where you name none")
    @app_commands.describe(style="Your style from now on")
    @app_commands.choices(style=STYLE_CHOICES)
    async def style(self, interaction: Interaction, style: str | None = None) -> None:
        """Recorded in the log, so that it holds everywhere and after a restart."""
        if style is None:
            message = Message(
                "🎨 Your Style", f"Your pictures are made in the style **{style_of(interaction)}**.", BLUE
            )
            await tell(interaction, message)
            return
        await interaction.response.defer(ephemeral=True, thinking=True)
        user = str(interaction.user.id)
        done = await set_default_style(self.bot.store, user, style, actor=actor_of(interaction))
        changed = f"From now on your pictures are made in the style **{style}**, unless you name another."
        message = message_for_refusal(done) if isinstance(done, Refusal) else Message("🎨 Your Style", changed, BLUE)
        await Reply(interaction).finish(Content([message_embed(message)]))

    @app_commands.command(description="Explain why your last request came to nothing")
    async def why(self, interaction: Interaction) -> None:
        """Limits and failures are in the log."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        store = self.bot.store
        entries = await store.workers.surveying.run(history_of, store, str(interaction.user.id))
        message = message_for_last(last_without_picture(entries))
        await Reply(interaction).finish(Content([message_embed(message)]))

    @app_commands.command(description="Explain the commands, and what counts")
    async def help(self, interaction: Interaction) -> None:
        """With the limits in force."""
        await tell(interaction, Message("📖 Abby", help_text(policy_in_force(self.bot.store)), BLUE))


BLUE = discord.Colour.blurple()


def message_for_last(entry: ReleasedEntry | RefusedEntry | None) -> Message:
    """The last refusal or failure, explained."""
    match entry:
        case RefusedEntry():
            title, text, colour = message_for_refusal(refusal_of(entry.record))
            return Message(title, f"{timestamp(entry.at, 'R')}: {text}", colour)
        case ReleasedEntry():
            words = NOT_MADE.get(entry.reason, entry.reason)
            return Message("❌ Generation Failed", f"{timestamp(entry.at, 'R')}: {words}.", discord.Colour.red())
        case None:
            return NOTHING_REFUSED
