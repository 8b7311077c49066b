"""Tells people on Discord of limits that are nearly reached: a user of their own by direct message, managers in their
channel of a server's and of the pool's.

no managers' channel                         nobody is told of what is not one user's
the bot was down                             what was recorded meanwhile is told, but for windows that are over by then
"""

from __future__ import annotations

import discord

from adapters.application.recorded import EventLine, Wanted
from adapters.discord.embeds import message_embed
from adapters.discord.messages import Message
from adapters.discord.news import News, content_of, is_member
from adapters.wording.thresholds import WHOLE, anew_at, told_to_its_user, told_to_managers
from domain.event_data import from_data
from domain.instants import later
from domain.threshold_events import ThresholdCrossed
from projections.quota_state import QuotaState

STORAGE_DAYS = 2
"""A storage that was told longer ago is not news any more."""
SECONDS_A_DAY = 86_400
TO_USERS, TO_MANAGERS = "users", "managers"
_TYPES = Wanted(types=(ThresholdCrossed.__name__,))


class LimitNews(News):
    """What one connection tells of limits."""

    what = "limits"
    wanted = {TO_USERS: _TYPES, TO_MANAGERS: _TYPES}  # noqa: RUF012 - a mapping that nobody changes
    users = TO_USERS
    cursor, waiting, trouble = "limits told {}", "limits waiting {}", "limits trouble"
    not_posted = (
        "DISCORD_MANAGERS_CHANNEL: nothing can be posted in channel {}. Correct it, or give the bot its rights there; "
        "what limits are nearly reached is told then."
    )

    def _embed_for(self, line: EventLine, user: str) -> discord.Embed | None:
        event = _reached(line)
        is_news = event.user == user and not is_over(event, self._served.store.clock())
        return message_embed(user_message(event)) if is_news else None

    def _is_in_use(self, state: QuotaState) -> bool:
        return state.thresholds.is_in_use

    async def _tell(self, whom: str, line: EventLine) -> float:
        event, channel_id = _reached(line), self._served.settings.managers_channel
        is_theirs = (event.user is not None) == (whom == TO_USERS)
        if not is_theirs or is_over(event, self._served.store.clock()):
            await self._move(whom, line["pos"])
            return 0.0
        pause = 0.0
        if event.user is None and channel_id:
            pause = await self._post(channel_id, line, content_of(message_embed(managers_message(event))))
        elif event.user is not None and is_member(event.user):
            pause = await self._message(event.user, line, message_embed(user_message(event)))
        if not pause:
            await self._move(whom, line["pos"], told=event.user is not None or bool(channel_id))
        return pause


def is_over(event: ThresholdCrossed, now: str) -> bool:
    """Whether it is no news any more: its window has ended, or a storage was told too long ago."""
    return (anew_at(event) or later(event.at, seconds=STORAGE_DAYS * SECONDS_A_DAY)) <= now


def user_message(event: ThresholdCrossed) -> Message:
    """What a user is told of a limit of theirs."""
    title = "⏳ Your Limit Is Reached" if event.percent >= WHOLE else "⏳ Your Limit Comes Nearer"
    return Message(title, f"{told_to_its_user(event)}{_anew(event)}", _colour(event))


def managers_message(event: ThresholdCrossed) -> Message:
    """What managers are told of a limit of a server, or of all together."""
    return Message("📈 A Limit Is Nearly Reached", f"{told_to_managers(event)}{_anew(event)}", _colour(event))


def _reached(line: EventLine) -> ThresholdCrossed:
    event = from_data(line["type"], dict(line["data"]))
    assert isinstance(event, ThresholdCrossed), "the log was asked for these"
    return event


def _anew(event: ThresholdCrossed) -> str:
    end = anew_at(event)
    return "" if end is None else f" The count begins anew on {end[:10]} at 00:00 UTC."


def _colour(event: ThresholdCrossed) -> discord.Colour:
    return discord.Colour.red() if event.percent >= WHOLE else discord.Colour.orange()
