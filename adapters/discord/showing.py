"""A kept picture as a message: the file in full, as far as the channel takes it, how it was made, and its buttons."""

from __future__ import annotations

from typing import Any

from adapters.application.reading import ReadableStorage, image_bytes, image_details, kept_image
from adapters.application.storage import Storage
from adapters.discord.bot import Interaction
from adapters.discord.embeds import Asked, Shown, result_embed
from adapters.discord.making import SMALLER_BY, TOO_LARGE, WHOLE
from adapters.discord.messages import Message, message_for_refusal
from adapters.discord.replies import NOT_TAKEN, Content, SentFile, Spare
from adapters.discord.views import buttons_of, heart_of
from adapters.images.file_names import file_name
from adapters.images.shrink import fitted
from domain.refusals import Reason, Refusal


def shown_again(storage: Storage, user: str, name: str, at_most_bytes: int) -> Content | Message:
    """The picture, or why there is none to show. For a worker."""
    image = kept_image(storage, user, name)
    data = _bytes_of(storage, user, name)
    if image is None or data is None:
        return message_for_refusal(Refusal(Reason.NOT_FOUND, user, name))
    posted_as = file_name(image.name.rpartition("/")[2], image.media_type).replace(" ", "_")
    fit = fitted(posted_as, data, at_most_bytes)
    file = SentFile(*fit) if fit is not None else None
    details: dict[str, Any] = image_details(storage, user, name) or {}
    style, seed = details.get("style"), details.get("seed")
    asked = Asked(
        operation=image.operation,
        prompt=str(details.get("prompt", "")),
        negative_prompt=str(details.get("negative_prompt", "")),
        style=style if isinstance(style, str) else None,
        note=TOO_LARGE if file is None else "" if file.data is data else WHOLE,
    )
    shown = Shown(
        filename=file.name if file else image.name,
        width=image.width,
        height=image.height,
        seed=seed if isinstance(seed, int) else None,
        name=image.name,
    )
    embed = result_embed(asked, shown)
    if file is None:
        embed.set_image(url=None)
    heart = heart_of(storage, user, image.name)
    return Content([embed], [file] if file else (), buttons_of(user, image.name, image.operation, heart))


def spare_of(interaction: Interaction, name: str) -> Spare:
    """What is brought where Discord takes less than it says: a copy that is much smaller, or the words alone."""
    store, user = interaction.client.store, str(interaction.user.id)

    async def smaller(too_many_bytes: int) -> Content | None:
        again = await store.workers.drawing.run(shown_again, store, user, name, too_many_bytes // SMALLER_BY)
        return again if isinstance(again, Content) and again.files else None

    return Spare(smaller, NOT_TAKEN.words, name)


def _bytes_of(storage: ReadableStorage, user: str, name: str) -> bytes | None:
    try:
        return image_bytes(storage, user, name)
    except OSError:
        return None
