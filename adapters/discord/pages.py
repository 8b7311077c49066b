"""Galleries and histories, a page at a time, with buttons that turn them and survive a restart."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import discord
from PIL import Image

from adapters.application.reading import events_of, image_details, image_path, kept_image, newest_images
from adapters.application.results import GalleryImage
from adapters.discord.bot import AbbyBot
from adapters.discord.embeds import HistoryRow, Page, gallery_embed, history_embed
from adapters.discord.lasting_items import OwnItem
from adapters.discord.replies import Content, SentFile
from adapters.images.shaping import DamagedPicture, decoded, flattened
from domain.events import Event, GenerationReleased, GenerationReserved, ImageSaved, RequestRefused
from domain.names import name_key

GALLERY_ROWS = 9
"""Pictures a page, three beside each other."""
SHEET_COLUMNS = 3
THUMBNAIL_SIDE = 320
MOST_IMAGES = 10_000
HISTORY_ROWS = 10
HISTORY_EVENTS = 1_000
"""So many of a user's newest events make the history."""
EVERYTHING = "all"
NOT_MADE = {
    "failed": "failed; nothing was counted",
    "rejected": "refused by the image service; nothing was counted",
    "moderated": "made and filtered",
    "not_kept": "made; there was no room to keep it",
    "expired": "took too long; nothing was counted",
    "cancelled": "stopped; nothing was counted",
    "unknown": "its answer was lost; nothing was counted",
}
"""What became of a place that was released, by the reason."""
REFUSED = {
    "DAILY_LIMIT": "refused: daily limit reached",
    "USER_STORAGE": "refused: your storage was full",
    "POOL_STORAGE": "refused: server storage was full",
}


async def gallery_page(bot: AbbyBot, user: str, kind: str, number: int) -> Content:
    """A page of a user's images, with small copies of them on one sheet; `kind` is an operation, or EVERYTHING."""
    images = newest_images(bot.store, user, limit=MOST_IMAGES)
    images = [image for image in images if kind in {EVERYTHING, image.operation}]
    page, rows = _cut(images, number, GALLERY_ROWS)
    paths = [image_path(bot.store, user, row.name) for row in rows]
    sheet = await asyncio.to_thread(_sheet, paths) if rows else None
    files = [SentFile("gallery.webp", sheet)] if sheet else []
    embed = gallery_embed(page, rows, files[0].name if files else None)
    return Content([embed], files, _turning("gallery", kind, user, page))


async def history_page(bot: AbbyBot, user: str, number: int) -> Content:
    """A page of what a user asked for, and what became of it."""
    events = await asyncio.to_thread(events_of, bot.store, user, HISTORY_EVENTS)
    page, shown = _cut(_told(events), number, HISTORY_ROWS)
    operations = {event.reservation: event.operation for event in events if isinstance(event, GenerationReserved)}
    rows = await asyncio.to_thread(lambda: [_row(bot, event, operations) for event in shown])
    return Content([history_embed(page, rows)], (), _turning("history", EVERYTHING, user, page))


class PageButton(
    OwnItem,
    template=r"abby:(?P<what>gallery|history):(?P<kind>[a-z_]{1,20}):(?P<owner>[a-z0-9_-]{1,64}):(?P<page>[0-9]{1,5})",
):
    """Turns to another page."""

    def __init__(self, button: discord.ui.Item[Any], match: re.Match[str]) -> None:
        super().__init__(button, match)
        self.what, self.kind, self.number = match["what"], match["kind"], int(match["page"])

    async def content(self, interaction: discord.Interaction[Any]) -> Content:
        """The other page."""
        if self.what == "gallery":
            return await gallery_page(interaction.client, self.owner, self.kind, self.number)
        return await history_page(interaction.client, self.owner, self.number)


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


def _sheet(paths: Sequence[Path | None]) -> bytes | None:
    """Small copies side by side, as one WEBP; what cannot be read stays empty. For a worker."""
    rows = -(-len(paths) // SHEET_COLUMNS)
    columns = min(SHEET_COLUMNS, len(paths))
    sheet = Image.new("RGB", (columns * THUMBNAIL_SIDE, rows * THUMBNAIL_SIDE), "#2b2d31")
    found = False
    for index, path in enumerate(paths):
        try:
            picture = flattened(decoded(path.read_bytes())) if path else None
        except (OSError, DamagedPicture):
            picture = None
        if picture is None:
            continue
        found = True
        picture.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
        row, column = divmod(index, SHEET_COLUMNS)
        left = column * THUMBNAIL_SIDE + (THUMBNAIL_SIDE - picture.width) // 2
        sheet.paste(picture, (left, row * THUMBNAIL_SIDE + (THUMBNAIL_SIDE - picture.height) // 2))
    buffer = io.BytesIO()
    sheet.save(buffer, "WEBP", quality=80)
    return buffer.getvalue() if found else None


def _told(events: Sequence[Event]) -> list[Event]:
    """The events that a history tells, newest first."""
    told = (ImageSaved, GenerationReleased, RequestRefused)
    return [
        event
        for event in reversed(events)
        if isinstance(event, told) and not (isinstance(event, ImageSaved) and event.temp)
    ]


def _row(bot: AbbyBot, event: Event, operations: dict[str, str]) -> HistoryRow:
    """For a worker: the words of a picture are read from its details."""
    match event:
        case ImageSaved():
            image: GalleryImage | None = kept_image(bot.store, event.user, event.name)
            stands = image is not None and name_key(image.name) == name_key(event.name) and image.at == event.at
            details = (image_details(bot.store, event.user, event.name) or {}) if stands else {}
            outcome = event.name if stands else f"{event.name}, deleted since"
            return HistoryRow(event.at, event.operation, str(details.get("prompt", "")), outcome)
        case GenerationReleased():
            operation = operations.get(event.reservation, "")
            return HistoryRow(event.at, operation, "", NOT_MADE.get(event.reason, event.reason))
        case RequestRefused():
            return HistoryRow(event.at, "", "", REFUSED.get(event.reason, "refused"))
    raise AssertionError(f"a history tells nothing of {type(event).__name__}")
