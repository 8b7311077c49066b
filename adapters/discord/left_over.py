"""Tells those whose picture was under way when the bot was killed what became of it, as long as their tokens serve."""

from __future__ import annotations

import asyncio
import logging
from time import time
from typing import Any, NamedTuple

import discord
import structlog

from adapters.application.results import Actor
from adapters.application.workers import Workers
from adapters.discord.delivery import Patience, Verdict, facts_of, pause_after, verdict_on
from adapters.discord.embeds import message_embed
from adapters.discord.messages import Message, made_and_kept
from adapters.discord.pending_answers import PendingAnswer, PendingAnswers
from adapters.ports.faults import Fault
from adapters.studio import Studio

TRIES = 3
ORIGINAL: Any = "@original"
"""Discord's word for the message that was promised; the library's signature knows ids alone."""
RESTARTED = Message(
    "⏹️ Stopped",
    "The bot was restarted while this was under way, and what was held for it is given back. `/why` tells what became "
    "of it. Please ask again.",
    discord.Colour.yellow(),
)

_log = structlog.wrap_logger(logging.getLogger(__name__))


class LeftOver(NamedTuple):
    """Who tells them, and by what it is known how their requests ended."""

    client: discord.Client
    pending: PendingAnswers
    workers: Workers
    studio: Studio
    patience: Patience

    async def tell_all(self) -> None:
        """Tells everyone who still waits for an answer of a former process. Raises nothing: other work goes on."""
        left: list[PendingAnswer] = []
        try:
            left = await self.workers.run(self.pending.left, time())
            for pending in left:
                await self._tell(pending)
        except Exception as error:  # noqa: BLE001 - it ends here and is in the log
            _log.error("not all were told of the restart", exc_info=error)
        else:
            if left:
                _log.info("told of the restart", count=len(left))
        finally:
            for pending in left:
                self.pending.leave(pending.interaction)  # whoever was told is forgotten already

    async def _tell(self, pending: PendingAnswer) -> None:
        embed = message_embed(self._message_for(pending))
        webhook = discord.Webhook.partial(pending.application, pending.token, client=self.client)
        for left in reversed(range(TRIES)):
            try:
                async with asyncio.timeout(self.patience.call_seconds):
                    await webhook.edit_message(ORIGINAL, content=None, embed=embed, attachments=[], view=None)
            except Exception as error:  # noqa: BLE001 - whatever it is, the others are told
                _log.warning("not told of the restart", user=pending.user, **facts_of(error))
                if verdict_on(error) is not Verdict.ANOTHER_TIME:
                    break  # the message or its token is gone
                if not left:
                    return
                await asyncio.sleep(pause_after(error, self.patience))
            else:
                break
        self.pending.forget(pending.interaction)

    def _message_for(self, pending: PendingAnswer) -> Message:
        try:
            kept = self.studio.kept_under(Actor(f"discord:{pending.user}"), str(pending.interaction))
        except Fault as fault:
            _log.warning("not known what became of a request", user=pending.user, reason=str(fault))
            return RESTARTED
        names = [image.name for image in kept if image.path is not None]
        return made_and_kept(names) if names else RESTARTED
