"""Where the values of settings come from, strongest first, and which origin said what. It judges no value.

The environment is read here and nowhere else in the product but launch.py; how a file of settings is read is
`env_file`'s to know.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Literal

from adapters.settings.env_file import Entry, EnvFile, name_meant, nearest, read_env_file
from adapters.settings.kinds import project_folder

Origin = Literal["argument", "environment", ".env", "default"]

SHOWN_VALUE_CHARACTERS = 80
FORMER_NAMES = {"STORAGE_CLEANUP_DAYS": "CLEANUP_DAYS"}
_LIKE_A_NAME = re.compile(r"[A-Z]{2,20}(_[A-Z0-9]{1,20}){0,5}")


@dataclass(frozen=True, slots=True)
class Given:
    """One value as it was given: under which name, where, and what a weaker origin says to the same setting.

    `place` is where a person finds it: the origin, or file and line.
    """

    name: str
    value: object = field(repr=False)  # it may be a secret
    origin: Origin
    place: str
    overruled: tuple[tuple[Origin, object], ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Sources:
    """The origins of values, strongest first; names are in capitals."""

    by_origin: tuple[tuple[Origin, Mapping[str, object]], ...] = field(repr=False)  # secrets are among them
    env_file: EnvFile | None = None

    @classmethod
    def read(
        cls,
        arguments: Mapping[str, object] | None = None,
        env_file: Path | None = None,
        *,
        known: AbstractSet[str] = frozenset(),
    ) -> Sources:
        """Read the environment and the `.env` of the project (or `env_file`); arguments that are None are not given.
        `known` are the names of the settings.

        Raises ConfigError, with a line for each line of the file that is not understood.
        """
        path = env_file if env_file is not None else project_folder() / ".env"
        found = read_env_file(path, known, os.environ)
        from_file = {name: entry.value for name, entry in found.entries.items()}
        return cls(
            (("argument", present(arguments or {})), ("environment", present(os.environ)), (".env", from_file)), found
        )

    @classmethod
    def of_environment(cls) -> Sources:
        """The environment alone, for a program that embeds the product and has a `.env` of its own."""
        return cls((("environment", present(os.environ)),))

    def find(self, name: str, *, empty_is_unset: bool) -> Given | None:
        """The strongest value of a setting, under its name or its former one."""
        names = [name] + ([FORMER_NAMES[name]] if name in FORMER_NAMES else [])
        found = [
            Given(spelling, values[spelling], origin, self._place(origin, spelling))
            for origin, values in self.by_origin
            for spelling in names
            if spelling in values and not (empty_is_unset and values[spelling] == "")
        ]
        if not found:
            return None
        first, *weaker = found
        overruled = tuple((given.origin, given.value) for given in weaker if given.value != first.value)
        return Given(first.name, first.value, first.origin, first.place, overruled)

    def warnings(self, known: AbstractSet[str]) -> list[str]:
        """What is understood and yet looked at: a variable whose name is within one edit of a setting's, every name in
        the file that is no setting's, and what is odd in the file.
        """
        near = [
            _ignored(name, origin, meant)
            for origin, values in self.by_origin
            for name in sorted(values)
            if origin != ".env" and name not in known
            for meant in sorted(known)
            if within_one_edit(name, meant)
        ]
        return [*near, *self._unknown_in_file(known), *(self.env_file.oddities if self.env_file else ())]

    def _unknown_in_file(self, known: AbstractSet[str]) -> list[str]:
        """A name of which nothing is known is shown where it looks like one: a key that was put there alone may end in
        `=` too.
        """
        if self.env_file is None:
            return []
        told = []
        for name, entry in self.env_file.entries.items():
            if name not in known:
                meant = next((other for other in sorted(known) if within_one_edit(name, other)), None)
                meant = meant or nearest(name, known) or name_meant(_named_in(entry), known)
                shown = entry.spelling if meant or _LIKE_A_NAME.fullmatch(entry.spelling) else "a name"
                told.append(_ignored(shown, self.env_file.place(name), meant))
        return told

    def _place(self, origin: Origin, name: str) -> str:
        return self.env_file.place(name) if origin == ".env" and self.env_file is not None else origin


def present(values: Mapping[str, Any]) -> dict[str, object]:
    """What is given, under names in capitals."""
    return {name.upper(): value for name, value in values.items() if value is not None}


def shortened(value: object) -> str:
    """A value as a person reads and writes it, on one line and of bounded length."""
    text = re.sub(r"//[^/\s]*@", "//***@", _as_written(value))
    text = re.sub(r"\?.*", "?...", text) if "://" in text else text
    text = text if text.isprintable() else repr(text)
    return text if len(text) <= SHOWN_VALUE_CHARACTERS else text[:SHOWN_VALUE_CHARACTERS] + "..."


def _named_in(entry: Entry) -> str:
    """The words among which a setting's name may stand: of the name, and of a value that is itself a line."""
    inner, equals, _ = entry.value.partition("=")
    return f"{entry.spelling} {inner}" if equals else entry.spelling


def _ignored(name: str, place: str, meant: str | None) -> str:
    meant = f"; did you mean {meant}?" if meant else "."
    return f"{name} ({place}) is not a setting and is ignored{meant}"


def _as_written(value: object) -> str:
    """As in `.env`: lists with commas."""
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def within_one_edit(one: str, other: str) -> bool:
    """Whether all characters but one of the longer name stand in the other in the same order: one was left out, put in,
    replaced or moved.
    """
    most = max(len(one), len(other))
    if one == other or abs(len(one) - len(other)) > 1:
        return False  # most names are done here: comparing all variables of a machine takes no time
    return most - sum(block.size for block in SequenceMatcher(None, one, other).get_matching_blocks()) == 1
