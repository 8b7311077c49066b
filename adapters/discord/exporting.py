"""Hands a member all that is kept of them, as one archive or as many as it takes, each as large as Discord takes here.

What Discord takes is what it tells, until it refuses a part: then all is planned anew in smaller ones. What goes into
which archive is the use case's.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import discord

from adapters.application.exporting import LEAST_ARCHIVE_BYTES, Export, archive_of, plan_export
from adapters.discord.embeds import message_embed
from adapters.discord.messages import Message, message_for_refusal
from adapters.discord.replies import Content, SentFile, Spare
from adapters.wording.figures import counted
from domain.refusals import Refusal

SMALLER_BY = 4
"""By so much less than what was refused are the parts of the next plan."""
MOST_PLANS = 6
MOST_PARTS = 200
"""More than these would not come while the interaction lasts."""
ANEW = "Discord took no file as large as the last one, so this begins anew; parts that came before are not needed. "
HOLDS = "how each was made, and what is recorded of you"
LACKING = "**Not in this file: {}** whose bytes are damaged here, or gone. Whoever runs the bot can look into it."
NOT_BROUGHT = Message(
    "❌ Not Shown",
    "Discord did not take a file of your data. Export again in a minute; where that does not help, `/privacy` in a "
    "direct message with the bot or in another server may bring all of it, and `/show` posts single images, as smaller "
    "copies where they are too large.",
    discord.Colour.red(),
)


async def exported(interaction: discord.Interaction[Any], user: str) -> AsyncGenerator[tuple[Content, Spare]]:
    """The parts, one after the other, and what is brought where one does not come; one is in memory at a time."""
    parts = _Parts(interaction, user)
    content = await parts.planned(interaction.filesize_limit)
    while content is not None:
        yield content, Spare(parts.smaller, NOT_BROUGHT, times=MOST_PLANS)
        content = await parts.following()


class _Parts:
    """Those of one export, in the order in which they are sent."""

    def __init__(self, interaction: discord.Interaction[Any], user: str) -> None:
        self._store, self._workers = interaction.client.store, interaction.client.workers
        self._user = user
        self._export = Export(user, (), 0)
        self._sent = 0
        self._is_anew = False

    async def planned(self, at_most_bytes: int) -> Content | None:
        """The first of parts of so many bytes, or why there is none; None where they would be too many."""
        store, user = self._store, self._user
        export = await self._workers.run(user, lambda: plan_export(store, user, at_most_bytes))
        if isinstance(export, Refusal):
            return _refused(export)
        if self._is_anew and len(export.archives) > MOST_PARTS:
            return None
        self._export, self._sent = export, 0
        return await self.following()

    async def following(self) -> Content | None:
        """The next part, None after the last."""
        store, export, index = self._store, self._export, self._sent
        parts = len(export.archives)
        if index >= parts:
            return None
        self._sent += 1
        archive = await self._workers.run(self._user, lambda: archive_of(store, export, index))
        if isinstance(archive, Refusal):
            self._sent = parts
            return _refused(archive)
        name = "abby-export.zip" if parts == 1 else f"abby-export-{index + 1}-of-{parts}.zip"
        told = self._told(index + 1)
        if archive.lacking:
            told = told._replace(text=f"{told.text} {LACKING.format(counted(len(archive.lacking), 'image'))}")
        return Content([message_embed(told)], [SentFile(name, archive.data)])

    async def smaller(self, too_many_bytes: int) -> Content | None:
        """The first part of a plan of smaller ones, None where there is no such plan."""
        if too_many_bytes <= LEAST_ARCHIVE_BYTES:
            return None
        self._is_anew = True
        return await self.planned(max(too_many_bytes // SMALLER_BY, LEAST_ARCHIVE_BYTES))

    def _told(self, part: int) -> Message:
        parts, images = len(self._export.archives), self._export.images
        anew = ANEW if self._is_anew and part == 1 else ""
        if parts == 1:
            text = f"{anew}The file holds {images} of your images, {HOLDS}."
        elif part == 1:
            text = (
                f"{anew}Part 1 of {parts}; the others follow, as Discord takes no larger files. Together they hold "
                f"{images} of your images, {HOLDS}. If one does not come, export again."
            )
        else:
            text = f"Part {part} of {parts}."
        return Message("🔒 Your Data", text, discord.Colour.blurple())


def _refused(refusal: Refusal) -> Content:
    return Content([message_embed(message_for_refusal(refusal))])
