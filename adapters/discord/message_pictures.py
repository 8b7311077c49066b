"""Where a message may have a picture: attached, in a gallery or a preview, in what was forwarded.

Answers for the order in which they are tried, likely ones first, by what Discord says of each. Whether something is a
picture is told by its bytes, and those are left to `inputs`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import discord
from discord.components import (
    Component,
    Container,
    FileComponent,
    MediaGalleryComponent,
    SectionComponent,
    ThumbnailComponent,
    UnfurledMediaItem,
)

LIKELY, POSSIBLE, UNREADABLE = range(3)
"""A format that is read; one that is not told; one that is not read."""
READ = frozenset({"png", "apng", "jpg", "jpeg", "jpe", "jfif", "pjpeg", "webp", "gif", "avif"})
"""Endings of names, and what follows `image/`."""
UNREAD = {
    "heic": "HEIC", "heif": "HEIC", "heic-sequence": "HEIC", "heif-sequence": "HEIC", "tif": "TIFF", "tiff": "TIFF",
    "bmp": "BMP", "x-ms-bmp": "BMP", "svg": "SVG", "svg+xml": "SVG", "psd": "PSD", "vnd.adobe.photoshop": "PSD",
    "jxl": "JPEG XL", "jp2": "JPEG 2000", "ico": "ICO", "x-icon": "ICO", "vnd.microsoft.icon": "ICO", "dng": "DNG",
}  # fmt: skip
UNTOLD = frozenset({"", "application/octet-stream", "binary/octet-stream"})
"""Types that say nothing."""


class Found(NamedTuple):
    """Something that may be a picture: an attachment, or addresses of which the first that works will do.

    `format` is the one that it is said to have, where that is not read.
    """

    rank: int
    attachment: discord.Attachment | None = None
    addresses: tuple[str, ...] = ()
    format: str = ""


def pictures_in(message: discord.Message) -> list[Found]:
    """What may be a picture, likely ones first and otherwise in their order."""
    parts: list[discord.Message | discord.MessageSnapshot] = [message, *message.message_snapshots]
    return sorted((found for part in parts for found in _of_part(part)), key=lambda found: found.rank)


def _of_part(part: discord.Message | discord.MessageSnapshot) -> Iterator[Found]:
    for attachment in part.attachments:
        sized = attachment.width is not None
        rank, named = _judged(attachment.content_type, attachment.filename, is_visible=sized)
        if rank is not None:
            yield Found(rank, attachment, format=named)
    for media in _media_of(part.components):
        rank, named = _judged(media.content_type, media.url.partition("?")[0], is_visible=True)
        if rank is not None:
            yield Found(rank, addresses=_addresses(media.proxy_url, media.url), format=named)
    for embed in part.embeds:
        for shown in (embed.image, embed.thumbnail):
            if addresses := _addresses(shown.proxy_url, shown.url):
                yield Found(LIKELY, addresses=addresses)


def _judged(content_type: str | None, name: str, *, is_visible: bool) -> tuple[int | None, str]:
    """How likely it is that this is a picture, None where it is none; and its format, where that is not read."""
    told = (content_type or "").partition(";")[0].strip().lower()
    ending = name.rpartition(".")[2].lower() if "." in name.rpartition("/")[2] else ""
    if told.startswith("image/"):
        ending = told.removeprefix("image/")
        is_visible = True
    elif told not in UNTOLD:
        return None, ""
    if ending in READ:
        return LIKELY, ""
    if ending in UNREAD:
        return UNREADABLE, UNREAD[ending]
    return (POSSIBLE, "") if is_visible or not ending else (None, "")


def _media_of(components: Iterable[Component]) -> Iterator[UnfurledMediaItem]:
    for component in components:
        match component:
            case MediaGalleryComponent():
                yield from (item.media for item in component.items)
            case ThumbnailComponent() | FileComponent():
                yield component.media
            case SectionComponent():
                yield from _media_of([component.accessory])
            case Container():
                yield from _media_of(component.children)


def _addresses(*addresses: str | None) -> tuple[str, ...]:
    """Those that there are: Discord's own copy first, as the original may be anywhere."""
    return tuple(dict.fromkeys(address for address in addresses if address))
