"""Credits: whole thousandths inside, up to three decimals for people; and what a provider's own report is in them.

Answers for this one change of units, which loses nothing. What a picture costs, and what a credit is worth, is for
others to say.
"""

from __future__ import annotations

import math
import re

PER_CREDIT = 1_000
MOST_THOUSANDTHS = 2**53 - 1
"""The largest whole number that every reader of JSON keeps exactly."""
CREDITS_RULE = "a number of credits from 0 up, with at most three decimals, such as 3 or 0.4"

_SPELLING = re.compile(r"0*([0-9]+)(?:\.([0-9]{1,3}))?", re.ASCII)
_MOST_DIGITS = 20
_QUOTED_CHARS = 40


def thousandths(text: str) -> int:
    """The thousandths of credits as people write them ("0.4" -> 400). Raises ValueError with a sentence about it."""
    found = _SPELLING.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:_QUOTED_CHARS]!r} is not {CREDITS_RULE}")
    whole, decimals = found.groups(default="")
    is_long = len(whole) > _MOST_DIGITS
    amount = 0 if is_long else int(whole) * PER_CREDIT + int(decimals.ljust(3, "0"))
    if is_long or amount > MOST_THOUSANDTHS:
        raise ValueError(
            f"{text[:_QUOTED_CHARS]!r} is more than {in_credits(MOST_THOUSANDTHS)} credits, the most there can be"
        )
    return amount


def in_credits(amount: int) -> str:
    """Thousandths as people read credits, without zeros at the end: 400 -> "0.4", 2000 -> "2", -1 -> "-0.001"."""
    whole, rest = divmod(abs(amount), PER_CREDIT)
    decimals = f".{rest:03}".rstrip("0") if rest else ""
    return f"{'-' if amount < 0 else ''}{whole}{decimals}"


def of_reported(told: float) -> int:
    """The thousandths of the credits that a provider says it took, half up, read to nine decimals.

    Less than nothing counts as 0, more than can be kept as MOST_THOUSANDTHS. Raises ValueError for what is no number.
    """
    if math.isnan(told):
        raise ValueError("what was reported is no number")
    if told <= 0:
        return 0
    if told >= MOST_THOUSANDTHS / PER_CREDIT:
        return MOST_THOUSANDTHS
    billionths = int(f"{told:.9f}".replace(".", ""))
    return (billionths + 500_000) // 1_000_000
