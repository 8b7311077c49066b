"""The market on Discord: what is offered, the question before anything is spent, and what became of a purchase.

An id on a button says what it means, so that it works after a restart: which offer, as it was seen, and of the yes
which question it answers. That question is the request, so pressing twice, or again after a restart, buys once. An
offer that is another by then is shown anew, and nothing is bought.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import discord
import orjson
from discord import app_commands

from adapters.application.market import offers
from adapters.discord.bot import Interaction, actor_of
from adapters.discord.embeds import message_embed
from adapters.discord.inputs import LONGEST_SUGGESTION, MOST_SUGGESTED
from adapters.discord.lasting_items import OwnItem
from adapters.discord.messages import Message
from adapters.discord.replies import NOT_TAKEN, Content, Spare
from adapters.discord.trading import (
    BLUE,
    RED,
    SEE_QUOTA,
    Told,
    offer_named,
    told_of_sale,
    units,
    what_of,
)
from adapters.discord.untrusted_text import cut
from adapters.market.market import Market, Sale
from adapters.ports.faults import Fault
from domain.point_commands import Offer
from domain.refusals import Reason, Refusal

OFFERS_A_PAGE = 10
KEY_CHARACTERS = 24
"""Of an offer's id in that of a button; what stands for a longer one is as long."""
HASH_MARK = "~"
"""Begins what stands for a longer id; no id begins with it."""
SEEN_CHARACTERS = 10
BALANCE_SECONDS = 5.0
"""How long the service of an external currency is waited for before a question is shown without a balance."""
TITLE = "🏪 The Market"
NOTHING = "Nothing is offered here yet. The bot's owner puts offers up with `/market_admin offer`."
CHANGED = "{offer} is another offer by now, so this bought nothing; what was bought before stands. It is now:"
GONE = "{offer} is not offered any more, so this bought nothing; what was bought before stands."
AN_OFFER = "What you chose"
"""Of an id that stands for a longer one."""
NO_SUCH = "There is no offer {offer}. These are there:"


class Press(NamedTuple):
    """What a press means: a page, or an offer by its key and as it was seen, and for a yes which question was asked."""

    action: str
    what: str
    seen: str = ""
    asked: str = ""

    def id_for(self, owner: str) -> str:
        """The id of its button."""
        return ":".join(filter(None, ("abby:market", self.action, owner, self.what, self.seen, self.asked)))


Labelled = tuple[str, Press, discord.ButtonStyle]
"""A button: its words, what it means, its look."""


