"""Buttons and choices that work after a restart, as their ids say all that they need; and those that are one's own.

What an id says and what a press does is up to each kind.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Any, Self

import discord

from adapters.discord.errors import refused_for_now, report
from adapters.discord.messages import Message
from adapters.discord.replies import Brought, Content, Reply, Spare, defer, tell

NOT_THEIRS = Message(
    "❌ Not Yours", "This is for whoever asked for it. Use the command yourself.", discord.Colour.red()
)
NO_ID = r"(?!)"
"""The template of what is no kind by itself."""


class LastingItem(discord.ui.DynamicItem[discord.ui.Item[Any]], template=NO_ID):
    """An item that is made anew from its id at every press. `match` is that of the id with the kind's template."""

    def __init__(self, item: discord.ui.Item[Any], match: re.Match[str]) -> None:
        super().__init__(item)
        self.owner = match["owner"]

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],  # noqa: ARG003 - the signature is the library's
        item: discord.ui.Item[Any],
        match: re.Match[str],
        /,
    ) -> Self:
        """The item of an id."""
        return cls(item, match)


class OwnItem(LastingItem, template=NO_ID):
    """An item that its owner alone sees and uses. A press shows `contents`, the first in the place of the item's
    message.
    """

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """One's own alone; who else presses it is told."""
        if self.owner != str(interaction.user.id):
            await tell(interaction, NOT_THEIRS)
            return False
        return not await refused_for_now(interaction, self.paced_as)

    @property
    def paced_as(self) -> str:
        """The command with which a press shares its pace."""
        raise NotImplementedError

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Does what it says; what goes wrong is told."""
        try:
            await defer(interaction, thinking=False)
            reply, is_first = Reply(interaction), True
            async with aclosing(self.contents(interaction)) as contents:
                async for content, spare in contents:
                    bring = reply.finish if is_first else partial(reply.further, ephemeral=True)
                    if await bring(content, spare) is not Brought.CONTENT:
                        break
                    is_first = False
        except Exception as error:  # noqa: BLE001 - the library would only log it
            await report(interaction, error)

    def contents(self, interaction: discord.Interaction[Any]) -> AsyncGenerator[tuple[Content, Spare]]:
        """What a press shows, and what instead where Discord does not take it: the first in the place of the item's
        message, more as messages for who pressed alone, until one does not come. Raises what `report` can tell.
        """
        raise NotImplementedError
