"""Users as a test plays them: they type commands, press buttons, choose, fill forms in, and see only what is theirs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.adapters.discord.fake.cdn import Cdn
from tests.adapters.discord.fake.client import ClientRefuses, Typing, commands_named, fill_modal, in_sight
from tests.adapters.discord.fake.command_rules import MESSAGE_MENU, SLASH, USER_MENU
from tests.adapters.discord.fake.component_rules import BUTTON, LINK, SELECTS, STRING_SELECT
from tests.adapters.discord.fake.interactions import AUTOCOMPLETE, COMMAND, COMPONENT, SUBMIT, Choice, Interaction
from tests.adapters.discord.fake.messages import Body, Message
from tests.adapters.discord.fake.refusals import Json
from tests.adapters.discord.fake.world import Channel, Upload, User, World


@dataclass(frozen=True)
class Line:
    """How a user's actions reach the bot: the commands in force, the files' place, and the way to the gateway."""

    world: World
    cdn: Cdn
    commands: Callable[[Channel], list[Json]]
    send: Callable[[Interaction], Awaitable[None]]


@dataclass(eq=False)
class Person(User):
    """A user with hands. Where no channel is given, the first one of the first guild is meant."""

    line: Line = field(kw_only=True)

    @property
    def direct(self) -> Channel:
        """The direct messages of this user and the bot."""
        return self.line.world.direct(self)

    async def slash(
        self, name: str, options: Mapping[str, Any] | None = None, *, channel: Channel | None = None
    ) -> Interaction:
        """Sends a slash command; `quota_admin show` is a subcommand. A choice is given by its name or value."""
        channel = channel or self._home
        first, path = commands_named(name)
        command = in_sight(self.line.commands(channel), first, SLASH, self, channel)
        typing = Typing(channel, self._keep)
        data = _command_data(command, typing.options(command, path, options or {}), typing.resolved)
        return await self._do(COMMAND, channel, data)

    async def autocomplete(
        self,
        name: str,
        option: str,
        typed: str,
        others: Mapping[str, Any] | None = None,
        *,
        channel: Channel | None = None,
        timeout: float = 3.0,
    ) -> list[Choice]:
        """Types into an option and sees the suggestions; none within the time is an AssertionError."""
        channel = channel or self._home
        first, path = commands_named(name)
        command = in_sight(self.line.commands(channel), first, SLASH, self, channel)
        typing = Typing(channel, self._keep, typing_in=option)
        options = typing.options(command, path, {**(others or {}), option: typed})
        interaction = await self._do(AUTOCOMPLETE, channel, _command_data(command, options, typing.resolved))
        await self.line.world.bell.until(
            lambda: interaction.response or interaction.failures,
            timeout=timeout,
            what=lambda: f"suggestions for {option!r}",
        )
        if interaction.choices is None:
            raise AssertionError(f"loading options failed for {option!r}: {interaction.failures}")
        return interaction.choices

    async def context(self, name: str, target: Message | User, *, channel: Channel | None = None) -> Interaction:
        """Chooses an entry of the menu on a message, or on a user."""
        if isinstance(target, Message):
            self._must_see(target)
        place = target.channel if isinstance(target, Message) else channel or self._home
        kind = MESSAGE_MENU if isinstance(target, Message) else USER_MENU
        command = in_sight(self.line.commands(place), name, kind, self, place)
        sort = "messages" if kind == MESSAGE_MENU else "users"
        resolved: Json = {sort: {str(target.id): target.json}}
        if isinstance(target, User) and place.guild:
            resolved["members"] = {str(target.id): place.guild.member(target, place.guild.permissions_of(target))}
        data = {**_command_data(command, [], resolved), "target_id": str(target.id)}
        return await self._do(COMMAND, place, data)

    async def click(self, message: Message, wanted: str) -> Interaction:
        """Presses the button with these words, this emoji or this custom id."""
        button = self._usable(message, wanted)
        if button["type"] != BUTTON or button.get("style") == LINK:
            raise ClientRefuses(f"{wanted!r} is no button that reaches the bot")
        data = {"custom_id": button["custom_id"], "component_type": BUTTON}
        return await self._do(COMPONENT, message.channel, data, source=message)

    async def select(self, message: Message, wanted: str, values: list[str]) -> Interaction:
        """Chooses entries, by their words or values, of the select with this placeholder or custom id."""
        select = self._usable(message, wanted)
        if select["type"] not in SELECTS:
            raise ClientRefuses(f"{wanted!r} is no select")
        if select["type"] == STRING_SELECT:
            offered = {name: one["value"] for one in select["options"] for name in (one["label"], one["value"])}
            if unknown := [value for value in values if value not in offered]:
                raise ClientRefuses(f"{unknown} cannot be chosen; there are {list(offered)}")
            values = [offered[value] for value in values]
        if not select.get("min_values", 1) <= len(values) <= select.get("max_values", 1):
            raise ClientRefuses(f"{len(values)} entries may not be chosen of {wanted!r}")
        data = {"custom_id": select["custom_id"], "component_type": select["type"], "values": values}
        return await self._do(COMPONENT, message.channel, data, source=message)

    async def submit(self, shown: Interaction, values: Mapping[str, str]) -> Interaction:
        """Fills in the form that an interaction brought up, by its labels or custom ids."""
        await shown.acknowledged()
        if shown.modal is None or shown.user is not self:
            raise ClientRefuses(f"{shown} brought up no form for {self.name}")
        data = {"custom_id": shown.modal["custom_id"], "components": fill_modal(shown.modal, values), "resolved": {}}
        return await self._do(SUBMIT, shown.channel, data, source=shown.source)

    def say(self, text: str, *uploads: Upload, channel: Channel | None = None) -> Message:
        """Writes a message; a bot of minimal intents hears of it only by a menu on it."""
        channel = channel or self._home
        message = Message(self.line.world.new_id(), channel, self, self.line.world.clock.now())
        channel.history.append(message)
        message.write(Body({"content": text}, dict(enumerate(uploads))), self.line.cdn)
        return message

    def forward(self, message: Message, *, channel: Channel | None = None) -> Message:
        """Passes a message on; the new one has no content of its own."""
        passed_on = self.say("", channel=channel)
        passed_on.forwarded = message
        return passed_on

    @property
    def _home(self) -> Channel:
        return next(channel for channel in self.line.world.channels.values() if channel.guild)

    def _usable(self, message: Message, wanted: str) -> Json:
        self._must_see(message)
        component = message.component(wanted)
        if component.get("disabled"):
            raise ClientRefuses(f"{wanted!r} is disabled")
        return component

    def _must_see(self, message: Message) -> None:
        if message.deleted:
            raise ClientRefuses("the message is deleted")
        if message.ephemeral and message.seen_by is not self:
            raise ClientRefuses(
                f"{self.name} does not see this message: it is for {message.seen_by and message.seen_by.name}"
            )

    def _keep(self, upload: Upload) -> Json:
        world = self.line.world
        return self.line.cdn.keep(upload, world.application_id, folder="ephemeral-attachments").json

    async def _do(self, kind: int, channel: Channel, data: Json, source: Message | None = None) -> Interaction:
        interaction = Interaction(self.line.world, kind, self, channel, data, source)
        await self.line.send(interaction)
        return interaction


def _command_data(command: Json, options: list[Json], resolved: Mapping[str, Any]) -> Json:
    data: Json = {"id": command["id"], "name": command["name"], "type": command["type"], "options": options}
    if "guild_id" in command:
        data["guild_id"] = command["guild_id"]
    return {**data, "resolved": dict(resolved)} if resolved else data
