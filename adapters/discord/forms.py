"""Forms that work after a restart: like the buttons that bring them up, their ids say all that they need.

The library keeps a form by its id only as long as it runs; so the forms here are found again by the template of their
id, and what was written is read from the answer itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import discord

MOST_NESTED = 4
"""Levels of a form's parts that are looked into; Discord has two."""


class Field(NamedTuple):
    """One line to write in: its key, the words beside it, what stands in it before."""

    key: str
    label: str
    value: str = ""
    is_required: bool = True
    most_characters: int = 20


class LastingForm(Protocol):
    """What a form that was filled in does. `template` is that of its ids."""

    template: re.Pattern[str]

    async def submitted(self, interaction: discord.Interaction[Any], match: re.Match[str]) -> None:
        """Does what was written; what goes wrong is told."""


def form(custom_id: str, title: str, fields: Sequence[Field]) -> discord.ui.Modal:
    """A form to be shown."""
    shown = discord.ui.Modal(title=title, custom_id=custom_id)
    for field in fields:
        entry: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id=field.key,
            default=field.value or None,
            required=field.is_required,
            max_length=field.most_characters,
        )
        shown.add_item(discord.ui.Label(text=field.label, component=entry))
    shown.stop()  # the library need not remember it, as the id says all
    return shown


def written(interaction: discord.Interaction[Any]) -> Mapping[str, str]:
    """What was written in a form, by the keys of its fields."""
    data: Any = interaction.data or {}
    return dict(_written_in(data.get("components"), MOST_NESTED))


def _written_in(parts: Any, levels: int) -> Iterator[tuple[str, str]]:
    for part in (parts if isinstance(parts, list) else []) if levels else []:
        if "value" in part:
            yield str(part.get("custom_id")), str(part["value"])
        inner = part.get("components") or ([part["component"]] if "component" in part else [])
        yield from _written_in(inner, levels - 1)