def market_content(interaction: Interaction, number: int = 1, note: str = "") -> Content:
    """A page of all that is offered, the cheapest first, each with a button that asks before it buys. Raises Faults."""
    market, found = interaction.client.market, offers(interaction.client.store)
    pages = max(1, -(-len(found) // OFFERS_A_PAGE))
    number = min(max(1, number), pages)
    first = (number - 1) * OFFERS_A_PAGE
    shown = list(enumerate(found[first : first + OFFERS_A_PAGE], first + 1))
    lines = [note, ""] if note else []
    lines += [
        f"**{place}** · {what_of(offer)} · **{units(offer.price, market.called)}** · {offer_named(offer.offer)}"
        for place, offer in shown
    ] or [NOTHING]
    lines += ["", f"-# Page {number} of {pages}"] if pages > 1 else []
    buttons = [(f"Buy {place}", _ask(offer, market), discord.ButtonStyle.primary) for place, offer in shown]
    if number > 1:
        buttons.append(("Cheaper", Press("page", str(number - 1)), discord.ButtonStyle.secondary))
    if number < pages:
        buttons.append(("Dearer", Press("page", str(number + 1)), discord.ButtonStyle.secondary))
    return _content(interaction, Message(TITLE, "\n".join(lines), BLUE), buttons)


async def question(interaction: Interaction, offer: Offer, note: str = "") -> Content:
    """What it costs and what is left then, and a yes; without one where there is too little. Raises Faults."""
    market, user = interaction.client.market, str(interaction.user.id)
    has = await _balance(market, user)
    lines = [note, ""] if note else []
    lines += [f"{offer_named(offer.offer)}: **{what_of(offer)}** for **{units(offer.price, market.called)}**."]
    back = ("Not now", Press("page", "1"), discord.ButtonStyle.secondary)
    if has is not None and has < offer.price:
        lines.append(f"You have {units(has, market.called)}: {offer.price - has:,} too few. Nothing is bought.")
        return _content(interaction, Message(TITLE, "\n".join(lines), RED), [back])
    lines.append(
        "How much you have could not be asked for just now; with too little nothing is bought."
        if has is None
        else f"You have {units(has, market.called)}; {has - offer.price:,} are left after it."
    )
    lines += [SEE_QUOTA.replace("shows it", "shows it then"), "Shall it be bought? It is not taken back."]
    yes = _ask(offer, market)._replace(action="yes", asked=str(interaction.id))
    buttons = [("Yes, buy it", yes, discord.ButtonStyle.success), back]
    return _content(interaction, Message(TITLE, "\n".join(lines), BLUE), buttons)


async def question_about(interaction: Interaction, offer_id: str) -> Content:
    """The question about the offer of an id; where there is none, what is offered. Raises Faults."""
    found = next((one for one in offers(interaction.client.store) if one.offer == offer_id.strip()), None)
    if found is None:
        return market_content(interaction, note=NO_SUCH.format(offer=offer_named(offer_id)))
    return await question(interaction, found)


async def suggest_offers(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """Offers in whose words is what is typed, the cheapest first."""
    try:
        found, called = offers(interaction.client.store), interaction.client.market.called
    except Fault:
        return []  # the command itself tells the fault
    said = ((one, f"{one.offer}: {what_of(one)} for {one.price:,} {called}") for one in found)
    fitting = [(one, words) for one, words in said if typed.strip().lower() in words.lower()]
    return [
        app_commands.Choice(name=cut(words, LONGEST_SUGGESTION), value=one.offer)
        for one, words in fitting[:MOST_SUGGESTED]
    ]


class MarketButton(
    OwnItem,
    template=r"abby:market:(?P<action>page|ask|yes):(?P<owner>[0-9]{1,20}):(?P<what>[A-Za-z0-9._~-]{1,24})"
    r"(?::(?P<seen>[0-9a-f]{10}))?(?::(?P<asked>[0-9]{1,20}))?",
):
    """Turns a page, asks about an offer, or buys it."""

    def __init__(self, button: discord.ui.Item[Any], match: re.Match[str]) -> None:
        super().__init__(button, match)
        self.press = Press(match["action"], match["what"], match["seen"] or "", match["asked"] or "")

    @property
    def paced_as(self) -> str:
        """As the command that shows what is offered; of what buys as the command that does."""
        return "market" if self.press.action == "page" else "buy"

    async def contents(self, interaction: discord.Interaction[Any]) -> AsyncGenerator[tuple[Content, Spare]]:
        """The page, the question, or what became of the purchase. Raises Faults."""
        press = self.press
        if press.action == "page":
            number = int(press.what) if press.what.isdecimal() else 1
            yield market_content(interaction, number), NOT_TAKEN
            return
        store, market = interaction.client.store, interaction.client.market
        offer = next((one for one in offers(store) if key_of(one.offer) == press.what), None)
        if offer is None:
            named = AN_OFFER if press.what.startswith(HASH_MARK) else offer_named(press.what)
            yield market_content(interaction, note=GONE.format(offer=named)), NOT_TAKEN
        elif seen_as(offer, market) != press.seen:
            yield await question(interaction, offer, CHANGED.format(offer=offer_named(offer.offer))), NOT_TAKEN
        elif press.action == "ask":
            yield await question(interaction, offer), NOT_TAKEN
        else:
            yield await self._bought(interaction, offer), NOT_TAKEN

    async def _bought(self, interaction: Interaction, offer: Offer) -> Content:
        market, sale = interaction.client.market, await self._sale(interaction, offer)
        if isinstance(sale, Refusal) and sale.reason is Reason.OFFER_CHANGED:
            return market_content(interaction, note=told_of_sale(sale, offer, market.called).text)
        return after_sale(interaction, told_of_sale(sale, offer, market.called), self.press)

    async def _sale(self, interaction: Interaction, offer: Offer) -> Sale | Fault:
        key = self.press.asked or str(interaction.id)
        try:
            return await interaction.client.market.buy(
                self.owner, offer.offer, offer, actor=actor_of(interaction), idempotency_key=key
            )
        except Fault as fault:
            return fault


def after_sale(interaction: Interaction, told: Told, press: Press) -> Content:
    """What became of it. Where that is not known yet, the same press asks again, which is no second purchase."""
    buttons: list[Labelled] = []
    if told.is_open:
        buttons.append(("What became of it?", press, discord.ButtonStyle.primary))
    buttons.append(("Back to the market", Press("page", "1"), discord.ButtonStyle.secondary))
    return _content(interaction, Message(TITLE, told.text, told.colour), buttons)


def key_of(offer: str) -> str:
    """The id of an offer, or where that is too long for a button's, what stands for it."""
    if len(offer) <= KEY_CHARACTERS:
        return offer
    return HASH_MARK + sha256(offer.encode()).hexdigest()[: KEY_CHARACTERS - 1]


def seen_as(offer: Offer, market: Market) -> str:
    """What is so of an offer alone as it stands, and of what its price is in."""
    return sha256(orjson.dumps([*offer, market.called, market.is_paid_outside])).hexdigest()[:SEEN_CHARACTERS]


def _ask(offer: Offer, market: Market) -> Press:
    return Press("ask", key_of(offer.offer), seen_as(offer, market))


async def _balance(market: Market, user: str) -> int | None:
    """What a user has of what prices are in; None where its service does not say so in time."""
    try:
        async with asyncio.timeout(BALANCE_SECONDS):
            has = await market.balance(user)
    except TimeoutError:
        return None
    return has if isinstance(has, int) else None


def _content(interaction: Interaction, message: Message, buttons: Sequence[Labelled]) -> Content:
    view = discord.ui.View(timeout=None)
    for label, press, style in buttons:
        custom_id = press.id_for(str(interaction.user.id))
        view.add_item(discord.ui.Button(label=label, style=style, custom_id=custom_id))
    view.stop()
    return Content([message_embed(message)], (), view)
