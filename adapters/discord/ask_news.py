"""Tells managers in their channel of requests for more, and whoever asked what was answered: by direct message, or
beneath the answer to their next command. It follows the log by two cursors, as `limit_news` does.

taken by Discord                             the cursor moves on; nothing of it is told again
no answer, a fault of Discord's, no network  again after a pause, under one nonce: Discord makes no second message
a kill between event and post                posted at the next start; between post and cursor under the same nonce
the bot was down                             what is still open is posted later, each once
answered or lapsed meanwhile                 not posted: there is nothing to answer
the managers' channel is gone or forbidden   the operator is told once; tried again every ten minutes
no managers' channel                         nobody is told; the requests stand, and `abby asks` shows them
direct messages closed, the user has left    it waits for the user's next command
whoever asked is no member of Discord        their own door tells them
"""

from __future__ import annotations

import asyncio
import logging
from hashlib import sha256
from typing import Any, NamedTuple

import discord
import structlog

from adapters.application.asking_for_more import find_ask
from adapters.application.recorded import EventLine, Wanted, passage_after
from adapters.discord.answering import ask_content, named, person
from adapters.discord.bot_state import Remembered
from adapters.discord.delivery import facts_of, pause_after
from adapters.discord.digests import NO_ANSWER, NONCE_CHARACTERS
from adapters.discord.limit_news import (
    AGAIN_SECONDS,
    CALL_SECONDS,
    LOOK_SECONDS,
    PAGE,
    TRIES,
    LimitNews,
    is_member,
)
from adapters.discord.messages import Message
from adapters.discord.untrusted_text import plain
from adapters.ports.faults import Fault
from adapters.wording.limits import amount_in_words
from domain.ask_events import (
    APPROVED,
    OPEN_SECONDS,
    WITHDRAWN,
    Ask,
    AskAnswered,
    AskEvent,
    MoreAsked,
    is_open,
)
from domain.commands import MAX_TEXT
from domain.event_data import from_data
from domain.instants import later

ASKED, ANSWERED = "asks", "answers"
"""Whom it tells: managers of what is asked, users of what was answered. The cursors have these names."""
WAITING = "answers waiting {}"
MOST_WAITING = 5
TYPES = {ASKED: Wanted(types=(MoreAsked.__name__,)), ANSWERED: Wanted(types=(AskAnswered.__name__,))}
NOT_POSTED = (
    "DISCORD_MANAGERS_CHANNEL: nothing can be posted in channel {}. Correct it, or give the bot its rights there; "
    "requests for more are posted then."
)

_log = structlog.wrap_logger(logging.getLogger(__name__))


class _Told(NamedTuple):
    """An event that is told, and where it stands in the log."""

    position: int
    event: AskEvent


