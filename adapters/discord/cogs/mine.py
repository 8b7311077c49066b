"""The commands about what is one's own: quota, places in the line, images, style, refusals. Deleting and data are in
`data`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from adapters.application.default_style import set_default_style
from adapters.application.history import (
    Entry,
    RefusedEntry,
    ReleasedEntry,
    history_of,
    last_without_picture,
    latest_kept,
)
from adapters.application.reading import kept_image, policy_in_force, quota_status
from adapters.application.storage import Storage
from adapters.discord.bot import AbbyBot, Interaction, actor_of, guild_of
from adapters.discord.cogs.imagine import MOST_AT_ONCE, STYLE_CHOICES
from adapters.discord.cogs.managing import Someone, refuse_non_members
from adapters.discord.default_style import style_of
from adapters.discord.embeds import NAME_CHARACTERS, message_embed, quota_embed
from adapters.discord.inputs import suggest_names
from adapters.discord.messages import Message, again_with, help_text, message_for_refusal, timestamp
from adapters.discord.pages import gallery_page, history_page, outcome_of
from adapters.discord.permissions import managers_only
from adapters.discord.replies import NOT_TAKEN, Content, Reply, defer, respond, tell
from adapters.discord.showing import shown_again, spare_of
from adapters.discord.untrusted_text import plain
from adapters.discord.waiting import Seen, line_content
from adapters.history.explaining import explain_last
from adapters.wording.explanations import Reader, told
from domain.refusals import Reason, Refusal, refusal_of
from projections.explanation import Explanation

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
        status = quota_status(self.bot.store, str(interaction.user.id), guild_of(interaction))
        embed = quota_embed(status, interaction.user.display_name)
        await respond(interaction, embed)

    @app_commands.command(description="Show what waits in the line, and take it out")
    @app_commands.describe(whose="Yours, or all that was asked for in this server; for those who manage it")
    async def queue(self, interaction: Interaction, whose: Seen = "mine") -> None:
        """Places change all the time: each button means its request, wherever that stands by then."""
        await defer(interaction, ephemeral=True)
        await Reply(interaction).finish(await line_content(interaction, whose), NOT_TAKEN)

    @app_commands.command(description="Show your images, newest first")
    @app_commands.describe(kind="Only those made in this way")
    async def gallery(self, interaction: Interaction, kind: GalleryKind = "all") -> None:
        """Small copies are made meanwhile."""
        await defer(interaction, ephemeral=True)
        await Reply(interaction).finish(await gallery_page(self.bot, str(interaction.user.id), kind, 1), NOT_TAKEN)

    @app_commands.command(description="Post one of your images here once more, in full")
    @app_commands.describe(name="Which")
    @app_commands.autocomplete(name=suggest_names)
    async def show(self, interaction: Interaction, name: app_commands.Range[str, 1, 120]) -> None:
        """For everybody in the channel, as when it was made."""
        store, user = self.bot.store, str(interaction.user.id)
        if kept_image(store, user, name) is None:
            await tell(interaction, message_for_refusal(Refusal(Reason.NOT_FOUND, user, name)))
            return
        await defer(interaction)
        shown = await self.bot.workers.run(user, lambda: shown_again(store, user, name, interaction.filesize_limit))
        if isinstance(shown, Refusal):
            shown = message_for_refusal(shown)
        reply = Reply(interaction)
        if isinstance(shown, Message):
            await reply.alone(shown)
        else:
            await reply.finish(shown, spare_of(interaction, name))

    @app_commands.command(description="Show what you asked for lately, and what became of it")
    async def history(self, interaction: Interaction) -> None:
        """The log is read meanwhile."""
        await defer(interaction, ephemeral=True)
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
        await defer(interaction, ephemeral=True)
        user = str(interaction.user.id)
        done = await set_default_style(self.bot.store, user, style, actor=actor_of(interaction))
        changed = f"From now on your pictures are made in the style **{style}**, unless you name another."
        message = message_for_refusal(done) if isinstance(done, Refusal) else Message("🎨 Your Style", changed, BLUE)
        await Reply(interaction).finish(Content([message_embed(message)]))

    @app_commands.command(description="Explain why your last request ended as it did")
    @app_commands.describe(user="Whose, where not yours; for those who manage the server")
    async def why(self, interaction: Interaction, user: Someone | None = None) -> None:
        """Limits and failures are in the log. Of others only those are told who may see their figures."""
        store = self.bot.store
        if user is not None and user.id != interaction.user.id:
            managers_only(interaction)
            refuse_non_members(interaction, user)
            await defer(interaction, ephemeral=True)
            explained = await store.workers.surveying.run(explain_last, store.running().recorder, str(user.id))
            message = message_for_managers(explained, user.display_name)
        else:
            await defer(interaction, ephemeral=True)
            entries, explained = await store.workers.surveying.run(_latest, store, str(interaction.user.id))
            message = with_reasons(message_for_latest(entries), explained, Reader.USER)
        await Reply(interaction).finish(Content([message_embed(message)]))

    @app_commands.command(description="Explain the commands, and what counts")
    async def help(self, interaction: Interaction) -> None:
        """With the limits in force."""
        await tell(interaction, Message("📖 Abby", help_text(policy_in_force(self.bot.store)), BLUE))


BLUE = discord.Colour.blurple()
PART_CHARACTERS = 700
"""Of each part of an explanation, so that all parts fit an embed."""
REASON_CHARACTERS = 400


def _latest(storage: Storage, user: str) -> tuple[list[Entry], Explanation | None]:
    """What a user asked for lately, and why the newest of it ended so. Reads the log: for a worker."""
    return history_of(storage, user), explain_last(storage.running().recorder, user)


def message_for_managers(explained: Explanation | None, name: str) -> Message:
    """Why a member's latest request ended as it did, without what is theirs alone."""
    whose = plain(name, NAME_CHARACTERS)
    if explained is None:
        return Message("🔎 No Request", f"**{whose}** has asked for nothing yet.", BLUE)
    headline, sentence = (plain(text, REASON_CHARACTERS) for text in told(explained, Reader.MANAGER)[:2])
    return with_reasons(Message("🔎 Why", f"**{whose}**: {headline}\n{sentence}", BLUE), explained, Reader.MANAGER)


