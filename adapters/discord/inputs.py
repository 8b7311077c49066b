"""The picture that a command starts from: attached, at an address, one of the user's own, or one in a message."""

from __future__ import annotations

from collections.abc import Sequence

import discord
from discord import app_commands

from adapters.application.reading import image_bytes, image_names
from adapters.discord.bot import Interaction
from adapters.discord.failures import message_for_failure
from adapters.discord.messages import Message, message_for_refusal
from adapters.discord.views import picture_of
from adapters.generation.generator import UPSCALE_WIDTH
from adapters.generation.image_url import GONE
from adapters.generation.provider import GenerationRequest, Operation
from adapters.images.shaping import DamagedPicture, size_of
from adapters.ports.failures import GenerationFailure
from adapters.ports.faults import Fault
from adapters.ports.request_reasons import AttachmentTooLarge
from domain.limits import MEGABYTE
from domain.refusals import Reason, Refusal

MOST_SUGGESTED = 25
LONGEST_SUGGESTION = 100
"""Characters; Discord takes no longer ones."""
ONE_SOURCE = Message(
    "❌ That Is Not Possible",
    "Give one picture to start from: attach it, or give its address, or name one of yours.",
    discord.Colour.red(),
)
NO_PICTURE = Message("❌ No Picture Here", "There is no picture in this message.", discord.Colour.red())


def refused_attachment(interaction: Interaction, attachment: discord.Attachment) -> Message | None:
    """Why an attachment is not fetched, None where it may be."""
    most = interaction.client.config.storage.image_generation_size_mb * MEGABYTE
    return message_for_failure(GenerationFailure(AttachmentTooLarge(most))) if attachment.size > most else None


def refused_address(interaction: Interaction, address: str) -> Message | None:
    """Why an address is not asked, None where it may be."""
    refused = interaction.client.generator.refuses_address(address.strip())
    return message_for_failure(refused) if refused is not None else None


async def attached(interaction: Interaction, attachment: discord.Attachment) -> bytes | Message:
    """The bytes of an attachment, or why there are none."""
    if (refused := refused_attachment(interaction, attachment)) is not None:
        return refused
    try:
        return await attachment.read()
    except discord.HTTPException:
        return message_for_failure(GONE)


async def at_address(interaction: Interaction, address: str) -> bytes | Message:
    """The bytes at an address, of a host that may be asked; or why there are none."""
    found = await interaction.client.generator.input_image(address.strip())
    return message_for_failure(found) if isinstance(found, GenerationFailure) else found


async def kept(interaction: Interaction, owner: str, name: str) -> bytes | Message:
    """The bytes of a kept picture."""
    store = interaction.client.store
    try:
        data = await store.workers.reading.run(image_bytes, store, owner, name)
    except OSError:
        data = None
    return message_for_refusal(Refusal(Reason.NOT_FOUND, owner, name)) if data is None else data


async def in_message(interaction: Interaction, message: discord.Message) -> bytes | Message:
    """The bytes of the first picture that a message shows."""
    for attachment in message.attachments:
        if (attachment.content_type or "").startswith("image/"):
            return await attached(interaction, attachment)
    for embed in message.embeds:
        if address := embed.image.url or embed.thumbnail.url:
            return await at_address(interaction, address)
    return NO_PICTURE


def upscale_of(interaction: Interaction, image: bytes) -> GenerationRequest:
    """The request for a picture twice as wide, and at least UPSCALE_WIDTH, as far as the image service goes."""
    try:
        width, _ = size_of(image)
    except DamagedPicture:
        width = 0  # that it cannot be read is told when it is checked
    widest = interaction.client.generator.provider.limits.upscale_width_max
    return GenerationRequest(Operation.UPSCALE, width=min(max(UPSCALE_WIDTH, 2 * width), widest), image=image)


def ours(interaction: Interaction, message: discord.Message) -> tuple[str, str] | None:
    """Owner and key of the kept picture that a message of this bot shows, None where it shows none."""
    user = interaction.client.user
    return picture_of(message) if user is not None and message.author.id == user.id else None


async def suggest_names(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """The user's own images whose names hold what is typed, newest first."""
    return suggestions(interaction, str(interaction.user.id), typed)


def suggestions(interaction: Interaction, user: str, typed: str) -> list[app_commands.Choice[str]]:
    """A user's images whose names hold what is typed, newest first."""
    try:
        names: Sequence[str] = image_names(interaction.client.store, user)
    except Fault:
        return []  # the command itself tells the fault
    wanted = typed.strip().lower()
    return choices_of([name for name in names if wanted in name.lower()])


def choices_of(names: Sequence[str]) -> list[app_commands.Choice[str]]:
    """Names as Discord suggests them: the first of those that it takes."""
    fitting = [name for name in names if len(name) <= LONGEST_SUGGESTION]
    return [app_commands.Choice(name=name, value=name) for name in fitting[:MOST_SUGGESTED]]
