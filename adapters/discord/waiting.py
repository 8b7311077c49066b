"""The line in front of the image service, as `/queue` shows it: one's own places, and for managers their server's.

Each place has a button that takes its request out of the line. An id on a button is a request's; who presses it is
asked anew whether they may. Left to others: the line itself (`studio`), and what its user is told of it (`failures`).
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Literal

import discord

from adapters.discord.bot import Interaction, actor_of
from adapters.discord.embeds import NAME_CHARACTERS, OPERATIONS, ROW_PROMPT_CHARACTERS, message_embed
from adapters.discord.errors import NotAllowed
from adapters.discord.lasting_items import OwnItem
from adapters.discord.messages import Message, timestamp
from adapters.discord.naming import names_of
from adapters.discord.permissions import is_owner, manages_here
from adapters.discord.replies import NOT_TAKEN, Content, Spare
from adapters.discord.untrusted_text import plain
from adapters.studio import WaitingRequest, Whose
from adapters.wording.figures import about, counted

Seen = Literal["mine", "server"]

MOST_SHOWN = 10
"""Requests in one message, each with its button."""
ALL, LOOK = "all", "look"
NOTHING = "Nothing waits. What is being made at this moment waits no longer."
TAKEN_OUT = "✅ It is out of the line, and nothing was counted for it."
NOT_WAITING = "That does not wait any more: its turn has come, or somebody took it out before."


async def line_content(interaction: Interaction, seen: Seen, note: str = "") -> Content:
    """What waits of who asks, or of their server; `note` is said above it. Raises NotAllowed."""
    whose = whose_of(interaction, seen)
    found = interaction.client.studio.waiting.seen(whose)
    shown, names = found[:MOST_SHOWN], dict[str, str]()
    if seen == "server":
        seconds = interaction.client.patience.call_seconds
        names = await names_of(interaction.client, (one.user for one in shown), seconds)
    rows = [_row(one) if seen == "mine" else _row_of_other(one, names) for one in shown]
    rows += [f"and {len(found) - len(shown):,} more"] if len(found) > len(shown) else []
    text = "\n".join([*([note, ""] if note else []), *(rows or [NOTHING])])
    title = "🚦 Your Places In The Line" if seen == "mine" else "🚦 The Line"
    embed = message_embed(Message(title, text, discord.Colour.blurple()))
    return Content([embed], (), _buttons(str(interaction.user.id), seen, shown))


def whose_of(interaction: Interaction, seen: Seen) -> Whose:
    """Whose requests somebody sees and takes out: their own; who manages a server, those that were asked for in it; the
    bot's owner, all. Raises NotAllowed.
    """
    if seen == "mine":
        return Whose(user=str(interaction.user.id))
    if is_owner(interaction):
        return Whose()
    if not manages_here(interaction):
        raise NotAllowed
    return Whose(origin=actor_of(interaction).origin)


class QueueButton(
    OwnItem,
    template=rf"abby:queue:(?P<seen>mine|server):(?P<owner>[a-z0-9_-]{{1,64}}):(?P<what>[0-9a-f]{{32}}|{ALL}|{LOOK})",
):
    """Takes a request out of the line, or all of one's own, or looks again."""

    def __init__(self, button: discord.ui.Item[Any], match: re.Match[str]) -> None:
        super().__init__(button, match)
        self.seen: Seen = "mine" if match["seen"] == "mine" else "server"
        self.what = match["what"]

    @property
    def paced_as(self) -> str:
        """As the command."""
        return "queue"

    async def contents(self, interaction: discord.Interaction[Any]) -> AsyncGenerator[tuple[Content, Spare]]:
        """The line after it."""
        note = self._take_out(interaction)
        yield await line_content(interaction, self.seen, note), NOT_TAKEN

    def _take_out(self, interaction: Interaction) -> str:
        waiting, actor = interaction.client.studio.waiting, actor_of(interaction)
        whose = whose_of(interaction, self.seen)
        if self.what == LOOK:
            return ""
        if self.what == ALL:
            gone = waiting.take_out_all(Whose(user=str(interaction.user.id)), by=actor)
            return f"✅ {counted(len(gone), 'request')} taken out of the line; nothing was counted."
        return TAKEN_OUT if waiting.take_out(self.what, whose, by=actor) else NOT_WAITING


def _row(one: WaitingRequest) -> str:
    words = plain(one.prompt, ROW_PROMPT_CHARACTERS) or "no prompt"
    return f"**{one.place}** · {OPERATIONS[one.operation].split()[0]} {words} · {_times(one)}"


def _row_of_other(one: WaitingRequest, names: dict[str, str]) -> str:
    name = plain(names.get(one.user, one.user), NAME_CHARACTERS)
    return f"**{one.place}** · {name} · {counted(one.pictures, 'picture')} · {_times(one)}"


def _times(one: WaitingRequest) -> str:
    turn = "" if one.seconds is None else f", its turn in {about(one.seconds)}"
    return f"since {timestamp(one.since, 'R')}{turn}"


def _buttons(user: str, seen: Seen, shown: Sequence[WaitingRequest]) -> discord.ui.View:
    """One for each that waits, in its order."""
    view = discord.ui.View(timeout=None)
    labelled = [(f"Cancel {one.place}", one.id, discord.ButtonStyle.danger) for one in shown]
    if seen == "mine" and len(shown) > 1:
        labelled.append(("Cancel all", ALL, discord.ButtonStyle.danger))
    labelled.append(("Look again", LOOK, discord.ButtonStyle.secondary))
    for label, what, style in labelled:
        view.add_item(discord.ui.Button(label=label, style=style, custom_id=f"abby:queue:{seen}:{user}:{what}"))
    view.stop()
    return view
