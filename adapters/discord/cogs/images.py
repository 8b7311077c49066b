"""`/imgimg` and `/upscale`, and the menus on messages: pictures from pictures, and what is known of one."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from adapters.application.history import settlement_of
from adapters.application.reading import image_details, kept_image
from adapters.discord.admission import Source, admitted_input
from adapters.discord.bot import AbbyBot, Interaction
from adapters.discord.cogs.imagine import STYLE_CHOICES, Prompt
from adapters.discord.default_style import style_of
from adapters.discord.embeds import info_embed
from adapters.discord.inputs import ONE_SOURCE, ours, suggest_names
from adapters.discord.making import make
from adapters.discord.message_pictures import pictures_in
from adapters.discord.messages import message_for_refusal
from adapters.discord.replies import respond, tell
from adapters.discord.views import named_by
from adapters.generation.provider import GenerationRequest, Operation
from adapters.wording.settlements import sentence_of_settlement
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
        """Promises it at once, then fetches what it starts from, and makes it."""
        source = _given(interaction, image, url, None)
        style = style or style_of(interaction)
        data = await admitted_input(interaction, Operation.IMAGE_TO_IMAGE, source, style=style)
        if data is None:
            return
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
        """Promises it at once, then fetches what it starts from, and makes it."""
        await _upscale(interaction, _given(interaction, image, url, name))


def _given(interaction: Interaction, image: discord.Attachment | None, url: str | None, name: str | None) -> Source:
    """The picture of exactly one source."""
    if sum(source is not None for source in (image, url, name)) != 1:
        return Source.of_nothing(ONE_SOURCE)
    if image is not None:
        return Source.of_attachment(interaction, image)
    if url is not None:
        return Source.of_address(interaction, url)
    assert name is not None, "one of the three is given"
    return Source.of_kept(interaction, str(interaction.user.id), name)


async def _upscale(interaction: Interaction, source: Source) -> None:
    data = await admitted_input(interaction, Operation.UPSCALE, source)
    if data is not None:
        await make(interaction, await interaction.client.generator.upscale_of(data, source.name))


def add_menus(bot: AbbyBot) -> None:
    """The entries in the menu of a message."""
    bot.tree.add_command(app_commands.ContextMenu(name="Upscale", callback=upscale_message))
    bot.tree.add_command(app_commands.ContextMenu(name="Image info", callback=tell_of_message))


async def upscale_message(interaction: Interaction, message: discord.Message) -> None:
    """Makes the picture of a message larger, for whoever asks and from their quota."""
    if (picture := ours(interaction, message)) is None:
        await _upscale(interaction, Source.of_message(interaction, message))
        return
    name = named_by(interaction.client, *picture)
    await _upscale(interaction, Source.of_kept(interaction, picture[0], name or picture[1]))


async def tell_of_message(interaction: Interaction, message: discord.Message) -> None:
    """How the picture of a message was made; of a picture from elsewhere, that nothing is known."""
    picture = ours(interaction, message)
    if picture is None:
        attached_ones = (found.attachment for found in pictures_in(message))
        name = next((attachment.filename for attachment in attached_ones if attachment), "This message")
        await respond(interaction, info_embed(name, None))
        return
    kept_name = named_by(interaction.client, *picture)
    if kept_name is None:
        await tell(interaction, message_for_refusal(Refusal(Reason.NOT_FOUND, None, picture[1])))
        return
    store = interaction.client.store
    details = await store.workers.reading.run(image_details, store, picture[0], kept_name)
    image = kept_image(store, picture[0], kept_name)
    settlement = await store.workers.surveying.run(settlement_of, store, picture[0], kept_name)
    if details and image is not None and image.width and image.height:
        details |= {"width": image.width, "height": image.height}  # what it has, which need not be what was asked
    await respond(
        interaction, info_embed(kept_name, details, "" if settlement is None else sentence_of_settlement(settlement))
    )
