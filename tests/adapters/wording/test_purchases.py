"""The sentences of purchases: one for each outcome, which says no more of the money than is known."""

from __future__ import annotations

import pytest

from adapters.ports.currency import CurrencyFailure, Trouble
from adapters.ports.purchases import Bought, NotBought, Outcome, Unclear, Unpaid
from adapters.wording.purchases import TROUBLES, UNCLEAR, UNPAID, sentence_of_purchase
from domain.refusals import Reason, Refusal

REFUSED = Refusal(Reason.MALFORMED, "ann", "There is no offer {ten}.")
FAILED = CurrencyFailure(Trouble.LOST)
OUTCOMES: list[Outcome] = [
    Bought("g", paid=True),
    Bought("g", paid=False),
    *Unclear,
    *(NotBought(why) for why in Unpaid),
    *(NotBought(CurrencyFailure(trouble), held=held) for trouble in Trouble for held in (True, False)),
    NotBought(REFUSED),
    NotBought(REFUSED, held=True),
    NotBought(Unpaid.ENDED, held=True),
]


def told(outcome: Outcome) -> str:
    """For 1,250 gems."""
    return sentence_of_purchase(outcome, amount=1_250, name="gems")


def test_each_reason_has_its_words() -> None:
    """A new one is found missing here."""
    assert (set(TROUBLES), set(UNPAID), set(UNCLEAR)) == (set(Trouble), set(Unpaid), set(Unclear))


@pytest.mark.parametrize("outcome", OUTCOMES, ids=str)
def test_every_outcome_is_told_in_whole_sentences(outcome: Outcome) -> None:
    """On one line, with an end, and nothing left to fill in but what the ledger itself said."""
    words = told(outcome).replace("{ten}", "ten")
    assert words.endswith(".")
    assert words.isprintable()
    assert not set("{}") & set(words)


def test_no_two_outcomes_sound_alike() -> None:
    """Whoever reads it knows which of them it is."""
    assert len({told(outcome) for outcome in OUTCOMES}) == len(OUTCOMES)


@pytest.mark.parametrize(
    ("outcome", "says", "never"),
    [
        (Bought("g", paid=True), "Bought for 1,250 gems.", "not confirmed"),
        (Bought("g", paid=False), "not confirmed yet", "Nothing was bought"),
        (NotBought(FAILED), "untouched", "goes back"),
        (NotBought(FAILED, held=True), "goes back", "untouched"),
        (NotBought(REFUSED), "There is no offer {ten}.", "goes back"),
        (NotBought(REFUSED, held=True), "There is no offer {ten}. Nothing was bought", "untouched"),
        (NotBought(Unpaid.INSUFFICIENT), "fewer than 1,250 gems", "goes back"),
        (Unclear.LEDGER, "not known yet", "Nothing was bought"),
        (Unclear.DISPUTED, "has to look", "Nothing was bought"),
    ],
    ids=str,
)
def test_what_is_said_of_the_money_is_what_is_known(outcome: Outcome, says: str, never: str) -> None:
    """Held or not, paid or not, and never more."""
    assert says in told(outcome)
    assert never not in told(outcome)
