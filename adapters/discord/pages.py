"""Galleries and histories, a page at a time, with buttons that turn them and survive a restart."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence
from typing import Any, assert_never

import discord

from adapters.application.galleries import page_numbered, sheet_of
from adapters.application.history import Entry, KeptEntry, RefusedEntry, ReleasedEntry, history_of, prompt_of
from adapters.application.market import marks_of
from adapters.application.storage import Storage
from adapters.discord.bot import AbbyBot
from adapters.discord.embeds import HistoryRow, Page, gallery_embed, history_embed, message_embed
from adapters.discord.lasting_items import OwnItem
from adapters.discord.messages import message_for_refusal
from adapters.discord.replies import NOT_TAKEN, Content, SentFile, Spare
from adapters.wording.releases import became
from adapters.wording.settlements import sentence_of_settlement
from domain.refusals import Refusal

GALLERY_ROWS = 9
"""Pictures a page, three beside each other."""
HISTORY_ROWS = 10
EVERYTHING = "all"
REFUSED = {
    "DAILY_LIMIT": "refused: daily limit reached",
    "WINDOW_LIMIT": "refused: a limit was reached",
    "USER_STORAGE": "refused: your storage was full",
    "POOL_STORAGE": "refused: server storage was full",
}


async def gallery_page(bot: AbbyBot, user: str, kind: str, number: int) -> Content:
    """A page of a user's images, with small copies of them on one sheet; `kind` is an operation, or EVERYTHING."""
    operation = None if kind == EVERYTHING else kind
    found = page_numbered(bot.store, user, operation, number=number, size=GALLERY_ROWS)
    page, rows = Page(found.number, found.pages, found.total), found.images
    names = [row.name for row in rows]
    sheet = await bot.workers.run(user, lambda: sheet_of(bot.store, user, names)) if rows else None
    if isinstance(sheet, Refusal):
        return Content([message_embed(message_for_refusal(sheet))])
    files = [SentFile("gallery.webp", sheet)] if sheet else []
    marks = await bot.store.workers.reading.run(marks_of, bot.store, user, names)
    embed = gallery_embed(page, rows, files[0].name if files else None, marks)
    return Content([embed], files, _turning("gallery", kind, user, page), stands_alone=True)


async def history_page(bot: AbbyBot, user: str, number: int) -> Content:
    """A page of what a user asked for, and what became of it."""

    def read() -> tuple[Page, list[HistoryRow]]:
        page, shown = _cut(history_of(bot.store, user), number, HISTORY_ROWS)
        rows = [_row(bot.store, user, entry) for entry in shown]
        return page, [row._replace(settlement=told) for row, told in zip(rows, _settlements(shown), strict=True)]

    found = await bot.workers.run(user, read)
    if isinstance(found, Refusal):
        return Content([message_embed(message_for_refusal(found))])
    page, rows = found
    return Content([history_embed(page, rows)], (), _turning("history", EVERYTHING, user, page))


class PageButton(
    OwnItem,
    template=r"abby:(?P<what>gallery|history):(?P<kind>[a-z_]{1,20}):(?P<owner>[a-z0-9_-]{1,64}):(?P<page>[0-9]{1,5})",
):
    """Turns to another page."""

    def __init__(self, button: discord.ui.Item[Any], match: re.Match[str]) -> None:
        super().__init__(button, match)
        self.what, self.kind, self.number = match["what"], match["kind"], int(match["page"])

    @property
    def paced_as(self) -> str:
        """As the command that showed the first page."""
        return self.what

    async def contents(self, interaction: discord.Interaction[Any]) -> AsyncGenerator[tuple[Content, Spare]]:
        """The other page."""
        if self.what == "gallery":
            yield await gallery_page(interaction.client, self.owner, self.kind, self.number), NOT_TAKEN
        else:
            yield await history_page(interaction.client, self.owner, self.number), NOT_TAKEN


def _cut(entries: Sequence[Any], number: int, size: int) -> tuple[Page, list[Any]]:
    """The page of that number, or the last one there is."""
    pages = max(1, -(-len(entries) // size))
    number = min(max(1, number), pages)
    return Page(number, pages, len(entries)), list(entries[(number - 1) * size : number * size])


def _turning(what: str, kind: str, user: str, page: Page) -> discord.ui.View | None:
    if page.pages == 1:
        return None
    view = discord.ui.View(timeout=None)
    for label, emoji, number in (("Newer", "◀️", page.page - 1), ("Older", "▶️", page.page + 1)):
        view.add_item(
            discord.ui.Button(
                label=label,
                emoji=emoji,
                custom_id=f"abby:{what}:{kind}:{user}:{number}",
                disabled=not 1 <= number <= page.pages,
            )
        )
    view.stop()
    return view


def outcome_of(entry: ReleasedEntry) -> str:
    """What became of places that were released, and whether they counted."""
    return became(entry.reason, entry.counted)


def _settlements(entries: Sequence[Entry]) -> list[str]:
    """The settlement line of each generation, at the first entry that tells of it; else nothing."""
    lines, told = [], set()
    for entry in entries:
        found = None if isinstance(entry, RefusedEntry) else entry.settlement
        is_new = found is not None and found.reservation not in told
        lines.append(sentence_of_settlement(found) if found is not None and is_new else "")
        told |= {found.reservation} if found is not None else set()
    return lines


def _row(storage: Storage, user: str, entry: Entry) -> HistoryRow:
    """For a worker: the words of a picture are read from its details."""
    match entry:
        case KeptEntry():
            outcome = entry.name if entry.stands else f"{entry.name}, deleted since"
            return HistoryRow(entry.at, entry.operation, prompt_of(storage, user, entry), outcome)
        case ReleasedEntry():
            return HistoryRow(entry.at, entry.operation, "", outcome_of(entry))
        case RefusedEntry():
            return HistoryRow(entry.at, "", "", REFUSED.get(entry.record.reason, "refused"))
    assert_never(entry)
