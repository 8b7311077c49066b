"""Thumbnails over HTTP: small, made once, made again where one is lost, and never of anything but the image that
stands.
"""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from PIL import Image

from adapters.adoption.former_layouts import take_inventory
from adapters.application import thumbnails
from adapters.application.reading import image_path
from adapters.application.results import StoreSettings
from adapters.audit.comparison import audit
from adapters.disk.files import Files
from adapters.engines.choice import default_engine
from adapters.images.thumbnail import thumbnail
from domain.commands import SetPolicy
from tests.adapters.application.small_disk import SmallDisk
from tests.adapters.http.conftest import Running, Serve
from tests.hostile.builders import gif, jpeg, jpeg_exif_orientation, png, saved, webp

URL = "/v1/users/1/thumbnails/a"


def opened(data: bytes) -> Image.Image:
    """The picture, decoded to its end."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def kept_at(service: Running) -> Path:
    """Where the thumbnail of the image `a` is kept."""
    return service.store.root / "images" / "users" / "1" / ".thumbs" / "a~"


PICTURES = {
    "wide": (png(1_000, 500), (320, 160)),
    "tall": (webp(Image.new("RGB", (500, 1_000))), (160, 320)),
    "small": (png(20, 10), (20, 10)),
    "a line": (png(2_000, 1), (320, 1)),
    "turned by EXIF": (jpeg_exif_orientation(6), None),
    "an animation": (gif(3, width=640, height=320), (320, 160)),
    "with a palette": (saved(Image.new("P", (400, 400)), "PNG"), (320, 320)),
    "of 16 bits": (saved(Image.new("I;16", (400, 400)), "PNG"), (320, 320)),
    "of CMYK": (saved(Image.new("CMYK", (800, 800)), "JPEG"), (320, 320)),
}


@pytest.mark.parametrize(("data", "size"), PICTURES.values(), ids=PICTURES.keys())
async def test_a_thumbnail_is_a_small_webp_of_the_picture_as_it_is_seen(
    service: Running, data: bytes, size: tuple[int, int] | None
) -> None:
    """Of each format that is kept: its longest side is 320 pixels at most, and nothing else of the file comes along."""
    assert (await service.upload("1", data, "a")).status == 201
    answer = await service.ask("GET", URL)
    assert (answer.status, answer.headers["content-type"]) == (200, "image/webp")
    picture = opened(answer.body)
    whole = opened(data)
    expected = size or (whole.height, whole.width)
    assert (picture.size, picture.format, getattr(picture, "n_frames", 1)) == (expected, "WEBP", 1)
    assert not {"exif", "icc_profile", "xmp"} & {key for key, value in picture.info.items() if value}


async def test_what_is_transparent_stays_so(service: Running) -> None:
    """A page has its own background."""
    await service.upload("1", saved(Image.new("RGBA", (400, 400), (255, 0, 0, 0)), "PNG"), "a")
    assert opened((await service.ask("GET", URL)).body).convert("RGBA").getpixel((5, 5))[3] == 0  # type: ignore[index]  # four channels


async def test_a_browser_keeps_one_for_a_year_only_under_the_digest_of_its_image(service: Running) -> None:
    """Without the digest, or with that of another, it asks again each time, and is told 304."""
    digest = (await service.upload("1", png(400, 400), "a")).json["image"]["sha256"]
    plain, bound = await service.ask("GET", URL), await service.ask("GET", f"{URL}?sha256={digest}")
    other = await service.ask("GET", f"{URL}?sha256={'0' * 64}")
    assert bound.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert plain.headers["cache-control"] == other.headers["cache-control"] == "private, no-cache"
    assert plain.headers["etag"] == bound.headers["etag"] == f'"{sha256(plain.body).hexdigest()}"'
    assert plain.headers["content-security-policy"].startswith("sandbox")
    again = await service.ask("GET", URL, headers={"If-None-Match": plain.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    head = await service.ask("HEAD", URL)
    assert (head.status, head.headers["content-length"]) == (200, str(len(plain.body)))
    assert (await service.ask("GET", f"{URL}?sha256=abc")).status == 400


async def test_it_is_made_once_and_counts_to_nobody(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither quota nor list knows of it, an audit has nothing to say, adoption passes it over."""
    made = 0
    real = thumbnail

    def counted(data: bytes) -> bytes:
        nonlocal made
        made += 1
        return real(data)

    monkeypatch.setattr(thumbnails, "thumbnail", counted)
    await service.upload("1", png(400, 400), "a")
    before = await service.quota("1")
    answers = await asyncio.gather(*(service.ask("GET", URL) for _ in range(6)))
    assert {answer.status for answer in answers} == {200}
    assert (made, len({answer.body for answer in answers})) == (1, 1)
    assert kept_at(service).is_file()
    assert await service.quota("1") == before
    assert [found.name for found in take_inventory(service.store.root, Files()).files] == ["a"]
    if os.name == "posix":
        assert kept_at(service).stat().st_mode & 0o077 == 0
        assert kept_at(service).parent.stat().st_mode & 0o077 == 0
    engine = default_engine()
    found = audit(service.store.root, engine.verify(service.store.root), engine=engine)
    assert found.findings == ()


def cut(path: Path) -> None:
    """What a power cut leaves of what was not synced."""
    path.write_bytes(path.read_bytes()[:-1])


def emptied(path: Path) -> None:
    """The name alone."""
    path.write_bytes(b"")


def filled(path: Path) -> None:
    """A picture that nobody made here."""
    path.write_bytes(webp())


def flipped(path: Path) -> None:
    """One bit of its picture."""
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)


