"""Limits of windows and credits as they leave here for programs: numbers, credits with at most three decimals."""

from __future__ import annotations

from domain.credits import PER_CREDIT
from domain.limit_names import CREDITS
from domain.limits import Windows


def told_amount(amount: int, unit: str) -> float:
    """An amount of the ledger as a number for programs."""
    return amount / PER_CREDIT if unit == CREDITS else amount


def told_windows(windows: Windows | None) -> dict[str, float]:
    """Limits of windows by their names."""
    return {name: told_amount(most, name.rpartition("/")[2]) for name, most in windows or ()}
