"""Small copies side by side: each in its place, and what is no picture leaves its place empty."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageColor

from adapters.images.contact_sheet import BACKGROUND, THUMBNAIL_SIDE, contact_sheet

WHITE = (255, 255, 255)


def white(width: int, height: int) -> bytes:
    """A white picture."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), WHITE).save(buffer, "PNG")
    return buffer.getvalue()


def is_like(found: object, colour: tuple[int, ...]) -> bool:
    """Whether a pixel has a colour, as nearly as WEBP keeps it."""
    assert isinstance(found, tuple)
    return all(abs(one - other) <= 3 for one, other in zip(found, colour, strict=True))


def places(sheet: bytes, count: int) -> list[bool]:
    """Of each place of a sheet, whether a white picture is in its middle."""
    with Image.open(io.BytesIO(sheet)) as picture:
        assert picture.format == "WEBP"
        shown = picture.convert("RGB")
    half, found = THUMBNAIL_SIDE // 2, []
    for index in range(count):
        row, column = divmod(index, 3)
        found.append(is_like(shown.getpixel((column * THUMBNAIL_SIDE + half, row * THUMBNAIL_SIDE + half)), WHITE))
    return found


@pytest.mark.parametrize(("count", "size"), [(1, (1, 1)), (2, (2, 1)), (3, (3, 1)), (4, (3, 2)), (9, (3, 3))])
def test_a_sheet_is_as_large_as_its_pictures_need(count: int, size: tuple[int, int]) -> None:
    """Three beside each other, and a row more for every three."""
    sheet = contact_sheet([white(9, 9)] * count, count)
    assert sheet is not None
    assert Image.open(io.BytesIO(sheet)).size == (size[0] * THUMBNAIL_SIDE, size[1] * THUMBNAIL_SIDE)


def test_what_cannot_be_read_leaves_its_place_empty() -> None:
    """The others stay where they are."""
    sheet = contact_sheet([white(500, 500), None, b"no picture", white(500, 500)], 4)
    assert sheet is not None
    assert places(sheet, 4) == [True, False, False, True]


def test_a_long_picture_is_shown_whole_in_the_middle_of_its_place() -> None:
    """What is left of the place shows the background."""
    sheet = contact_sheet([white(1000, 100)], 1)
    assert sheet is not None
    shown = Image.open(io.BytesIO(sheet)).convert("RGB")
    middle, corner = shown.getpixel((THUMBNAIL_SIDE // 2, THUMBNAIL_SIDE // 2)), shown.getpixel((2, 2))
    assert is_like(middle, WHITE)
    assert is_like(corner, ImageColor.getrgb(BACKGROUND))


@pytest.mark.parametrize("pictures", [[None], [b"", b"no picture"]])
def test_without_any_picture_there_is_no_sheet(pictures: list[bytes | None]) -> None:
    """An empty one would say nothing."""
    assert contact_sheet(pictures, len(pictures)) is None
