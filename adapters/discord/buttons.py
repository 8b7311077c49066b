"""What a press on a button under a picture does, also where the picture was made before the last restart."""

from __future__ import annotations

import re
from typing import Any

import discord

from adapters.application.deleting import delete_image
from adapters.application.reading import image_details, kept_image
from adapters.discord.bot import Interaction, actor_of
from adapters.discord.embeds import NAME_CHARACTERS, message_embed
from adapters.discord.errors import refused_while_stopping, report
from adapters.discord.inputs import kept, upscale_of
from adapters.discord.lasting_items import LastingItem
from adapters.discord.making import make
from adapters.discord.messages import Message, message_for_refusal
from adapters.discord.permissions import may_manage
from adapters.discord.replies import Content, Reply, tell
from adapters.discord.untrusted_text import plain
from adapters.discord.views import TEMPLATE, ask_to_delete, buttons_of, named_by
from adapters.generation.provider import GenerationRequest, Operation
from adapters.generation.request_check import SEED_MAX
from adapters.wording.figures import size_in_words
from domain.refusals import Reason, Refusal

VARY_STRENGTH = 0.5
"""How much of a picture a variation keeps."""
KEPT_DETAILS = ("prompt", "negative_prompt", "style", "steps", "cfg_scale")
NOT_YOURS = Message(
    "❌ Not Yours",
    "These buttons are for whoever made the picture. Make your own with `/imagine`.",
    discord.Colour.red(),
)
UNKNOWN_ORIGIN = Message(
    "❌ That Is Not Possible",
    "How this picture was made was not kept with it, so it cannot be made again.",
    discord.Colour.red(),
)


class PictureButton(LastingItem, template=TEMPLATE):
    """Any of the buttons under a picture."""

    def __init__(self, button: discord.ui.Item[Any], match: re.Match[str]) -> None:
        super().__init__(button, match)
        self.action, self.key = match["action"], match["name"]

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """The picture's owner may press all of them, a manager those that delete."""
        if await refused_while_stopping(interaction):
            return False
        deletes = self.action in {"delete", "sure", "keep"}
        if self.owner == str(interaction.user.id) or (deletes and may_manage(interaction)):
            return True
        await tell(interaction, NOT_YOURS)
        return False

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Does it; what goes wrong is told."""
        try:
            await self._do(interaction)
        except Exception as error:  # noqa: BLE001 - the library would only log it
            await report(interaction, error)

    async def _do(self, interaction: Interaction) -> None:
        name = named_by(interaction.client, self.owner, self.key)
        if name is None:
            await tell(interaction, message_for_refusal(Refusal(Reason.NOT_FOUND, self.owner, self.key)))
            return
        match self.action:
            case "again" | "vary" | "upscale":
                await interaction.response.defer(thinking=True)
                await make_from(interaction, self.owner, name, self.action)
            case "delete":
                await interaction.response.edit_message(view=ask_to_delete(self.owner, name))
            case "sure":
                await self._delete(interaction, name)
            case _:
                image = kept_image(interaction.client.store, self.owner, name)
                operation = image.operation if image else Operation.UPSCALE
                await interaction.response.edit_message(view=buttons_of(self.owner, name, operation))

    async def _delete(self, interaction: Interaction, name: str) -> None:
        own = self.owner == str(interaction.user.id)
        await interaction.response.defer()
        deleted = await delete_image(
            interaction.client.store, self.owner, name, actor=actor_of(interaction), reason="user" if own else "admin"
        )
        if isinstance(deleted, Refusal):
            await interaction.followup.send(embed=message_embed(message_for_refusal(deleted)), ephemeral=True)
            return
        freed = size_in_words(deleted.freed_bytes)
        text = f"**{plain(deleted.name, NAME_CHARACTERS)}** is gone, and {freed} are free again."
        gone = Message("🗑️ Image Deleted", text, discord.Colour.light_grey())
        await interaction.edit_original_response(embed=message_embed(gone), attachments=[], view=None)


async def make_from(interaction: Interaction, owner: str, name: str, action: str) -> None:
    """Another picture from a kept one: made again, varied, or larger. The interaction was deferred."""
    image = await kept(interaction, owner, name)
    if isinstance(image, Message):
        await Reply(interaction).finish(Content([message_embed(image)]))
        return
    if action == "upscale":
        await make(interaction, upscale_of(interaction, image))
        return
    store = interaction.client.store
    details = await store.workers.reading.run(image_details, store, owner, name) or {}
    if not details.get("prompt"):
        await Reply(interaction).finish(Content([message_embed(UNKNOWN_ORIGIN)]))
        return
    seed = 1 + interaction.id % SEED_MAX  # another picture, and the same one where this very press is told twice
    known = {detail: details[detail] for detail in KEPT_DETAILS if detail in details}
    if action == "again":
        shape = {side: details[side] for side in ("width", "height") if side in details}
        await make(interaction, GenerationRequest(Operation.TEXT_TO_IMAGE, **known, **shape, seed=seed))
    else:
        varied = GenerationRequest(Operation.IMAGE_TO_IMAGE, **known, strength=VARY_STRENGTH, image=image, seed=seed)
        await make(interaction, varied)
