"""What a picture costs, in words: before it is made, and where that is not known."""

from __future__ import annotations

from adapters.wording.figures import counted
from domain.credits import PER_CREDIT, in_credits


def price_unknown(model: str) -> str:
    """Why nobody can say it, and what an operator does about it."""
    return f"The price of {model} is not known: add it to CREDITS_EACH."


def all_refused_unpriced(limit: str, model: str, instead: str) -> str:
    """What an operator is told whose limit of credits refuses every picture of a model; `instead` is a setting that
    names one with a known price, "" where there is none.
    """
    other = f", or set {instead}, whose price is known" if instead else ""
    return (
        f"The limit {limit} is in force, and the price of {model} is not known: its pictures are refused. Add it to "
        f"CREDITS_EACH{other}."
    )


def credits_in_words(amount: int) -> str:
    """Thousandths with their noun: "1 credit", "0.4 credits"."""
    return f"{in_credits(amount)} {'credit' if amount == PER_CREDIT else 'credits'}"


def price_in_words(model: str, count: int, credits_each: int | None) -> str:
    """The sentence on what so many pictures would cost; thousandths, None where that is not known."""
    if credits_each is None:
        return price_unknown(model)
    pictures = counted(count, "picture")
    if not credits_each:
        return f"{pictures} by {model} would cost nothing."
    each = "" if count == 1 else f", {in_credits(credits_each)} each"
    return f"{pictures} by {model} would cost {credits_in_words(credits_each * count)}{each}."
