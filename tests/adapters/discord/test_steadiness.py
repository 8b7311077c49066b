"""What the running bot outlives: a list of commands that was changed elsewhere, events that nobody can read, a gateway
that is away. Each is said where an operator looks.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator
from copy import deepcopy
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

from tests.adapters.discord.bot.stage import command, finished, running
from tests.adapters.discord.fake.interactions import COMMAND, COMPONENT, Interaction
from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.fake.refusals import Json
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.haste import hasty
from tests.adapters.discord.process import BotProcess
from tests.adapters.discord.test_life import readiness

HASTY = """
import adapters.discord.registration as registration
registration.LOOK_SECONDS = registration.LEAST_SECONDS = registration.FIRST_PAUSE_SECONDS = 0.2
"""
"""In the program: short pauses between its looks at Discord's list of commands."""
CHANGED_ELSEWHERE: list[Callable[[dict[str, Json]], object]] = [
    lambda commands: commands["quota"].update(description="changed elsewhere"),
    lambda commands: commands["imagine"]["options"][1]["choices"].pop(),
    lambda commands: commands["imagine"]["options"][4].update(max_value=7),
    lambda commands: commands["imagine"]["options"].append(commands["imagine"]["options"].pop(1)),
    lambda commands: commands["audit"].update(default_member_permissions=None),
]
"""What somebody did to the commands that Discord has."""
STRANGE: dict[str, Callable[[Json], object]] = {
    "no limit of attachments": lambda event: event.pop("attachment_size_limit"),
    "no token": lambda event: event.pop("token"),
    "no id": lambda event: event.pop("id"),
    "no type": lambda event: event.pop("type"),
    "an unheard-of type": lambda event: event.update(type=99),
    "a type that is a word": lambda event: event.update(type="command"),
    "no data": lambda event: event.pop("data"),
    "data of another kind": lambda event: event.update(data=[1]),
    "no member": lambda event: event.pop("member"),
    "a member without a user": lambda event: event["member"].pop("user"),
    "no channel": lambda event: event.pop("channel"),
    "a channel of an unheard-of type": lambda event: event["channel"].update(type=99),
    "no version": lambda event: event.pop("version"),
    "no application": lambda event: event.pop("application_id"),
    "an id that is no number": lambda event: event.update(id="x"),
    "permissions that are no number": lambda event: event["member"].update(permissions="all"),
    "no name of a command": lambda event: event["data"].pop("name", None),
    "no id of a component": lambda event: event["data"].pop("custom_id", None),
    "nothing at all": lambda event: event.clear(),
}
QUOTA: Json = {"id": "1", "name": "quota", "type": 1, "options": []}
OTHER_EVENTS: list[tuple[str, Any]] = [
    ("GUILD_CREATE", {"id": "7"}),
    ("GUILD_UPDATE", {}),
    ("CHANNEL_CREATE", {"type": 99}),
    ("AN_UNHEARD_OF_EVENT", {}),
    ("INTERACTION_CREATE", None),
    ("INTERACTION_CREATE", []),
]


def emptied(event: Json) -> Iterator[Json]:
    """The event with one member after the other null, in it, in its data and in who sent it."""
    for part in ((), ("data",), ("member",), ("member", "user"), ("channel",)):
        for name in reduce(getitem, part, event):
            changed = deepcopy(event)
            reduce(getitem, part, changed)[name] = None
            yield changed


async def send_what_is_strange(fake: FakeDiscord, person: Person) -> None:
    """A command and a press, each in every form that nobody expects; then other events."""
    channel = fake.world.channels[next(iter(fake.world.channels))]
    session = fake.gateway.session_for(channel.guild)
    assert session is not None
    for change in STRANGE.values():
        for kind, data in (
            (COMMAND, QUOTA),
            (COMPONENT, {"custom_id": "abby:old7:1", "component_type": 2}),
        ):
            event = Interaction(fake.world, kind, person, channel, dict(data)).event()
            change(event)
            await session.dispatch("INTERACTION_CREATE", event)
    for event in emptied(Interaction(fake.world, COMMAND, person, channel, {**QUOTA, "resolved": {}}).event()):
        await session.dispatch("INTERACTION_CREATE", event)
    for name, data in OTHER_EVENTS:
        await session.dispatch(name, data)


async def test_commands_events_and_connections_go_wrong_and_the_bot_goes_on(
    fake: FakeDiscord, ann: Person, tmp_path: Path
) -> None:
    """Refused commands are sent again, emptied and changed ones too, and none without need; a strange event costs
    itself alone; readiness tells a connection that is lost, and forgets it when it is back.
    """
    refused = fake.trouble(r"PUT /applications/", 403, times=2)
    words = command(tmp_path / "root", "serve", GENERATOR="sketch")
    async with await BotProcess.start(hasty(words, HASTY), {}, fake) as bot:
        page = (await bot.logged(r"The page is at (\S+)", timeout=30)).group(1)
        await bot.ready()
        await fake.synced(timeout=30)
        assert refused.times == 0
        await bot.logged("Discord did not take the commands")
        fake.rest.commands[None] = []
        await fake.synced(2, timeout=30)
        assert "Daily Generations: 0/5" in (await finished(await ann.slash("quota"))).text
        for change in CHANGED_ELSEWHERE:
            change({command["name"]: command for command in fake.rest.commands[None]})
            await fake.synced(len(fake.syncs) + 1, timeout=30)
        sent, looks = len(fake.syncs), len(fake.heard)
        await _until(lambda: _has_looked_twice(fake, looks))
        assert len(fake.syncs) == sent

        (begun,) = (await readiness(page))["notes"]
        assert begun.startswith("A new log was begun")
        sessions = fake.gateway.counts["identify"]
        await send_what_is_strange(fake, fake.user("strange"))
        assert "Daily Generations: 0/5" in (await finished(await ann.slash("quota"))).text
        await bot.logged("cannot be read; it is passed over")
        assert fake.gateway.counts["identify"] == sessions

        fake.gateway.is_open = False
        fake.gateway.drop()
        await _until(lambda: _is(page, "degraded"))
        assert "has lost its connection to Discord" in (await readiness(page))["notes"][0]
        fake.gateway.is_open = True
        await _until(lambda: _is(page, "ready"))
        bot.send(signal.SIGTERM)
        assert await bot.exit_code() == 0


async def test_a_registration_that_has_to_wait_keeps_nobody_offline(fake: FakeDiscord, tmp_path: Path) -> None:
    """Discord names ten minutes; the bot is online at once, and ends when it is told to."""
    fake.trouble(r"PUT /applications/", 429, retry_after=600.0)
    async with running(fake, tmp_path / "root", GENERATOR="sketch") as bot:
        await bot.logged("Abby is online as Abby")
        assert fake.syncs == []
        bot.send(signal.SIGTERM)
        assert await bot.exit_code() == 0


async def _has_looked_twice(fake: FakeDiscord, since: int) -> bool:
    return sum("GET /applications/" in heard.what for heard in fake.heard[since:]) >= 2


async def _is(page: str, status: str) -> bool:
    return bool((await readiness(page))["status"] == status)


async def _until(look: Callable[[], Awaitable[bool]]) -> None:
    """Until it is so."""
    async with asyncio.timeout(60):
        while not await look():  # noqa: ASYNC110 - a program in another process tells nobody of a change
            await asyncio.sleep(0.05)
