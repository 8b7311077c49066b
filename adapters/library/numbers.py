"""Numbers and ids as programs hand them in: what can be none is a ValueError that names the argument."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal

from adapters.wording.figures import echo
from domain.commands import MAX_LIMIT
from domain.credits import CREDITS_RULE, thousandths
from domain.limit_grammar import limits_of
from domain.limits import MEGABYTE, Windows
from domain.names import malformed_guild
from domain.reservations import OF_A_GUILD
from domain.validation import MAX_DAYS

MAX_NAME_CHARS = 100
"""Of a provider or a model."""
Credits = int | float | str | Decimal
"""Credits with at most three decimals; as text or as a Decimal nothing is rounded on the way."""


def bytes_of(size_mb: object, name: str) -> int | None:
    """The bytes of a size in MB. Raises ValueError."""
    if size_mb is None:
        return None
    if isinstance(size_mb, bool) or not isinstance(size_mb, int | float) or not 0 <= size_mb <= MAX_LIMIT / MEGABYTE:
        raise ValueError(f"{name} is a size in MB, from 0 to {MAX_LIMIT // MEGABYTE}, and not {echo(size_mb)}.")
    return round(size_mb * MEGABYTE)


def days_of(days: object, name: str = "cleanup_days", *, at_least: int = 0) -> int:
    """Whole days. Raises ValueError."""
    if isinstance(days, bool) or not isinstance(days, int) or not at_least <= days <= MAX_DAYS:
        raise ValueError(f"{name} is a whole number of days from {at_least} to {MAX_DAYS}, and not {echo(days)}.")
    return days


def count_of(count: object, name: str) -> int | None:
    """A whole number. Raises ValueError."""
    if count is None:
        return None
    if isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= MAX_LIMIT:
        raise ValueError(f"{name} is a whole number from 0 to {MAX_LIMIT}, and not {echo(count)}.")
    return count


def thousandths_of(told: object, name: str) -> int | None:
    """The thousandths of credits, exactly. Raises ValueError."""
    if told is None:
        return None
    if isinstance(told, int | float | str | Decimal) and not isinstance(told, bool):
        with suppress(ValueError):  # also of an integer with too many digits to be written
            return thousandths(f"{told:f}" if isinstance(told, Decimal) else str(told))
    raise ValueError(f"{name} is {CREDITS_RULE}, and not {echo(told)}.")


def text_of(text: object, name: str) -> str | None:
    """A name of a provider or a model, for the log. Raises ValueError."""
    if text is None:
        return None
    if isinstance(text, str) and text.isprintable() and 1 <= len(text) <= MAX_NAME_CHARS:
        return text
    raise ValueError(f"{name} is text of 1 to {MAX_NAME_CHARS} printable characters, and not {echo(text)}.")


def windows_of(limits: object, allowed: tuple[str, ...]) -> Windows | None:
    """Further limits as they are written in LIMITS. Raises ValueError, with the place of what is wrong."""
    if limits is None:
        return None
    if not isinstance(limits, str):
        raise ValueError(f"limits are text such as user/month/credits=20, and not {echo(limits)}.")  # noqa: TRY004 - as every argument that can be none
    return limits_of(limits, allowed)


def origin_of(guild: str | None) -> str | None:
    """Where a request comes from that is made for a guild; None: from none. Raises ValueError."""
    if guild is None:
        return None
    if sentence := malformed_guild(guild):
        raise ValueError(sentence)
    return f"{OF_A_GUILD}{guild}"
