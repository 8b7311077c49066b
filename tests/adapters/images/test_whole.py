"""Rules of a whole picture: nothing missing, nothing after its end, nothing in it that goes on for ever."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from adapters.images.check import CheckedImage, ImageProblem, InvalidImage, check_image
from tests.hostile.builders import LARGEST_IMAGE_BYTES, deflated_zeros, gif, jpeg, png, png_chunk, saved, webp

SAMPLES = Path(__file__).parents[2] / "samples"


def changed(data: bytes, *, at: int | bytes, to: bytes) -> bytes:
    """The data with other bytes at an offset, or where a marker first stands."""
    offset = at if isinstance(at, int) else data.index(at)
    return data[:offset] + to + data[offset + len(to) :]


def webp_chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk with its length and padding."""
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def webp_of(*chunks: bytes) -> bytes:
    """A WEBP of these chunks."""
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


JPEG_HEADER = jpeg()[: jpeg().index(b"\xff\xc4")]
JPEG_REST = jpeg()[len(JPEG_HEADER) :]
VP8 = webp()[12:]
TRANSPARENT = webp(Image.merge("RGBA", [Image.radial_gradient("L").resize((64, 48))] * 4))
VP8_WITH_DAMAGED_ALPHA = changed(TRANSPARENT[12:], at=TRANSPARENT.index(b"ALPH") - 12 + 9, to=b"\xff" * 40)


