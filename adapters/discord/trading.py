"""What is said of points, offers and purchases on Discord: amounts, offers, refusals, what became of a purchase."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import discord

from adapters.application.market import PointsChanged
from adapters.application.results import StoreSettings
from adapters.discord.messages import (
    MANAGERS,
    STORAGE,
    Message,
    message_for_refusal,
    message_for_storage_fault,
    timestamp,
)
from adapters.discord.untrusted_text import plain
from adapters.market.market import Sale
from adapters.ports.currency import CurrencyFailure, Trouble
from adapters.ports.faults import DiskFull, Fault, LedgerStopped, OutcomeUnknown, StorageUnavailable
from adapters.ports.purchases import Bought, NotBought, Unclear
from adapters.wording.points import offered
from adapters.wording.purchases import sentence_of_purchase
from domain.point_commands import Offer
from domain.refusals import Reason, Refusal

POINTS, ONE_POINT = StoreSettings().points_name, "1 point"
CALLED_CHARACTERS = 40
OFFER_CHARACTERS = 64
SENTENCE_CHARACTERS = 600
RED, YELLOW = discord.Colour.red(), discord.Colour.yellow()
BLUE, GREEN = discord.Colour.blurple(), discord.Colour.green()
NOT_KNOWN_YET = Message(
    "⏳ Not Known Yet",
    "The server's disk has not answered yet, so it is not known whether this was done. `/points` shows it in a minute: "
    "look there before you ask again.",
    YELLOW,
)
"""Also where the bot stops meanwhile."""
STOPPED_MEANWHILE = NOT_KNOWN_YET._replace(
    text="The bot is stopping, so it is not known yet whether this was done. `/points` shows it in a minute: look "
    "there before you ask again."
)
SEE_QUOTA = "`/quota` shows it beside your limits: it bears what they have no room for."
UNUSABLE = frozenset({Trouble.KEY_REFUSED, Trouble.NOT_TAKEN})
"""What only whoever runs the bot can mend."""


class Told(NamedTuple):
    """What became of a purchase. `is_open`: the same press, made again, may tell more by and by."""

    text: str
    colour: discord.Colour
    is_open: bool = False


def units(amount: int, called: str) -> str:
    """So many of what points, or the units of an external currency, are called here; of a name that a setting gives
    nobody knows how one of them is called.
    """
    return ONE_POINT if (amount, called) == (1, POINTS) else f"{amount:,} {plain(called, CALLED_CHARACTERS)}"


def written(words: str | None) -> str | None:
    """Words as the log takes them: on one line, without what nobody sees, such as what joins emojis. None for none."""
    shown = "".join(one for one in " ".join((words or "").split()) if one.isprintable())
    return shown.strip() or None


def what_of(offer: Offer) -> str:
    """What an offer is of."""
    return offered(offer.unit, offer.amount, offer.days)


def offer_named(offer: str) -> str:
    """An offer by its id."""
    return f"**{plain(offer, OFFER_CHARACTERS)}**"


def message_for_trade(answer: Refusal | Fault, called: str) -> Message:
    """Why nothing was moved or bought; and of a fault behind which that is not known, what to do."""
    match answer:
        case OutcomeUnknown() | LedgerStopped():
            return NOT_KNOWN_YET
        case DiskFull() | StorageUnavailable():
            is_full = "disk is full" if isinstance(answer, DiskFull) else "storage cannot be written at the moment"
            return Message(STORAGE, f"The server's {is_full}, so nothing was changed. {MANAGERS}", RED)
        case Fault():
            return message_for_storage_fault(answer)
        case Refusal(reason=Reason.POINTS_SHORT):
            title, _, colour = message_for_refusal(answer)
            text = f"This takes {units(answer.used, called)}, and {answer.limit:,} are there. Nothing was changed."
            return Message(title, text, colour)
        case Refusal(reason=Reason.CLAIMED_TODAY) if answer.resets_at:
            title, _, colour = message_for_refusal(answer)
            when = f"{timestamp(answer.resets_at, 'R')} ({timestamp(answer.resets_at, 't')})"
            name = plain(called, CALLED_CHARACTERS)
            return Message(title, f"You have taken today's {name} already. The next ones are there {when}.", colour)
        case _:
            return message_for_refusal(answer)


def told_of_sale(sale: Sale | Fault, offer: Offer, called: str) -> Told:
    """What became of a purchase, and no more of the money than is known."""
    match sale:
        case PointsChanged():
            text = f"✅ Bought: **{what_of(offer)}** for {units(offer.price, called)}. You have {sale.balance:,} left."
            return Told(f"{text}\n{SEE_QUOTA}", GREEN)
        case Bought():
            sentence = plain(sentence_of_purchase(sale, amount=offer.price, name=called), SENTENCE_CHARACTERS)
            colour = GREEN if sale.paid else YELLOW
            return Told(f"✅ **{what_of(offer)}**: {sentence}\n{SEE_QUOTA}", colour, is_open=not sale.paid)
        case Unclear():
            sentence = sentence_of_purchase(sale, amount=offer.price, name=called)
            return Told(plain(sentence, SENTENCE_CHARACTERS), YELLOW, is_open=True)
        case NotBought():
            return Told(_not_bought(sale, offer, called), RED)
        case OutcomeUnknown() | LedgerStopped():
            asked = "Press the button below to see what became of it: nothing is paid twice by that."
            return Told(f"{NOT_KNOWN_YET.text.partition('.')[0]}. {asked}", YELLOW, is_open=True)
        case _:
            return Told(message_for_trade(sale, called).text, RED)


def _not_bought(sale: NotBought, offer: Offer, called: str) -> str:
    tell = ""
    if isinstance(sale.why, CurrencyFailure) and sale.why.trouble in UNUSABLE:
        sale = replace(sale, why=replace(sale.why, trouble=Trouble.NOT_REACHED))
        tell = f" {MANAGERS}"
    return f"{plain(sentence_of_purchase(sale, amount=offer.price, name=called), SENTENCE_CHARACTERS)}{tell}"
