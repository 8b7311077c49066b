"""How the bot's messages look: embeds, each within Discord's limits and without a live mention, whatever goes in.

Left to others: the words (`words`), how untrusted text is made harmless (`untrusted_text`), buttons, and sending.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import discord

from adapters.application.results import GalleryImage
from adapters.discord.failures import reason_not_kept
from adapters.discord.limit_words import credits_left, grants_in_words, sources_in_words, title_of, written
from adapters.discord.messages import (
    Figures,
    Message,
    bar,
    colour_of,
    nearly_full,
    quota_line,
    share,
    timestamp,
)
from adapters.discord.untrusted_text import cut, inert, length, plain
from adapters.generation.provider import Operation
from adapters.ports.failures import NotKept
from adapters.reports.digest import Digest
from adapters.reports.digest_words import Todo, advice_in_words, headline, rows, storage, title, went_wrong
from adapters.studio.details import LABELS, applicable
from adapters.wording.figures import size_in_words
from domain.limit_names import USER_STORAGE

TITLE_CHARACTERS = 256
DESCRIPTION_CHARACTERS = 4096
FIELD_NAME_CHARACTERS = 256
FIELD_VALUE_CHARACTERS = 1024
FIELDS = 25
FOOTER_CHARACTERS = 2048
WHOLE_CHARACTERS = 6000
CONTENT_CHARACTERS = 2000

PROMPT_CHARACTERS = 1000
NEGATIVE_PROMPT_CHARACTERS = 400
NOTE_CHARACTERS = 500
FURTHER_NOTE_CHARACTERS = 140
"""Short, as all embeds of a message share the 6000 characters, and there may be nine further pictures."""
NAME_CHARACTERS = 120
ROW_PROMPT_CHARACTERS = 120
SETTLEMENT_CHARACTERS = 260

OPERATIONS: Mapping[str, str] = {
    Operation.TEXT_TO_IMAGE: "🎨 Image Generated",
    Operation.IMAGE_TO_IMAGE: "🖌️ Image Changed",
    Operation.UPSCALE: "🔍 Image Upscaled",
}


_NO_MARKS: Mapping[str, int] = MappingProxyType({})


class Field(NamedTuple):
    """One field; `inline` ones stand beside each other."""

    name: str
    value: str
    inline: bool = False


class Asked(NamedTuple):
    """What a picture was asked for with. `note` says what was done otherwise, `cost` what the whole request cost."""

    operation: str
    prompt: str = ""
    negative_prompt: str = ""
    style: str | None = None
    note: str = ""
    cost: str = ""


class Shown(NamedTuple):
    """One picture beside the message: the attachment's name, and what is known of it. `name` is what it is kept as;
    `not_kept` says why it is not.
    """

    filename: str
    width: int | None = None
    height: int | None = None
    seed: int | None = None
    name: str | None = None
    not_kept: NotKept | None = None


class HistoryRow(NamedTuple):
    """Something a user made: when, what, from which words, and what became of it; `settlement` tells that of its
    generation in full.
    """

    at: str
    operation: str
    prompt: str
    outcome: str
    settlement: str = ""


class Page(NamedTuple):
    """Which page of how many is shown, counted from 1, and how many entries there are on all of them."""

    page: int
    pages: int
    total: int


def message_embed(message: Message) -> discord.Embed:
    """A message as it is."""
    return _embed(message.title, message.text, message.colour)


def quota_embed(status: Figures, name: str) -> discord.Embed:
    """A user's quotas, with the name of the user."""
    user, daily = status["user"], status["daily"]
    held = f" and {user['reserved_mb']}MB held for pictures under way" if user["reserved_mb"] else ""
    storage = f"{user['used_mb']}MB / {user['limit_mb']}MB ({user['percentage']:.1f}%){held}"
    resets_at = daily["resets_at"]
    fields = [
        Field("💾 User Storage", f"{storage}\n{bar(share(user['used_mb'], user['limit_mb']))}"),
        Field("📅 Daily Generations", f"{daily['used']}/{daily['limit']}\n{bar(share(daily['used'], daily['limit']))}"),
        Field("⏰ Next Reset", f"{timestamp(resets_at, 'R')} ({timestamp(resets_at, 't')})"),
        Field("🖼️ Images", str(user["images"])),
        *map(_window_field, status["windows"]),
    ]
    if status["grants"]:
        fields.append(Field("🎁 Beyond The Limits", "\n".join(grants_in_words(status["grants"]))))
    stale = [f"⚠️ {status['stale']}"] if "stale" in status else []
    text = "\n".join([_bold(name), *sources_in_words(status), *_nearly_reached(status), *stale])
    return _embed("📊 Your Storage", text, colour_of(status), fields)