def linked(path: Path) -> None:
    """A link to somebody else's file."""
    path.unlink()
    path.symlink_to("/etc/hostname")


def linked_hard(path: Path) -> None:
    """A second name of somebody else's file."""
    other = path.parent.parent.parent / "other"
    other.write_bytes(b"other")
    path.unlink()
    path.hardlink_to(other)


def folder(path: Path) -> None:
    """A folder in its place."""
    path.unlink()
    path.mkdir()


def its_folder_led_elsewhere(path: Path) -> None:
    """A link in the place of the folder of thumbnails."""
    path.unlink()
    path.parent.rmdir()
    elsewhere = path.parent.parent.parent / "elsewhere"
    elsewhere.mkdir()
    path.parent.symlink_to(elsewhere)


DAMAGES = (Path.unlink, cut, emptied, filled, flipped, linked, linked_hard, folder, its_folder_led_elsewhere)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
async def test_one_that_is_lost_or_does_not_fit_is_made_again(
    service: Running, damage: Callable[[Path], object]
) -> None:
    """The answer is the same each time, nothing outside is written, and the image can still be deleted."""
    await service.upload("1", png(400, 400), "a")
    first = await service.ask("GET", URL)
    damage(kept_at(service))
    for _ in range(2):
        again = await service.ask("GET", URL)
        assert (again.status, again.body) == (200, first.body)
    elsewhere = service.store.root / "images" / "users" / "elsewhere"
    assert not elsewhere.exists() or not list(elsewhere.iterdir())
    assert (await service.ask("DELETE", "/v1/users/1/images/a")).status == 200
    assert (await service.ask("GET", URL)).status == 404
    assert not [path for path in service.files() if path.startswith("images/users/1/")]


async def test_a_name_that_is_saved_anew_has_a_thumbnail_of_its_new_picture(service: Running) -> None:
    """The former one is gone from the disk already."""
    await service.upload("1", png(400, 400), "a")
    await service.ask("GET", URL)
    await service.upload("1", jpeg(Image.new("RGB", (100, 50))), "a")
    assert not kept_at(service).exists()
    assert opened((await service.ask("GET", URL)).body).size == (100, 50)


async def test_with_the_image_its_thumbnail_goes_and_what_a_crash_left_of_one(service: Running) -> None:
    """Nothing of the user's is left."""
    await service.upload("1", png(400, 400), "a")
    await service.ask("GET", URL)
    (kept_at(service).parent / ".abby-thumb").write_bytes(b"half")
    await service.ask("DELETE", "/v1/users/1/images/a")
    assert not (service.store.root / "images" / "users" / "1").exists()


def gone(path: Path) -> None:
    """Removed by hand."""
    path.unlink()


def changed(path: Path) -> None:
    """As many bytes, and others."""
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)


def shorter(path: Path) -> None:
    """Cut by hand."""
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("damage", [gone, changed, shorter], ids=lambda damage: damage.__name__)
async def test_of_an_image_whose_file_is_gone_or_another_there_is_none(
    service: Running, damage: Callable[[Path], None]
) -> None:
    """404 with its own type, so that a page draws a placeholder; what is kept of a former one is still true."""
    await service.upload("1", png(400, 400), "a")
    path = image_path(service.store, "1", "a")
    assert path is not None
    damage(path)
    answer = await service.ask("GET", URL)
    assert (answer.status, answer.json["type"]) == (404, "urn:abby-ledger:problem:file-gone")
    assert (await service.ask("GET", "/v1/users/1/thumbnails/b")).json["type"] == "urn:abby-ledger:problem:not-found"


@pytest.mark.parametrize("data", [b"no picture", png(64, 64)[:-30], png(60_000, 60_000, pixels=b""), b""], ids=len)
async def test_of_what_cannot_be_decoded_there_is_none(serve: Serve, data: bytes) -> None:
    """Where other data is kept too, and within the bounds of every picture: 404 `no-thumbnail`, and why."""
    service: Running = await serve(settings=StoreSettings(check_images=False))
    assert (await service.upload("1", data, "a")).status == 201
    answer = await service.ask("GET", URL)
    assert (answer.status, answer.json["type"]) == (404, "urn:abby-ledger:problem:no-thumbnail")


async def test_a_disk_without_room_keeps_none_and_shows_it_all_the_same(serve: Serve) -> None:
    """What open places were promised is not taken by what can be made again."""
    disk = SmallDisk()
    service: Running = await serve(files=disk)
    await service.upload("1", png(400, 400), "a")
    for room in (0, thumbnails.ROOM_LEFT_BYTES - 1):
        disk.room_bytes = room
        assert (await service.ask("GET", URL)).status == 200
        assert not kept_at(service).parent.exists()


async def test_one_owners_many_thumbnails_hold_nobody_else_up(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each owner has one made at a time: another's single one does not wait for all of them."""
    service: Running = await serve(SetPolicy(daily=50))
    order: list[int] = []
    real = thumbnail

    def noted(data: bytes) -> bytes:
        made = real(data)
        order.append(opened(made).height)
        return made

    monkeypatch.setattr(thumbnails, "thumbnail", noted)
    for number in range(12):
        await service.upload("1", png(400 + number, 400), str(number))
    await service.upload("2", png(400, 100), "a")
    many = [asyncio.create_task(service.ask("GET", f"/v1/users/1/thumbnails/{number}")) for number in range(12)]
    await asyncio.wait(many, return_when=asyncio.FIRST_COMPLETED)
    assert (await service.ask("GET", "/v1/users/2/thumbnails/a")).status == 200
    assert order.index(80) < 11
    assert {answer.status for answer in await asyncio.gather(*many)} == {200}
