"""What every section of the settings has in common: it takes its values from their sources, checks them, and tells them
without showing a secret. Which settings there are is `config`'s to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, PrivateAttr, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from adapters.ports.faults import ConfigError
from adapters.settings.sources import Given, Origin, Sources, shortened

DEFAULT_WORD = "default"
DEFAULT_OF_A_NEW_LOG = "default of a new log; another log keeps the limit that was set last"


class Section(BaseModel):
    """Some settings that belong together. Made without arguments it reads the environment and `.env` of the process."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, validate_default=True, str_strip_whitespace=True)
    remembered: ClassVar[frozenset[str]] = frozenset()
    """Settings whose last value the log holds on to: DEFAULT_WORD gives them that of a new log again."""
    _given: dict[str, Given] = PrivateAttr(default_factory=dict)

    def __init__(self, sources: Sources | None = None) -> None:
        sources = sources if sources is not None else Sources.read()
        given: dict[str, Given] = {}
        for name, setting in type(self).settings().items():
            found = sources.find(name, empty_is_unset=is_secret(setting))
            if found is not None:
                given[name] = found
        try:
            super().__init__(**{name: found.value for name, found in given.items() if not self._goes_back(found)})
        except ValidationError as error:
            lines = [explain(problem, type(self).settings(), given) for problem in error.errors(include_context=False)]
            raise ConfigError("\n".join(lines)) from error
        self._given = given

    def _goes_back(self, found: Given) -> bool:
        """Whether a value asks for the default, as one that is given."""
        return found.name in self.remembered and str(found.value).strip().lower() == DEFAULT_WORD

    @classmethod
    def settings(cls) -> dict[str, FieldInfo]:
        """The settings of this section by their names."""
        return {str(info.validation_alias): info for info in cls.model_fields.values()}

    def origin(self, name: str) -> Origin:
        """Where the value of one of these settings comes from."""
        return self._given[name].origin if name in self._given else "default"

    def secrets(self) -> list[SecretStr]:
        """The values of these settings that may be shown to nobody."""
        values = (getattr(self, attribute) for attribute in type(self).model_fields)
        return [value for value in values if isinstance(value, SecretStr)]

    def describe(self) -> list[str]:
        """A line for each setting: value, origin, and what was overruled; of a secret only whether it is set."""
        lines = []
        for attribute, info in type(self).model_fields.items():
            name = str(info.validation_alias)
            given = self._given.get(name)
            value = getattr(self, attribute)
            shown = ("is set" if value else "is not set") if is_secret(info) else f"= {shortened(value)}"
            notes: list[str] = [self.origin(name) if given or name not in self.remembered else DEFAULT_OF_A_NEW_LOG]
            for origin, overruled in given.overruled if given else ():
                notes.append(f"{origin} says {'otherwise' if is_secret(info) else shortened(overruled)}")
            lines.append(f"{name} {shown} ({'; '.join(notes)})")
        return lines


def is_secret(setting: FieldInfo) -> bool:
    """Whether the values of a setting may be shown to nobody."""
    return "SecretStr" in str(setting.annotation)


def explain(problem: Any, settings: Mapping[str, FieldInfo], given: Mapping[str, Given]) -> str:
    """One line on one bad value: the name it was given under, the value unless it is secret, and what is accepted."""
    name = str(problem["loc"][0])
    found = given[name]
    reason = problem["msg"].removeprefix("Value error").lstrip(", ") if problem["type"] == "value_error" else ""
    shown = found.name if is_secret(settings[name]) else f"{found.name}={shortened(found.value)}"
    why = f"{reason}; it takes" if reason else "it takes"
    return f"{shown} ({found.place}): {why} {settings[name].description}."
