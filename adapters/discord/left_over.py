"""Tells those who waited for an answer when the bot was killed what became of it, as long as their tokens serve.

What stands already is left alone: whoever has seen one of several pictures is told of the rest in another message.
"""

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
TOLD_AT_ONCE = 4
AGAIN_SECONDS = 60.0
"""After these, whoever was not told then is told, and whom this process could not answer: Discord may be back."""
ORIGINAL: Any = "@original"
"""Discord's word for the message that was promised; the library's signature knows ids alone."""
RESTARTED = Message(
    "⏹️ Stopped",
    "The bot was restarted while this was under way, so it has no answer. What was held for a picture is given back, "
    "and `/why` tells what became of it; `/points` tells whether points were moved. Please look there, then ask again.",
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

    async def keep_telling(self) -> None:
        """Tells all who are left, now and then, until it is cancelled."""
        while True:
            await self.tell_all()
            await asyncio.sleep(AGAIN_SECONDS)

    async def tell_all(self) -> None:
        """Tells everyone who still waits for an answer of a former process. Raises nothing: other work goes on."""
        left: list[PendingAnswer] = []
        try:
            left = await self.workers.run(self.pending.left, time())
            at_once = asyncio.Semaphore(TOLD_AT_ONCE)
            async with asyncio.TaskGroup() as group:
                for pending in left:
                    group.create_task(self._tell(pending, at_once))
        except Exception as error:  # noqa: BLE001 - it ends here and is in the log
            _log.error("not all were told of the restart", exc_info=error)
        else:
            if left:
                _log.info("told of the restart", count=len(left))
        finally:
            for pending in left:
                self.pending.leave(pending.interaction)  # whoever was told is forgotten already

    async def _tell(self, pending: PendingAnswer, at_once: asyncio.Semaphore) -> None:
        async with at_once:
            for left in reversed(range(TRIES)):
                try:
                    async with asyncio.timeout(self.patience.call_seconds):
                        await self._answer(pending)
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

    async def _answer(self, pending: PendingAnswer) -> None:
        """In the place of the promise, or beside what stands there. Raises what the library raises."""
        names = [name for name in self._kept(pending) if name not in pending.shown]
        embed = message_embed(made_and_kept(names) if names else RESTARTED)
        webhook = discord.Webhook.partial(pending.application, pending.token, client=self.client)
        webhook.type = discord.WebhookType.application  # one that may write to its user alone
        if not pending.is_message:
            await webhook.send(embed=embed, ephemeral=True, wait=True)
        elif not pending.shown and not (await webhook.fetch_message(ORIGINAL)).embeds:  # those come with the answer
            await webhook.edit_message(ORIGINAL, content=None, embed=embed, attachments=[], view=None)
        elif names:
            await webhook.send(embed=embed, wait=True)

    def _kept(self, pending: PendingAnswer) -> list[str]:
        """The names of the pictures that were made for it and stand."""
        try:
            kept = self.studio.kept_under(Actor(f"discord:{pending.user}"), str(pending.interaction))
        except Fault as fault:
            _log.warning("not known what became of a request", user=pending.user, reason=str(fault))
            return []
        return [image.name for image in kept if image.path is not None]
