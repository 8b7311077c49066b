"""Numbers of a command line, read as those of settings are: digits of ASCII, so that `1_000`, `nan` and `1e9` are
mistakes and told as such. What a number means is each command's to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import typer

from domain.credits import thousandths
from domain.limits import MEGABYTE

MOST_DIGITS = 18
MOST_DAYS = 36_500
MAX_STORAGE_MB = 1_000_000_000
_WHOLE = re.compile(r"[+-]?[0-9]+", re.ASCII)
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)", re.ASCII)


def whole(at_least: int | None = None, at_most: int | None = None) -> Callable[[object], int]:
    """A reader of whole numbers within bounds, for an option. It raises typer.BadParameter."""

    def read(value: object) -> int:
        text = str(value).strip()
        if not _WHOLE.fullmatch(text):
            raise typer.BadParameter(f"{text[:40]!r} is not a whole number in digits.")
        if len(text.lstrip("+-").lstrip("0")) > MOST_DIGITS:
            raise typer.BadParameter(f"a number of more than {MOST_DIGITS} digits is too large.")
        _check_bounds(number := int(text), text, at_least, at_most)
        return number

    return read


def megabytes(at_most: int) -> Callable[[object], float]:
    """A reader of sizes in MB, which are 0 or at least one byte. It raises typer.BadParameter."""

    def read(value: object) -> float:
        text = str(value).strip()
        if not _DECIMAL.fullmatch(text):
            raise typer.BadParameter(f"{text[:40]!r} is no size. Give a number of MB in digits, such as 500 or 1.5.")
        number = float(text)
        _check_bounds(number, text, 0, at_most)
        if number and round(number * MEGABYTE) == 0:
            raise typer.BadParameter(f"{text[:40]} MB is less than a byte; 0 keeps nothing.")
        return number

    return read


def credits_exactly(value: object) -> int:
    """Thousandths of credits, more than 0. It raises typer.BadParameter."""
    text = str(value).strip()
    try:
        amount = thousandths(text)
    except ValueError as error:
        raise typer.BadParameter(f"{error}; write it in digits.") from error
    if not amount:
        raise typer.BadParameter("0 credits give nothing; the least is 0.001.")
    return amount


def days(value: object) -> int:
    """Days back, with or without their `d`; weeks with a `w`. It raises typer.BadParameter."""
    text = str(value).strip().lower()
    number = whole(1, MOST_DAYS)(text.rstrip("dw") if text[:-1].isdigit() else text)
    return number * 7 if text.endswith("w") else number


def _check_bounds(number: float, text: str, at_least: int | None, at_most: int | None) -> None:
    if at_least is not None and number < at_least:
        raise typer.BadParameter(f"{text[:40]} is less than {at_least}, the least it may be.")
    if at_most is not None and number > at_most:
        raise typer.BadParameter(f"{text[:40]} is more than {at_most}, the most it may be.")
