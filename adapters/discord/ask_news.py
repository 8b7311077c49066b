"""Tells managers in their channel of requests for more, and whoever asked what was answered: by direct message, or
beneath the answer to their next command.

a kill between event and post                posted at the next start
the bot was down                             what is still open is posted later, each once
answered or lapsed meanwhile                 not posted: there is nothing to answer
no managers' channel                         nobody is told; the requests stand, and `abby asks` shows them
whoever asked is no member of Discord        their own door tells them
"""

from __future__ import annotations

import discord

from adapters.application.asking_for_more import find_ask
from adapters.application.recorded import EventLine, Wanted
from adapters.discord.answering import ask_content, named, person
from adapters.discord.messages import Message
from adapters.discord.news import News, content_of, is_member
from adapters.discord.untrusted_text import plain
from adapters.wording.limits import amount_in_words
from domain.ask_events import APPROVED, OPEN_SECONDS, WITHDRAWN, Ask, AskAnswered, AskEvent, MoreAsked, is_open
from domain.commands import MAX_TEXT
from domain.event_data import from_data
from domain.instants import later
from projections.quota_state import QuotaState

ASKED, ANSWERED = "asks", "answers"
"""Whom it tells: managers of what is asked, users of what was answered. The cursors have these names."""


class AskNews(News):
    """What one connection tells of requests."""

    what = "requests"
    wanted = {  # noqa: RUF012 - a mapping that nobody changes
        ASKED: Wanted(types=(MoreAsked.__name__,)),
        ANSWERED: Wanted(types=(AskAnswered.__name__,)),
    }
    users = ANSWERED
    cursor, waiting, trouble = "{} told", "answers waiting {}", "asks trouble"
    not_posted = (
        "DISCORD_MANAGERS_CHANNEL: nothing can be posted in channel {}. Correct it, or give the bot its rights there; "
        "requests for more are posted then."
    )

    def _embed_for(self, line: EventLine, user: str) -> discord.Embed | None:
        event = _event(line)
        if not isinstance(event, AskAnswered) or event.user != user:
            return None
        return answer_embed(event, find_ask(self._served.store, event.ask))

    def _is_in_use(self, state: QuotaState) -> bool:
        return bool(state.asks.count)

    async def _tell(self, whom: str, line: EventLine) -> float:
        event = _event(line)
        pause = await (self._answered(line, event) if isinstance(event, AskAnswered) else self._asked(line, event))
        if not pause:
            await self._move(whom, line["pos"], told=True)
        return pause

    async def _asked(self, line: EventLine, event: MoreAsked) -> float:
        """Posts what is asked, where it is still open."""
        channel_id, store = self._served.settings.managers_channel, self._served.store
        ask, now = find_ask(store, event.ask), store.running().now()
        if not channel_id or ask is None or not is_open(ask, now):
            return 0.0
        shown = ask_content(ask, now)
        (embed,), view = shown.embeds, shown.view
        assert view is not None, "what is open has buttons"
        return await self._post(channel_id, line, {**content_of(embed), "view": view})

    async def _answered(self, line: EventLine, event: AskAnswered) -> float:
        """Tells whoever asked."""
        store = self._served.store
        is_news = event.answer != WITHDRAWN and store.clock() < later(event.at, seconds=OPEN_SECONDS)
        if not is_news or not is_member(event.user):
            return 0.0
        return await self._message(event.user, line, answer_embed(event, find_ask(store, event.ask)))


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


def _event(line: EventLine) -> AskEvent:
    event = from_data(line["type"], dict(line["data"]))
    assert isinstance(event, AskEvent), "the log was asked for these"
    return event
