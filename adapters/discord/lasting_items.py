"""Buttons and choices that work after a restart, as their ids say all that they need; and those that are one's own.

What an id says and what a press does is up to each kind.
"""

from __future__ import annotations

import re
from typing import Any, Self

import discord

from adapters.discord.errors import refused_while_stopping, report
from adapters.discord.replies import NOT_TAKEN, Content, Reply, defer

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
    """An item that its owner alone sees and uses. A press shows `content` in the place of the item's message."""

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """One's own alone; nobody else sees it."""
        return self.owner == str(interaction.user.id) and not await refused_while_stopping(interaction)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Does what it says; what goes wrong is told."""
        try:
            await defer(interaction, thinking=False)
            await Reply(interaction).finish(await self.content(interaction), NOT_TAKEN)
        except Exception as error:  # noqa: BLE001 - the library would only log it
            await report(interaction, error)

    async def content(self, interaction: discord.Interaction[Any]) -> Content:
        """What a press shows. Raises what `report` can tell."""
        raise NotImplementedError
