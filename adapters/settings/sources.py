"""Where the values of settings come from, strongest first, and which origin said what. It judges no value.

The environment and `.env` are read here, through pydantic-settings, and nowhere else in the product but launch.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Literal

from pydantic_settings import BaseSettings, DotEnvSettingsSource, EnvSettingsSource

from adapters.ports.faults import ConfigError
from adapters.settings.kinds import project_folder

Origin = Literal["argument", "environment", ".env", "default"]

SHOWN_VALUE_CHARACTERS = 80
FORMER_NAMES = {"STORAGE_CLEANUP_DAYS": "CLEANUP_DAYS"}


@dataclass(frozen=True, slots=True)
class Given:
    """One value as it was given: under which name, where, and what a weaker origin says to the same setting."""

    name: str
    value: object = field(repr=False)  # it may be a secret
    origin: Origin
    overruled: tuple[tuple[Origin, object], ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Sources:
    """The origins of values, strongest first; names are in capitals."""

    by_origin: tuple[tuple[Origin, Mapping[str, object]], ...] = field(repr=False)  # secrets are among them

    @classmethod
    def read(cls, arguments: Mapping[str, object] | None = None, env_file: Path | None = None) -> Sources:
        """Read the environment and the `.env` of the project (or `env_file`); arguments that are None are not given."""
        path = env_file if env_file is not None else project_folder() / ".env"
        try:
            from_file = DotEnvSettingsSource(BaseSettings, env_file=path, env_file_encoding="utf-8-sig").env_vars
        except UnicodeDecodeError as error:
            raise ConfigError(f"{path} is not UTF-8 text; save it again as UTF-8.") from error
        except OSError as error:
            raise ConfigError(f"{path} cannot be read ({error.strerror}); check who owns it.") from error
        return cls(
            (
                ("argument", present(arguments or {})),
                ("environment", present(EnvSettingsSource(BaseSettings).env_vars)),
                (".env", present(from_file)),
            )
        )

    def find(self, name: str, *, empty_is_unset: bool) -> Given | None:
        """The strongest value of a setting, under its name or its former one."""
        names = [name] + ([FORMER_NAMES[name]] if name in FORMER_NAMES else [])
        found = [
            Given(spelling, values[spelling], origin)
            for origin, values in self.by_origin
            for spelling in names
            if spelling in values and not (empty_is_unset and values[spelling] == "")
        ]
        if not found:
            return None
        first, *weaker = found
        overruled = tuple((given.origin, given.value) for given in weaker if given.value != first.value)
        return Given(first.name, first.value, first.origin, overruled)

    def unknown_names(self, known: set[str]) -> list[str]:
        """A warning for each name that is no setting but within one edit of one."""
        return [
            f"{name} ({origin}) is not a setting and is ignored; did you mean {meant}?"
            for origin, values in self.by_origin
            for name in sorted(values)
            if name not in known
            for meant in sorted(known)
            if within_one_edit(name, meant)
        ]


def present(values: Mapping[str, Any]) -> dict[str, object]:
    """What is given, under names in capitals."""
    return {name.upper(): value for name, value in values.items() if value is not None}


def shortened(value: object) -> str:
    """A value as a person reads and writes it, on one line and of bounded length."""
    text = re.sub(r"//[^/\s]*@", "//***@", _as_written(value))
    text = re.sub(r"\?.*", "?...", text) if "://" in text else text
    text = text if text.isprintable() else repr(text)
    return text if len(text) <= SHOWN_VALUE_CHARACTERS else text[:SHOWN_VALUE_CHARACTERS] + "..."


def _as_written(value: object) -> str:
    """As in `.env`: lists and prices with commas."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, dict):
        return ",".join(f"{name}={number:g}" for name, number in value.items())
    return str(value)


def within_one_edit(one: str, other: str) -> bool:
    """Whether all characters but one of the longer name stand in the other in the same order: one was left out, put in,
    replaced or moved.
    """
    most = max(len(one), len(other))
    if one == other or abs(len(one) - len(other)) > 1:
        return False  # most names are done here: comparing all variables of a machine takes no time
    return most - sum(block.size for block in SequenceMatcher(None, one, other).get_matching_blocks()) == 1
