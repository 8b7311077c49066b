"""What grants bear of a request and what goes back to them, in words."""

from __future__ import annotations

from adapters.wording.limits import amount_in_words
from domain.grants import Draw


def draws_in_words(draws: tuple[Draw, ...], how: str = "of") -> str:
    """Which grant bears how much of it: "2 generations of grant g1 and 0.5 credits of grant g2"."""
    return " and ".join(f"{amount_in_words(draw.amount, draw.unit)} {how} grant {draw.grant}" for draw in draws)
