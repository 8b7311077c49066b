"""The bot's answer to one interaction: deferred at once, edited while it is worked on, finished in its place.

A token that has ended (after 15 minutes) sends the answer into the channel instead. What the answer says is the
business of whoever gives it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from io import BytesIO
from typing import Any, NamedTuple

import discord
import structlog

from adapters.discord.embeds import message_embed
from adapters.discord.messages import Message, progress_text
from adapters.studio import Progress

PROGRESS_SECONDS = 2.0
"""Between two edits that tell how far the work is."""
TOKEN_ENDED = frozenset({10015, 50027})
"""Codes of Discord's: the webhook is unknown, its token is void."""

FINISHED = "finished"
"""Stands among the extras of an interaction that has had its answer."""

_log = structlog.wrap_logger(logging.getLogger(__name__))


class SentFile(NamedTuple):
    """A file to attach. It is kept as bytes: an upload that failed has used up its `discord.File`."""

    name: str
    data: bytes


class Content(NamedTuple):
    """What a message shows."""

    embeds: Sequence[discord.Embed]
    files: Sequence[SentFile] = ()
    view: discord.ui.View | None = None

    def attachments(self) -> list[discord.File]:
        """The files, ready for one upload."""
        return [discord.File(BytesIO(file.data), file.name) for file in self.files]


async def tell(interaction: discord.Interaction[Any], message: Message) -> None:
    """A short answer for the user alone; where one was promised to all, in its place. What is shown already stays."""
    embed = message_embed(message)
    if not interaction.response.is_done():
        await interaction.response.send_message(embed=embed, ephemeral=True)
    elif _promised(interaction):
        await Reply(interaction).finish(Content([embed]))
    else:
        await interaction.followup.send(embed=embed, ephemeral=True)


def _promised(interaction: discord.Interaction[Any]) -> bool:
    """Whether the interaction was deferred and has had no answer yet. (A button that only changes its own message
    promises none: there the original is the message with the picture.)
    """
    deferred = interaction.response.type is discord.InteractionResponseType.deferred_channel_message
    return deferred and not interaction.extras.get(FINISHED)


class Reply:
    """The answer of an interaction that was deferred."""

    def __init__(self, interaction: discord.Interaction[Any]) -> None:
        self._interaction = interaction
        self._latest = Progress()
        self._changed = asyncio.Event()
        self._editing = asyncio.Lock()
        self._teller: asyncio.Task[None] | None = None
        self._finished = False

    def on_progress(self, progress: Progress) -> None:
        """Notes how far the work is; it is told at most every PROGRESS_SECONDS."""
        self._latest = progress
        self._changed.set()
        if self._teller is None and not self._finished:
            self._teller = asyncio.get_running_loop().create_task(self._tell_progress())

    async def end_progress(self) -> None:
        """After this no edit is under way that could overtake the answer."""
        self._finished = True
        async with self._editing:
            if self._teller is not None:
                self._teller.cancel()
        if self._teller is not None:
            with suppress(asyncio.CancelledError):
                await self._teller
            self._teller = None

    async def finish(self, content: Content) -> None:
        """Puts the answer in the place of the progress; raises discord.HTTPException where Discord does not take it."""
        await self.end_progress()
        try:
            await self._interaction.edit_original_response(
                content=None, embeds=content.embeds, attachments=content.attachments(), view=content.view
            )
        except discord.HTTPException as error:
            await self._into_channel(content, error)
        self._interaction.extras[FINISHED] = True

    async def further(self, content: Content, *, ephemeral: bool = False) -> None:
        """One more message; what is for the user alone is left out where the token has ended."""
        view = discord.utils.MISSING if content.view is None else content.view
        try:
            await self._interaction.followup.send(
                embeds=content.embeds, files=content.attachments(), view=view, ephemeral=ephemeral
            )
        except discord.HTTPException as error:
            if not ephemeral:
                await self._into_channel(content, error)
            elif error.code not in TOKEN_ENDED:
                raise

    async def _into_channel(self, content: Content, error: discord.HTTPException) -> None:
        """The answer as an ordinary message, which rings its user up. Raises `error` where its token has not ended."""
        if error.code not in TOKEN_ENDED or self._interaction.channel_id is None:
            raise error
        channel = self._interaction.client.get_partial_messageable(
            self._interaction.channel_id, guild_id=self._interaction.guild_id
        )
        user = self._interaction.user
        sent: dict[str, Any] = {} if content.view is None else {"view": content.view}
        await channel.send(
            user.mention,
            embeds=content.embeds,
            files=content.attachments(),
            allowed_mentions=discord.AllowedMentions(everyone=False, roles=False, users=[user]),
            **sent,
        )

    async def _tell_progress(self) -> None:
        while True:
            await asyncio.sleep(PROGRESS_SECONDS)
            await self._changed.wait()
            self._changed.clear()
            async with self._editing:
                try:
                    await self._interaction.edit_original_response(content=progress_text(self._latest))
                except discord.HTTPException as error:
                    _log.info("progress not told", code=error.code)
                    return