@pytest.mark.parametrize("sample", ["camera.jpg", "phone.jpg", "drawing.png"])
def test_a_picture_that_was_cut_is_refused_wherever_it_was_cut(sample: str) -> None:
    """Half a picture, and one that lacks the last byte of its end."""
    whole = (SAMPLES / sample).read_bytes()
    end = 60_007 - 2 if sample == "camera.jpg" else len(whole)
    for length in (20, 1_000, end // 4, end - 1 if sample == "drawing.png" else end // 3):
        with pytest.raises(InvalidImage) as refusal:
            check(whole[:length])
        assert refusal.value.kind is ImageProblem.DAMAGED


@pytest.mark.parametrize(
    ("depth", "colour", "size"), [(1, 0, (1, 1)), (1, 0, (9, 9)), (2, 3, (5, 3)), (16, 6, (8, 8)), (8, 2, (33, 17))]
)
def test_an_interlaced_png_is_kept(depth: int, colour: int, size: tuple[int, int]) -> None:
    """Seven passes, of which small pictures have fewer; a byte less or more than they need is refused."""
    width, height = size
    needed = interlaced_bytes(width, height, depth * {0: 1, 2: 3, 3: 1, 6: 4}[colour])

    def interlaced(count: int) -> bytes:
        palette = [png_chunk(b"PLTE", bytes(12))] if colour == 3 else []
        pixels = deflated_zeros(count)
        return png(width, height, depth=depth, colour=colour, interlace=1, pixels=pixels, extras=palette)

    assert check(interlaced(needed)).height == height
    for wrong in (needed - 1, needed + 1):
        with pytest.raises(InvalidImage, match="picture data"):
            check(interlaced(wrong))


@pytest.mark.parametrize("whole", [png(), gif(2), webp()], ids=["png", "gif", "webp"])
def test_nothing_may_follow_the_end_of_any_other_format(whole: bytes) -> None:
    """One byte is enough to refuse; without it the picture is kept."""
    assert check(whole)
    with pytest.raises(InvalidImage) as refusal:
        check(whole + b"\0")
    assert refusal.value.kind is ImageProblem.TRAILING_BYTES


def test_the_end_of_a_jpeg_is_not_that_of_the_thumbnail_in_it() -> None:
    """Without the picture's own end marker the thumbnail's does not count."""
    with_thumbnail = jpeg(exif=b"Exif\0\0" + jpeg())
    assert check(with_thumbnail)
    with pytest.raises(InvalidImage, match="its end is missing"):
        check(with_thumbnail[:-2])


@pytest.mark.parametrize(
    ("media", "options"),
    [("PNG", {"save_all": True}), ("WEBP", {"save_all": True})],
)
def test_only_gif_may_be_animated(media: str, options: dict[str, bool]) -> None:
    """An animated PNG or WEBP is refused, naming what to do."""
    frames = [Image.effect_noise((20, 20), spread).convert("RGB") for spread in (10, 90)]
    with pytest.raises(InvalidImage, match="Save it as a GIF") as refusal:
        check(saved(frames[0], media, append_images=frames[1:], **options))
    assert refusal.value.kind is ImageProblem.TOO_MANY_FRAMES


@pytest.mark.parametrize(
    ("odd", "what"),
    [
        (png(pixels=deflated_zeros(3)), "ends before the picture"),
        (png(pixels=deflated_zeros(5)), "goes on after the picture"),
        (png(pixels=deflated_zeros(4) + b"PK"), "goes on after the picture"),
        (png(pixels=deflated_zeros(4)[:-1]), "ends before the picture"),
        (png(pixels=b"no zlib stream"), "picture data cannot be read"),
        (png(pixels=deflated_zeros(50_000_000)), "goes on after the picture"),
        (png(0, 1), "header has values"),
        (png(1, 0), "header has values"),
        (png(depth=3), "header has values"),
        (png(interlace=2), "header has values"),
        (png(depth=8, colour=3), "palette is missing"),
        (png(pixels=zlib.compress(b"\x09" + bytes(3))), "cannot be decoded"),
        (png(extras=[png_chunk(b"IHDR", bytes(13))]), "two headers"),
        (png(extras=[png_chunk(b"tEXt", b"a\0b")[:-1] + b"?"]), "checksum"),
        (png(extras=[png_chunk(b"zTXt", b"Comment\0\0no zlib stream")]), "cannot be read"),
        (png(extras=[png_chunk(b"zTXt", b"Comment\0\0" + deflated_zeros(9))] * 65), "more than 64"),
        (png(extras=[png_chunk(b"iTXt", b"Comment\0\1\0\0\0" + deflated_zeros((1 << 20) + 1))]), "Export it without"),
        (b"\x89PNG\r\n\x1a\n" + png_chunk(b"IEND", b""), "begin with its header"),
        (png()[:-12], "end is missing"),
        (gif(0), "holds no picture"),
        (gif(1, trailer=b""), "end is missing"),
        (gif(1, trailer=b"\x99;"), "not where it belongs"),
        (changed(gif(1), at=24, to=b"\0\0"), "no size"),
        (changed(gif(1), at=29, to=b"\x0d"), "cannot be decoded"),
        (jpeg()[:-2], "end is missing"),
        (b"\xff\xd8\xff\xd9", "exactly one picture"),
        (JPEG_HEADER + JPEG_HEADER[2:] + JPEG_REST, "exactly one picture"),
        (JPEG_HEADER + b"\xff\xd9", "exactly one picture"),
        (changed(jpeg(), at=b"\xff\xc0", to=b"\xff\xd0"), "not where it belongs"),
        (b"\xff\xd8\xff\xfe\0\1" + jpeg()[2:], "end is missing"),
        (b"\xff\xd8\xff\xfe\xff\xff" + jpeg()[2:], "end is missing"),
        (JPEG_HEADER.replace(b"\0\x30\0\x40", b"\0\x30\0\0") + JPEG_REST, "how large"),
        (webp()[:-1], "end is missing"),
        (changed(webp(), at=4, to=struct.pack("<I", len(webp()))), "end is missing"),
        (webp_of(VP8, VP8), "exactly one picture"),
        (webp_of(webp_chunk(b"VP8X", bytes(10)), VP8), "two different sizes"),
        (webp_of(VP8, b"EXIF\xff\xff\0\0"), "end is missing"),
        (webp_of(VP8, b"EXIF"), "end is missing"),
        (webp_of(webp_chunk(b"VP8 ", b"\0" * 10)), "does not begin as it should"),
        (webp_of(VP8_WITH_DAMAGED_ALPHA), "cannot be decoded"),
        (b"RIFF\x04\0\0\0WEBP", "exactly one picture"),
    ],
)
def test_a_picture_that_is_not_whole_is_refused(odd: bytes, what: str) -> None:
    """Too little or too much picture data, impossible headers, missing ends, compressed texts that go on for ever."""
    with pytest.raises(InvalidImage, match=what) as refusal:
        check(odd)
    assert refusal.value.kind is ImageProblem.DAMAGED


@pytest.mark.parametrize(
    "endless",
    [
        png(extras=[png_chunk(b"tEXt", b"")] * 100_000),
        b"\xff\xd8" + b"\xff\xfe\0\2" * 4_000 + jpeg()[2:],
        gif(1).replace(b"\x02\x44\x01", b"\1\0" * 500_000 + b"\0"),
        webp_of(*[webp_chunk(b"EXIF", b"")] * 10_000, VP8),
    ],
    ids=["png", "jpeg", "gif", "webp"],
)
def test_no_picture_keeps_the_walk_going_for_ever(endless: bytes) -> None:
    """More parts than any real picture has are refused, however small they are."""
    with pytest.raises(InvalidImage, match=r"more than [0-9,]+ parts"):
        check(endless)


@pytest.mark.parametrize("mark", [png_chunk(b"acTL", b"\0\0\0\2\0\0\0\0"), png_chunk(b"fdAT", b"\0\0\0\0")])
def test_either_mark_of_an_animated_png_is_enough(mark: bytes) -> None:
    """The chunk that announces frames, and the one that holds them. One frame announced is a still picture."""
    with pytest.raises(InvalidImage) as refusal:
        check(png(extras=[mark]))
    assert refusal.value.kind is ImageProblem.TOO_MANY_FRAMES
    assert check(png(extras=[png_chunk(b"acTL", b"\0\0\0\1\0\0\0\0")]))


def test_the_scaling_hint_of_a_webp_is_not_part_of_its_size() -> None:
    """Two bits above each side of a lossy picture tell a viewer how to scale."""
    hinted = webp_of(changed(VP8, at=15, to=bytes((VP8[15] | 0x40,))))
    assert check(hinted).width == 64


@pytest.mark.parametrize("extra", [b"zTXt", b"iCCP"])
def test_a_compressed_text_or_profile_of_ordinary_size_is_kept(extra: bytes) -> None:
    """The bound is 1 MiB for a text and 4 MiB for a profile."""
    bound = 1 << 20 if extra == b"zTXt" else 4 << 20
    assert check(png(extras=[png_chunk(extra, b"name\0\0" + deflated_zeros(bound))]))
    with pytest.raises(InvalidImage, match="Export it without"):
        check(png(extras=[png_chunk(extra, b"name\0\0" + deflated_zeros(bound + 1))]))


@pytest.mark.parametrize(
    "rare",
    [
        png(extras=[png_chunk(b"CgBI", b"\x50\0\x20\x06")]),
        jpeg().replace(b"\xff\xc0", b"\xff\xc9", 1),
        jpeg().replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x0c", 1),
        b"%!PS-Adobe",
        b"x",
    ],
)
def test_what_browsers_cannot_show_is_unsupported(rare: bytes) -> None:
    """One maker's PNG, an arithmetic JPEG, PostScript, text."""
    with pytest.raises(InvalidImage) as refusal:
        check(rare)
    assert refusal.value.kind is ImageProblem.UNSUPPORTED


def test_flipped_bits_are_refused_or_harmless() -> None:
    """Each byte of small pictures, changed in turn: an answer or a refusal, never another exception."""
    for whole in (png(3, 3), gif(2, width=3, height=3), webp(Image.new("RGB", (9, 9))), jpeg(Image.new("L", (9, 9)))):
        refused = 0
        for index in range(len(whole)):
            changed = bytearray(whole)
            changed[index] ^= 0x55
            try:
                check(bytes(changed))
            except InvalidImage:
                refused += 1
        assert refused > 20


def interlaced_bytes(width: int, height: int, bits: int) -> int:
    """The length of the seven passes, counted pixel by pixel from the pattern that the specification draws."""
    pattern = ("16462646", "77777777", "56565656", "77777777", "36463646", "77777777", "56565656", "77777777")
    total = 0
    for number in "1234567":
        rows = [sum(pattern[y % 8][x % 8] == number for x in range(width)) for y in range(height)]
        total += sum(1 + -(-columns * bits // 8) for columns in rows if columns)
    return total


def check(data: bytes) -> CheckedImage:
    """The check with the product's own bounds."""
    return check_image(data, max_bytes=LARGEST_IMAGE_BYTES)
