"""Limits of windows as `abby what-if` is given them and tells of them: `--limit user/month/credits=20`, or `none`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from adapters.wording.limits import limit_in_general, most_in_words, unit_of
from domain.credits import PER_CREDIT
from domain.limit_grammar import limits_of
from domain.limit_names import CREDITS, FURTHER
from domain.limits import Limits
from projections.what_if import Further

NONE = "none"
"""No limit of a window, but for those that are given beside it."""


def further_of(texts: Sequence[str], allowed: tuple[str, ...] = FURTHER) -> Further:
    """What was given of those that are allowed, by as many options as there were. Raises ValueError with a sentence."""
    given = [text for text in texts if text.strip().lower() != NONE]
    return Further(limits_of(", ".join(given), allowed), alone=len(given) < len(texts))


def windows_as_data(limits: Limits) -> dict[str, Any]:
    """For programs, credits as people write them."""
    return {"windows": _numbers(limits.windows), "unenforced": list(limits.unenforced)}


def as_data(change: Mapping[str, Any]) -> dict[str, Any]:
    """A change of limits for programs."""
    return {
        name: _plain(change["limit"], value) if name in {"former", "value"} else value for name, value in change.items()
    }


def windows_in_words(then: Limits, here: Limits) -> list[str]:
    """Each limit of a window that is another here than it was at last."""
    was, now = dict(then.windows), dict(here.windows)
    parts = []
    for name in {**now, **was}:
        former = most_in_words(name, was[name]) if name in was else f"no limit of {limit_in_general(name)}"
        if name in then.unenforced and name in was:
            former += ", only tried out,"
        wanted = most_in_words(name, now[name]) if name in now else f"no limit of {limit_in_general(name)}"
        if former != wanted:
            parts.append(f"{wanted} instead of {former}")
    return parts


def rows_by_limit(sums: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What each limit of a window refused, and each limit would have that was only tried out: words, then, here."""
    for of_then, of_here, words in (
        ("refused_then_by_window", "refused_by_window", "    {}"),
        ("tried_then", "tried", "would be refused by {}, tried out"),
    ):
        then, here = sums[of_then], sums[of_here]
        for name in sorted({*then, *here}):
            yield words.format(limit_in_general(name)), f"{then.get(name, 0):,}", f"{here.get(name, 0):,}"


def _plain(limit: str, value: Any) -> Any:
    if limit == "windows":
        return _numbers(value)
    return list(value) if limit == "unenforced" else value


def _numbers(windows: Sequence[tuple[str, int]]) -> dict[str, int | float]:
    return {name: most / PER_CREDIT if unit_of(name) == CREDITS else most for name, most in windows}
