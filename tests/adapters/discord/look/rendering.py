"""A session of the fake Discord as one HTML file that looks like Discord's client and needs nothing from elsewhere.

Each message is shown as it stands at the end; deleted ones are left out. Whatever the bot sent is shown as text, never
as HTML. A component that this page cannot draw is an error, not a gap.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from tests.adapters.discord.fake.component_rules import BUTTON, LINK, SELECTS
from tests.adapters.discord.fake.refusals import Json
from tests.adapters.discord.look.markup import clock_time, html_of

STYLE = Path(__file__).with_name("discord.css")
BUTTON_LOOKS = {1: "primary", 2: "secondary", 3: "success", 4: "danger", LINK: "link"}
ROW = 1
ABBYS_FACE = (
    "<svg class='face' viewBox='0 0 40 40' role='img' aria-label='Abby'><rect width='40' height='40' rx='20' "
    "fill='#2d3a8c'/><circle cx='29' cy='12' r='5' fill='#ffd166'/>"
    "<path d='M4 33 15 15l7 11 5-7 9 14a20 20 0 0 1-32 0z' fill='#57c4b8'/>"
    "<path d='m15 15 7 11-4 7H4z' fill='#8be0d4'/></svg>"
)
COLOURS_OF_PEOPLE = ("#c2568c", "#3f8f5f", "#b4683a", "#6d5bd0")
PICTURE_KINDS = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


@dataclass(frozen=True)
class Files:
    """The files of one message, by name and by the addresses that its embeds show."""

    folder: Path
    attachments: Sequence[Json]
    paths: Mapping[str, str]

    def picture(self, address: str) -> str:
        """The bytes behind an address of this message, as an address that needs nobody."""
        (one,) = (part for part in self.attachments if part["url"] == address)
        data = base64.b64encode((self.folder / self.paths[one["filename"]]).read_bytes()).decode()
        return f"data:{escape(one['content_type'])};base64,{data}"


def render(session: Path, target: Path) -> Json:
    """Writes the page of the session that `FakeDiscord.dump` wrote to `session`; returns the session."""
    dump: Json = json.loads(session.read_text(encoding="utf-8"))
    channels = [one for one in dump["channels"] if one["messages"]]
    guild = next(one["guild"] for one in channels if one["guild"])
    rooms = "".join(_room(channel, session.parent) for channel in channels)
    names = "".join(f"<li>{escape(channel['name'])}</li>" for channel in channels)
    target.write_text(
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        f"<meta http-equiv='Content-Security-Policy' content=\"{POLICY}\">"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{escape(guild)}</title><style>{STYLE.read_text(encoding='utf-8')}</style></head>"
        f"<body><nav class='guilds' aria-label='Servers'><b>{escape(guild[0])}</b></nav>"
        f"<nav class='channels' aria-label='Channels'><h1>{escape(guild)}</h1><h2>Text channels</h2>"
        f"<ul>{names}</ul></nav><main>{rooms}</main></body></html>",
        encoding="utf-8",
    )
    return dump


def _room(channel: Json, folder: Path) -> str:
    messages = "".join(_message(message, folder) for message in channel["messages"] if not message["deleted"])
    return f"<section><header>{escape(channel['name'])}</header>{messages}</section>"


def _message(message: Json, folder: Path) -> str:
    looks: Json = message["history"][-1] if message["history"] else {}
    created = datetime.fromtimestamp(message["created_at"], UTC)
    now = datetime.fromtimestamp(looks["at"], UTC) if looks else created
    files = Files(folder, looks.get("attachments", []), message["files"])
    parts = "".join(
        [
            f"<p class='thinking'>{escape(message['author'])} is thinking…</p>" if message["loading"] else "",
            html_of(looks["content"], now) if looks.get("content") else "",
            *(_embed(embed, now, files) for embed in looks.get("embeds", [])),
            *_left_over(looks, files),
            *(_row(row) for row in looks.get("components", [])),
            "<p class='private'>Only you can see this</p>" if message["ephemeral"] else "",
        ]
    )
    tag = "<span class='app'>APP</span>" if message["is_bot"] else ""
    face = ABBYS_FACE if message["is_bot"] else _face(message["author"])
    kind = "message private" if message["ephemeral"] else "message"
    return (
        f"<article class='{kind}'>{_asked(message)}{face}<div class='body'>"
        f"<h3>{escape(message['author'])}{tag}<time>{clock_time(created)}</time></h3>{parts}</div></article>"
    )


def _asked(message: Json) -> str:
    if not message["command"]:
        return ""
    name = message["asked_by"]
    used = f"<b>{escape(name)}</b> used <span class='command'>{escape(message['command'])}</span>"
    return f"<p class='asked'>{_face(name)}<span>{used}</span></p>"


def _face(name: str) -> str:
    colour = COLOURS_OF_PEOPLE[sum(map(ord, name)) % len(COLOURS_OF_PEOPLE)]
    return f"<span class='face' style='background:{colour}' aria-hidden='true'>{escape(name[:1].upper())}</span>"


def _embed(embed: Json, now: datetime, files: Files) -> str:
    fields = "".join(
        f"<div{' class=inline' if field.get('inline') else ''}><h5>{escape(field['name'])}</h5>"
        f"{html_of(field['value'], now)}</div>"
        for field in embed.get("fields", [])
    )
    image = f"<img alt='' src='{files.picture(embed['image']['url'])}'>" if embed.get("image") else ""
    parts = [
        f"<h4>{escape(embed['title'])}</h4>" if embed.get("title") else "",
        f"<div class='words'>{html_of(embed['description'], now)}</div>" if embed.get("description") else "",
        f"<div class='fields'>{fields}</div>" if fields else "",
        image,
        f"<footer>{escape(embed['footer']['text'])}</footer>" if embed.get("footer") else "",
    ]
    colour = f"#{embed.get('color') or 0x4E5058:06x}"
    return f"<div class='embed' style='border-color:{colour}'>{''.join(parts)}</div>"


def _left_over(looks: Json, files: Files) -> Iterator[str]:
    """The files that no embed shows: pictures as such, others by name and size."""
    shown = {embed["image"]["url"] for embed in looks.get("embeds", []) if embed.get("image")}
    for part in looks.get("attachments", []):
        if part["url"] in shown:
            continue
        if part["content_type"] in PICTURE_KINDS:
            yield f"<img class='attached' alt='{escape(part['filename'])}' src='{files.picture(part['url'])}'>"
        else:
            size = f"{part['size'] / 1024:.1f} KB"
            yield f"<p class='file'><b>{escape(part['filename'])}</b><small>{size}</small></p>"


def _row(row: Json) -> str:
    if row["type"] != ROW:
        raise ValueError(f"a component of type {row['type']} stands where this page knows rows of buttons alone")
    return f"<div class='row'>{''.join(map(_component, row['components']))}</div>"


def _component(part: Json) -> str:
    disabled = " disabled" if part.get("disabled") else ""
    if part["type"] in SELECTS:
        words = escape(part.get("placeholder") or "Make a selection")
        return f"<button class='select'{disabled}>{words}<span aria-hidden='true'>⌄</span></button>"
    if part["type"] != BUTTON:
        raise ValueError(f"this page cannot draw a component of type {part['type']}")
    emoji = escape((part.get("emoji") or {}).get("name") or "")
    label = escape(part.get("label") or "")
    drawn = f"<i>{emoji}</i>" if emoji else ""
    return f"<button class='{BUTTON_LOOKS[part['style']]}'{disabled}>{drawn}{label}</button>"
