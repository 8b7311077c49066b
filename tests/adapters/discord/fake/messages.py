"""Messages: what is accepted as one, how an edit changes it, and how it looks to users, with its history.

Fields that Discord does not know are refused here, where the service ignores most of them: a field that does nothing is
a mistake of the bot.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.adapters.discord.fake.cdn import Attachment, Cdn
from tests.adapters.discord.fake.component_rules import BUTTON, SELECTS, check_components, check_layout, walk
from tests.adapters.discord.fake.embed_rules import check_embeds
from tests.adapters.discord.fake.refusals import Form, Json, refused
from tests.adapters.discord.fake.world import Channel, Upload, User

if TYPE_CHECKING:
    from tests.adapters.discord.fake.interactions import Interaction

EPHEMERAL, LOADING, LAYOUT = 1 << 6, 1 << 7, 1 << 15
FLAGS_TO_SEND = 1 << 2 | EPHEMERAL | 1 << 12 | LAYOUT
CONTENT_LENGTH = 2_000
NONCE_LENGTH, NONCE_SECONDS = 25, 300.0
MOST_ATTACHMENTS = 10
MOST_MENTIONS = 100
FIELDS = frozenset(["content", "embeds", "components", "attachments", "allowed_mentions", "flags", "tts", "poll"])
FIELDS_OF_A_WEBHOOK = FIELDS | {"username", "avatar_url", "thread_name", "applied_tags"}
FIELDS_OF_A_CHANNEL = FIELDS | {"nonce", "enforce_nonce", "message_reference", "sticker_ids"}
ATTACHMENT_FIELDS = frozenset(
    [
        "id",
        "filename",
        "description",
        "title",
        "size",
        "url",
        "proxy_url",
        "height",
        "width",
        "content_type",
        "spoiler",
        "ephemeral",
        "flags",
    ]
)
FORWARD = 1
"""The type of a reference to a message that is passed on."""
ATTACHED = "attachment://"
PICTURE_NAMES = (".png", ".jpg", ".jpeg", ".webp", ".gif")
MENTION = re.compile(r"<@!?(\d+)>|@(everyone|here)")


@dataclass(frozen=True)
class Body:
    """What came with a request: the JSON, and the files by their number."""

    fields: Json
    files: Mapping[int, Upload] = field(default_factory=dict)


@dataclass(frozen=True)
class Version:
    """How a message looked from one moment on."""

    at: float
    looks: Json


@dataclass(eq=False)
class Message:
    """A message as it stands. `history` has each of its versions; `seen_by` is the one user of an ephemeral message,
    `forwarded` the message that this one passes on.
    """

    id: int
    channel: Channel
    author: User
    created_at: float
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    flags: int = 0
    allowed_mentions: Json | None = None
    edited_at: float | None = None
    deleted: bool = False
    seen_by: User | None = None
    interaction: Interaction | None = None
    forwarded: Message | None = None
    nonce: str | None = None
    history: list[Version] = field(default_factory=list)

    @property
    def ephemeral(self) -> bool:
        """Only the user of the interaction sees it."""
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        """It says so far that the bot is thinking."""
        return bool(self.flags & LOADING)

    @property
    def text(self) -> str:
        """All words of it: content, embeds and text displays, a line each."""
        lines = [self.content]
        for embed in self.embeds:
            lines += [embed.get("author", {}).get("name", ""), embed.get("title", ""), embed.get("description", "")]
            lines += [f"{part['name']}: {part['value']}" for part in embed.get("fields", [])]
            lines.append(embed.get("footer", {}).get("text", ""))
        lines += [str(part.get("content", "")) for part in walk(self.components)]
        return "\n".join(line for line in lines if line)

    @property
    def buttons(self) -> list[str]:
        """The words on its buttons that can be pressed."""
        parts = [part for part in walk(self.components) if part["type"] == BUTTON and not part.get("disabled")]
        return [part.get("label") or part.get("emoji", {}).get("name", "") for part in parts]

    @property
    def pings(self) -> list[str]:
        """Whom the content rings up: `everyone`, `here`, and ids of users. Embeds ring nobody up."""
        found = [user or word for user, word in MENTION.findall(self.content)]
        if self.allowed_mentions is None:
            return found
        kinds, users = self.allowed_mentions.get("parse", []), self.allowed_mentions.get("users", [])
        return [
            one for one in found
            if ("everyone" in kinds if one in {"everyone", "here"} else "users" in kinds or one in map(str, users))
        ]  # fmt: skip

    def component(self, wanted: str) -> Json:
        """The button or select with these words on it, or this custom id, or the only one of this emoji."""
        parts = [part for part in walk(self.components) if part["type"] in (BUTTON, *SELECTS)]
        for part in parts:
            names = (
                part.get("custom_id"),
                part.get("label"),
                part.get("placeholder"),
                part.get("emoji", {}).get("name"),
            )
            if wanted in names:
                return part
        raise AssertionError(f"no {wanted!r} on the message; there are {self.buttons}: {self.text}")

    def looks(self) -> Json:
        """How a client shows it: with the addresses of attached files where embeds and layouts show them."""
        addresses = {f"attachment://{attachment.name}": attachment.url for attachment in self.attachments}
        return {
            "content": self.content,
            "embeds": [{"type": "rich", **_resolved(embed, addresses)} for embed in self.embeds],
            "components": _resolved(self.components, addresses),
            "attachments": [attachment.json for attachment in self.attachments],
            "flags": self.flags,
        }

    @property
    def json(self) -> Json:
        """As Discord sends it. Files that an embed shows are no attachments of the message there."""
        json: Json = {
            **self.looks(),
            "id": str(self.id),
            "type": 20 if self.interaction is not None else 0,
            "channel_id": str(self.channel.id),
            "author": self.author.json,
            "attachments": [part.json for part in self.attachments if part.name not in self._shown],
            "timestamp": _written(self.created_at),
            "edited_timestamp": None if self.edited_at is None else _written(self.edited_at),
            "tts": False,
            "mention_everyone": bool({"everyone", "here"} & set(self.pings)),
            "mentions": [],
            "mention_roles": [],
            "pinned": False,
            "application_id": str(self.author.id),
        }
        return json | self._of_forwarded

    @property
    def _of_forwarded(self) -> Json:
        """A copy of what was passed on, as Discord sends it with such a message."""
        if self.forwarded is None:
            return {}
        names = ("type", "content", "embeds", "components", "attachments", "flags", "timestamp", "edited_timestamp")
        copied = {name: value for name, value in self.forwarded.json.items() if name in names}
        reference = {
            "type": FORWARD,
            "message_id": str(self.forwarded.id),
            "channel_id": str(self.forwarded.channel.id),
        }
        return {"message_reference": reference, "message_snapshots": [{"message": copied}]}

    def write(self, body: Body, cdn: Cdn) -> None:
        """Creates or edits: fields that are given replace, new files come to those that stay."""
        fields = body.fields
        self.content = (fields["content"] or "") if "content" in fields else self.content
        self.embeds = deepcopy(fields["embeds"] or []) if "embeds" in fields else self.embeds
        self.components = deepcopy(fields["components"] or []) if "components" in fields else self.components
        self.allowed_mentions = fields.get("allowed_mentions", self.allowed_mentions)
        self.flags = self.flags & ~LOADING | (fields.get("flags") or 0) & FLAGS_TO_SEND & ~EPHEMERAL
        self._attach(body, cdn)
        self._record()

    def delete(self) -> None:
        """It is gone for everybody."""
        self.deleted = True
        self.channel.world.bell.ring()

    def _attach(self, body: Body, cdn: Cdn) -> None:
        given = body.fields.get("attachments")
        listed = {str(part["id"]): part for part in given or []}
        if "attachments" in body.fields:
            self.attachments = [one for one in self.attachments if str(one.id) in listed]
        for number, upload in body.files.items():
            description = listed.get(str(number), {}).get("description")
            self.attachments.append(cdn.keep(upload, self.channel.id, description=description))
        names = {attachment.name for attachment in self.attachments}
        for name in self._shown - names:
            self.channel.world.complain(f"attachment://{name} is shown, but the message does not carry it")
        for embed in self.embeds:
            for name in set(_references(embed)) & names:
                if not name.lower().endswith(PICTURE_NAMES):
                    self.channel.world.complain(f"an embed shows {name}, but only files named {PICTURE_NAMES}")

    def _record(self) -> None:
        now = self.channel.world.clock.now()
        if self.history:
            self.edited_at = now
        self.history.append(Version(now, self.looks()))
        self.channel.world.bell.ring()

    @property
    def _shown(self) -> set[str]:
        return set(_references([*self.embeds, *self.components]))


def check_message(
    body: Body, *, allowed: frozenset[str], channel: Channel, message: Message | None = None, path: str = ""
) -> None:
    """Refuses what Discord would: a new message, or with `message` an edit of it. Sizes come first, then the form."""
    if any(len(upload.data) > channel.attachment_bytes for upload in body.files.values()):
        raise refused(40005)
    form, fields = Form(), body.fields
    prefix = f"{path}." if path else ""
    form.known(path, fields, allowed)
    if fields.get("content"):
        form.text(f"{prefix}content", fields["content"], CONTENT_LENGTH)
    flags = (fields.get("flags") or 0) | (message.flags & LAYOUT if message else 0)
    if (fields.get("flags") or 0) & ~(FLAGS_TO_SEND | LOADING):
        form.wrong(f"{prefix}flags", "BASE_TYPE_CHOICES", "Only some flags may be set by a bot.")
    if fields.get("nonce") is not None:
        form.text(f"{prefix}nonce", fields["nonce"], NONCE_LENGTH)
    check_embeds(form, f"{prefix}embeds", fields.get("embeds") or [])
    if flags & LAYOUT:
        check_layout(form, f"{prefix}components", fields.get("components") or [])
        if fields.get("content") or fields.get("embeds"):
            form.wrong(f"{prefix}content", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", "Not with a layout.")
    else:
        check_components(form, f"{prefix}components", fields.get("components") or [])
    _check_mentions(form, f"{prefix}allowed_mentions", fields.get("allowed_mentions") or {})
    _check_attachments(form, f"{prefix}attachments", body, message)
    form.settle()
    if _would_be_empty(body, message):
        raise refused(50006)


def _check_mentions(form: Form, path: str, mentions: Json) -> None:
    form.known(path, mentions, {"parse", "users", "roles", "replied_user"})
    for kind in mentions.get("parse", []):
        form.among(f"{path}.parse", kind, ("users", "roles", "everyone"))
    for kind in ("users", "roles"):
        form.count(f"{path}.{kind}", mentions.get(kind, []), MOST_MENTIONS)
        if kind in mentions.get("parse", []) and mentions.get(kind):
            form.wrong(
                path, "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", f"{kind} by name and by list exclude each other."
            )


def _check_attachments(form: Form, path: str, body: Body, message: Message | None) -> None:
    listed = body.fields.get("attachments")
    there = {str(attachment.id) for attachment in message.attachments} if message else set()
    for number, part in enumerate(listed or []):
        form.known(f"{path}.{number}", part, ATTACHMENT_FIELDS)
        if str(part.get("id")) not in there | set(map(str, body.files)):
            form.wrong(f"{path}.{number}.id", "MESSAGE_ATTACHMENT_NOT_FOUND", "No such file came with the request.")
        if part.get("description"):
            form.text(f"{path}.{number}.description", part["description"], 1_024)
    staying = len(there) if listed is None else len({str(part.get("id")) for part in listed} & there)
    if staying + len(body.files) > MOST_ATTACHMENTS:
        form.wrong(path, "BASE_TYPE_MAX_LENGTH", f"Must be {MOST_ATTACHMENTS} or fewer in length.")


def _would_be_empty(body: Body, message: Message | None) -> bool:
    if body.files:
        return False
    names = ("content", "embeds", "components", "attachments")
    return not any(body.fields.get(name, getattr(message, name, None)) for name in names)


def _references(part: Any) -> Iterator[str]:
    """The names of attached files in an embed or a component."""
    if isinstance(part, str) and part.startswith(ATTACHED):
        yield part.removeprefix(ATTACHED)
    elif isinstance(part, dict | list):
        for inner in part.values() if isinstance(part, dict) else part:
            yield from _references(inner)


def _resolved(part: Any, addresses: Mapping[str, str]) -> Any:
    """A copy in which attached files have their addresses."""
    if isinstance(part, dict):
        return {key: _resolved(inner, addresses) for key, inner in part.items()}
    if isinstance(part, list):
        return [_resolved(inner, addresses) for inner in part]
    return addresses.get(part, part) if isinstance(part, str) else part


def _written(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
