"""Hands a member all that is kept of them, as one archive or as many as it takes, each as large as Discord allows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import discord

from adapters.application.exporting import archive_of, plan_export
from adapters.discord.embeds import message_embed
from adapters.discord.messages import Message, message_for_refusal
from adapters.discord.replies import Content, SentFile
from domain.refusals import Refusal

HOLDS = "how each was made, and what is recorded of you"


async def exported(interaction: discord.Interaction[Any], user: str) -> AsyncIterator[Content]:
    """The parts, one after the other; one is in memory at a time."""
    store, workers = interaction.client.store, interaction.client.workers
    export = await workers.run(user, lambda: plan_export(store, user, interaction.filesize_limit))
    if isinstance(export, Refusal):
        yield Content([message_embed(message_for_refusal(export))])
        return
    parts = len(export.archives)
    for index in range(parts):
        data = await workers.run(user, lambda index=index: archive_of(store, export, index))
        if isinstance(data, Refusal):
            yield Content([message_embed(message_for_refusal(data))])
            return
        name = "abby-export.zip" if parts == 1 else f"abby-export-{index + 1}-of-{parts}.zip"
        yield Content([message_embed(_told(export.images, index + 1, parts))], [SentFile(name, data)])


def _told(images: int, part: int, parts: int) -> Message:
    if parts == 1:
        text = f"The file holds {images} of your images, {HOLDS}."
    elif part == 1:
        text = (
            f"Part 1 of {parts}; the others follow, as Discord takes no larger files. Together they hold {images} of "
            f"your images, {HOLDS}. If one does not come, export again."
        )
    else:
        text = f"Part {part} of {parts}."
    return Message("🔒 Your Data", text, discord.Colour.blurple())
