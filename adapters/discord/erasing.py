"""What deletes more than one picture, and what hands one's data over: the choices under `/delete` and `/privacy`.

Each choice is an id that works after a restart. Who presses deletes their own pictures, and of those exactly what the
question showed: an id says which saves these were, so that a picture that was saved anew meanwhile stays.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import discord

from adapters.application.erasing import Erased, Forgotten, erase_images, forget_user
from adapters.application.results import ImageSave
from adapters.application.saves import position_now, saves_of
from adapters.discord.bot import Interaction, actor_of
from adapters.discord.embeds import message_embed
from adapters.discord.exporting import exported
from adapters.discord.lasting_items import OwnItem
from adapters.discord.messages import Message, message_for_refusal
from adapters.discord.replies import NOT_TAKEN, Content, Spare
from adapters.wording.figures import size_in_words

MOST_CHOICES = 25
GONE_ALREADY = Message(
    "🗑️ Nothing Deleted",
    "What you were asked about is gone already, or was saved anew since. `/delete` shows what there is now.",
    discord.Colour.blurple(),
)
STILL_COMING = "What is being made for you at this moment is kept when it is done; once it is here, delete that too."


def message_for_erased(erased: Erased) -> Message:
    """What was deleted, in words, and what was not."""
    if erased.refusal is not None and not erased.images:
        return message_for_refusal(erased.refusal)
    text = f"{_images(erased.images)} deleted, {size_in_words(erased.freed_bytes)} free again."
    if erased.refusal is None or not erased.left:
        return Message("🗑️ Deleted", text, discord.Colour.green())
    why = message_for_refusal(erased.refusal).text
    return Message("🗑️ Not All Deleted", f"{text} {_images(erased.left)} left: {why}", discord.Colour.red())


def choose_some(user: str, images: Sequence[ImageSave]) -> discord.ui.View:
    """A list of the newest images, of which several can be chosen."""
    shown = images[:MOST_CHOICES]
    options = [
        discord.SelectOption(
            label=image.name[-100:],
            value=str(image.position),
            description=f"{size_in_words(image.size_bytes)}, {image.at[:10]}",
        )
        for image in shown
    ]
    select: discord.ui.Select[Any] = discord.ui.Select(
        custom_id=f"abby:chosen:{user}",
        placeholder="Choose what to delete",
        options=options,
        min_values=1,
        max_values=len(options),
    )
    return _view(select)


def confirm_old(user: str, images: Sequence[ImageSave]) -> discord.ui.View:
    """Yes, these, which are all up to the newest of them."""
    newest = max(image.position for image in images)
    return _view(_button(f"abby:upto{newest}:{user}", "Yes, delete them", discord.ButtonStyle.danger))


def privacy_choices(user: str) -> discord.ui.View:
    """Take it along, or erase it."""
    return _view(
        _button(f"abby:export:{user}", "Export my data"),
        _button(f"abby:forget:{user}", "Delete everything", discord.ButtonStyle.danger),
    )


class EraseItem(
    OwnItem,
    template=(
        r"abby:(?P<action>chosen|export|forget|(?P<bulk>upto|forgetupto)(?P<position>[0-9]{1,15}))"
        r":(?P<owner>[a-z0-9_-]{1,64})"
    ),
):
    """Any of these choices."""

    def __init__(self, item: discord.ui.Item[Any], match: re.Match[str]) -> None:
        super().__init__(item, match)
        self.action, self.up_to = match["bulk"] or match["action"], int(match["position"] or 0)

    @property
    def paced_as(self) -> str:
        """An export reads every picture; the rest is as the command that deletes."""
        return "export" if self.action == "export" else "delete"

    async def contents(self, interaction: discord.Interaction[Any]) -> AsyncGenerator[tuple[Content, Spare]]:
        """What was done, or the question before it is; of an export, one part after the other."""
        if self.action != "export":
            yield await self._answer(interaction), NOT_TAKEN
            return
        async for part in exported(interaction, self.owner):
            yield part

    async def _answer(self, interaction: Interaction) -> Content:
        store, user = interaction.client.store, self.owner
        match self.action:
            case "chosen":
                data: Any = interaction.data
                chosen = {int(value) for value in data["values"] if value.isdecimal()}
                saves = [save for save in saves_of(store, user) if save.position in chosen]
            case "upto":
                saves = saves_of(store, user, up_to=self.up_to)
            case "forget":
                return ask_to_forget(user, saves_of(store, user), position_now(store))
            case _:
                forgotten = await forget_user(store, user, up_to=self.up_to, actor=actor_of(interaction))
                return Content([message_embed(message_for_forgotten(forgotten))])
        erased = await erase_images(store, user, saves, actor=actor_of(interaction), reason="user")
        return Content([message_embed(message_for_erased(erased) if saves else GONE_ALREADY)])


def ask_to_forget(user: str, saves: Sequence[ImageSave], position: int) -> Content:
    """Sure, about all of these? Yes means what was recorded up to this position."""
    size = size_in_words(sum(save.size_bytes for save in saves))
    question = (
        f"This deletes all of your images for good: {_images(len(saves))}, {size}. Your limits stay as they are. "
        "Are you sure?"
    )
    sure = _button(f"abby:forgetupto{position}:{user}", "Yes, delete everything", discord.ButtonStyle.danger)
    return Content([message_embed(Message("🔒 Delete Everything?", question, discord.Colour.red()))], (), _view(sure))


def message_for_forgotten(forgotten: Forgotten) -> Message:
    """What was deleted of everything, and what came or comes after the question."""
    told = message_for_erased(forgotten.erased)
    if forgotten.came_later:
        told = told._replace(text=f"{told.text} {_images(forgotten.came_later)} came after the question, and stayed.")
    return told._replace(text=f"{told.text} {STILL_COMING}") if forgotten.still_coming else told


def _images(count: int) -> str:
    return f"{count} image{'' if count == 1 else 's'}"


def _button(
    custom_id: str, label: str, style: discord.ButtonStyle = discord.ButtonStyle.secondary
) -> discord.ui.Button[Any]:
    return discord.ui.Button(label=label, style=style, custom_id=custom_id)


def _view(*items: discord.ui.Item[Any]) -> discord.ui.View:
    """The items in a view that is stopped: the library need not remember it, as the ids say all."""
    view = discord.ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    view.stop()
    return view
