"""The menu of a message finds the picture that the message shows, wherever in it that is; the real program does it.

Ranged over are the places where a message may have one. What is at an address is fetched from Discord's hosts, which
lead to loopback here.
"""

from __future__ import annotations

import io
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image

from tests.adapters.discord.bot.stage import command, finished
from tests.adapters.discord.bot.test_pictures import png
from tests.adapters.discord.fake.cdn import BREAKS_OFF, ENDLESS, HANGS
from tests.adapters.discord.fake.messages import Message
from tests.adapters.discord.fake.people import Person
from tests.adapters.discord.fake.server import FakeDiscord
from tests.adapters.discord.fake.world import Upload
from tests.adapters.discord.process import BotProcess
from tests.adapters.discord.test_pictures_by_address import PROGRAM
from tests.adapters.generation.public_internet import PublicInternet, answer

HASTY = """
import adapters.discord.inputs as inputs
inputs.FETCH_SECONDS = 2.5
"""
"""The program, with little patience for all the files of a message together."""
PICTURE = png(4096)
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200)
COPIES = "images-ext-1.discordapp.net"
PROXIED = f"https://{COPIES}/external/h0/https/pictures.example/a.png"
ELSEWHERE = "https://pictures.example/a.png"
FOUND = "The image is as large as one of its shape can be"
"""It was found and looked at, and is refused before a service is asked: making it would only take its time."""
PATIENCE_SECONDS = 90.0
MOST_TAKEN_BYTES = 20 * 1_048_576
"""What may be on its way to who reads 1 MiB of it: far more than that, and far less than there is."""


def avif() -> bytes:
    """A picture of the one format that is read and not kept."""
    buffer = io.BytesIO()
    Image.new("RGB", (4096, 16), "teal").save(buffer, "AVIF")
    return buffer.getvalue()


def upload(name: str = "in.png", data: bytes = PICTURE, kind: str = "image/png") -> Upload:
    """A file that is attached."""
    return Upload(name, data, kind)


def media(**changes: Any) -> dict[str, Any]:
    """A picture as a component has it."""
    told = {"url": ELSEWHERE, "proxy_url": PROXIED, "width": 128, "height": 128, "content_type": "image/png"}
    return {**told, **changes}


GALLERY = {"type": 12, "id": 1, "items": [{"media": media()}]}
THUMBNAIL = {"type": 11, "id": 2, "media": media(), "description": None, "spoiler": False}
SECTION = {"type": 9, "id": 3, "components": [{"type": 10, "id": 4, "content": "look"}], "accessory": THUMBNAIL}
PREVIEW = {"type": "image", "url": ELSEWHERE, "thumbnail": {"url": ELSEWHERE, "proxy_url": PROXIED}}


class Row(NamedTuple):
    """What is attached or shown, what the answer says, and the troubles of the CDN before it."""

    uploads: tuple[Upload, ...] = ()
    components: tuple[dict[str, Any], ...] = ()
    embeds: tuple[dict[str, Any], ...] = ()
    says: str = FOUND
    troubles: tuple[int | str, ...] = ()