def _nearly_reached(status: Figures) -> list[str]:
    """A line for each limit that people shall hear of; without one of the storage, the hint that it is nearly full."""
    reached = status["reached"]
    hint = None if any(one["limit"] == USER_STORAGE for one in reached) else nearly_full(status)
    return [*(f"📈 {one['sentence']}" for one in reached), *([hint] if hint else [])]


def _window_field(of: Figures) -> Field:
    """A further limit: how much of it is used, and when it begins anew."""
    tried = "" if of["enforced"] else " (only tried out, nobody is refused)"
    taken = of["used"] + of["held"]
    figures = f"{written(taken, of['unit'])}/{written(of['most'], of['unit'])}{tried}\n{bar(share(taken, of['most']))}"
    return Field(title_of(of["limit"]), f"{figures} anew {timestamp(of['resets_at'], 'R')}")


def result_embed(asked: Asked, shown: Shown, status: Figures | None = None) -> discord.Embed:
    """A picture that was made; the quota is left out where `status` is None."""
    lines = [f"**Prompt:** {plain(asked.prompt, PROMPT_CHARACTERS)}"] if asked.prompt.strip() else []
    if asked.negative_prompt.strip():
        lines.append(f"**Without:** {plain(asked.negative_prompt, NEGATIVE_PROMPT_CHARACTERS)}")
    if note := plain(asked.note, NOTE_CHARACTERS):
        lines.append(f"📝 {note}")
    if shown.not_kept is not None:
        lines.append(f"{_not_kept(shown.not_kept, NOTE_CHARACTERS)} Save it from here if you want it.")
    if status is not None and (hint := nearly_full(status)):
        lines.append(hint)
    fields = [Field("Style", plain(asked.style, NAME_CHARACTERS), inline=True)] if asked.style else []
    fields += _fields_of_picture(shown)
    fields += [Field("Cost", plain(asked.cost, NAME_CHARACTERS), inline=True)] if asked.cost else []
    if status is not None:
        fields.append(_short_quota(status))
    colour = discord.Colour.green() if status is None else colour_of(status)
    if shown.not_kept is not None:
        colour = discord.Colour.yellow() if colour == discord.Colour.green() else colour
    title = OPERATIONS.get(asked.operation, "🖼️ Image")
    embed = _embed(title, "\n".join(lines), colour, fields, footer=_kept_as(shown))
    return embed.set_image(url=f"attachment://{shown.filename}")


def _short_quota(status: Figures) -> Field:
    """The seeds' line, and what is left of the credits where they are limited."""
    user, left = status["user"], credits_left(status["windows"])
    lines = [quota_line(status), *([left] if left else []), bar(share(user["used_mb"], user["limit_mb"]))]
    return Field("📊 Your Quota", "\n".join(lines))


def further_embed(shown: Shown, place: int, count: int) -> discord.Embed:
    """A picture beyond the first of one request; the first one's embed says the rest."""
    text = "" if shown.not_kept is None else _not_kept(shown.not_kept, FURTHER_NOTE_CHARACTERS)
    colour = discord.Colour.green() if shown.not_kept is None else discord.Colour.yellow()
    embed = _embed(f"{place} of {count}", text, colour, _fields_of_picture(shown), footer=_kept_as(shown))
    return embed.set_image(url=f"attachment://{shown.filename}")


