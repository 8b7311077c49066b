"""What deletes more than one picture, and what hands one's data over: the choices under `/delete` and `/privacy`.

Each choice is an id that works after a restart. Who presses deletes their own pictures, whosever message it is on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import discord

from adapters.application.erasing import Erased, erase_images, forget_user, images_older_than
from adapters.application.exporting import export_of
from adapters.application.results import GalleryImage
from adapters.discord.bot import Interaction, actor_of
from adapters.discord.embeds import message_embed
from adapters.discord.lasting_items import OwnItem
from adapters.discord.messages import Message, message_for_refusal
from adapters.discord.replies import Content, SentFile
from adapters.discord.views import key_of, named_by
from adapters.wording.figures import size_in_words

MOST_CHOICES = 25
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


def choose_some(user: str, images: Sequence[GalleryImage]) -> discord.ui.View:
    """A list of the newest images, of which several can be chosen."""
    shown = images[:MOST_CHOICES]
    options = [
        discord.SelectOption(
            label=image.name[-100:],
            value=key_of(image.name),
            description=f"{size_in_words(image.size_bytes)}, {image.at[:10]}",
        )
        for image in shown
    ]
    select: discord.ui.Select[Any] = discord.ui.Select(
        custom_id=f"abby:some:{user}",
        placeholder="Choose what to delete",
        options=options,
        min_values=1,
        max_values=len(options),
    )
    return _view(select)


def confirm_old(user: str, days: int) -> discord.ui.View:
    """Yes, those that are so old."""
    return _view(_button(f"abby:old{days}:{user}", "Yes, delete them", discord.ButtonStyle.danger))


def privacy_choices(user: str) -> discord.ui.View:
    """Take it along, or erase it."""
    return _view(
        _button(f"abby:export:{user}", "Export my data"),
        _button(f"abby:forget:{user}", "Delete everything", discord.ButtonStyle.danger),
    )


class EraseItem(
    OwnItem,
    template=r"abby:(?P<action>some|old(?P<days>[0-9]{1,5})|export|forget|forgetall):(?P<owner>[a-z0-9_-]{1,64})",
):
    """Any of these choices."""

    def __init__(self, item: discord.ui.Item[Any], match: re.Match[str]) -> None:
        super().__init__(item, match)
        self.action, self.days = match["action"], match["days"]

    async def content(self, interaction: discord.Interaction[Any]) -> Content:
        """What was done, or the question before it is."""
        bot, user = interaction.client, self.owner
        match self.action:
            case "some":
                data: Any = interaction.data
                named = [named_by(bot, user, key) for key in data["values"]]
                return _told(await _erase(interaction, [name for name in named if name]))
            case "export":
                return await _export(interaction)
            case "forget":
                question = "This deletes all of your images for good. Your limits stay as they are. Are you sure?"
                sure = _button(f"abby:forgetall:{user}", "Yes, delete everything", discord.ButtonStyle.danger)
                asked = Message("🔒 Delete Everything?", question, discord.Colour.red())
                return Content([message_embed(asked)], (), _view(sure))
            case "forgetall":
                forgotten = await forget_user(bot.store, user, actor=actor_of(interaction))
                told = message_for_erased(forgotten.erased)
                if forgotten.still_coming:
                    told = told._replace(text=f"{told.text} {STILL_COMING}")
                return Content([message_embed(told)])
        names = [image.name for image in images_older_than(bot.store, user, int(self.days))]
        return _told(await _erase(interaction, names))


async def _erase(interaction: Interaction, names: Sequence[str]) -> Erased:
    """Deletes pictures of the user who asks. Raises Faults."""
    actor = actor_of(interaction)
    return await erase_images(interaction.client.store, str(interaction.user.id), names, actor=actor, reason="user")


async def _export(interaction: Interaction) -> Content:
    bot, user = interaction.client, str(interaction.user.id)
    export = await bot.store.workers.surveying.run(export_of, bot.store, user, interaction.filesize_limit)
    left_out = (
        f" {export.left_out} images did not fit into a file that Discord takes; `/gallery` shows them."
        if export.left_out
        else ""
    )
    text = f"The file holds {export.images} of your images, how each was made, and what is recorded of you.{left_out}"
    embed = message_embed(Message("🔒 Your Data", text, discord.Colour.blurple()))
    return Content([embed], [SentFile("abby-export.zip", export.data)], None)


def _images(count: int) -> str:
    return f"{count} image{'' if count == 1 else 's'}"


def _told(erased: Erased) -> Content:
    return Content([message_embed(message_for_erased(erased))])


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
