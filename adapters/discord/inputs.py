"""The picture that a command starts from: attached, at an address, one of the user's own, or one in a message."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import aiohttp
import discord
import structlog
from discord import app_commands

from adapters.application.reading import image_bytes, image_names
from adapters.discord.bot import Interaction
from adapters.discord.failures import message_for_failure
from adapters.discord.message_pictures import Found, pictures_in
from adapters.discord.messages import Message, message_for_refusal
from adapters.discord.views import picture_of
from adapters.generation.bodies import body_within
from adapters.generation.image_url import GONE
from adapters.images.formats import INPUTS, begun_format
from adapters.ports.failure_reasons import PlainReason
from adapters.ports.failures import GenerationFailure
from adapters.ports.faults import Fault
from adapters.ports.request_reasons import AttachmentTooLarge, InputNotRead
from domain.limits import MEGABYTE
from domain.refusals import Reason, Refusal

DOWNLOAD_TRIES = 2
FETCH_SECONDS = 30.0
"""For all that is fetched for one picture to start from, however many files and tries there are."""
MOST_TRIED = 5
"""So many files and previews of a message are looked at."""
MOST_SUGGESTED = 25
LONGEST_SUGGESTION = 100
"""Characters; Discord takes no longer ones."""
ONE_SOURCE = Message(
    "❌ That Is Not Possible",
    "Give one picture to start from: attach it, or give its address, or name one of yours.",
    discord.Colour.red(),
)
GONE_STATUSES = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN})
BROKEN_OFF = GenerationFailure(PlainReason.ATTACHMENT_FAILED)
NO_PICTURE = Message("❌ No Picture Here", "There is no picture in this message.", discord.Colour.red())

_log = structlog.wrap_logger(logging.getLogger(__name__))


def refused_attachment(interaction: Interaction, attachment: discord.Attachment) -> Message | None:
    """Why an attachment is not fetched, None where it may be."""
    return _too_large(interaction) if told_bytes(interaction, attachment) > _most_bytes(interaction) else None


def told_bytes(interaction: Interaction, attachment: discord.Attachment) -> int:
    """How large an attachment is said to be; as large as may be where that is no size."""
    told: Any = attachment.size
    return told if isinstance(told, int) and told >= 0 else _most_bytes(interaction)


def _most_bytes(interaction: Interaction) -> int:
    return interaction.client.config.storage.image_generation_size_mb * MEGABYTE


def _too_large(interaction: Interaction) -> Message:
    return message_for_failure(GenerationFailure(AttachmentTooLarge(_most_bytes(interaction))))


def refused_address(interaction: Interaction, address: str) -> Message | None:
    """Why an address is not asked, None where it may be."""
    refused = interaction.client.generator.refuses_address(address.strip())
    return message_for_failure(refused) if refused is not None else None


async def attached(interaction: Interaction, attachment: discord.Attachment) -> bytes | Message:
    """The bytes of an attachment, or why there are none."""
    if (refused := refused_attachment(interaction, attachment)) is not None:
        return refused
    try:
        async with asyncio.timeout(FETCH_SECONDS):
            return await _downloaded(interaction, attachment.url)
    except TimeoutError:
        _log.warning("attachment not downloaded", reason="it took too long")
        return message_for_failure(BROKEN_OFF)


async def _downloaded(interaction: Interaction, url: str) -> bytes | Message:
    """What Discord has there, of which no more is taken in than an input may be, whatever was told of it."""
    for _ in range(DOWNLOAD_TRIES):
        try:
            async with interaction.client.downloads.get(url, allow_redirects=False) as response:
                if response.status in GONE_STATUSES:
                    return message_for_failure(GONE)
                if response.status == HTTPStatus.OK:
                    data = await body_within(response, _most_bytes(interaction))
                    return _too_large(interaction) if data is None else data
                _log.warning("attachment not downloaded", status=response.status)
        except TimeoutError:
            raise
        except (aiohttp.ClientError, OSError, ValueError) as error:  # the last of an address that is none
            _log.warning("attachment not downloaded", reason=type(error).__name__)
    return message_for_failure(BROKEN_OFF)


async def at_address(interaction: Interaction, address: str) -> bytes | Message:
    """The bytes at an address, of a host that may be asked; or why there are none."""
    found = await interaction.client.generator.input_image(address.strip())
    return message_for_failure(found) if isinstance(found, GenerationFailure) else found


async def kept(interaction: Interaction, owner: str, name: str) -> bytes | Message:
    """The bytes of a kept picture."""
    store = interaction.client.store
    try:
        data = await store.workers.reading.run(image_bytes, store, owner, name)
    except OSError:
        data = None
    return message_for_refusal(Refusal(Reason.NOT_FOUND, owner, name)) if data is None else data


async def in_message(interaction: Interaction, message: discord.Message) -> bytes | Message:
    """The bytes of the first picture of a message that can be had and read, or why there is none. All share one
    deadline: each has an equal part of what is left of it, so that one that hangs keeps nobody from the next.
    """
    why: Message | None = None
    tried, loop = pictures_in(message)[:MOST_TRIED], asyncio.get_running_loop()
    deadline = loop.time() + FETCH_SECONDS
    for place, found in enumerate(tried):
        data: bytes | Message
        try:
            async with asyncio.timeout((deadline - loop.time()) / (len(tried) - place)):
                data = await _bytes_of(interaction, found)
        except TimeoutError:
            data = message_for_failure(BROKEN_OFF)
        if isinstance(data, bytes) and begun_format(data) in INPUTS:
            return data
        why = why or (data if isinstance(data, Message) else not_read(data))
    return why or NO_PICTURE


async def _bytes_of(interaction: Interaction, found: Found) -> bytes | Message:
    """What is there, without a download where it is said to be of a format that is not read."""
    if found.format:
        return message_for_failure(GenerationFailure(InputNotRead(found.format)))
    if found.attachment is not None:
        return await attached(interaction, found.attachment)
    why: Message | None = None
    for address in found.addresses:
        data = await at_address(interaction, address)
        if isinstance(data, bytes):
            return data
        why = why or data
    return why or NO_PICTURE


def not_read(data: bytes) -> Message:
    """What members hear of bytes that are no picture, or none that is read."""
    name = begun_format(data)
    return message_for_failure(GenerationFailure(InputNotRead(name) if name else PlainReason.INPUT_NOT_AN_IMAGE))


def ours(interaction: Interaction, message: discord.Message) -> tuple[str, str] | None:
    """Owner and key of the kept picture that a message of this bot shows, None where it shows none."""
    user = interaction.client.user
    return picture_of(message) if user is not None and message.author.id == user.id else None


async def suggest_names(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """The user's own images whose names hold what is typed, newest first."""
    return suggestions(interaction, str(interaction.user.id), typed)


def suggestions(interaction: Interaction, user: str, typed: str) -> list[app_commands.Choice[str]]:
    """A user's images whose names hold what is typed, newest first."""
    try:
        names: Sequence[str] = image_names(interaction.client.store, user)
    except Fault:
        return []  # the command itself tells the fault
    wanted = typed.strip().lower()
    return choices_of([name for name in names if wanted in name.lower()])


def choices_of(names: Sequence[str]) -> list[app_commands.Choice[str]]:
    """Names as Discord suggests them: the first of those that it takes."""
    fitting = [name for name in names if len(name) <= LONGEST_SUGGESTION]
    return [app_commands.Choice(name=name, value=name) for name in fitting[:MOST_SUGGESTED]]
