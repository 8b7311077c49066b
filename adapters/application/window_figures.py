"""Limits of windows and credits as they leave here for programs: numbers, credits with at most three decimals."""

from __future__ import annotations

from collections.abc import Mapping

from domain.credits import PER_CREDIT
from domain.limit_names import CREDITS, in_order
from domain.limits import Windows


def told_amount(amount: int, unit: str) -> float:
    """An amount of the ledger as a number for programs."""
    return amount / PER_CREDIT if unit == CREDITS else amount


def told_windows(windows: Windows | None) -> dict[str, float]:
    """Limits of windows by their names."""
    return {name: told_amount(most, name.rpartition("/")[2]) for name, most in windows or ()}


def windows_told(told: Mapping[str, float]) -> Windows:
    """The limits of windows that were told so."""
    return in_order({name: round(most * (PER_CREDIT if name.endswith(CREDITS) else 1)) for name, most in told.items()})
