"""What deletes more than one picture, and what hands one's data over: the choices under `/delete` and `/privacy`.

Each choice is an id that works after a restart. Who presses deletes their own pictures, whosever message it is on.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import discord

from adapters.application.deleting import delete_image
from adapters.application.exporting import export_of
from adapters.application.governing import set_preference
from adapters.application.reading import image_names, newest_images, preference_of, quota_status
from adapters.application.results import DeletedImage, GalleryImage
from adapters.discord.bot import AbbyBot, Interaction, actor_of
from adapters.discord.default_style import FIRST_STYLE, STYLE
from adapters.discord.embeds import message_embed
from adapters.discord.lasting_items import OwnItem
from adapters.discord.messages import Message, message_for_refusal
from adapters.discord.replies import Content, SentFile
from adapters.discord.views import key_of, named_by
from adapters.ports.clock import utc_now
from adapters.wording.figures import size_in_words
from domain.images import SECONDS_A_DAY
from domain.instants import later
from domain.refusals import Reason, Refusal

MOST_CHOICES = 25
MOST_IMAGES = 10_000
STILL_COMING = "What is being made for you at this moment is kept when it is done; once it is here, delete that too."


class Erased(NamedTuple):
    """How many pictures went, the bytes they freed, how many stayed, and a refusal that stood in their way."""

    images: int
    freed_bytes: int
    left: int = 0
    refusal: Refusal | None = None


async def erase(interaction: Interaction, names: Sequence[str], reason: str) -> Erased:
    """Deletes pictures of the user who asks; those that are gone already are passed over. Raises Faults."""
    user, actor = str(interaction.user.id), actor_of(interaction)
    erased = Erased(0, 0)
    for name in names:
        done = await delete_image(interaction.client.store, user, name, actor=actor, reason=reason)
        if isinstance(done, DeletedImage):
            erased = erased._replace(images=erased.images + 1, freed_bytes=erased.freed_bytes + done.freed_bytes)
        else:
            stays = done.reason is not Reason.NOT_FOUND
            erased = erased._replace(left=erased.left + stays, refusal=done if stays else erased.refusal or done)
    return erased


def message_for_erased(erased: Erased) -> Message:
    """What was deleted, in words, and what was not."""
    if erased.refusal is not None and not erased.images:
        return message_for_refusal(erased.refusal)
    text = f"{_images(erased.images)} deleted, {size_in_words(erased.freed_bytes)} free again."
    if erased.refusal is None or not erased.left:
        return Message("🗑️ Deleted", text, discord.Colour.green())
    why = message_for_refusal(erased.refusal).text
    return Message("🗑️ Not All Deleted", f"{text} {_images(erased.left)} left: {why}", discord.Colour.red())


def older_than(bot: AbbyBot, user: str, days: int) -> list[GalleryImage]:
    """A user's images that are so many days old."""
    before = later(utc_now(), seconds=-days * SECONDS_A_DAY)
    return [image for image in newest_images(bot.store, user, limit=MOST_IMAGES) if image.at <= before]


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
                return _told(await erase(interaction, [name for name in named if name], "user"))
            case "export":
                return await _export(interaction)
            case "forget":
                question = "This deletes all of your images for good. Your limits stay as they are. Are you sure?"
                sure = _button(f"abby:forgetall:{user}", "Yes, delete everything", discord.ButtonStyle.danger)
                asked = Message("🔒 Delete Everything?", question, discord.Colour.red())
                return Content([message_embed(asked)], (), _view(sure))
            case "forgetall":
                erased = await erase(interaction, image_names(bot.store, user), "privacy")
                if preference_of(bot.store, user, STYLE) is not None:
                    await set_preference(bot.store, user, STYLE, FIRST_STYLE, actor=actor_of(interaction))
                told = message_for_erased(erased)
                if quota_status(bot.store, user)["user"]["reserved_mb"]:
                    told = told._replace(text=f"{told.text} {STILL_COMING}")
                return Content([message_embed(told)])
        names = [image.name for image in older_than(bot, user, int(self.days))]
        return _told(await erase(interaction, names, "user"))


async def _export(interaction: Interaction) -> Content:
    bot, user = interaction.client, str(interaction.user.id)
    export = await asyncio.to_thread(export_of, bot.store, user, interaction.filesize_limit)
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