def with_reasons(message: Message, explained: Explanation | None, reader: Reader) -> Message:
    """The message with the limits, what was used and what the log cannot tell, as far as they fit."""
    if explained is None:
        return message
    said = told(explained, reader)
    parts = (
        ("Limits, from old to new", said.limits),
        ("Used of the day", said.day),
        ("Used of windows", said.windows),
        ("Stored and held", said.storage),
        ("Borne by grants", said.grants),
        ("Not known", said.unknown),
    )
    blocks = [f"**{title}**\n{_listed(lines)}" for title, lines in parts if lines]
    return message._replace(text="\n\n".join([message.text, *blocks]))


def _listed(lines: Sequence[str]) -> str:
    """The first line, which sums up, and the newest of the others that fit."""
    first, *others = (f"- {plain(line, REASON_CHARACTERS)}" for line in lines)
    while others and len(first) + sum(map(len, others)) > PART_CHARACTERS:
        del others[0]
    return "\n".join([first, *others])


def message_for_latest(entries: Sequence[Entry]) -> Message:
    """What became of the latest request: where it came to something, the names; and the last refusal or failure."""
    kept = latest_kept(entries, MOST_AT_ONCE)
    refused = message_for_last(last_without_picture(entries))
    if not kept:
        return refused
    names = ", ".join(f"**{plain(entry.name, NAME_CHARACTERS)}**" for entry in reversed(kept))
    made = f"{timestamp(kept[0].at, 'R')}: made and kept as {names}. Not to be seen? {again_with(kept[-1].name)}"
    before = "" if refused is NOTHING_REFUSED else f"\n\n**Before that**\n{refused.text}"
    return Message("✅ Made And Kept", f"{made}{before}", discord.Colour.green())


def message_for_last(entry: ReleasedEntry | RefusedEntry | None) -> Message:
    """The last refusal or failure, explained."""
    match entry:
        case RefusedEntry():
            title, text, colour = message_for_refusal(refusal_of(entry.record))
            return Message(title, f"{timestamp(entry.at, 'R')}: {text}", colour)
        case ReleasedEntry():
            words = outcome_of(entry)
            return Message("❌ Generation Failed", f"{timestamp(entry.at, 'R')}: {words}.", discord.Colour.red())
        case None:
            return NOTHING_REFUSED
