"""What Discord accepts as an application's commands when they are registered."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from tests.adapters.discord.fake.refusals import Form, Json

SLASH, USER_MENU, MESSAGE_MENU = 1, 2, 3
SUBCOMMAND, GROUP, STRING, INTEGER, CHANNEL, NUMBER = 1, 2, 3, 4, 7, 10
MOST_OF_A_KIND = {SLASH: 100, USER_MENU: 15, MESSAGE_MENU: 15}
MOST_OPTIONS, MOST_CHOICES = 25, 25
NAME_LENGTH, DESCRIPTION_LENGTH, CHOICE_LENGTH, STRING_LENGTH, TOGETHER_LENGTH = 32, 100, 100, 6_000, 8_000
LARGEST_NUMBER = 2**53
NAME = re.compile(r"[-_'\w]{1,32}")
COMMAND_KEYS = frozenset(
    [
        "id",
        "type",
        "name",
        "name_localizations",
        "description",
        "description_localizations",
        "options",
        "default_member_permissions",
        "dm_permission",
        "default_permission",
        "integration_types",
        "contexts",
        "nsfw",
        "handler",
    ]
)
OPTION_KEYS = frozenset(
    [
        "type",
        "name",
        "name_localizations",
        "description",
        "description_localizations",
        "required",
        "choices",
        "options",
        "channel_types",
        "min_value",
        "max_value",
        "min_length",
        "max_length",
        "autocomplete",
    ]
)
BOUNDS = {STRING: ("min_length", "max_length"), INTEGER: ("min_value", "max_value"), NUMBER: ("min_value", "max_value")}


def check_commands(commands: list[Json]) -> None:
    """Refuses the whole list if one of its commands is wrong."""
    form = Form()
    for number, command in enumerate(commands):
        _check_command(form, str(number), command)
    names = Counter((command.get("type", SLASH), command.get("name")) for command in commands)
    for (kind, name), times in names.items():
        if times > 1:
            form.wrong(
                "name", "APPLICATION_COMMANDS_DUPLICATE_NAME", f"{name!r} of type {kind} is there {times} times."
            )
    for kind, times in Counter(command.get("type", SLASH) for command in commands).items():
        if times > MOST_OF_A_KIND.get(kind, 0):
            form.wrong("type", "APPLICATION_COMMANDS_MAX", f"Too many commands of type {kind}: {times}.")
    form.settle()


def _check_command(form: Form, path: str, command: Json) -> None:
    form.known(path, command, COMMAND_KEYS)
    kind = command.get("type", SLASH)
    if not form.among(f"{path}.type", kind, MOST_OF_A_KIND):
        return
    _check_availability(form, path, command)
    if kind == SLASH:
        _check_names(form, path, command)
        _check_options(form, path, command.get("options", []), depth=0)
        if _characters(command) > TOGETHER_LENGTH:
            form.wrong(path, "APPLICATION_COMMAND_TOO_LARGE", f"Command exceeds maximum size ({TOGETHER_LENGTH}).")
        return
    form.text(f"{path}.name", command.get("name"), NAME_LENGTH)
    for name in ("description", "options"):
        if command.get(name):
            form.wrong(f"{path}.{name}", "APPLICATION_COMMAND_CONTEXT_MENU_FIELD", f"A context menu has no {name}.")


def _check_availability(form: Form, path: str, command: Json) -> None:
    permissions = command.get("default_member_permissions")
    if permissions is not None and not (str(permissions).isdecimal() and int(permissions) < 1 << 63):
        form.wrong(f"{path}.default_member_permissions", "BASE_TYPE_INVALID", "Not a set of permissions.")
    for name, allowed in (("contexts", {0, 1, 2}), ("integration_types", {0, 1})):
        values = command.get(name)
        if values is not None and (not set(values) <= allowed or len(set(values)) != len(values)):
            form.wrong(f"{path}.{name}", "BASE_TYPE_CHOICES", f"Each once, of {sorted(allowed)}.")


def _check_names(form: Form, path: str, part: Json) -> None:
    name = part.get("name")
    form.text(f"{path}.name", name, NAME_LENGTH)
    if isinstance(name, str) and (not NAME.fullmatch(name) or name != name.lower()):
        form.wrong(f"{path}.name", "APPLICATION_COMMAND_INVALID_NAME", f"Command name {name!r} is invalid.")
    form.text(f"{path}.description", part.get("description"), DESCRIPTION_LENGTH)


def _check_options(form: Form, path: str, options: list[Json], *, depth: int) -> None:
    form.count(f"{path}.options", options, MOST_OPTIONS)
    kinds = [option.get("type") for option in options]
    if any(kind in (SUBCOMMAND, GROUP) for kind in kinds) and not all(kind in (SUBCOMMAND, GROUP) for kind in kinds):
        form.wrong(f"{path}.options", "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", "Subcommands stand by themselves.")
    required = [bool(option.get("required")) for option in options]
    if required != sorted(required, reverse=True):
        form.wrong(
            f"{path}.options",
            "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
            "Required options must be placed before non-required options",
        )
    for name, times in Counter(option.get("name") for option in options).items():
        if times > 1:
            form.wrong(
                f"{path}.options", "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", f"{name!r} is there twice."
            )
    for number, option in enumerate(options):
        _check_option(form, f"{path}.options.{number}", option, depth=depth)


def _check_option(form: Form, path: str, option: Json, *, depth: int) -> None:
    form.known(path, option, OPTION_KEYS)
    _check_names(form, path, option)
    kind = option.get("type")
    allowed = ((*range(1, 12),), (SUBCOMMAND, *range(3, 12)), (*range(3, 12),))[depth]
    if not form.among(f"{path}.type", kind, allowed):
        return
    if kind in (SUBCOMMAND, GROUP):
        _check_options(form, path, option.get("options", []), depth=2 if kind == SUBCOMMAND else 1)
        return
    _check_bounds(form, path, option)
    _check_choices(form, path, option)
    if option.get("channel_types") and kind != CHANNEL:
        form.wrong(f"{path}.channel_types", "APPLICATION_COMMAND_OPTION_FIELD", "Only a channel has channel types.")


def _check_bounds(form: Form, path: str, option: Json) -> None:
    own = BOUNDS.get(option["type"], ())
    for name in {"min_value", "max_value", "min_length", "max_length"} & option.keys() - set(own):
        form.wrong(f"{path}.{name}", "APPLICATION_COMMAND_OPTION_FIELD", f"This kind of option has no {name}.")
    if not own:
        return
    floor, ceiling = (0, STRING_LENGTH) if option["type"] == STRING else (-LARGEST_NUMBER, LARGEST_NUMBER)
    least, most = option.get(own[0], floor), option.get(own[1], ceiling)
    if not floor <= least <= most <= ceiling:
        form.wrong(f"{path}.{own[0]}", "BASE_TYPE_BAD_RANGE", f"{floor} <= least <= most <= {ceiling} is needed.")


def _check_choices(form: Form, path: str, option: Json) -> None:
    choices = option.get("choices", [])
    if option.get("autocomplete") and (choices or option["type"] not in BOUNDS):
        form.wrong(f"{path}.autocomplete", "APPLICATION_COMMAND_AUTOCOMPLETE", "Autocomplete is without choices.")
    if choices and option["type"] not in BOUNDS:
        form.wrong(f"{path}.choices", "APPLICATION_COMMAND_OPTION_FIELD", "This kind of option has no choices.")
    elif choices:
        check_choices(form, f"{path}.choices", choices, option["type"])


def check_choices(form: Form, path: str, choices: list[Json], kind: int) -> None:
    """The choices of an option, fixed or suggested while the user types."""
    form.count(path, choices, MOST_CHOICES)
    for number, choice in enumerate(choices):
        here = f"{path}.{number}"
        form.known(here, choice, {"name", "value", "name_localizations"})
        form.text(f"{here}.name", choice.get("name"), CHOICE_LENGTH)
        _check_value(form, f"{here}.value", choice.get("value"), kind)
    for name, times in Counter(choice.get("name") for choice in choices).items():
        if times > 1:
            form.wrong(path, "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS", f"{name!r} is there twice.")


def _check_value(form: Form, path: str, value: Any, kind: int) -> None:
    if kind == STRING:
        form.text(path, value, CHOICE_LENGTH)
    elif isinstance(value, bool) or not isinstance(value, int if kind == INTEGER else int | float):
        form.wrong(path, "NUMBER_TYPE_COERCE", f"{value!r} is no number of this kind.")


def _characters(part: Json) -> int:
    own = len(str(part.get("name", ""))) + len(str(part.get("description", "")))
    choices = sum(len(str(c.get("name", ""))) + len(str(c.get("value", ""))) for c in part.get("choices", []))
    return own + choices + sum(map(_characters, part.get("options", [])))
