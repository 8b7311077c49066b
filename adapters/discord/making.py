"""Makes what a command or a button asks for and shows it: the way of a request through the studio into a message.

Answers for progress, for pictures that are too large for a channel, and for what the user hears when there is none.
Limits are the ledger's, the words `words`', the looks `embeds`', the buttons `buttons`'.
"""

from __future__ import annotations

import asyncio
import logging
from typing import NamedTuple

import discord
import structlog

from adapters.application.reading import quota_status
from adapters.discord.bot import AbbyBot, Interaction, actor_of
from adapters.discord.embeds import Asked, Shown, further_embed, message_embed, quota_embed, result_embed
from adapters.discord.errors import STOPPING
from adapters.discord.failures import message_for_failure, note_for_members
from adapters.discord.messages import Figures, Message, message_for_refusal, message_for_storage_fault
from adapters.discord.notices import warn_managers
from adapters.discord.replies import Content, Reply, SentFile
from adapters.discord.views import buttons_of
from adapters.generation.provider import GenerationRequest
from adapters.images.formats import EXTENSIONS
from adapters.images.shaping import size_of
from adapters.images.shrink import fitted
from adapters.ports.failures import GenerationFailure
from adapters.ports.faults import Fault
from adapters.studio import Generated, GenerationOutcome, Picture
from adapters.wording.failures import sentence_of_failure
from domain.refusals import Refusal

SHRUNK = "It is too large for this channel, so a smaller copy is shown."
WHOLE = f"{SHRUNK[:-1]}; the kept one is whole."
TOO_LARGE = "It is too large to be shown in this channel."
CANCELLED = Message(
    "⏹️ Stopped", "The bot is stopping, so this was not made. Please ask again in a minute.", discord.Colour.yellow()
)
GONE = Message("🖼️ Made Before", "This was made before, and its picture was deleted since.", discord.Colour.yellow())

_log = structlog.wrap_logger(logging.getLogger(__name__))


class _Ready(NamedTuple):
    """A picture as it is sent: its file (None where it cannot be made small enough), and what is known of it."""

    file: SentFile | None
    shown: Shown
    note: str


async def make(interaction: Interaction, request: GenerationRequest) -> None:
    """Makes what is asked and answers the interaction, which was deferred; raises what nobody expects."""
    bot = interaction.client
    reply = Reply(interaction)
    if bot.stopping:
        await reply.finish(Content([message_embed(STOPPING)]))
        return
    with bot.working():
        try:
            answer = await _answer(interaction, request, reply)
        except asyncio.CancelledError:
            await reply.finish(Content([message_embed(CANCELLED)]))
            raise
        finally:
            await reply.end_progress()
        if not isinstance(answer, Generated):
            await reply.finish(Content([message_embed(answer)]))
            return
        await _show(interaction, request, reply, answer)
    await warn_managers(bot)


async def _answer(interaction: Interaction, request: GenerationRequest, reply: Reply) -> Generated | Message:
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
    if isinstance(answer, Refusal):
        return message_for_refusal(answer)
    if isinstance(answer, GenerationFailure):
        _log.warning("no picture", kind=answer.kind.value, reason=sentence_of_failure(answer))
        return message_for_failure(answer)
    return answer


async def _show(interaction: Interaction, request: GenerationRequest, reply: Reply, made: Generated) -> None:
    """Each picture as a message with buttons of its own: the first in the place of the progress, the rest after it."""
    bot, user = interaction.client, str(interaction.user.id)
    pictures = [picture for picture in made.pictures if picture.data]
    if not pictures:
        await reply.finish(Content([message_embed(GONE)]))
        return
    status = _status(bot, user)
    for index, picture in enumerate(pictures):
        ready = await asyncio.to_thread(_ready, picture, index, interaction.filesize_limit)
        if index == 0:
            asked = _asked(request, note_for_members(made.notes), ready.note)
            embed = result_embed(asked, ready.shown, status if bot.config.discord.quota_line_public else None)
        else:
            embed = further_embed(ready.shown, index + 1, len(pictures))
        if ready.file is None:
            embed.set_image(url=None)
        view = buttons_of(user, picture.image.name, request.operation) if picture.image else None
        content = Content([embed], [ready.file] if ready.file else (), view)
        await (reply.finish(content) if index == 0 else reply.further(content))
    if status is not None and not bot.config.discord.quota_line_public:
        await reply.further(Content([quota_embed(status, interaction.user.display_name)]), ephemeral=True)


def _asked(request: GenerationRequest, *notes: str) -> Asked:
    note = " ".join(note for note in notes if note)
    return Asked(request.operation, request.prompt, request.negative_prompt, request.style, note)


def _status(bot: AbbyBot, user: str) -> Figures | None:
    """The user's quotas; a storage that has stopped meanwhile keeps no picture from being shown."""
    try:
        return quota_status(bot.store, user)
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