def gallery_embed(
    page: Page, rows: Sequence[GalleryImage], filename: str | None = None, marks: Mapping[str, int] = _NO_MARKS
) -> discord.Embed:
    """A page of a user's images, newest first; `filename` is that of an attached picture of them. `marks` are how many
    have marked those that anybody has, by their names.
    """
    lines = [
        f"{_bold(row.name)} · {row.width}x{row.height} · {size_in_words(row.size_bytes)} · {timestamp(row.at, 'R')}"
        f"{f' · ❤️ {marks[row.name]:,}' if row.name in marks else ''}"
        for row in rows
    ]
    text = "\n".join(lines) or "There is nothing here yet. `/imagine` makes your first image."
    embed = _embed("🖼️ Your Gallery", text, discord.Colour.blurple(), footer=_page_line(page, "image"))
    return embed.set_image(url=f"attachment://{filename}") if filename else embed


def history_embed(page: Page, rows: Sequence[HistoryRow]) -> discord.Embed:
    """A page of what a user made, newest first."""
    lines = []
    for row in rows:
        lines.append(
            f"{timestamp(row.at, 'R')} · {OPERATIONS.get(row.operation, '🖼️ Image')}: "
            f"{plain(row.prompt, ROW_PROMPT_CHARACTERS) or 'no prompt'} · {plain(row.outcome, NAME_CHARACTERS)}"
        )
        if row.settlement:
            lines.append(f"-# {plain(row.settlement, SETTLEMENT_CHARACTERS)}")
    text = "\n".join(lines) or "There is nothing here yet. `/imagine` makes your first image."
    return _embed("📜 Your History", text, discord.Colour.blurple(), footer=_page_line(page, "entry", "entries"))


def info_embed(name: str, details: Mapping[str, Any] | None, settlement: str = "") -> discord.Embed:
    """How an image was made, as far as that was kept with it, and what its generation counted and cost."""
    generation = [Field("Generation", plain(settlement, NEGATIVE_PROMPT_CHARACTERS))] if settlement else []
    if not details:
        text = f"{_bold(name)}\nHow it was made was not kept with it."
        return _embed("🔎 Image Info", text, discord.Colour.blurple(), generation)
    details = applicable(details)
    prompt = plain(str(details.get("prompt", "")), PROMPT_CHARACTERS)
    text = _bold(name) + (f"\n**Prompt:** {prompt}" if prompt else "")
    fields = [
        Field(label, plain(str(details[key]), NEGATIVE_PROMPT_CHARACTERS), inline=key != "negative_prompt")
        for key, label in LABELS.items()
        if key in details
    ]
    if "width" in details and "height" in details:
        fields.append(Field("Size", plain(f"{details['width']}x{details['height']}", NAME_CHARACTERS), inline=True))
    return _embed("🔎 Image Info", text, discord.Colour.blurple(), fields + generation)


def digest_embed(digest: Digest, names: Mapping[str, str], todo: Todo, filename: str | None = None) -> discord.Embed:
    """A week beside the one before. `names` are those of its users, as far as they are known; `filename` is that of an
    attached picture.
    """
    lines = [f"**{headline(digest)}**"]
    if advised := advice_in_words(digest.advice, todo):
        lines.append(f"💡 {advised}")
    told = () if digest.this.is_empty and digest.former.is_empty else rows(digest)
    fields = [Field(f"{row.icon} {row.name}", f"**{row.this}**\nbefore: {row.former}", inline=True) for row in told]
    if makers := digest.this.makers:
        ranked = (f"{_bold(names.get(one.user, one.user))} · {one.made:,}" for one in makers)
        fields.append(Field("🏆 Made most", "\n".join(ranked), inline=True))
    if wrong := went_wrong(digest.this):
        fields.append(Field("⚠️ Went wrong", wrong.replace(" · ", "\n"), inline=True))
    ahead = digest.forecast
    used = bar(share(ahead.used_bytes, ahead.pool_bytes)) + "\n" if ahead.pool_bytes else ""
    fields.append(Field("📦 Storage of all servers", f"{used}{storage(digest)}"))
    whose = "All servers, direct messages and the page" if digest.guild is None else "This server alone"
    footer = f"{whose} · weeks in UTC · as of position {digest.position:,}"
    embed = _embed(f"📊 {title(digest.week)}", "\n".join(lines), discord.Colour.blurple(), fields, footer=footer)
    return embed.set_image(url=f"attachment://{filename}") if filename else embed


