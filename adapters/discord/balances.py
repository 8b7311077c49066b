"""A user's points on Discord: what they have, the latest movements, and a button for what a day gives.

An id on the button says whose it is, so that it works after a restart. What is earned by what is the settings'.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import discord

from adapters.application.market import Movement, PointsOf, claim_daily, offers, points_of
from adapters.discord.bot import Interaction, actor_of
from adapters.discord.embeds import NAME_CHARACTERS, message_embed
from adapters.discord.lasting_items import OwnItem
from adapters.discord.messages import Message, timestamp
from adapters.discord.naming import names_of
from adapters.discord.replies import NOT_TAKEN, Content, Spare
from adapters.discord.trading import BLUE, CALLED_CHARACTERS, message_for_trade, offer_named, units
from adapters.discord.untrusted_text import plain
from adapters.ports.faults import Fault
from domain.point_events import BURNED, CLAIM, FAVOURITE, GIFT, MINTED, PURCHASE, account_of, user_of
from domain.refusals import Refusal

MOST_SHOWN = 10
"""Movements in one message."""
REASON_CHARACTERS = 120
NOT_IN_USE = (
    "{Called} are not in use here yet: nobody is given any, and nothing is offered for them. The bot's owner can begin "
    "with `/market_admin`."
)
NO_MOVEMENT = "Nothing has come in or gone out yet."
NOTHING_A_DAY = "Nothing is given by the day here any more."
OTHER_CURRENCY = "Offers of `/market` are paid in {currency} here, and not in {called}."


async def balance_content(interaction: Interaction, note: str = "") -> Content:
    """What who asks has, and what became of it; `note` is said above it. Raises Faults."""
    bot, user = interaction.client, str(interaction.user.id)
    found = await bot.store.workers.surveying.run(points_of, bot.store, user, MOST_SHOWN)
    called = plain(found.called, CALLED_CHARACTERS)
    title = f"⭐ Your {called[:1].upper()}{called[1:]}"
    if not (found.balance or found.movements or found.daily or offers(bot.store)):
        text = NOT_IN_USE.format(Called=f"{called[:1].upper()}{called[1:]}")
        return Content([message_embed(Message(title, text, BLUE))])
    others = (user_of(side) for move in found.movements for side in (move.event.payer, move.event.payee))
    wanted = {one for one in others if one not in {None, user}}
    names = await names_of(bot, (one for one in wanted if one), bot.patience.call_seconds)
    lines = [note, ""] if note else []
    lines += [f"You have **{units(found.balance, found.called)}**."]
    if bot.market.is_paid_outside:
        lines.append(OTHER_CURRENCY.format(currency=plain(bot.market.called, CALLED_CHARACTERS), called=called))
    lines += ["", *([_row(move, user, names) for move in found.movements] or [NO_MOVEMENT])]
    return Content([message_embed(Message(title, "\n".join(lines), BLUE))], (), _buttons(user, found))


class DailyButton(OwnItem, template=r"abby:points:claim:(?P<owner>[0-9]{1,20})"):
    """Takes what a day gives."""

    @property
    def paced_as(self) -> str:
        """As the command."""
        return "points"

    async def contents(self, interaction: discord.Interaction[Any]) -> AsyncGenerator[tuple[Content, Spare]]:
        """The points after it."""
        yield await balance_content(interaction, await self._claimed(interaction)), NOT_TAKEN

    async def _claimed(self, interaction: Interaction) -> str:
        """What became of it. Two presses at once are two requests, of which the ledger grants one."""
        store, called = interaction.client.store, interaction.client.store.settings.points_name
        if not store.settings.earn_daily:
            return NOTHING_A_DAY  # and no setting is named to a member
        try:
            done = await claim_daily(
                store, self.owner, actor=actor_of(interaction), idempotency_key=str(interaction.id)
            )
        except Fault as fault:
            return message_for_trade(fault, called).text
        if isinstance(done, Refusal):
            return message_for_trade(done, called).text
        return f"✅ {units(done.moved.amount if done.moved else 0, called)} for today."


def _row(move: Movement, user: str, names: dict[str, str]) -> str:
    """A movement as its user sees it: how much came or went, for what, and when."""
    event = move.event
    comes = event.payee == account_of(user)
    other = user_of(event.payer if comes else event.payee) or ""
    who = f"**{plain(names.get(other, other), NAME_CHARACTERS)}**"
    for_what = {
        MINTED: "given by the managers",
        BURNED: "taken away by the managers",
        GIFT: f"from {who}" if comes else f"to {who}",
        CLAIM: "for the day",
        FAVOURITE: "somebody marked a picture of yours",
        PURCHASE: f"paid for {offer_named(event.offer or '')}",
    }[event.kind]
    why = f": {plain(event.reason, REASON_CHARACTERS)}" if event.reason else ""
    return f"`{'+' if comes else '-'}{event.amount:,}` {for_what}{why} · {timestamp(event.at, 'R')}"


def _buttons(user: str, found: PointsOf) -> discord.ui.View | None:
    """The day's claim, where a day gives anything; where it was claimed, that is said."""
    if not found.daily:
        return None
    view = discord.ui.View(timeout=None)
    label = "Claimed today" if found.claimed else f"Take today's {found.daily:,}"
    style = discord.ButtonStyle.secondary if found.claimed else discord.ButtonStyle.success
    view.add_item(
        discord.ui.Button(
            label=label, emoji="🎁", style=style, disabled=found.claimed, custom_id=f"abby:points:claim:{user}"
        )
    )
    view.stop()
    return view
