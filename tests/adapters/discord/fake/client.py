"""What Discord's own client lets a user send: the commands in sight, and options that fit what was registered.

A test that asks for what a client would not send gets `ClientRefuses`: so it is shown that Discord validates an option.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.adapters.discord.fake.command_rules import (
    BOUNDS,
    GROUP,
    INTEGER,
    LARGEST_NUMBER,
    NUMBER,
    STRING,
    STRING_LENGTH,
    SUBCOMMAND,
)
from tests.adapters.discord.fake.refusals import Json
from tests.adapters.discord.fake.world import EVERYTHING, USE_COMMANDS, Channel, Role, Upload, User

BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, ATTACHMENT = 5, 6, 7, 8, 9, 11
KINDS: dict[int, tuple[type, ...]] = {
    STRING: (str,),
    INTEGER: (int,),
    BOOLEAN: (bool,),
    USER: (User,),
    CHANNEL: (Channel,),
    ROLE: (Role,),
    MENTIONABLE: (User,),
    NUMBER: (int, float),
    ATTACHMENT: (Upload,),
}
KeepUpload = Callable[[Upload], Json]


class ClientRefuses(AssertionError):
    """A user cannot send this: the client does not offer it, or marks it red."""


def in_sight(commands: list[Json], name: str, kind: int, user: User, channel: Channel) -> Json:
    """The command of this name, if the client shows it to this user in this channel."""
    command = next((one for one in commands if one["name"] == name and one["type"] == kind), None)
    if command is None:
        there = sorted(one["name"] for one in commands if one["type"] == kind)
        raise ClientRefuses(f"no command {name!r} of type {kind} is registered; there are {there}")
    context = 0 if channel.guild else 1
    contexts = command.get("contexts")
    if contexts is not None and context not in contexts:
        raise ClientRefuses(f"/{name} is not offered in {channel.name}: its contexts are {contexts}")
    if contexts is None and context == 1 and command.get("dm_permission") is False:
        raise ClientRefuses(f"/{name} is not offered in direct messages")
    if command.get("nsfw") and not channel.nsfw:
        raise ClientRefuses(f"/{name} is offered in age-restricted channels only")
    may = channel.guild.permissions_of(user) if channel.guild else EVERYTHING
    needed = USE_COMMANDS | int(command.get("default_member_permissions") or 0)
    if command.get("default_member_permissions") == "0" and may != EVERYTHING:
        raise ClientRefuses(f"/{name} is offered to administrators only")
    if may & needed != needed:
        raise ClientRefuses(f"/{name} is not offered to {user.name}, who lacks permission for it")
    return command


class Typing:
    """Options as a user fills them in. `resolved` gathers what their ids stand for.

    `typing_in` names the option in which a user is still typing; then nothing is required yet.
    """

    def __init__(self, channel: Channel, keep_upload: KeepUpload, *, typing_in: str | None = None) -> None:
        self.channel = channel
        self.keep_upload = keep_upload
        self.typing_in = typing_in
        self.resolved: dict[str, Json] = {}

    def options(self, command: Json, path: list[str], values: Mapping[str, Any]) -> list[Json]:
        """The options of a command, or of the subcommand to which `path` leads."""
        offered = command.get("options", [])
        if any(option["type"] in (SUBCOMMAND, GROUP) for option in offered):
            inner = next((option for option in offered if path and option["name"] == path[0]), None)
            if inner is None:
                names = [option["name"] for option in offered]
                raise ClientRefuses(f"/{command['name']} needs one of its subcommands {names}, not {path}")
            return [{"name": inner["name"], "type": inner["type"], "options": self.options(inner, path[1:], values)}]
        if path:
            raise ClientRefuses(f"/{command['name']} has no subcommand {path[0]!r}")
        return self._filled(command["name"], offered, values)

    def _filled(self, command: str, offered: list[Json], values: Mapping[str, Any]) -> list[Json]:
        names = [option["name"] for option in offered]
        for name in values:
            if name not in names:
                raise ClientRefuses(f"/{command} has no option {name!r}; it has {names}")
        for option in offered:
            if option.get("required") and option["name"] not in values and self.typing_in is None:
                raise ClientRefuses(f"/{command} needs the option {option['name']!r}")
        by_name = {option["name"]: option for option in offered}
        return [self._one(by_name[name], value) for name, value in values.items()]

    def _one(self, option: Json, value: Any) -> Json:
        name, kind = option["name"], option["type"]
        if name == self.typing_in:
            if not option.get("autocomplete"):
                raise ClientRefuses(f"the option {name!r} has no autocomplete")
            return {"name": name, "type": kind, "value": str(value), "focused": True}
        if choices := option.get("choices"):
            fitting = [one["value"] for one in choices if value in (one["value"], one["name"])]
            if not fitting:
                raise ClientRefuses(f"{value!r} is no choice of {name!r}: {[one['name'] for one in choices]}")
            return {"name": name, "type": kind, "value": fitting[0]}
        if not isinstance(value, KINDS.get(kind, ())) or (isinstance(value, bool) and kind != BOOLEAN):
            raise ClientRefuses(f"the option {name!r} of type {kind} takes no {type(value).__name__}")
        return {"name": name, "type": kind, "value": self._value(option, value)}

    def _value(self, option: Json, value: Any) -> Any:
        if option["type"] in BOUNDS:
            _check_bounds(option, value)
            return value
        match value:
            case User():
                self.resolved.setdefault("users", {})[str(value.id)] = value.json
                if self.channel.guild:
                    member = self.channel.guild.member(value, self.channel.guild.permissions_of(value))
                    self.resolved.setdefault("members", {})[str(value.id)] = {**member, "user": value.json}
                return str(value.id)
            case Channel():
                if option.get("channel_types") and 0 not in option["channel_types"]:
                    raise ClientRefuses(f"#{value.name} is not of the types of {option['name']!r}")
                self.resolved.setdefault("channels", {})[str(value.id)] = {**value.json, "permissions": "0"}
                return str(value.id)
            case Role():
                self.resolved.setdefault("roles", {})[str(value.id)] = value.json
                return str(value.id)
            case Upload():
                json = self.keep_upload(value)
                self.resolved.setdefault("attachments", {})[json["id"]] = json
                return json["id"]
        return value


def _check_bounds(option: Json, value: Any) -> None:
    least_name, most_name = BOUNDS[option["type"]]
    is_text = option["type"] == STRING
    least = option.get(least_name, 1 if is_text else -LARGEST_NUMBER)
    most = option.get(most_name, STRING_LENGTH if is_text else LARGEST_NUMBER)
    size = len(value) if is_text else value
    if not max(least, 1 if is_text else least) <= size <= most:
        raise ClientRefuses(f"{option['name']!r} must be from {least} to {most}, not {size}")


def fill_modal(modal: Json, values: Mapping[str, str]) -> list[Json]:
    """The parts of a modal with what a user typed, by the words beside each input or by its custom id."""
    left = dict(values)
    parts = [_fill_part(part, left) for part in modal["components"]]
    if left:
        raise ClientRefuses(f"the form has no inputs {sorted(left)}")
    return [part for part in parts if part]


def _fill_part(part: Json, left: dict[str, str]) -> Json:
    if part["type"] not in (1, 18):
        return {}
    component = part["component"] if part["type"] == 18 else part["components"][0]
    label = part.get("label") or component.get("label")
    given = left.pop(component["custom_id"], left.pop(label, component.get("value") or ""))
    if component.get("required", True) and not given:
        raise ClientRefuses(f"the form needs {label!r}")
    if given and not (component.get("min_length") or 0) <= len(given) <= (component.get("max_length") or 4_000):
        raise ClientRefuses(f"{label!r} has {len(given)} characters; allowed are those the form says")
    is_text = component["type"] == 4
    answer = {"value": given} if is_text else {"values": [given] if given else []}
    filled = {"type": component["type"], "custom_id": component["custom_id"], **answer}
    return {"type": 18, "component": filled} if part["type"] == 18 else {"type": 1, "components": [filled]}


def commands_named(name: str) -> tuple[str, list[str]]:
    """`quota_admin show` is the command `quota_admin` and the path to its subcommand."""
    command, *path = name.removeprefix("/").split()
    return command, path
