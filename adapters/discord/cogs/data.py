"""`/delete` and `/privacy`: what goes, and what is kept."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from adapters.application.deleting import delete_image
from adapters.application.erasing import Erased, saves_older_than
from adapters.application.reading import quota_status
from adapters.discord.bot import AbbyBot, Interaction, actor_of
from adapters.discord.embeds import message_embed, privacy_embed
from adapters.discord.erasing import (
    MOST_CHOICES,
    choose_some,
    confirm_old,
    message_for_erased,
    privacy_choices,
)
from adapters.discord.inputs import suggest_names
from adapters.discord.messages import Message
from adapters.discord.replies import Content, Reply, defer, respond, tell
from adapters.wording.figures import size_in_words
from domain.refusals import Refusal
from domain.validation import MAX_DAYS

NOTHING_TO_DELETE = Message("🗑️ Nothing To Delete", "You have no such images.", discord.Colour.blurple())
ONE_WAY = Message("❌ That Is Not Possible", "Give a name, or a number of days, or neither.", discord.Colour.red())


class DataCog(commands.Cog):
    """Answers for the user who asks, seen by them alone."""

    def __init__(self, bot: AbbyBot) -> None:
        self.bot = bot

    @app_commands.command(description="Delete one of your images, several, or all that are older than some days")
    @app_commands.describe(name="One image; leave it out to choose several", older_than_days="All that are so old")
    @app_commands.autocomplete(name=suggest_names)
    async def delete(
        self,
        interaction: Interaction,
        name: app_commands.Range[str, 1, 120] | None = None,
        older_than_days: app_commands.Range[int, 0, MAX_DAYS] | None = None,
    ) -> None:
        """One that is named goes at once; many are asked about first."""
        if name is not None and older_than_days is not None:
            await tell(interaction, ONE_WAY)
            return
        await defer(interaction, ephemeral=True)
        await Reply(interaction).finish(await self._answer(interaction, name, older_than_days))

    async def _answer(self, interaction: Interaction, name: str | None, days: int | None) -> Content:
        user = str(interaction.user.id)
        if name is not None:
            done = await delete_image(self.bot.store, user, name, actor=actor_of(interaction))
            erased = Erased(0, 0, 0, done) if isinstance(done, Refusal) else Erased(1, done.freed_bytes)
            return Content([message_embed(message_for_erased(erased))])
        images = saves_older_than(self.bot.store, user, days or 0)
        if not images:
            return Content([message_embed(NOTHING_TO_DELETE)])
        if days is None:
            newest = f" These are the newest {MOST_CHOICES}." if len(images) > MOST_CHOICES else ""
            text = f"Choose one or several of your {len(images)} images.{newest} They go at once."
            return Content([message_embed(_asked(text))], (), choose_some(user, images))
        size = size_in_words(sum(image.size_bytes for image in images))
        text = f"{len(images)} of your images are {days} days old or older ({size}). Delete them for good?"
        return Content([message_embed(_asked(text))], (), confirm_old(user, images))

    @app_commands.command(description="Show what is kept of you, export it, or delete all of it")
    async def privacy(self, interaction: Interaction) -> None:
        """The figures are in memory."""
        user = str(interaction.user.id)
        embed = privacy_embed(quota_status(self.bot.store, user), self.bot.generator.provider.name)
        await respond(interaction, embed, privacy_choices(user))


def _asked(text: str) -> Message:
    return Message("🗑️ Delete Images", text, discord.Colour.blurple())
