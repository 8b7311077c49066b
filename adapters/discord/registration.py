"""Keeps Discord's list of the bot's commands as the bot has it, beside the running bot.

They are sent where Discord has others: the bot's have changed, or somebody has changed or emptied the list elsewhere.
What Discord does not take now is tried again, later each time; meanwhile the bot is online.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any

import orjson
import structlog
from discord import app_commands

LOOK_SECONDS = 3600.0
"""Between two looks at Discord's list, where no new session asks for one."""
LEAST_SECONDS = 60.0
"""Between two looks, however many sessions there are."""
FIRST_PAUSE_SECONDS = 15.0
LONGEST_PAUSE_SECONDS = 3600.0
_log = structlog.wrap_logger(logging.getLogger(__name__))


COMMAND: Mapping[str, Any] = MappingProxyType(
    {
        "type": 1,
        "name": None,
        "description": "",
        "options": [],
        "default_member_permissions": None,
        "contexts": [0, 1, 2],
        "integration_types": [0],
        "nsfw": False,
    }
)
"""What is compared of a command, each with what holds where nothing is said of it. Not compared: what Discord adds
(ids, versions), and translations, which its list does not tell.
"""
OPTION: Mapping[str, Any] = MappingProxyType(
    {
        "type": None,
        "name": None,
        "description": "",
        "required": False,
        "autocomplete": False,
        "choices": [],
        "options": [],
        "channel_types": [],
        "min_value": None,
        "max_value": None,
        "min_length": None,
        "max_length": None,
    }
)
CHOICE: Mapping[str, Any] = MappingProxyType({"name": None, "value": None})


class Registration:
    """The commands of one tree, from `start` to `stop`."""

    def __init__(self, tree: app_commands.CommandTree[Any]) -> None:
        self._tree = tree
        self._sent = (b"", b"")
        """What Discord was sent last, and what it made of that: that it spells a command otherwise is no change."""
        self._asked = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to look after the list, and returns at once."""
        self._keeping = asyncio.get_running_loop().create_task(self._keep())

    def look_soon(self) -> None:
        """A session has begun: whatever happened meanwhile, the list is looked at."""
        self._asked.set()

    async def stop(self) -> None:
        """Nothing is sent any more."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait({self._keeping})

    async def _keep(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            self._asked.clear()
            try:
                await self._bring_in_line()
            except Exception as error:  # noqa: BLE001 - whatever it is, the list is looked after again
                _log.error(
                    "Discord did not take the commands; the bot goes on with those that it knows, and tries again",
                    reason=str(error),
                    seconds=pause,
                )
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                continue
            pause = FIRST_PAUSE_SECONDS
            await asyncio.sleep(LEAST_SECONDS)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), LOOK_SECONDS)

    async def _bring_in_line(self) -> None:
        """Sends the commands, where Discord has others. Raises what the library raises."""
        client = self._tree.client
        assert client.application_id is not None, "it is logged in"
        payload = [command.to_dict(self._tree) for command in self._tree.get_commands()]
        ours, there = normal_form(payload), normal_form(await client.http.get_global_commands(client.application_id))
        if there == ours or (ours, there) == self._sent:
            return
        answer = await client.http.bulk_upsert_global_commands(client.application_id, payload=payload)
        self._sent = ours, normal_form(answer)
        _log.info("commands registered", count=len(payload), there=len(orjson.loads(there)))


def normal_form(commands: Any) -> bytes:
    """What a list of commands comes to, however Discord spells it: without what it adds, and what is so anyway."""
    members = [_said(command, COMMAND) for command in commands]
    return orjson.dumps(sorted(members, key=_type_and_name), option=orjson.OPT_SORT_KEYS)


def _said(part: Any, members: Mapping[str, Any]) -> dict[str, Any]:
    """What a command, an option or a choice says beyond what goes without saying."""
    if part.get("dm_permission") is False and part.get("contexts") is None:
        part = {**part, "contexts": [0]}  # the former word for it
    said = {name: _spelled(name, part.get(name)) for name in members}
    return {name: value for name, value in said.items() if value is not None and value != members[name]}


def _spelled(name: str, value: Any) -> Any:
    if value is None:
        return None
    match name:
        case "options":
            return [_said(option, OPTION) for option in value]
        case "choices":
            return [_said(choice, CHOICE) for choice in value]
        case "contexts" | "integration_types" | "channel_types":
            return sorted(value)
        case "default_member_permissions":
            return str(value)
        case "min_value" | "max_value" | "value":
            return float(value) if isinstance(value, int | float) else value
    return value


def _type_and_name(command: Mapping[str, Any]) -> tuple[int, str]:
    return int(command.get("type", 1)), str(command.get("name"))
