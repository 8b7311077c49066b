"""Whether a picture may be begun: what needs no input is asked first, and inputs are fetched one behind the other.

Who is refused is told so before anything is promised, so that nobody else sees it, and before a byte is fetched for
them. The ledger decides again when the places are reserved. What a picture starts from is `inputs`', making it
`making`'s.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import discord
import structlog

from adapters.application.owners import owner_of
from adapters.application.reserving import WantedPlaces
from adapters.application.saves import save_under
from adapters.discord.asking import ask_button
from adapters.discord.bot import Interaction, actor_of
from adapters.discord.failures import message_for_failure
from adapters.discord.inputs import (
    at_address,
    attached,
    in_message,
    kept,
    refused_address,
    refused_attachment,
    told_bytes,
)
from adapters.discord.messages import Message, message_for_refusal, message_for_storage_fault
from adapters.discord.replies import Reply, defer, tell
from adapters.generation.image_url import LARGEST_IMAGE_BYTES
from adapters.generation.provider import STYLES, GenerationRequest, Operation
from adapters.ports.failures import GenerationFailure
from adapters.ports.faults import Fault
from adapters.studio.admission import refused_unseen
from adapters.studio.generation_queue import GenerationQueue
from domain.refusals import Reason, Refusal

_log = structlog.wrap_logger(logging.getLogger(__name__))


class Source(NamedTuple):
    """What a picture starts from: its bytes at most, how they are fetched, and why there are none where that is
    known.
    """

    size_bytes: int
    fetch: Callable[[], Awaitable[bytes | Message]]
    missing: Message | None = None
    name: str | None = None
    """Of a kept picture of whoever asks."""

    @classmethod
    def of_attachment(cls, interaction: Interaction, attachment: discord.Attachment) -> Source:
        """A file that was attached."""
        missing = refused_attachment(interaction, attachment)
        return cls(told_bytes(interaction, attachment), lambda: attached(interaction, attachment), missing)

    @classmethod
    def of_address(cls, interaction: Interaction, address: str) -> Source:
        """What stands at an address."""
        missing = refused_address(interaction, address)
        return cls(LARGEST_IMAGE_BYTES, lambda: at_address(interaction, address), missing)

    @classmethod
    def of_message(cls, interaction: Interaction, message: discord.Message) -> Source:
        """The first picture that a message shows."""
        return cls(LARGEST_IMAGE_BYTES, lambda: in_message(interaction, message))

    @classmethod
    def of_kept(cls, interaction: Interaction, owner: str, name: str) -> Source:
        """A kept picture. Raises Faults."""
        save = save_under(interaction.client.store, owner, name)
        if save is None:
            return cls.of_nothing(message_for_refusal(Refusal(Reason.NOT_FOUND, owner, name)))
        own = name if owner == str(interaction.user.id) else None
        return cls(save.size_bytes, lambda: kept(interaction, owner, name), name=own)

    @classmethod
    def of_nothing(cls, why: Message) -> Source:
        """There is none."""

        async def fetch() -> Message:
            return why

        return cls(0, fetch, why)


class _Why(NamedTuple):
    """Why no picture is begun, and what is beneath that."""

    message: Message
    view: discord.ui.View | None = None


async def admitted(interaction: Interaction, request: GenerationRequest) -> bool:
    """Whether these pictures may be begun. An answer is promised then; else who asks, and nobody else, is told why."""
    if (why := await _refusal(interaction, request)) is not None:
        await tell(interaction, *why)
        return False
    await defer(interaction)
    return True


async def admitted_input(
    interaction: Interaction, operation: Operation, source: Source, *, style: str | None = None
) -> bytes | None:
    """What a picture starts from, where it may be begun: an answer is promised then. None where not; it was told."""
    bot, user = interaction.client, str(interaction.user.id)
    owner = owner_of(bot.store, user, actor_of(interaction))
    why = (
        _Why(source.missing)
        if source.missing
        else await _refusal(interaction, GenerationRequest(operation, style=style))
    )
    if why is None and (busy := bot.input_line.refusal(user, owner, source.size_bytes)):
        why = _Why(message_for_refusal(busy))
    if why is not None:
        await tell(interaction, *why)
        return None
    bot.input_line.join(user, owner, source.size_bytes)
    try:
        await defer(interaction)
        data = await _fetched(bot.input_line, owner, source)
    finally:
        bot.input_line.leave(user, owner, source.size_bytes)
    if isinstance(data, Message):
        await Reply(interaction).alone(data)
        return None
    return data


async def _fetched(line: GenerationQueue, owner: str, source: Source) -> bytes | Message:
    """The input, when it is its turn."""
    await line.wait_turn(owner, lambda _: None)
    try:
        return await source.fetch()
    finally:
        line.end_turn(owner)


async def _refusal(interaction: Interaction, request: GenerationRequest) -> _Why | None:
    """Why no picture may be begun, as far as that is known without an input: no service, too many requests, a quota.

    That there is no such style is told later, with those that there are.
    """
    bot, user = interaction.client, str(interaction.user.id)
    style = request.style if request.style in STYLES else None
    wanted = WantedPlaces(user, request.count, operation=str(request.operation), style=style)
    try:
        why = await refused_unseen(bot.studio, bot.store, wanted, request, actor=actor_of(interaction))
    except Fault as fault:
        _log.error("no picture", reason=str(fault))
        return _Why(message_for_storage_fault(fault))
    match why:
        case None:
            return None
        case Refusal():
            return _Why(message_for_refusal(why), ask_button(why, interaction.user.id))
        case GenerationFailure():
            return _Why(message_for_failure(why))
