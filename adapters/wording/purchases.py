"""What became of a purchase that is paid in an external currency, in sentences for whoever bought."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import assert_never

from adapters.ports.currency import CurrencyFailure, Trouble
from adapters.ports.purchases import Bought, NotBought, Outcome, Unclear, Unpaid
from adapters.wording.refusals import sentence_of
from domain.refusals import Refusal

TROUBLES: Mapping[Trouble, str] = MappingProxyType(
    {
        Trouble.KEY_REFUSED: "The service that keeps {name} does not accept its key; whoever runs this looks at "
        "CURRENCY_KEY.",
        Trouble.NOT_TAKEN: "The service that keeps {name} does not take such a request; whoever runs this finds more "
        "in the log.",
        Trouble.BUSY: "The service that keeps {name} has too much to do.",
        Trouble.NOT_REACHED: "The service that keeps {name} cannot be reached.",
        Trouble.FAILED: "The service that keeps {name} failed.",
        Trouble.GARBLED: "The service that keeps {name} gave an answer that says nothing.",
        Trouble.LOST: "The service that keeps {name} gave no answer.",
    }
)
UNPAID: Mapping[Unpaid, str] = MappingProxyType(
    {
        Unpaid.INSUFFICIENT: "You have fewer than {amount:,} {name}. Nothing was bought.",
        Unpaid.ENDED: "This purchase was given up before, and nothing was paid. Buy anew if you still want it.",
        Unpaid.LAPSED: "Your {amount:,} {name} went back to you before they were paid, so nothing was bought. Buy anew "
        "if you still want it.",
        Unpaid.OTHER_PURCHASE: "This request key was used before for another purchase. Send a new key with a new one.",
        Unpaid.TOO_MANY_OPEN: "Too many purchases are not settled yet. Nothing was bought; try again in a few minutes.",
    }
)
UNCLEAR: Mapping[Unclear, str] = MappingProxyType(
    {
        Unclear.LEDGER: "Whether this was bought is not known yet. It is finished by itself, or your {amount:,} {name} "
        "go back; you do not pay without getting it.",
        Unclear.DISPUTED: "The service that keeps {name} and this one do not agree on this purchase. Nothing is paid "
        "twice; whoever runs this has to look at it.",
    }
)
PAID = "Bought for {amount:,} {name}."
TO_BE_PAID = (
    "Bought for {amount:,} {name}. The payment is not confirmed yet; it is asked for until it is, and made only once."
)
GOES_BACK = "Nothing was bought, and nothing is paid: what may be kept back of your {amount:,} {name} goes back."
UNTOUCHED = "Nothing was bought, and your {name} are untouched."


def sentence_of_purchase(outcome: Outcome, *, amount: int, name: str) -> str:
    """What is told; `amount` is the price in units that people call `name`."""
    return _words(outcome).format(amount=amount, name=name)


def _words(outcome: Outcome) -> str:
    match outcome:
        case Bought():
            return PAID if outcome.paid else TO_BE_PAID
        case NotBought():
            return _not_bought(outcome)
        case Unclear():
            return UNCLEAR[outcome]
        case _:
            assert_never(outcome)


def _not_bought(outcome: NotBought) -> str:
    match outcome.why:
        case Unpaid() as why if not outcome.held:
            return UNPAID[why]
        case Unpaid():
            return GOES_BACK
        case CurrencyFailure():
            return f"{TROUBLES[outcome.why.trouble]} {GOES_BACK if outcome.held else UNTOUCHED}"
        case Refusal():
            # What it names may have braces, which are no places of ours.
            refused = sentence_of(outcome.why).replace("{", "{{").replace("}", "}}")
            return f"{refused} {GOES_BACK}" if outcome.held else refused
        case _:
            assert_never(outcome.why)
