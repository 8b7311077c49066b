"""Tells how far the work is, by edits of the answer's place. Progress is decoration: no fault of it reaches anybody,
and no call of it is waited for once the answer is there.
"""

from __future__ import annotations

import asyncio
import logging
from contextvars import copy_context
from http import HTTPStatus
from typing import Any

import discord
import structlog
from discord.webhook.async_ import AsyncWebhookAdapter, async_context

from adapters.discord.delivery import Patience, facts_of
from adapters.discord.messages import progress_text
from adapters.studio import Progress

MOST_FAULTS = 3
"""After so many edits that failed no more is told."""

_log = structlog.wrap_logger(logging.getLogger(__name__))


class ProgressTeller:
    """Tells the latest of what it is given, at most every `progress_seconds`, until its end."""

    def __init__(self, interaction: discord.Interaction[Any], patience: Patience) -> None:
        self.told = False
        """Whether it stands there now: the message is no "thinking" any more."""
        self._interaction = interaction
        self._patience = patience
        self._latest = Progress()
        self._changed = asyncio.Event()
        self._calling = self._ended = False
        self._teller: asyncio.Task[None] | None = None

    def note(self, progress: Progress) -> None:
        """Notes how far the work is."""
        self._latest = progress
        self._changed.set()
        if self._teller is None and not self._ended:
            context = copy_context()
            adapter = AsyncWebhookAdapter()  # type: ignore[no-untyped-call]  # the library has no words for it
            context.run(async_context.set, adapter)  # one adapter makes one call after the other
            self._teller = asyncio.get_running_loop().create_task(self._tell(), context=context)

    async def end(self) -> asyncio.Task[None] | None:
        """No call begins after this. One that is under way has `grace_seconds` to end; it is given back where it has
        not. It is left to itself, as nobody knows of a call that is broken off when Discord carries it out.
        """
        self._ended = True
        teller, self._teller = self._teller, None
        if teller is None:
            return None
        if self._calling:
            await asyncio.wait({teller}, timeout=self._patience.grace_seconds)
        if self._calling:
            return teller
        teller.cancel()
        return None

    async def _tell(self) -> None:
        faults = 0
        while not self._ended and faults < MOST_FAULTS:
            await asyncio.sleep(self._patience.progress_seconds)
            await self._changed.wait()
            self._changed.clear()
            self._calling = True
            try:
                await self._interaction.edit_original_response(content=progress_text(self._latest))
                self.told = True
            except Exception as error:  # noqa: BLE001 - whatever it is, the work goes on
                _log.info("progress not told", **facts_of(error))
                faults += 1 if _may_go_well(error) else MOST_FAULTS
            finally:
                self._calling = False


def _may_go_well(error: Exception) -> bool:
    """Whether the next one may, after this one."""
    if not isinstance(error, discord.HTTPException):
        return True
    return error.status >= HTTPStatus.INTERNAL_SERVER_ERROR or error.status == HTTPStatus.TOO_MANY_REQUESTS
