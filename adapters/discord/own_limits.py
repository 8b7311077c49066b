"""One user's own limits, as a manager's command on Discord writes them and hears of them."""

from __future__ import annotations

import discord

from adapters.discord.messages import Message, timestamp
from adapters.discord.untrusted_text import plain
from adapters.ports.clock import utc_now
from adapters.wording.figures import size_in_words
from adapters.wording.limits import OF_ONE_USER, most_in_words
from domain.images import SECONDS_A_DAY
from domain.instants import later
from domain.limits import NO_OVERRIDE, Override, UserLimits, carried_on

NOTE_CHARACTERS = 300


def not_possible(error: ValueError) -> Message:
    """Limits that cannot be read, with the place that is wrong."""
    sentence = str(error)
    text = f"{sentence[:1].upper()}{sentence[1:]}."
    return Message("❌ That Is Not Possible", plain(text, NOTE_CHARACTERS), discord.Colour.red())


def own_after(former: Override, wanted: UserLimits, days: int | None) -> Override:
    """A user's own limits after a command: what it leaves out stays, and further ones that are none go."""
    now = utc_now()
    own, until = carried_on(former, Override(wanted, later(now, seconds=days * SECONDS_A_DAY) if days else None), now)
    if wanted.windows == ():
        own = own._replace(windows=None)
    return NO_OVERRIDE if own == UserLimits() else Override(own, until)


def own_in_words(own: UserLimits, until: str | None) -> str:
    """Them in a sentence without its end."""
    parts = [] if own.daily is None else [f"{own.daily} generations a day"]
    parts += [] if own.user_bytes is None else [f"{size_in_words(own.user_bytes)} of storage"]
    parts += [most_in_words(name, most).removesuffix(OF_ONE_USER) for name, most in own.windows or ()]
    if not parts:
        return "The limits of everybody hold again"
    return " and ".join(parts) + (f" until {timestamp(until, 'f')}" if until else "")