ROWS = {
    "attached": Row((upload(),)),
    "attached, its type untold": Row((upload(kind=""),)),
    "attached, neither type nor ending": Row((upload("picture", kind=""),)),
    "attached, as any bytes": Row((upload("a.webp", kind="application/octet-stream"),)),
    "a text before it": Row((upload("notes.txt", b"words", "text/plain"), upload())),
    "a film before it": Row((upload("film.mp4", b"\0\0\0\x18ftypmp42" + bytes(64), "video/mp4"), upload())),
    "a HEIC before it": Row((upload("a.heic", HEIC, "image/heic"), upload())),
    "a HEIC that is called a PNG before it": Row((upload("a.png", HEIC, "image/png"), upload("b.png"))),
    "a HEIC of which nothing is told before it": Row((upload("a", HEIC, ""), upload("b", kind=""))),
    "a broken PNG before it": Row((upload("a.png", b"no picture"), upload("b.png"))),
    "an AVIF": Row((upload("a.avif", avif(), "image/avif"),)),
    "an AVIF of which nothing is told": Row((upload("a", avif(), ""),)),
    "a gallery": Row(components=(GALLERY,)),
    "a gallery, its type untold": Row(components=({**GALLERY, "items": [{"media": media(content_type=None)}]},)),
    "a section's thumbnail": Row(components=(SECTION,)),
    "a gallery in a container": Row(components=({"type": 17, "id": 5, "components": [GALLERY], "spoiler": False},)),
    "a preview of a link": Row(embeds=(PREVIEW,)),
    "a preview without a copy of Discord's": Row(
        embeds=({"type": "image", "url": ELSEWHERE, "thumbnail": {"url": ELSEWHERE}},),
        says="This address cannot be used.",
    ),
    "an embed's picture": Row(embeds=({"type": "rich", "image": {"url": ELSEWHERE, "proxy_url": PROXIED}},)),
    "a HEIC alone": Row(
        (upload("a.heic", HEIC, "image/heic"),), says="a file of the format HEIC, as iPhones take them"
    ),
    "a HEIC alone, untold": Row((upload("a", HEIC, ""),), says="a file of the format HEIC, as iPhones take them"),
    "a TIFF alone": Row((upload("a.tiff", b"II*\0" + bytes(64), "image/tiff"),), says="Save it as PNG, JPEG"),
    "a text alone": Row((upload("notes.txt", b"words", "text/plain"),), says="There is no picture in this message."),
    "the CDN breaks off once": Row((upload(),), troubles=(BREAKS_OFF,)),
    "the CDN breaks off": Row((upload(),), says="Discord did not give the whole picture.", troubles=(BREAKS_OFF,) * 2),
    "the CDN fails": Row((upload(),), says="Discord did not give the whole picture.", troubles=(503, 500)),
    "the file is gone": Row((upload(),), says="The link has expired", troubles=(404,)),
    "the file may not be had": Row((upload(),), says="The link has expired", troubles=(403,)),
    "the first one hangs": Row((upload(), upload("b.png")), troubles=(HANGS,)),
    "all hang": Row((upload(),) * 5, says="Discord did not give the whole picture.", troubles=(HANGS,) * 10),
    "one without an end": Row((upload(),), says="larger than", troubles=(ENDLESS,) * 2),
    "the CDN breaks off, and a second one": Row((upload(), upload("b.png")), troubles=(BREAKS_OFF, BREAKS_OFF)),
}

FORWARDED = ("attached, its type untold", "a HEIC before it", "a gallery", "a preview of a link", "a text alone")


@pytest.fixture
async def internet() -> AsyncIterator[PublicInternet]:
    """Each of its hosts has the same picture."""
    async with PublicInternet(answer(PICTURE, "Content-Type: image/png"), certified=COPIES).serving() as internet:
        yield internet


def said(person: Person, row: Row) -> Message:
    """The message of a row."""
    message = person.say("look", *row.uploads)
    message.components, message.embeds = list(row.components), list(row.embeds)
    return message


async def test_the_picture_of_a_message_is_found_wherever_it_is(
    fake: FakeDiscord, internet: PublicInternet, tmp_path: Path
) -> None:
    """Each place, in the message itself and in one that passes it on; and where there is none, why."""
    program = HASTY + PROGRAM.format(way_in=internet.way_in)
    words = command(tmp_path / "root", "bot", API_HOST="http://127.0.0.1:9", IMAGE_GENERATION_SIZE_MB=1)
    wrong: list[str] = []

    async def look(name: str, row: Row, *, forwarded: bool = False) -> None:
        person = fake.user(f"asker {len(fake.world.users)}")  # each of their own, as one may not ask so often
        message = said(person, row)
        fake.cdn.troubles.extend(row.troubles)
        text = (await finished(await person.context("Upscale", person.forward(message) if forwarded else message))).text
        fake.cdn.troubles.clear()
        if row.says not in text:
            wrong.append(f"{name}: {text}")

    async with await BotProcess.start([sys.executable, "-c", program, *words[3:]], {}, fake) as bot:
        await bot.ready(timeout=PATIENCE_SECONDS)
        await fake.synced(timeout=PATIENCE_SECONDS)
        for name, row in ROWS.items():
            await look(name, row)
        for name in FORWARDED:
            await look(f"{name}, forwarded", ROWS[name], forwarded=True)
        assert wrong == [], bot.log[-3_000:]
        assert "unexpected" not in bot.log
    assert fake.complaints == []
    assert 0 < fake.cdn.most_bytes < MOST_TAKEN_BYTES
    assert set(internet.asked_for) == {COPIES}