def embed_as_text(embed: discord.Embed) -> str:
    """The same words as an ordinary message, for where no embed may be sent."""
    fields = [f"**{field.name}**: {' · '.join(str(field.value).splitlines())}" for field in embed.fields]
    footer = [f"-# {embed.footer.text}"] if embed.footer.text else []
    lines = [f"**{embed.title}**", embed.description or "", *fields]
    return "\n".join([cut("\n".join(lines), CONTENT_CHARACTERS - length("".join(footer)) - 1), *footer])


def privacy_embed(status: Figures, provider: str, policy_address: str | None = None) -> discord.Embed:
    """What is kept of a user, who else gets it, and how to take it along or erase it. The provider is named."""
    images = status["user"]["images"]
    kept = (
        f"• Your {_counted(images, 'image')} ({status['user']['used_mb']}MB), each with how it was made: "
        "prompt, style, seed.\n"
        "• A record of your generations, deletions and refusals, with your Discord id and the server's. "
        "It holds the style of each, and no prompts.\n"
        "• Your usual style, if you set one.\n"
        "• Your points, gifts and purchases, and which pictures you marked."
    )
    fields = [
        Field("What is kept", kept),
        Field(
            "Who else gets it",
            f"Prompts and input images go to the image service ({plain(provider, NAME_CHARACTERS)}), which makes the "
            "pictures. Nothing is used to train anything here, and no other messages of yours are read.",
        ),
        Field("Take it along or erase it", "The buttons of `/privacy` export all of it, or delete all of it."),
    ]
    if policy_address:
        fields.append(Field("Privacy policy", policy_address))
    return _embed("🔒 Your Data", "", discord.Colour.blurple(), fields)


def _fields_of_picture(shown: Shown) -> list[Field]:
    size = f"{shown.width}x{shown.height}" if shown.width and shown.height else ""
    seed = "" if shown.seed is None else str(shown.seed)
    return [Field(name, value, inline=True) for name, value in (("Size", size), ("Seed", seed)) if value]


def _bold(name: str) -> str:
    return f"**{plain(name, NAME_CHARACTERS) or '?'}**"


def _kept_as(shown: Shown) -> str:
    return f"Kept as {cut(inert(shown.name), NAME_CHARACTERS)}" if shown.name else ""


def _not_kept(why: NotKept, at_most: int) -> str:
    return f"⚠️ not kept: {plain(reason_not_kept(why), at_most)}"


def _counted(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"


def _page_line(page: Page, one: str, many: str = "") -> str:
    return f"Page {page.page} of {max(1, page.pages)} · {_counted(page.total, one, many)}"


def _embed(
    title: str, text: str, colour: discord.Colour, fields: Sequence[Field] = (), *, footer: str = ""
) -> discord.Embed:
    """The embed, each part cut to its limit and to what the parts before it leave of the whole. The text gives way
    first: the footer and the fields are short.
    """
    left = WHOLE_CHARACTERS

    def fitted(part: str, at_most: int) -> str:
        nonlocal left
        shown = cut(inert(part).strip(), min(at_most, left))
        left -= length(shown)
        return shown

    embed = discord.Embed(title=fitted(title, TITLE_CHARACTERS), colour=colour)
    if last := fitted(footer, FOOTER_CHARACTERS):
        embed.set_footer(text=last)
    for field in fields[:FIELDS]:
        name, value = fitted(field.name, FIELD_NAME_CHARACTERS), fitted(field.value, FIELD_VALUE_CHARACTERS)
        if name and value:
            embed.add_field(name=name, value=value, inline=field.inline)
    embed.description = fitted(text, DESCRIPTION_CHARACTERS) or None
    return embed
