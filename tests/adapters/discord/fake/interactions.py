"""An interaction: its one acknowledgement, its deadline, its token, and the messages that answer it.

Discord's rules: the first answer within 3 seconds and only once; then the token serves for 15 minutes; the first
follow-up after a deferral fills the deferred message, whose visibility the deferral alone decided.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.adapters.discord.fake.cdn import Cdn
from tests.adapters.discord.fake.command_rules import check_choices
from tests.adapters.discord.fake.component_rules import check_modal
from tests.adapters.discord.fake.messages import (
    EPHEMERAL,
    FIELDS,
    FIELDS_OF_A_WEBHOOK,
    LOADING,
    Body,
    Message,
    Version,
    check_message,
)
from tests.adapters.discord.fake.refusals import Form, Json, Refused, refused
from tests.adapters.discord.fake.world import ADMINISTRATOR, EVERYTHING, Channel, User, World

COMMAND, COMPONENT, AUTOCOMPLETE, SUBMIT = 2, 3, 4, 5
REPLY, DEFER, DEFER_UPDATE, UPDATE, SUGGEST, POP_UP = 4, 5, 6, 7, 8, 9


class Choice(NamedTuple):
    """A suggestion while the user types."""

    name: str
    value: str | int | float


@dataclass(eq=False)
class Interaction:
    """One action of a user, and all that came back. `failures` are the answers that were refused."""

    world: World
    kind: int
    user: User
    channel: Channel
    data: Json
    source: Message | None = None
    id: int = 0
    token: str = ""
    created_at: float = 0.0
    response: int | None = None
    acknowledged_after: float | None = None
    expired: bool = False
    original: Message | None = None
    followups: list[Message] = field(default_factory=list)
    choices: list[Choice] | None = None
    modal: Json | None = None
    failures: list[Refused] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.id = self.world.new_id()
        self.token = secrets.token_urlsafe(48)
        self.created_at = self.world.clock.now()
        self.world.interactions[self.token] = self

    async def acknowledged(self, within: float = 3.0) -> Interaction:
        """Waits for the answer that Discord needs first; no answer in time is an AssertionError."""
        await self.world.bell.until(
            lambda: self.response,
            timeout=within,
            what=lambda: f"an acknowledgement of {self}; refused: {self.failures}",
        )
        return self

    @property
    def deferred(self) -> bool:
        """The bot said that it is thinking."""
        return self.response in (DEFER, DEFER_UPDATE)

    @property
    def ephemeral(self) -> bool:
        """Only the user sees the answer."""
        return self.original is not None and self.original.ephemeral

    @property
    def history(self) -> list[Version]:
        """Each version of the answer with its time."""
        return self.original.history if self.original else []

    async def message(self, until: Callable[[Message], object] = bool, *, timeout: float = 10.0) -> Message:
        """The answer as it stands, once it says more than that the bot is thinking and `until` is true; where the bot
        has taken it back, what it told the user alone instead.
        """
        return await self.world.bell.until(
            lambda: next((one for one in self._answers() if not one.loading and until(one)), None),
            timeout=timeout,
            what=lambda: f"an answer to {self}: {self.original and self.original.looks()}; refused: {self.failures}",
        )

    def _answers(self) -> list[Message]:
        if self.original is None:
            return []
        return [one for one in self.followups if one.ephemeral] if self.original.deleted else [self.original]

    async def followup(self, until: Callable[[Message], object] = bool, *, timeout: float = 10.0) -> Message:
        """A further message for which `until` is true."""
        return await self.world.bell.until(
            lambda: next((one for one in self.followups if not one.deleted and until(one)), None),
            timeout=timeout,
            what=lambda: (
                f"a further answer to {self}: {[one.text for one in self.followups]}; refused: {self.failures}"
            ),
        )

    def expire(self) -> None:
        """Ends the token now, as 15 minutes would."""
        self.expired = True

    def __repr__(self) -> str:
        name = self.data.get("name") or self.data.get("custom_id")
        return f"<{name!r} of {self.user.name} in {self.channel.name}>"

    def event(self) -> Json:
        """INTERACTION_CREATE, as the gateway sends it."""
        guild, app = self.channel.guild, str(self.world.application_id)
        may = guild.permissions_of(self.user) if guild else EVERYTHING & ~ADMINISTRATOR
        owners = {"0": str(guild.id) if guild else "0"}
        event: Json = {
            "id": str(self.id),
            "application_id": app,
            "type": self.kind,
            "token": self.token,
            "version": 1,
            "data": self.data,
            "channel_id": str(self.channel.id),
            "channel": {**self.channel.json, "permissions": str(may)},
            "app_permissions": str(self.channel.bot_may),
            "locale": "en-US",
            "entitlements": [],
            "authorizing_integration_owners": owners,
            "context": 0 if guild else 1,
            "attachment_size_limit": (guild and guild.announced_bytes) or self.channel.attachment_bytes,
        }
        if guild is None:
            event["user"] = self.user.json
        else:
            event["guild_id"] = str(guild.id)
            event["guild"] = {"id": str(guild.id), "locale": "en-US", "features": []}
            event["guild_locale"] = "en-US"
            event["member"] = guild.member(self.user, may)
        if self.source is not None:
            event["message"] = self.source.json
        return event


class Desk:
    """Takes the bot's answers to interactions."""

    def __init__(self, world: World, cdn: Cdn) -> None:
        self.world = world
        self.cdn = cdn

    def find(self, interaction_id: int, token: str) -> Interaction:
        """The interaction of a callback."""
        interaction = self.world.interactions.get(token)
        if interaction is None or interaction.id != interaction_id:
            raise refused(10062)
        return interaction

    def acknowledge(self, interaction: Interaction, body: Body) -> Json:
        """The first answer. Returns what `with_response` shows; a refused form leaves the interaction open."""
        age = self.world.clock.now() - interaction.created_at
        if interaction.response is not None:
            raise refused(40060)
        if age > self.world.settings.acknowledge_seconds:
            raise refused(10062)
        kind, data = self._checked(interaction, body)
        if kind in (REPLY, DEFER):
            interaction.original = self._new(interaction, data, loading=kind == DEFER)
        elif kind in (DEFER_UPDATE, UPDATE):
            interaction.original = interaction.source
            if kind == UPDATE and interaction.source is not None:
                interaction.source.write(data, self.cdn)
        elif kind == SUGGEST:
            interaction.choices = [Choice(one["name"], one["value"]) for one in data.fields.get("choices", [])]
        else:
            interaction.modal = data.fields
        interaction.response = kind
        interaction.acknowledged_after = age
        self.world.bell.ring()
        return self._told(interaction)

    def webhook(self, application_id: int, token: str) -> Interaction:
        """The interaction whose token allows further messages."""
        interaction = self.world.interactions.get(token)
        if interaction is None:
            raise refused(50027)
        age = self.world.clock.now() - interaction.created_at
        if interaction.expired or age > self.world.settings.token_seconds:
            raise refused(50027)
        if application_id != self.world.application_id or interaction.response is None:
            raise refused(10015)
        return interaction

    def follow_up(self, interaction: Interaction, body: Body) -> Message:
        """A further message; the first one after a deferral fills the deferred message, where that is still there."""
        check_message(body, allowed=FIELDS_OF_A_WEBHOOK, channel=interaction.channel)
        original = interaction.original
        if interaction.response == DEFER and original and original.loading and not original.deleted:
            original.write(body, self.cdn)
            return original
        message = self._new(interaction, body, loading=False)
        interaction.followups.append(message)
        self.world.bell.ring()
        return message

    def answer(self, interaction: Interaction, which: str) -> Message:
        """One of the interaction's messages: `@original` or an id."""
        mine = [one for one in (interaction.original, *interaction.followups) if one is not None and not one.deleted]
        if which == "@original":
            mine = [one for one in mine if one is interaction.original]
        else:
            mine = [one for one in mine if str(one.id) == which]
        if not mine:
            raise refused(10008)
        return mine[0]

    def edit(self, interaction: Interaction, which: str, body: Body) -> Message:
        """Changes one of the interaction's messages."""
        message = self.answer(interaction, which)
        check_message(body, allowed=FIELDS_OF_A_WEBHOOK, channel=interaction.channel, message=message)
        message.write(body, self.cdn)
        return message

    def _checked(self, interaction: Interaction, body: Body) -> tuple[int, Body]:
        form = Form()
        form.known("", body.fields, {"type", "data"})
        kind = body.fields.get("type")
        has_source = interaction.source is not None and interaction.kind in (COMPONENT, SUBMIT)
        allowed = {AUTOCOMPLETE: {SUGGEST}, SUBMIT: {REPLY, DEFER}}.get(interaction.kind, {REPLY, DEFER, POP_UP})
        form.among("type", kind, allowed | ({DEFER_UPDATE, UPDATE} if has_source else set()))
        form.settle()
        assert isinstance(kind, int)
        data = Body(body.fields.get("data") or {}, body.files)
        if kind in (REPLY, UPDATE):
            changed = interaction.source if kind == UPDATE else None
            check_message(data, allowed=FIELDS, channel=interaction.channel, message=changed, path="data")
        elif kind in (DEFER, DEFER_UPDATE):
            form.known("data", data.fields, {"flags", "tts"})
        elif kind == SUGGEST:
            form.known("data", data.fields, {"choices"})
            check_choices(form, "data.choices", data.fields.get("choices", []), _focused_kind(interaction.data))
        else:
            check_modal(form, "data", data.fields)
        form.settle()
        return kind, data

    def _new(self, interaction: Interaction, body: Body, *, loading: bool) -> Message:
        flags = (body.fields.get("flags") or 0) & EPHEMERAL | (LOADING if loading else 0)
        message = Message(
            self.world.new_id(),
            interaction.channel,
            self.world.bot,
            self.world.clock.now(),
            flags=flags,
            seen_by=interaction.user if flags & EPHEMERAL else None,
            interaction=interaction,
        )
        interaction.channel.history.append(message)
        if not loading:
            message.write(body, self.cdn)
        return message

    def _told(self, interaction: Interaction) -> Json:
        told: Json = {"id": str(interaction.id), "type": interaction.kind}
        resource: Json = {"type": interaction.response}
        if interaction.original is not None:
            told["response_message_id"] = str(interaction.original.id)
            told["response_message_loading"] = interaction.original.loading
            told["response_message_ephemeral"] = interaction.original.ephemeral
            if interaction.response in (REPLY, DEFER, UPDATE):
                resource["message"] = interaction.original.json
        shows_more = interaction.response not in (SUGGEST, POP_UP)
        return {"interaction": told, "resource": resource} if shows_more else {"interaction": told}


def _focused_kind(data: Json) -> int:
    pending = list(data.get("options", []))
    while pending:
        option = pending.pop()
        if option.get("focused"):
            return int(option["type"])
        pending += option.get("options", [])
    raise AssertionError("an autocomplete has an option that the user is typing in")
