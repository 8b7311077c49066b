"""Commands are sent to Discord where it has others, whatever differs, and never for how it spells the same ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import discord
import pytest
from discord import app_commands

from adapters.discord.registration import normal_form
from tests.adapters.discord.small_bots import add_commands

Path = tuple[Any, ...]

ADDED = {"id": "1", "application_id": "2", "version": "3", "guild_id": None, "default_permission": True, "handler": 1}
ANOTHER: dict[type, Callable[[Any], Any]] = {
    str: lambda value: value + "x",
    int: lambda value: value + 1,
    float: lambda value: value + 0.5,
    bool: lambda value: not value,
    type(None): lambda _: [1],
}


@pytest.fixture(scope="module")
def payload() -> list[Any]:
    """Commands of every kind, as a bot sends them: choices, bounds, groups, permissions, menus."""
    tree: app_commands.CommandTree[Any] = app_commands.CommandTree(discord.Client(intents=discord.Intents.none()))
    add_commands(tree)
    return [command.to_dict(tree) for command in tree.get_commands()]


def leaves(part: Any, path: Path = ()) -> Iterator[Path]:
    """Where a value stands that has no parts."""
    if isinstance(part, dict | list):
        for key, inner in part.items() if isinstance(part, dict) else enumerate(part):
            yield from leaves(inner, (*path, key))
    else:
        yield path


def at(part: Any, path: Path) -> Any:
    """What stands there."""
    for key in path:
        part = part[key]
    return part


def as_discord_lists(part: Any) -> Any:
    """The same command, option or choice with what Discord adds, and without what goes without saying."""
    said = {name: value for name, value in part.items() if name == "dm_permission" or value not in (None, False, [])}
    for name in ("options", "choices"):
        if name in said:
            said[name] = [as_discord_lists(inner) for inner in said[name]]
    if "default_member_permissions" in said:
        said["default_member_permissions"] = str(said["default_member_permissions"])
    return {**said, **ADDED, "name_localizations": None, "description_localizations": None}


def test_the_same_commands_are_the_same_however_discord_spells_them(payload: list[Any]) -> None:
    """In whichever order it lists them, too."""
    there = [as_discord_lists(command) for command in reversed(payload)]
    assert normal_form(there) == normal_form(payload)
    assert normal_form(there) != normal_form(there[1:])


def test_whatever_is_changed_they_are_others(payload: list[Any]) -> None:
    """Every value of every command, option and choice, and the order of what a member sees in order."""
    paths = [path for path in leaves(payload) if "dm_permission" not in path]  # the former word for contexts
    kinds = {next(key for key in reversed(path) if isinstance(key, str)) for path in paths}
    assert kinds >= {
        "description",
        "min_value",
        "max_length",
        "value",
        "required",
        "nsfw",
        "default_member_permissions",
    }
    equal = []
    for path in paths:
        changed = deepcopy(payload)
        at(changed, path[:-1])[path[-1]] = ANOTHER[type(at(payload, path))](at(payload, path))
        if normal_form(changed) == normal_form(payload):
            equal.append(path)
    for path in _lists_of(payload):
        changed = deepcopy(payload)
        at(changed, path).reverse()
        if normal_form(changed) == normal_form(payload):
            equal.append(path)
    assert equal == []


def _lists_of(payload: list[Any]) -> set[Path]:
    """Where several options or choices stand."""
    return {
        path[: place + 1]
        for path in leaves(payload)
        for place, key in enumerate(path)
        if key in {"options", "choices"} and len(at(payload, path[: place + 1])) > 1
    }


def test_a_command_for_servers_alone_is_so_by_its_former_word_too() -> None:
    """Discord tells one or both."""
    tree: app_commands.CommandTree[Any] = app_commands.CommandTree(discord.Client(intents=discord.Intents.none()))

    @tree.command(description="x")
    @app_commands.guild_only
    async def only(interaction: discord.Interaction[Any]) -> None: ...

    (sent,) = [command.to_dict(tree) for command in tree.get_commands()]
    former = {**sent, "contexts": None, "dm_permission": False}
    assert normal_form([former]) == normal_form([{**former, "contexts": [0]}])
    assert normal_form([former]) != normal_form([{**former, "dm_permission": True}])
