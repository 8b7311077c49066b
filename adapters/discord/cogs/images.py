"""`/imgimg` and `/upscale`, and the menus on messages: pictures from pictures, and what is known of one."""

from __future__ import annotations

import asyncio

import discord
from discord import app_commands
from discord.ext import commands

from adapters.application.reading import image_details
from adapters.discord.bot import AbbyBot, Interaction
from adapters.discord.cogs.imagine import STYLE_CHOICES, Prompt
from adapters.discord.default_style import style_of
from adapters.discord.embeds import info_embed, message_embed
from adapters.discord.inputs import ONE_SOURCE, at_address, attached, in_message, kept, ours, suggest_names, upscale_of
from adapters.discord.making import make
from adapters.discord.message_pictures import pictures_in
from adapters.discord.messages import Message, message_for_refusal
from adapters.discord.replies import Content, Reply, tell
from adapters.discord.views import named_by
from adapters.generation.provider import GenerationRequest, Operation
from domain.refusals import Reason, Refusal

ADDRESS_CHARACTERS = 2000
STRENGTH = 0.35

Address = app_commands.Range[str, 8, ADDRESS_CHARACTERS]


class ImagesCog(commands.Cog):
    """Pictures from pictures."""

    def __init__(self, bot: AbbyBot) -> None:
        self.bot = bot

    @app_commands.command(description="Change a picture by words")
    @app_commands.describe(
        prompt="What it shall show",
        image="The picture to start from",
        url="Or its address on Discord",
        style="How it looks; your own default otherwise",
        strength="How much of the picture is kept: 0 nothing, 1 all of it",
    )
    @app_commands.choices(style=STYLE_CHOICES)
    async def imgimg(
        self,
        interaction: Interaction,
        prompt: Prompt,
        image: discord.Attachment | None = None,
        url: Address | None = None,
        style: str | None = None,
        strength: app_commands.Range[float, 0.0, 1.0] = STRENGTH,
    ) -> None:
        """Defers at once, then makes it."""
        await interaction.response.defer(thinking=True)
        data = await _given(interaction, image, url, None)
        if isinstance(data, Message):
            await Reply(interaction).finish(Content([message_embed(data)]))
            return
        style = style or style_of(interaction)
        await make(
            interaction,
            GenerationRequest(Operation.IMAGE_TO_IMAGE, prompt, style=style, strength=strength, image=data),
        )

    @app_commands.command(description="Make a picture larger; it counts as one generation")
    @app_commands.describe(
        image="The picture to make larger", url="Or its address on Discord", name="Or the name of one of yours"
    )
    @app_commands.autocomplete(name=suggest_names)
    async def upscale(
        self,
        interaction: Interaction,
        image: discord.Attachment | None = None,
        url: Address | None = None,
        name: app_commands.Range[str, 1, 120] | None = None,
    ) -> None:
        """Defers at once, then makes it."""
        await interaction.response.defer(thinking=True)
        await _upscale(interaction, await _given(interaction, image, url, name))


async def _given(
    interaction: Interaction, image: discord.Attachment | None, url: str | None, name: str | None
) -> bytes | Message:
    """The picture of exactly one source."""
    if sum(source is not None for source in (image, url, name)) != 1:
        return ONE_SOURCE
    if image is not None:
        return await attached(interaction, image)
    if url is not None:
        return await at_address(interaction, url)
    assert name is not None, "one of the three is given"
    return await kept(interaction, str(interaction.user.id), name)


async def _upscale(interaction: Interaction, data: bytes | Message) -> None:
    if isinstance(data, Message):
        await Reply(interaction).finish(Content([message_embed(data)]))
        return
    await make(interaction, upscale_of(interaction, data))


def add_menus(bot: AbbyBot) -> None:
    """The entries in the menu of a message."""
    bot.tree.add_command(app_commands.ContextMenu(name="Upscale", callback=upscale_message))
    bot.tree.add_command(app_commands.ContextMenu(name="Image info", callback=tell_of_message))


async def upscale_message(interaction: Interaction, message: discord.Message) -> None:
    """Makes the picture of a message larger, for whoever asks and from their quota."""
    await interaction.response.defer(thinking=True)
    if (picture := ours(interaction, message)) is None:
        await _upscale(interaction, await in_message(interaction, message))
        return
    name = named_by(interaction.client, *picture)
    await _upscale(interaction, await kept(interaction, picture[0], name or picture[1]))


async def tell_of_message(interaction: Interaction, message: discord.Message) -> None:
    """How the picture of a message was made; of a picture from elsewhere, that nothing is known."""
    picture = ours(interaction, message)
    if picture is None:
        attached_ones = (found.attachment for found in pictures_in(message))
        name = next((attachment.filename for attachment in attached_ones if attachment), "This message")
        await interaction.response.send_message(embed=info_embed(name, None), ephemeral=True)
        return
    kept_name = named_by(interaction.client, *picture)
    if kept_name is None:
        await tell(interaction, message_for_refusal(Refusal(Reason.NOT_FOUND, None, picture[1])))
        return
    details = await asyncio.to_thread(image_details, interaction.client.store, picture[0], kept_name)
    await interaction.response.send_message(embed=info_embed(kept_name, details), ephemeral=True)
