"""A Discord on one port of loopback: gateway, REST and file addresses, and the people and guilds that a test makes.

It enforces the rules of the real one, as far as a bot of slash commands meets them, and keeps under `complaints` all
that a good bot does not do. It is stricter in one thing: fields that Discord ignores are refused.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.adapters.discord.fake.cdn import Cdn
from tests.adapters.discord.fake.client import ClientRefuses
from tests.adapters.discord.fake.command_rules import SLASH
from tests.adapters.discord.fake.gateway import Gateway
from tests.adapters.discord.fake.interactions import Desk, Interaction
from tests.adapters.discord.fake.people import Line, Person
from tests.adapters.discord.fake.refusals import Json
from tests.adapters.discord.fake.rest import API, Heard, Rest, Trouble
from tests.adapters.discord.fake.world import USUAL, Channel, Clock, Guild, Settings, User, World

LARGEST_REQUEST_BYTES = 64 << 20


class FakeDiscord:
    """Starts with `await FakeDiscord.start(...)`, ends with `close`; also an asynchronous context manager.

    `gateway`, `rest` and `cdn` show what each part saw and take a test's orders for failures.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.world = World(settings)
        self.cdn = Cdn(self.world)
        self.gateway = Gateway(self.world)
        self.rest = Rest(Desk(self.world, self.cdn), self.gateway.told)
        self.oauth = self.rest.oauth
        self.interactions: list[Interaction] = []
        self._line = Line(self.world, self.cdn, self._commands, self._send)
        self._runner: web.AppRunner | None = None
        self.address = ""

    @classmethod
    async def start(cls, settings: Settings | None = None) -> Self:
        """Listens on a free port."""
        fake = cls(settings or Settings())
        app = web.Application(client_max_size=LARGEST_REQUEST_BYTES)
        app.add_routes([*fake.gateway.routes(), *fake.cdn.routes(), *fake.oauth.routes(), *fake.rest.routes()])
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        fake.address = fake.cdn.address = f"http://127.0.0.1:{port}"
        fake.gateway.address = f"ws://127.0.0.1:{port}/gateway"
        fake._runner = runner
        return fake

    async def close(self) -> None:
        """Ends every connection."""
        self.gateway.drop()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def environment(self) -> dict[str, str]:
        """The variables that send a bot here."""
        return {
            "DISCORD_API_BASE": self.address + API,
            "DISCORD_GATEWAY_URL": self.gateway.address,
            "DISCORD_TOKEN": self.settings.token,
        }

    @property
    def clock(self) -> Clock:
        """Deadlines and tokens go by it."""
        return self.world.clock

    @property
    def complaints(self) -> list[str]:
        """What a good bot does not do, and the interactions that it left without any answer for too long."""
        now = self.clock.now()
        left = [
            f"{one} was never acknowledged" for one in self.interactions
            if one.response is None and not one.failures and now - one.created_at > self.settings.acknowledge_seconds
        ]  # fmt: skip
        return [*self.world.complaints, *left]

    @property
    def unknown_routes(self) -> list[str]:
        """Addresses that the bot tried and the fake does not have."""
        return self.rest.unknown_routes

    @property
    def syncs(self) -> list[list[str]]:
        """The names of the commands of each registration, so that a test sees whether a start registered again."""
        return self.rest.syncs

    @property
    def heard(self) -> list[Heard]:
        """Every request to the REST interface."""
        return self.rest.heard

    def user(self, name: str, *, permissions: int = USUAL) -> Person:
        """A new user, a member of every guild."""
        person = Person(self.world.new_id(), name, permissions, line=self._line)
        self.world.users[person.id] = person
        return person

    def guild(
        self, name: str, *, owner: User | None = None, bot_permissions: int = USUAL, attachment_bytes: int | None = None
    ) -> Guild:
        """A new guild with a channel #general. Made while the bot is online, it is unknown to it until `join`."""
        owner = owner or self.user(f"owner of {name}")
        guild = Guild(self.world.new_id(), name, owner, bot_permissions, attachment_bytes)
        self.world.guilds[guild.id] = guild
        self.channel("general", guild)
        return guild

    def channel(self, name: str, guild: Guild, *, nsfw: bool = False, bot_permissions: int | None = None) -> Channel:
        """A further channel of a guild."""
        return self.world.add(
            Channel(self.world, self.world.new_id(), name, guild, nsfw=nsfw, bot_permissions=bot_permissions)
        )

    async def join(self, guild: Guild) -> None:
        """Tells the bot of a guild that was made after it came online."""
        await self.gateway.add_guild(guild)

    def trouble(self, where: str, status: int, *, times: int = 1, **more: Any) -> Trouble:
        """Orders a fault for the next requests whose `METHOD /path` matches `where`; `more` is what `Trouble` takes."""
        trouble = Trouble(where, status, times, **more)
        self.rest.troubles.append(trouble)
        return trouble

    async def online(self, times: int = 1, *, timeout: float = 10.0) -> None:
        """Waits until so many sessions in all were made ready."""
        await self.world.bell.until(
            lambda: self.gateway.counts["ready"] >= times,
            timeout=timeout,
            what=lambda: f"READY {times} times; {self.gateway.counts}, closed with {self.gateway.closed_with}",
        )

    async def resumed(self, times: int = 1, *, timeout: float = 10.0) -> None:
        """Waits until so many sessions in all were resumed."""
        await self.world.bell.until(
            lambda: self.gateway.counts["resume"] >= times,
            timeout=timeout,
            what=lambda: f"RESUMED {times} times; {self.gateway.counts}",
        )

    async def synced(self, times: int = 1, *, timeout: float = 30.0) -> None:
        """Waits until commands were registered so many times."""
        await self.world.bell.until(
            lambda: len(self.syncs) >= times, timeout=timeout, what=lambda: f"{times} syncs; {self.complaints}"
        )

    def dump(self, folder: Path) -> Path:
        """Writes every message of the session to `session.json`, and the files beside it; returns the former's path."""
        files = folder / "files"
        files.mkdir(parents=True, exist_ok=True)
        for attachment in self.cdn.kept.values():
            (files / f"{attachment.id}-{attachment.name}").write_bytes(attachment.data)
        session = {"channels": [_channel_dump(channel) for channel in self.world.channels.values()]}
        path = folder / "session.json"
        path.write_text(json.dumps(session, indent=1, ensure_ascii=False), encoding="utf-8")
        return path

    def _commands(self, channel: Channel) -> list[Json]:
        own = self.rest.commands.get(channel.guild.id, []) if channel.guild else []
        return [*own, *self.rest.commands.get(None, [])]

    async def _send(self, interaction: Interaction) -> None:
        session = self.gateway.session_for(interaction.channel.guild)
        if session is None:
            raise ClientRefuses("the application did not respond: no bot is online")
        self.interactions.append(interaction)
        await session.dispatch("INTERACTION_CREATE", interaction.event())


def _channel_dump(channel: Channel) -> Json:
    return {
        "name": channel.name,
        "guild": channel.guild.name if channel.guild else None,
        "messages": [
            {
                "id": str(message.id),
                "author": message.author.name,
                "is_bot": message.author.is_bot,
                "action": repr(message.interaction) if message.interaction else None,
                "command": _command(message.interaction) if message.interaction else None,
                "asked_by": message.interaction.user.name if message.interaction else None,
                "ephemeral": message.ephemeral,
                "loading": message.loading,
                "deleted": message.deleted,
                "created_at": message.created_at,
                "history": [{"at": version.at, **version.looks} for version in message.history],
                "files": {part.name: f"files/{part.id}-{part.name}" for part in message.attachments},
            }
            for message in channel.history
        ],
    }


def _command(interaction: Interaction) -> str | None:
    """The command as a client shows it above the answer; None where a button was pressed."""
    name = interaction.data.get("name")
    return f"/{name}" if name and interaction.data["type"] == SLASH else name
