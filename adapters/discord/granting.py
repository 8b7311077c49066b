"""Grants of a member, as managers give and see them on Discord; each is taken away by a button that asks first.

An id on a button says which grant of whom, so that it works after a restart; who presses is asked for the right again.
What a grant is and bears is the ledger's.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from typing import Any, Literal

import discord

from adapters.application.granting import Gift, grants_of, void_grant_blocking
from adapters.discord.bot import Interaction, actor_of
from adapters.discord.embeds import message_embed
from adapters.discord.errors import OwnerOnly
from adapters.discord.lasting_items import OwnItem
from adapters.discord.messages import Message, message_for_refusal, timestamp
from adapters.discord.permissions import manages_what_all_share
from adapters.discord.replies import NOT_TAKEN, Content, Spare
from adapters.ports.clock import utc_now
from adapters.wording.limits import amount_in_words
from domain.credits import MOST_THOUSANDTHS, PER_CREDIT
from domain.grants import BYTES, NEVER, Grant, available, ends_at
from domain.images import SECONDS_A_DAY
from domain.instants import later
from domain.limit_names import CREDITS, GENERATIONS
from domain.limits import MEGABYTE
from domain.refusals import Refusal

Unit = Literal["generations", "credits", "megabytes"]
REASON = "by a manager on Discord"
MOST_SHOWN = 10
"""Grants in one message, each with its button."""
LARGEST_AMOUNT = 1_000_000.0
BLUE, GREEN = discord.Colour.blurple(), discord.Colour.green()
TITLE = "🎁 Grants"
_UNITS: dict[Unit, tuple[str, int]] = {
    "generations": (GENERATIONS, 1),
    "credits": (CREDITS, PER_CREDIT),
    "megabytes": (BYTES, MEGABYTE),
}


def amount_of(unit: Unit, amount: float) -> tuple[str, int] | Message:
    """The unit of the log and how much of it an option means, or why it means nothing."""
    stored, each = _UNITS[unit]
    whole = round(amount * each)
    is_exact = unit == "megabytes" or abs(whole - amount * each) < 1 / PER_CREDIT
    if not is_exact or not 1 <= whole <= MOST_THOUSANDTHS:
        form = "with at most three decimals" if unit == "credits" else "in whole numbers, from 1 up"
        return Message("❌ That Is Not Possible", f"{unit.capitalize()} are given {form}.", discord.Colour.red())
    return stored, whole


def gift_of(unit: Unit, amount: float, days: int | None, reason: str | None) -> Gift | Message:
    """What a command's options mean, or why they mean nothing."""
    meant = amount_of(unit, amount)
    if isinstance(meant, Message):
        return meant
    end = later(utc_now(), seconds=days * SECONDS_A_DAY) if days else None
    return Gift(*meant, reason or REASON, expires_at=end)


def message_for_gift(gift: Gift, name: str) -> Message:
    """What was given, until when."""
    end = f", until {timestamp(gift.expires_at, 'f')}" if gift.expires_at else ""
    text = f"{name} has {amount_in_words(gift.amount, gift.unit)} beyond the limits{end}."
    return Message(TITLE, f"✅ {text} `/quota_admin grants` shows and takes away what is left.", GREEN)


def grants_content(interaction: Interaction, user: str, note: str = "") -> Content:
    """What a member has left of grants, the ones that end first before the others, each with its button."""
    now = utc_now()
    found = [grant for grant in grants_of(interaction.client.store, user) if available(grant, now)]
    found.sort(key=lambda grant: (ends_at(grant, now), grant.number))
    rows = [f"**{place}** · {_row(grant, now)}" for place, grant in enumerate(found[:MOST_SHOWN], 1)]
    rows += [f"and {len(found) - MOST_SHOWN} more"] if len(found) > MOST_SHOWN else []
    text = "\n".join([*([note, ""] if note else []), *(rows or ["Nothing is left beyond the limits."])])
    labelled = [
        (f"Take {place} away", f"ask:{grant.grant}", discord.ButtonStyle.secondary)
        for place, grant in enumerate(found[:MOST_SHOWN], 1)
    ]
    return _content(text, interaction, user, labelled)


def _row(grant: Grant, now: str) -> str:
    left, end = available(grant, now), ends_at(grant, now)
    of = "" if left == grant.amount else f" of {amount_in_words(grant.amount, grant.unit)}"
    until = "for good" if end == NEVER else f"until {timestamp(end, 'f')}"
    return f"{amount_in_words(left, grant.unit)}{of} left, {until}; {grant.source}, {timestamp(grant.at, 'd')}"


class GrantButton(
    OwnItem,
    template=r"abby:grant:(?P<action>ask|sure|keep):(?P<grant>[0-9a-f]{16}):(?P<user>[0-9]{1,20}):(?P<owner>[0-9]{1,20})",
):
    """Asks whether a grant shall be taken away, does it, or shows all of them again."""

    def __init__(self, button: discord.ui.Item[Any], match: re.Match[str]) -> None:
        super().__init__(button, match)
        self.action, self.grant, self.user = match["action"], match["grant"], match["user"]

    @property
    def paced_as(self) -> str:
        """As the command that shows them."""
        return "quota_admin grants"

    async def contents(self, interaction: discord.Interaction[Any]) -> AsyncGenerator[tuple[Content, Spare]]:
        """The question, or the grants after it. Raises OwnerOnly where who presses may not any more."""
        if not manages_what_all_share(interaction):
            raise OwnerOnly
        if self.action == "ask":
            yield self._question(interaction), NOT_TAKEN
            return
        note = await self._taken(interaction) if self.action == "sure" else ""
        yield grants_content(interaction, self.user, note), NOT_TAKEN

    def _question(self, interaction: Interaction) -> Content:
        now = utc_now()
        grants = grants_of(interaction.client.store, self.user)
        grant = next((grant for grant in grants if grant.grant == self.grant and available(grant, now)), None)
        if grant is None:
            return grants_content(interaction, self.user, "Nothing is left of that one.")
        text = (
            f"Take this away?\n{_row(grant, now)}\nWhat was drawn from it stays; what pictures "
            "under way hold of it is not given back."
        )
        yes = ("Yes, take it away", f"sure:{self.grant}", discord.ButtonStyle.danger)
        return _content(
            text, interaction, self.user, [yes, ("Keep it", f"keep:{self.grant}", discord.ButtonStyle.secondary)]
        )

    async def _taken(self, interaction: Interaction) -> str:
        store = interaction.client.store
        done = await store.workers.changing.run(
            void_grant_blocking, store, self.user, self.grant, REASON, actor=actor_of(interaction)
        )
        if isinstance(done, Refusal):
            return message_for_refusal(done).text
        return "✅ It is taken away." if done.position else "It was taken away before."


def _content(
    text: str, interaction: Interaction, user: str, labelled: list[tuple[str, str, discord.ButtonStyle]]
) -> Content:
    view = discord.ui.View(timeout=None)
    for label, what, style in labelled:
        _, _, grant = what.partition(":")
        if re.fullmatch("[0-9a-f]{16}", grant):
            custom_id = f"abby:grant:{what}:{user}:{interaction.user.id}"
            view.add_item(discord.ui.Button(label=label, style=style, custom_id=custom_id))
    view.stop()
    return Content([message_embed(Message(TITLE, text, BLUE))], (), view)
