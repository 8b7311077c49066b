"""Keeps Discord's list of the bot's commands as the bot has it, beside the running bot.

They are sent where they changed since they were sent last, and where Discord's list turns out to be another: somebody
may have emptied it elsewhere. What Discord does not take now is tried again, later each time; meanwhile the bot is
online.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from hashlib import sha256
from typing import Any

import orjson
import structlog
from discord import app_commands

from adapters.discord.bot_state import Remembered

COMMANDS_SENT = "commands"
"""Under this name it is remembered which commands Discord was sent last."""
LOOK_SECONDS = 3600.0
"""Between two looks at Discord's list, where no new session asks for one."""
LEAST_SECONDS = 60.0
"""Between two looks, however many sessions there are."""
FIRST_PAUSE_SECONDS = 15.0
LONGEST_PAUSE_SECONDS = 3600.0
_log = structlog.wrap_logger(logging.getLogger(__name__))

Shape = tuple[Any, ...]


class Registration:
    """The commands of one tree, from `start` to `stop`."""

    def __init__(self, tree: app_commands.CommandTree[Any], remembered: Remembered) -> None:
        self._tree = tree
        self._remembered = remembered
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
        """Sends the commands, where Discord was sent others last or has others. Raises what the library raises."""
        client = self._tree.client
        payload = [command.to_dict(self._tree) for command in self._tree.get_commands()]
        digest = sha256(orjson.dumps([client.application_id, payload], option=orjson.OPT_SORT_KEYS)).hexdigest()
        if self._remembered.get(COMMANDS_SENT) == digest:
            assert client.application_id is not None, "it is logged in"
            there = await client.http.get_global_commands(client.application_id)
            if _shapes(there) == _shapes(payload):
                return
            _log.warning("Discord has other commands than the bot sent; they are sent again", there=len(there))
        await self._tree.sync()
        self._remembered.put(COMMANDS_SENT, digest)
        _log.info("commands registered", count=len(payload))


def _shapes(commands: Any) -> list[Shape]:
    """What a list of commands comes to, however Discord spells what was left out."""
    return sorted(_shape(command, type_given=1) for command in commands)


def _shape(part: Any, *, type_given: int = 0) -> Shape:
    may = part.get("default_member_permissions")
    options = tuple(_shape(option) for option in part.get("options") or ())
    return (  # of one kind each, so that they can be sorted
        int(part.get("type") or type_given),
        str(part["name"]),
        str(part.get("description") or ""),
        "" if may is None else str(may),
        bool(part.get("required")),
        options,
    )
