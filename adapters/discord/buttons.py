"""What a press on a button under a picture does, also where the picture was made before the last restart."""

from __future__ import annotations

import re
from typing import Any

import discord

from adapters.application.deleting import delete_save
from adapters.application.reading import image_details, kept_image
from adapters.application.results import ImageSave
from adapters.application.saves import save_under
from adapters.discord.admission import Source, admitted_input
from adapters.discord.bot import Interaction, actor_of
from adapters.discord.cooldowns import BUTTONS_OF_PICTURES
from adapters.discord.embeds import NAME_CHARACTERS, message_embed
from adapters.discord.errors import refused_for_now, report
from adapters.discord.favourites import mark
from adapters.discord.lasting_items import LastingItem
from adapters.discord.making import make
from adapters.discord.messages import Message, message_for_refusal
from adapters.discord.permissions import may_delete
from adapters.discord.replies import Content, Reply, defer, first, tell
from adapters.discord.untrusted_text import plain
from adapters.discord.views import TEMPLATE, ask_to_delete, buttons_of, heart_of, named_by
from adapters.generation.provider import GenerationRequest, Operation
from adapters.generation.request_check import SEED_MAX
from adapters.wording.figures import size_in_words
from domain.refusals import Reason, Refusal

_OPERATIONS = {
    "again": Operation.TEXT_TO_IMAGE,
    "vary": Operation.IMAGE_TO_IMAGE,
    "upscale": Operation.UPSCALE,
}
VARY_STRENGTH = 0.5
"""How much of a picture a variation keeps."""
KEPT_DETAILS = ("prompt", "negative_prompt", "style", "steps", "cfg_scale")
NOT_YOURS = Message(
    "❌ Not Yours",
    "These buttons are for whoever made the picture. Make your own with `/imagine`.",
    discord.Colour.red(),
)
SAVED_ANEW = Message(
    "🗑️ Nothing Deleted",
    "Another image was saved under this name since you were asked, so nothing was deleted. Press *Delete* again.",
    discord.Colour.blurple(),
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
        self.position = int(match["save"]) if match["save"] else None

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Whether a press is looked at now; who may press is asked once it is known which picture is meant."""
        return not await refused_for_now(interaction, BUTTONS_OF_PICTURES)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Does it; what goes wrong is told."""
        try:
            await self._do(interaction)
        except Exception as error:  # noqa: BLE001 - the library would only log it
            await report(interaction, error)

    async def _do(self, interaction: Interaction) -> None:
        store = interaction.client.store
        if self.action == "heart":
            await mark(interaction, self.owner, self.key, self.position)
            return
        name = named_by(interaction.client, self.owner, self.key)
        save = save_under(store, self.owner, name) if name else None
        if not await self._is_for(interaction, save):
            await tell(interaction, NOT_YOURS)
            return
        if save is None:
            await tell(interaction, message_for_refusal(Refusal(Reason.NOT_FOUND, self.owner, self.key)))
            return
        match self.action:
            case "again" | "vary" | "upscale":
                await make_from(interaction, self.owner, save.name, self.action)
            case "sure" if self.position is not None:
                await self._delete(interaction, save._replace(position=self.position))
            case "delete" | "sure":  # a former version's "sure" did not say which save was asked about
                question = ask_to_delete(self.owner, save)
                await first(interaction, lambda: interaction.response.edit_message(view=question))
            case _:
                image = kept_image(store, self.owner, save.name)
                operation = image.operation if image else Operation.UPSCALE
                buttons = buttons_of(self.owner, save.name, operation, heart_of(store, self.owner, save.name))
                await first(interaction, lambda: interaction.response.edit_message(view=buttons))

    async def _is_for(self, interaction: Interaction, save: ImageSave | None) -> bool:
        """The picture's owner may press all of them; who else may delete it, those that delete."""
        if self.owner == str(interaction.user.id):
            return True
        deletes = self.action in {"delete", "sure", "keep"}
        return deletes and save is not None and await may_delete(interaction, self.owner, save)

    async def _delete(self, interaction: Interaction, save: ImageSave) -> None:
        own = self.owner == str(interaction.user.id)
        await defer(interaction, thinking=False)
        deleted = await delete_save(
            interaction.client.store, self.owner, save, actor=actor_of(interaction), reason="user" if own else "admin"
        )
        if isinstance(deleted, Refusal):
            is_another = save_under(interaction.client.store, self.owner, save.name) is not None
            why = SAVED_ANEW if deleted.reason is Reason.NOT_FOUND and is_another else message_for_refusal(deleted)
            await tell(interaction, why)
            return
        freed = size_in_words(deleted.freed_bytes)
        text = f"**{plain(deleted.name, NAME_CHARACTERS)}** is gone, and {freed} are free again."
        gone = Message("🗑️ Image Deleted", text, discord.Colour.light_grey())
        await Reply(interaction).finish(Content([message_embed(gone)]))


async def make_from(interaction: Interaction, owner: str, name: str, action: str) -> None:
    """Another picture from a kept one: made again, varied, or larger."""
    source = Source.of_kept(interaction, owner, name)
    image = await admitted_input(interaction, _OPERATIONS[action], source)
    if image is None:
        return
    if action == "upscale":
        await make(interaction, await interaction.client.generator.upscale_of(image, source.name))
        return
    store = interaction.client.store
    details = await store.workers.reading.run(image_details, store, owner, name) or {}
    if not details.get("prompt"):
        await Reply(interaction).alone(UNKNOWN_ORIGIN)
        return
    seed = 1 + interaction.id % SEED_MAX  # another picture, and the same one where this very press is told twice
    known = {detail: details[detail] for detail in KEPT_DETAILS if detail in details}
    if action == "again":
        shape = {side: details[side] for side in ("width", "height") if side in details}
        await make(interaction, GenerationRequest(Operation.TEXT_TO_IMAGE, **known, **shape, seed=seed))
    else:
        varied = GenerationRequest(Operation.IMAGE_TO_IMAGE, **known, strength=VARY_STRENGTH, image=image, seed=seed)
        await make(interaction, varied)
