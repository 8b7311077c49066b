"""What single values of commands may be: whole numbers, ids, texts, words of a list, ends. Each answer is a sentence
for people.
"""

from __future__ import annotations

import re

from domain.commands import MAX_LIMIT, MAX_TEXT
from domain.instants import is_instant

_ID = re.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


def is_whole(value: object, least: int, most: int) -> bool:
    """Whether it is a whole number within bounds."""
    return type(value) is int and least <= value <= most


def bad_amount(amount: object) -> str | None:
    """Why it is no amount."""
    return None if is_whole(amount, 1, MAX_LIMIT) else f"An amount must be a whole number from 1 to {MAX_LIMIT}."


def bad_id(text: object) -> str | None:
    """Why it is no id."""
    return (
        None
        if isinstance(text, str) and _ID.fullmatch(text)
        else "An id has 1 to 64 letters, digits, '.', '_' and '-'."
    )


def bad_text(text: object, what: str) -> str | None:
    """Why it is no text of `what`."""
    if not isinstance(text, str) or not 1 <= len(text) <= MAX_TEXT or not text.isprintable():
        return f"The {what} must have 1 to {MAX_TEXT} printable characters."
    return None


def not_of(word: str, allowed: tuple[str, ...]) -> str | None:
    """Why it is none of some words."""
    return None if word in allowed else f"It must be one of {', '.join(allowed)}."


def bad_end(until: str | None) -> str | None:
    """Why it is no time at which something ends."""
    if until is None or is_instant(until):
        return None
    return "The end of an override, a grant or a tier must be a time such as 2026-01-31T00:00:00.000000Z."