class AskNews(LimitNews):
    """What one connection tells of requests, from `start` to `stop`."""

    what, cursor, trouble = "requests", "{} told", "asks trouble"

    def start(self) -> None:
        """Begins, and returns at once."""
        loop = asyncio.get_running_loop()
        self._keeping = [loop.create_task(self._keep(whom)) for whom in (ASKED, ANSWERED)]

    async def tell_due(self, whom: str) -> float:
        """Tells what was recorded since; gives the seconds until it is to be looked again."""
        store = self._served.store
        state = store.running().state
        begin = await self._cursor(whom, state.position)
        if state.position <= begin:
            return LOOK_SECONDS
        if not state.asks.count:
            return await self._move(whom, state.position)
        passage = await store.workers.reading.run(passage_after, store, TYPES[whom], begin, PAGE)
        for line in passage.lines:
            told = _told(line)
            pause = await (self._post(told) if whom == ASKED else self._tell_asker(told))
            if pause:
                return pause
        return await self._move(whom, passage.up_to)

    async def _post(self, told: _Told) -> float:
        """Posts what is asked, where it is still open; gives seconds to wait where it must be tried again, else 0."""
        channel_id, store = self._served.settings.managers_channel, self._served.store
        ask, now = find_ask(store, told.event.ask), store.running().now()
        if channel_id and ask is not None and is_open(ask, now):
            try:
                async with asyncio.timeout(CALL_SECONDS):
                    channel = self._served.client.get_partial_messageable(channel_id)
                    content = ask_content(ask, now)
                    assert content.view is not None, "what is open has buttons"
                    await channel.send(
                        embeds=list(content.embeds),
                        view=content.view,
                        allowed_mentions=discord.AllowedMentions.none(),
                        nonce=_nonce(str(channel_id), told),
                    )
            except (discord.Forbidden, discord.NotFound) as error:
                await self._note(NOT_POSTED.format(channel_id))
                _log.info("managers were not told of a request", **facts_of(error))
                return AGAIN_SECONDS
            except (*NO_ANSWER, discord.HTTPException) as error:
                _log.info("managers were not told of a request yet", **facts_of(error))
                return pause_after(error, self._served.patience)
            await self._note("")
        await self._move(ASKED, told.position, told=True)
        return 0.0

    async def _tell_asker(self, told: _Told) -> float:
        event, store = told.event, self._served.store
        assert isinstance(event, AskAnswered), "the log was asked for these"
        is_news = event.answer != WITHDRAWN and store.clock() < later(event.at, seconds=OPEN_SECONDS)
        if is_news and is_member(event.user):
            pause = await self._send(told, answer_embed(event, find_ask(store, event.ask)))
            if pause:
                return pause
        self._failed = 0
        await self._move(ANSWERED, told.position, told=True)
        return 0.0

    async def _send(self, told: _Told, embed: discord.Embed) -> float:
        """By direct message; where that cannot be, it waits for the user's next command."""
        user = told.event.user
        try:
            async with asyncio.timeout(CALL_SECONDS):
                channel = await self._served.client.create_dm(discord.Object(int(user)))
                await channel.send(**_content(embed), nonce=_nonce(user, told))
        except discord.NotFound:
            _log.info("nobody was told of an answer: Discord knows no such user", position=told.position)
        except discord.Forbidden:
            await self._let_answer_wait(user, told.position)
        except (*NO_ANSWER, discord.HTTPException) as error:
            pause = self._again(error)[1]
            if self._failed < TRIES:
                return pause
            await self._let_answer_wait(user, told.position)
        return 0.0

    async def _let_answer_wait(self, user: str, position: int) -> None:
        waiting = [*answers_waiting_for(self._served.remembered, user), position]
        await self._remember(WAITING.format(user), " ".join(map(str, waiting[-MOST_WAITING:])))


async def tell_answers_waiting(bot: Any, interaction: discord.Interaction[Any]) -> None:
    """Beneath an answer: what was answered to the user's requests, and their direct messages did not take. Raises
    nothing.
    """
    user = str(interaction.user.id)
    waiting = answers_waiting_for(bot.remembered, user)
    if not waiting:
        return
    try:
        for position in waiting:
            wanted = TYPES[ANSWERED]
            passage = await bot.store.workers.reading.run(passage_after, bot.store, wanted, position - 1, 1)
            event = _told(passage.lines[0]).event if passage.lines else None
            if isinstance(event, AskAnswered) and event.user == user:
                embed = answer_embed(event, find_ask(bot.store, event.ask))
                await interaction.followup.send(**_content(embed), ephemeral=True)
        await bot.store.workers.reading.run(bot.remembered.put, WAITING.format(user), "")
    except (Fault, *NO_ANSWER, discord.DiscordException) as error:
        _log.info("an answer still waits for its user", **facts_of(error))


def answer_embed(event: AskAnswered, ask: Ask | None) -> discord.Embed:
    """What whoever asked is told; `ask` is the request where it is still known."""
    for_what = "" if ask is None else f" for {amount_in_words(ask.amount, ask.unit)} more"
    said = f" They wrote: {plain(event.reason, MAX_TEXT)}" if event.reason else ""
    if event.answer != APPROVED:
        denied = Message(
            "🙋 Your Request Was Denied", f"Your request{for_what} was denied.{said}", discord.Colour.red()
        )
        return named(denied, denied_by=person(event.by))
    given = "" if ask is None else f": {amount_in_words(ask.given, ask.unit)} beyond your limits"
    text = f"Your request{for_what} was approved{given}.{said} `/quota` shows it."
    return named(Message("🙋 Your Request Was Approved", text, discord.Colour.green()), approved_by=person(event.by))


def answers_waiting_for(remembered: Remembered, user: str) -> list[int]:
    """The positions of answers that wait for a user's next command."""
    return [int(one) for one in (remembered.get(WAITING.format(user)) or "").split() if one.isdigit()]


def _told(line: EventLine) -> _Told:
    event = from_data(line["type"], dict(line["data"]))
    assert isinstance(event, AskEvent), "the log was asked for these"
    return _Told(line["pos"], event)


def _content(embed: discord.Embed) -> dict[str, Any]:
    return {"embed": embed, "allowed_mentions": discord.AllowedMentions.none()}


def _nonce(whom: str, told: _Told) -> str:
    return sha256(f"{whom} ask {told.position} {told.event.at}".encode()).hexdigest()[:NONCE_CHARACTERS]
