"""`/market_admin`: offers, and points made and taken away. All servers share both, so who may is as for limits."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from adapters.application.market import PointsChanged, move_points, offers, set_offer, withdraw_offer
from adapters.discord.bot import AbbyBot, Interaction, actor_of
from adapters.discord.cogs.managing import Someone, refuse_non_members
from adapters.discord.embeds import NAME_CHARACTERS, message_embed
from adapters.discord.ending import AT_A_STOP
from adapters.discord.gifts import WORDS_CHARACTERS
from adapters.discord.granting import LARGEST_AMOUNT, REASON, Unit, amount_of
from adapters.discord.messages import Message
from adapters.discord.offers import suggest_offers
from adapters.discord.permissions import check_shared_managers, manages_what_all_share
from adapters.discord.replies import Content, Reply, defer
from adapters.discord.trading import (
    GREEN,
    OFFER_CHARACTERS,
    STOPPED_MEANWHILE,
    message_for_trade,
    offer_named,
    units,
    what_of,
    written,
)
from adapters.discord.untrusted_text import plain
from adapters.ports.faults import Fault
from domain.point_commands import MAX_OFFER_DAYS, Offer
from domain.point_events import BURNED, MINTED
from domain.points import MOST_POINTS
from domain.refusals import Refusal

OfferId = app_commands.Range[str, 1, OFFER_CHARACTERS]
Words = app_commands.Range[str, 1, WORDS_CHARACTERS]
Amount = app_commands.Range[int, 1, MOST_POINTS]
TITLE = "🏪 The Market"
FOR_ALL = "-# Offers and points are the same on every server."


async def suggest_for_managers(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """What is offered, for who may change it."""
    return await suggest_offers(interaction, typed) if manages_what_all_share(interaction) else []


class MarketManagingCog(commands.Cog):
    """Seen by who asks alone; recorded as done by them."""

    market_admin = app_commands.Group(
        name="market_admin",
        description="What is offered, and points made and taken away",
        default_permissions=discord.Permissions(manage_guild=True),
    )

    def __init__(self, bot: AbbyBot) -> None:
        self.bot = bot

    @market_admin.command(description="Offer something, or something else under the same name")
    @app_commands.describe(
        offer="Its name, such as ten-pictures",
        unit="Of what",
        amount="How much",
        price="For how much",
        days="How long what is bought lasts; otherwise for good",
        reason="Why, for the log",
    )
    @app_commands.autocomplete(offer=suggest_for_managers)
    @check_shared_managers
    async def offer(  # noqa: PLR0913, PLR0917 - each is an option of the command
        self,
        interaction: Interaction,
        offer: OfferId,
        unit: Unit,
        amount: app_commands.Range[float, 0.001, LARGEST_AMOUNT],
        price: Amount,
        days: app_commands.Range[int, 1, MAX_OFFER_DAYS] | None = None,
        reason: Words | None = None,
    ) -> None:
        """Told with what it was before, where there was one of this name."""
        await _begin(interaction)
        meant = amount_of(unit, amount)
        if isinstance(meant, Message):
            await _answer(interaction, meant)
            return
        wanted = Offer(offer.strip(), *meant, price, days)
        former = next((one for one in offers(self.bot.store) if one.offer == wanted.offer), None)
        await _answer(
            interaction,
            await _tried(set_offer(self.bot.store, wanted, written(reason) or REASON, **_asked(interaction))),
            _said_of(wanted, former, self.bot.market.called),
        )

    @market_admin.command(description="Take an offer back; what was bought stays")
    @app_commands.describe(offer="Which", reason="Why, for the log")
    @app_commands.autocomplete(offer=suggest_for_managers)
    @check_shared_managers
    async def withdraw(self, interaction: Interaction, offer: OfferId, reason: Words | None = None) -> None:
        """Who has it before their eyes hears of it when they buy."""
        await _begin(interaction)
        done = await _tried(
            withdraw_offer(self.bot.store, offer.strip(), written(reason) or REASON, **_asked(interaction))
        )
        await _answer(interaction, done, f"{offer_named(offer)} is not offered any more. What was bought stays.")

    @market_admin.command(description="Make points for a user, out of nothing")
    @app_commands.describe(user="For whom", amount="How many", reason="Why; the user sees it")
    @check_shared_managers
    async def mint(self, interaction: Interaction, user: Someone, amount: Amount, reason: Words) -> None:
        """The log has who made how many, and why."""
        await self._move(interaction, user, MINTED, amount, reason)

    @market_admin.command(description="Take points of a user out of the world")
    @app_commands.describe(user="Of whom", amount="How many", reason="Why; the user sees it")
    @check_shared_managers
    async def burn(self, interaction: Interaction, user: Someone, amount: Amount, reason: Words) -> None:
        """No more than the user has."""
        await self._move(interaction, user, BURNED, amount, reason)

    async def _move(self, interaction: Interaction, user: Someone, kind: str, amount: int, reason: str) -> None:
        refuse_non_members(interaction, user)
        await _begin(interaction)
        done = await _tried(
            move_points(self.bot.store, str(user.id), kind, amount, written(reason) or REASON, **_asked(interaction))
        )
        name, called = f"**{plain(user.display_name, NAME_CHARACTERS)}**", self.bot.store.settings.points_name
        moved = f"{units(amount, called)} made for" if kind == MINTED else f"{units(amount, called)} taken from"
        has = f"{done.balance:,}" if isinstance(done, PointsChanged) else ""
        await _answer(interaction, done, f"{moved} {name}, who has {has} now.")


def _asked(interaction: Interaction) -> dict[str, Any]:
    """Who acts, and the request's key: Discord may tell an interaction twice."""
    return {"actor": actor_of(interaction), "idempotency_key": str(interaction.id)}


async def _begin(interaction: Interaction) -> None:
    interaction.extras[AT_A_STOP] = STOPPED_MEANWHILE
    await defer(interaction, ephemeral=True)


async def _tried(doing: Awaitable[PointsChanged | Refusal]) -> PointsChanged | Refusal | Fault:
    try:
        return await doing
    except Fault as fault:
        return fault


async def _answer(interaction: Interaction, done: PointsChanged | Refusal | Fault | Message, text: str = "") -> None:
    match done:
        case Message():
            message = done
        case PointsChanged():
            same = "" if done.position else " It was so already: nothing was changed."
            message = Message(TITLE, f"✅ {text}{same}\n{FOR_ALL}", GREEN)
        case _:
            message = message_for_trade(done, interaction.client.store.settings.points_name)
    await Reply(interaction).finish(Content([message_embed(message)]))


def _said_of(wanted: Offer, former: Offer | None, called: str) -> str:
    """An offer as it stands now, and what it was before."""
    said = f"{offer_named(wanted.offer)}: {what_of(wanted)} for {units(wanted.price, called)}."
    if former is None or former == wanted:
        return said
    return f"{said} Before it was {what_of(former)} for {units(former.price, called)}."
