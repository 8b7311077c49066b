"""Makes what a command or a button asks for and shows it: the way of a request through the studio into a message.

Answers for progress, for pictures that are too large for a channel, and for what the user hears when there is none.
Limits are the ledger's, the words `words`', the looks `embeds`', the buttons `buttons`'.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import discord
import structlog

from adapters.application.reading import quota_status
from adapters.discord.asking import ask_button
from adapters.discord.bot import AbbyBot, Interaction, actor_of, guild_of
from adapters.discord.embeds import Asked, Shown, further_embed, message_embed, quota_embed, result_embed
from adapters.discord.ending import MADE
from adapters.discord.failures import message_for_failure, note_for_members
from adapters.discord.messages import Figures, Message, made_and_kept, message_for_refusal, message_for_storage_fault
from adapters.discord.notices import warn_managers
from adapters.discord.replies import Brought, Content, Reply, SentFile, Spare
from adapters.discord.views import buttons_of, heart_of
from adapters.generation.provider import GenerationRequest
from adapters.images.formats import EXTENSIONS
from adapters.images.shaping import size_of
from adapters.images.shrink import fitted
from adapters.ports.failures import GenerationFailure
from adapters.ports.faults import Fault
from adapters.studio import Generated, GenerationOutcome, Picture
from adapters.wording.failures import sentence_of_failure
from adapters.wording.prices import credits_in_words
from domain.limit_names import CREDITS
from domain.refusals import Refusal

SHRUNK = "It is too large for this channel, so a smaller copy is shown."
WHOLE = f"{SHRUNK[:-1]}; the kept one is whole."
TOO_LARGE = "It is too large to be shown in this channel."
SMALLER_BY = 4
"""By so much less than what was refused is a smaller copy, where a channel takes less than it says."""
GONE = Message("🖼️ Made Before", "This was made before, and its picture was deleted since.", discord.Colour.yellow())

NOT_SHOWN = Message(
    "🖼️ Made, But Not Shown",
    "Your picture was made, but it could not be kept, and Discord did not take it either. `/why` tells what counted.",
    discord.Colour.yellow(),
)

_log = structlog.wrap_logger(logging.getLogger(__name__))


class _Ready(NamedTuple):
    """A picture as it is sent: its file (None where it cannot be made small enough), and what is known of it."""

    file: SentFile | None
    shown: Shown
    note: str


async def make(interaction: Interaction, request: GenerationRequest) -> None:
    """Makes what is asked and answers the interaction, which was deferred; raises what nobody expects before anything
    is made.
    """
    reply = Reply(interaction)
    try:
        answer = await _answer(interaction, request, reply)
    finally:
        await reply.end_progress()
    if isinstance(answer, Refusal):
        await reply.alone(message_for_refusal(answer), ask_button(answer, interaction.user.id))
        return
    if isinstance(answer, GenerationFailure) and answer.is_of_request:
        await reply.alone(message_for_failure(answer))
        return
    if isinstance(answer, GenerationFailure | Message):
        message = answer if isinstance(answer, Message) else message_for_failure(answer)
        await reply.finish(Content([message_embed(message)]))
        return
    await _show(interaction, request, reply, answer)
    await warn_managers(interaction.client)


async def _answer(interaction: Interaction, request: GenerationRequest, reply: Reply) -> GenerationOutcome | Message:
    """What the studio made, or why there is nothing."""
    try:
        answer: GenerationOutcome = await interaction.client.studio.generate(
            str(interaction.user.id),
            request,
            actor=actor_of(interaction),
            idempotency_key=str(interaction.id),
            on_progress=reply.on_progress,
        )
    except Fault as fault:
        _log.error("no picture", reason=str(fault))
        return message_for_storage_fault(fault)
    if isinstance(answer, GenerationFailure):
        _log.warning("no picture", kind=answer.kind.value, reason=sentence_of_failure(answer))
    return answer


async def _show(interaction: Interaction, request: GenerationRequest, reply: Reply, made: Generated) -> None:
    """Each picture as a message with buttons of its own: the first in the place of the progress, the rest after it.
    Whatever fails from here on, its user is told where the picture is.
    """
    bot, user = interaction.client, str(interaction.user.id)
    pictures = [picture for picture in made.pictures if picture.data]
    if not pictures:
        await reply.finish(Content([message_embed(GONE)]))
        return
    interaction.extras[MADE] = message_for_made(pictures)
    status = _status(bot, user, guild_of(interaction))
    missing = Brought.CONTENT
    for place, picture in enumerate(pictures):
        showing = _Showing(
            interaction=interaction,
            request=request,
            notes=note_for_members(made.notes),
            picture=picture,
            place=place,
            of=len(pictures),
            status=status if bot.config.discord.quota_line_public else None,
            cost=_cost(made, status),
        )
        if await _bring(reply, showing) is Brought.NOTHING:
            missing = Brought.NOTHING
        elif picture.image is not None:
            bot.pending.shown(interaction.id, picture.image.name)
        interaction.extras[MADE] = message_for_made(pictures[place + 1 :]) if place + 1 < len(pictures) else None
    reply.settle(missing)
    if status is not None and not bot.config.discord.quota_line_public:
        await reply.further(Content([quota_embed(status, interaction.user.display_name)]), ephemeral=True)


@dataclass(frozen=True)
class _Showing:
    """What the message of one picture is made of; `status` is None where the quota is not to be seen."""

    interaction: Interaction
    request: GenerationRequest
    notes: str
    picture: Picture
    place: int
    of: int
    status: Figures | None
    cost: str

    async def content(self, at_most_bytes: int) -> Content:
        """The message; the picture is shrunk where it is larger."""
        ready = await self.interaction.client.store.workers.drawing.run(_ready, self.picture, self.place, at_most_bytes)
        if self.place == 0:
            asked = _asked(self.request, self.notes, ready.note)._replace(cost=self.cost)
            embed = result_embed(asked, ready.shown, self.status)
        else:
            embed = further_embed(ready.shown, self.place + 1, self.of)
        if ready.file is None:
            embed.set_image(url=None)
        kept, user = self.picture.image, str(self.interaction.user.id)
        store = self.interaction.client.store
        heart = heart_of(store, user, kept.name) if kept else None
        view = buttons_of(user, kept.name, self.request.operation, heart) if kept else None
        return Content([embed], [ready.file] if ready.file else (), view)

    async def smaller(self, too_many_bytes: int) -> Content | None:
        """The message with a copy that is much smaller than what was refused."""
        content = await self.content(too_many_bytes // SMALLER_BY)
        return content if content.files else None


async def _bring(reply: Reply, showing: _Showing) -> Brought:
    """Shows one picture, or says where it is."""
    bring = partial(reply.finish, more_follows=True) if showing.place == 0 else reply.further
    kept = showing.picture.image
    spare = Spare(showing.smaller, message_for_made([showing.picture]), kept.name if kept else "")
    try:
        content = await showing.content(showing.interaction.filesize_limit)
    except Exception as error:  # noqa: BLE001 - it was made: that is told, and what went wrong is for the log
        _log.error("a picture cannot be shown", user=showing.interaction.user.id, name=spare.kept, exc_info=error)
        return await bring(Content([message_embed(message_for_made([showing.picture]))]), Spare(kept=spare.kept))
    return await bring(content, spare)


def message_for_made(pictures: Sequence[Picture]) -> Message:
    """Where pictures are that could not be shown."""
    names = [picture.image.name for picture in pictures if picture.image]
    return made_and_kept(names) if names else NOT_SHOWN


def _asked(request: GenerationRequest, *notes: str) -> Asked:
    note = " ".join(note for note in notes if note)
    return Asked(request.operation, request.prompt, request.negative_prompt, request.style, note)


def _cost(made: Generated, status: Figures | None) -> str:
    """What the pictures cost, where credits are limited."""
    if made.cost is None or status is None or not any(of["unit"] == CREDITS for of in status["windows"]):
        return ""
    return credits_in_words(made.cost)


def _status(bot: AbbyBot, user: str, guild: str | None) -> Figures | None:
    """The user's quotas; a storage that has stopped meanwhile keeps no picture from being shown."""
    try:
        return quota_status(bot.store, user, guild)
    except Fault as fault:
        _log.warning("no quota to show", reason=str(fault))
        return None


def _ready(picture: Picture, index: int, at_most_bytes: int) -> _Ready:
    """For a worker: decoding and shrinking take their time."""
    kept = picture.image
    extension = EXTENSIONS.get(picture.media_type, "png")
    name = kept.name.rpartition("/")[2].replace(" ", "_") if kept else f"picture_{index + 1}.{extension}"
    fit = fitted(name, picture.data, at_most_bytes)
    file = None if fit is None else SentFile(*fit)
    whole = file is not None and file.data is picture.data
    note = "" if whole else TOO_LARGE if file is None else WHOLE if kept else SHRUNK
    width, height = (kept.width, kept.height) if kept else size_of(picture.data)
    shown = Shown(
        filename=file.name if file else name,
        width=width,
        height=height,
        seed=picture.seed,
        name=kept.name if kept else None,
        not_kept=picture.not_kept,
    )
    return _Ready(file, shown, note)
