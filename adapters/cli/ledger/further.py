"""Further limits as `abby limits` is given them: `--limit user/month/credits=20`, `--try NAME`, `--enforce NAME`.

What is not named stays as it is. `NAME=none` takes one away, and `none` all that are not named beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from domain.limit_grammar import limits_of
from domain.limit_names import ALL_LIMITS, FURTHER, in_order
from domain.limits import Windows

NONE = "none"


class Further(NamedTuple):
    """What the options say, as it was written."""

    limits: tuple[str, ...] = ()
    tried: tuple[str, ...] = ()
    enforced: tuple[str, ...] = ()

    @property
    def shadow(self) -> bool:
        """Whether it is said what is tried out, and what is not."""
        return bool(self.tried or self.enforced)


def windows_after(former: Windows, texts: Sequence[str], allowed: tuple[str, ...] = FURTHER) -> Windows:
    """The further limits as they would be. Raises ValueError with a sentence."""
    entries = [entry.strip() for text in texts for entry in text.split(",") if entry.strip()]
    if not entries:
        raise ValueError("it names no limit; write it as user/month/credits=20, or none")
    if NONE in (entry.lower() for entry in entries):
        former = ()
        entries = [entry for entry in entries if entry.lower() != NONE]
    gone = dict(_taken_away(entries))
    limits_of(", ".join(f"{name}=0" for name in gone.values()), allowed)  # names that are none are told
    given = limits_of(", ".join(entry for entry in entries if entry not in gone), allowed)
    if twice := set(gone.values()) & set(dict(given)):
        raise ValueError(f"{twice.pop()} is given and taken away; write one of the two")
    return in_order({name: most for name, most in former if name not in set(gone.values())} | dict(given))


def tried_after(former: Sequence[str], further: Further) -> tuple[str, ...]:
    """The limits that would be only tried out. Raises ValueError with a sentence."""
    tried, enforced = set(further.tried), set(further.enforced)
    for name in (*further.tried, *further.enforced):
        if name not in ALL_LIMITS:
            raise ValueError(f"{name[:60]!r} is no limit; those are {', '.join(ALL_LIMITS)}")
    if both := tried & enforced:
        raise ValueError(f"{both.pop()} is given to --try and to --enforce; write one of the two")
    after = (set(former) | tried) - enforced
    return tuple(name for name in ALL_LIMITS if name in after)


def _taken_away(entries: Sequence[str]) -> Iterator[tuple[str, str]]:
    for entry in entries:
        name, equals, value = (part.strip().lower() for part in entry.partition("="))
        if equals and value == NONE:
            yield entry, name
