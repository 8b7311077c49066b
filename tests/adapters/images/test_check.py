"""Rules of the image check: what is kept, what is refused and why, the bounds, the threads and the event loops."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageFile

from adapters.images.check import (
    MAX_FRAMES,
    CheckedImage,
    ImageProblem,
    InvalidImage,
    check_image,
    contradiction,
)
from adapters.images.containers import jpeg as jpeg_container
from adapters.images.containers import outline as outline_module
from adapters.images.containers.jpeg import MAX_SCANS
from adapters.images.containers.outline import MAX_SIDE
from adapters.images.formats import EXTENSIONS
from tests.hostile.builders import (
    LARGEST_IMAGE_BYTES,
    bytes_equal_limit,
    gif,
    jpeg,
    jpeg_progressive_scans,
    png,
    saved,
    webp,
)
from tests.hostile.rows import Row, rows

SAMPLES = Path(__file__).parents[2] / "samples"
LIMIT = LARGEST_IMAGE_BYTES
PROBLEMS_OF_GENERATED_ROWS = {
    "bytes_equal_limit": ImageProblem.TOO_LARGE,
    "jpeg_progressive_scans": ImageProblem.TOO_MANY_SCANS,
    "png_icc_bomb": ImageProblem.DAMAGED,
    "gif_frames": ImageProblem.TOO_MANY_FRAMES,
    "png_zeros": ImageProblem.TOO_MANY_PIXELS,
    "declared_png_is_jpeg": ImageProblem.WRONG_EXTENSION,
}


@pytest.mark.parametrize("row", rows("image"), ids=lambda row: row.id)
def test_every_hostile_image_gives_what_is_expected(row: Row) -> None:
    """A row is accepted, or refused as its status wants, for the right reason, with a printable sentence."""
    if row.accepted:
        checked_and_named(row)
        return
    with pytest.raises(InvalidImage) as refusal:
        checked_and_named(row)
    assert (refusal.value.kind is ImageProblem.TOO_LARGE) == (row.expected == "413")
    assert refusal.value.kind is not ImageProblem.TIMEOUT
    if row.generator is not None:
        assert refusal.value.kind is PROBLEMS_OF_GENERATED_ROWS[row.generator]
    if "after the end" in row.expected:
        assert refusal.value.kind is ImageProblem.TRAILING_BYTES
    assert str(refusal.value).isprintable()
    assert str(refusal.value).endswith(".")


def test_a_name_that_contradicts_its_content_is_told_the_right_one() -> None:
    """The hostile row of a JPEG that is declared to be a PNG."""
    [row] = [row for row in rows("image") if row.generator == "declared_png_is_jpeg"]
    with pytest.raises(InvalidImage, match=r"Name it declared\.jpg instead"):
        checked_and_named(row)


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ("camera.jpg", CheckedImage("image/jpeg", "jpg", 640, 480, 1)),
        ("iphone.jpg", CheckedImage("image/jpeg", "jpg", 56, 70, 1)),
        ("phone.jpg", CheckedImage("image/jpeg", "jpg", 960, 1280, 1)),
        ("drawing.png", CheckedImage("image/png", "png", 480, 320, 1)),
    ],
)
def test_a_real_picture_is_kept(sample: str, expected: CheckedImage) -> None:
    """Photographs with second pictures and gain maps, and a PNG with texts and a profile, as programs write them."""
    assert check((SAMPLES / sample).read_bytes()) == expected


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_is_kept(mode: str) -> None:
    """Bilevel, grey, palette and colour, with and without transparency, 8 and 16 bits."""
    picture = Image.new(mode, (37, 5))
    assert check(saved(picture, "PNG")).width == 37


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_every_ordinary_kind_of_jpeg_is_kept(mode: str, progressive: bool) -> None:
    """Grey, colour and print colours, in one scan or many, with restarts."""
    picture = Image.effect_noise((65, 43), 60).convert(mode)
    data = jpeg(picture, progressive=progressive, restart_marker_rows=1)
    assert check(data) == CheckedImage("image/jpeg", "jpg", 65, 43, 1)


@pytest.mark.parametrize("lossless", [False, True])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_every_kind_of_still_webp_is_kept(mode: str, lossless: bool) -> None:
    """Lossy and lossless, with and without transparency, with metadata."""
    picture = Image.effect_noise((65, 43), 60).convert(mode)
    if mode == "RGBA":
        picture.putalpha(Image.effect_noise((65, 43), 60))
    data = webp(picture, lossless=lossless, exif=b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0", xmp=b"<x/>")
    assert check(data) == CheckedImage("image/webp", "webp", 65, 43, 1)


def test_an_animated_gif_is_kept_with_its_frames_counted() -> None:
    """As a drawing program writes it, with comment, loop and transparency."""
    frames = [Image.effect_noise((40, 30), spread).convert("P") for spread in (10, 50, 90)]
    data = saved(frames[0], "GIF", save_all=True, append_images=frames[1:], loop=0, comment=b"three", transparency=0)
    assert check(data) == CheckedImage("image/gif", "gif", 40, 30, 3)


@pytest.mark.parametrize(("n", "kept"), [("max-1", True), ("max", True), ("max+1", False)])
def test_a_picture_has_at_most_as_many_bytes_as_allowed(n: str, kept: bool) -> None:
    """One byte under, on and over the limit."""
    assert_kept_or(ImageProblem.TOO_LARGE, kept, lambda: check_image(bytes_equal_limit(n, 10_000), max_bytes=10_000))


@pytest.mark.parametrize(
    "make", [png, lambda w, h: jpeg(Image.new("L", (w, h))), lambda w, h: gif(1, width=w, height=h)]
)
@pytest.mark.parametrize(("width", "kept"), [(99, True), (100, True), (101, False)])
def test_a_picture_has_at_most_as_many_pixels_as_allowed(
    make: Callable[[int, int], bytes], width: int, kept: bool
) -> None:
    """A column under, on and over the limit of 1,000 pixels, in every format."""
    data = make(width, 10)
    assert_kept_or(ImageProblem.TOO_MANY_PIXELS, kept, lambda: check_image(data, max_bytes=LIMIT, max_pixels=1_000))


@pytest.mark.parametrize("lossless", [False, True])
@pytest.mark.parametrize(("width", "kept"), [(99, True), (100, True), (101, False)])
def test_a_webp_has_at_most_as_many_pixels_as_allowed(lossless: bool, width: int, kept: bool) -> None:
    """The same for both bitstreams of WEBP."""
    data = webp(Image.new("RGB", (width, 10)), lossless=lossless)
    assert_kept_or(ImageProblem.TOO_MANY_PIXELS, kept, lambda: check_image(data, max_bytes=LIMIT, max_pixels=1_000))


@pytest.mark.parametrize(("height", "kept"), [(7_071, True), (7_072, False)])
def test_a_phones_48_megapixels_pass(height: int, kept: bool) -> None:
    """The default bound is 50,000,000 pixels: 7,071 x 7,071 is just under it, 7,071 x 7,072 just over."""
    data = png(7_071, height, depth=1, colour=0)
    assert_kept_or(ImageProblem.TOO_MANY_PIXELS, kept, lambda: check(data))


@pytest.mark.parametrize(("frames", "kept"), [(MAX_FRAMES - 1, True), (MAX_FRAMES, True), (MAX_FRAMES + 1, False)])
def test_an_animation_has_at_most_as_many_frames_as_allowed(frames: int, kept: bool) -> None:
    """One frame under, on and over the limit."""
    assert_kept_or(ImageProblem.TOO_MANY_FRAMES, kept, lambda: check(gif(frames)))


@pytest.mark.parametrize(("frames", "kept"), [(39, True), (40, True), (41, False)])
def test_all_frames_together_have_at_most_four_times_the_pixels_allowed(frames: int, kept: bool) -> None:
    """40 frames of 100 pixels where 1,000 pixels are allowed."""
    data = gif(frames, width=10, height=10)
    assert_kept_or(ImageProblem.TOO_MANY_PIXELS, kept, lambda: check_image(data, max_bytes=LIMIT, max_pixels=1_000))


@pytest.mark.parametrize(("left", "kept"), [(98, True), (99, True), (100, False)])
def test_a_gif_frame_beyond_its_canvas_counts_with_the_canvas_it_makes(left: int, kept: bool) -> None:
    """A header of 1 x 10 pixels does not hide a frame for which decoders make a larger canvas."""
    data = bytearray(gif(1, width=1, height=10))
    data[20:22] = left.to_bytes(2, "little")
    if kept:
        assert check(bytes(data)).width == left + 1
    assert_kept_or(
        ImageProblem.TOO_MANY_PIXELS, kept, lambda: check_image(bytes(data), max_bytes=LIMIT, max_pixels=1_000)
    )


@pytest.mark.parametrize(("scans", "kept"), [(MAX_SCANS - 1, True), (MAX_SCANS, True), (MAX_SCANS + 1, False)])
def test_a_jpeg_has_at_most_as_many_scans_as_allowed(scans: int, kept: bool) -> None:
    """One scan under, on and over the limit: this is what bounds the time of a progressive JPEG."""
    data = jpeg_progressive_scans(scans, width=640, height=480)
    assert_kept_or(ImageProblem.TOO_MANY_SCANS, kept, lambda: check(data))


@pytest.mark.parametrize(("visits", "kept"), [(9, True), (10, True), (11, False)])
def test_the_scans_of_a_jpeg_visit_so_many_pixels(monkeypatch: pytest.MonkeyPatch, visits: int, kept: bool) -> None:
    """However few the scans are: what is bounded is the work. The first scan visits three components."""
    monkeypatch.setattr(jpeg_container, "MAX_VISITED_PIXELS", 640 * 480 * 10)
    data = jpeg_progressive_scans(visits - 2, width=640, height=480)
    assert_kept_or(ImageProblem.TOO_MANY_SCANS, kept, lambda: check(data))


def test_the_costliest_jpegs_are_refused_before_they_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred scans over 25 megapixels, which take three seconds."""
    monkeypatch.setattr("adapters.images.check._decode", never)
    assert_kept_or(ImageProblem.TOO_MANY_SCANS, False, lambda: check(jpeg_progressive_scans(100, 5_000, 5_000)))


@pytest.mark.parametrize("size", [(50_000_000, 1), (1, 50_000_000), (65_536, 1), (1, 65_536)])
def test_no_side_is_longer_than_others_can_tell(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """A row of 50,000,000 pixels is refused before anything of it is read; one of 65,535 is kept."""
    monkeypatch.setattr("adapters.images.check._decode", never)
    assert_kept_or(ImageProblem.TOO_MANY_PIXELS, False, lambda: check(png(*size, depth=1, colour=0)))
    monkeypatch.undo()
    assert check(png(*(min(side, MAX_SIDE) for side in size), depth=1, colour=0))


@pytest.mark.parametrize(
    ("make", "kept_pixels"),
    [
        (lambda width: webp(Image.new("L", (width, 10)), lossless=True), 1_000),
        (lambda width: gif(2, width=width, height=10), 1_777),
        (lambda width: gif(1, width=width, height=10), 16_000),
        (lambda width: png(width, 10), 4_000),
        (lambda width: jpeg(Image.new("RGB", (width, 10))), 16_000),
        (lambda width: jpeg(Image.new("RGB", (width, 10)), progressive=True), 2_666),
        (lambda width: jpeg(Image.new("CMYK", (width, 10)), progressive=True), 2_000),
    ],
    ids=["webp", "animated gif", "gif", "png", "jpeg", "progressive jpeg", "progressive cmyk jpeg"],
)
def test_a_format_that_takes_more_memory_may_have_fewer_pixels(
    make: Callable[[int], bytes], kept_pixels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where 16,000 bytes are allowed: by what each format takes for a pixel; the sentence names the pixels allowed."""
    monkeypatch.setattr(outline_module, "MAX_DECODED_BYTES", 16_000)
    assert check(make(kept_pixels // 10))
    assert_kept_or(ImageProblem.TOO_MANY_PIXELS, False, lambda: check(make(kept_pixels // 10 + 1)))


def test_the_largest_picture_of_each_kind_takes_no_more_memory_than_there_is() -> None:
    """50,000,000 pixels of what most pictures are; a WEBP has half of them."""
    assert check(png(7_000, 7_000, depth=1, colour=0))
    with pytest.raises(InvalidImage, match="at most 25,000,000 pixels"):
        check(webp(Image.new("L", (5_001, 5_000)), lossless=True, method=0))


def never(*_: object) -> None:
    """Stands where nothing may be decoded."""
    raise AssertionError("it was decoded")


def test_the_embedding_programs_pillow_settings_are_left_alone() -> None:
    """A check neither needs nor changes the globals, and its own pixel bound holds without Pillow's."""
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters))
    check((SAMPLES / "phone.jpg").read_bytes())
    with pytest.raises(InvalidImage):
        check(png(9_000, 9_000, pixels=b""))
    assert before == (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters))


def test_a_lower_pixel_bound_of_the_embedding_program_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Pillow is told not to open is refused with a sentence, not with its exception."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)  # what such a program does, set back after the test
    with pytest.raises(InvalidImage) as refusal:
        check(png(5, 5))
    assert refusal.value.kind is ImageProblem.TOO_MANY_PIXELS


@pytest.mark.parametrize(
    ("name", "media_type", "right"),
    [
        ("a.png", "image/png", None),
        ("a.PNG", "image/png", None),
        ("a.jpg", "image/jpeg", None),
        ("k/a.JPEG", "image/jpeg", None),
        ("a.php.png", "image/png", None),
        ("x", "image/png", None),
        ("png", "image/jpeg", None),
        ("my cat 2", "image/gif", None),
        ("a.jpe", "image/jpeg", None),
        ("a.jfif", "image/jpeg", None),
        ("a.apng", "image/png", None),
        ("a.WebP", "image/webp", None),
        ("k.exe/a.png", "image/png", None),
        ("k.exe/a", "image/png", None),
        ("k.png/a", "image/jpeg", None),
        ("a.png", "image/jpeg", "a.jpg"),
        ("k/a b.gif", "image/webp", "a b.webp"),
        ("a.png.jpeg", "image/png", "a.png.png"),
        ("a.PNG", "image/jpeg", "a.jpg"),
        ("a.svg", "image/png", "a.png"),
        ("a.heic", "image/jpeg", "a.jpg"),
        ("a.tif", "image/png", "a.png"),
        ("a.TIFF", "image/png", "a.png"),
        ("a.exe", "image/png", "a.png"),
        ("a.EXE", "image/gif", "a.gif"),
        ("a.html", "image/webp", "a.webp"),
        ("a.png.exe", "image/png", "a.png.png"),
        ("k/a.js", "image/jpeg", "a.jpg"),
        ("a.v2", "image/png", "a.png"),
        ("a.p", "image/png", "a.png"),
        ("a.png_", "image/png", "a.png"),
        ("a.pn g", "image/png", "a.png"),
        ("a.2026", "image/png", "a.png"),
    ],
)
def test_an_extension_is_one_of_the_contents_format(name: str, media_type: str, right: str | None) -> None:
    """Every spelling of JPEG's is right, and so is none at all; any other is refused, and the right one named."""
    sentence = contradiction(name, media_type)
    if right is None:
        assert sentence is None
    else:
        assert sentence is not None
        assert sentence.endswith(f"Name it {right} instead.")


def test_each_media_type_has_its_extension() -> None:
    """The extension comes without a dot and contradicts nothing."""
    for data in (png(), jpeg(), gif(1), webp()):
        checked = check(data)
        assert EXTENSIONS[checked.media_type] == checked.extension
        assert contradiction(f"a.{checked.extension}", checked.media_type) is None


def check(data: bytes) -> CheckedImage:
    """The check with the product's own bounds."""
    return check_image(data, max_bytes=LIMIT)


def checked_and_named(row: Row) -> CheckedImage:
    """The check of content and then of the name, in the order of a save."""
    checked = check(row.input)
    if row.save_as and (sentence := contradiction(row.save_as, checked.media_type)):
        raise InvalidImage(ImageProblem.WRONG_EXTENSION, sentence)
    return checked


def assert_kept_or(problem: ImageProblem, kept: bool, checking: Callable[[], CheckedImage]) -> None:
    """The check passes, or it refuses for exactly this reason."""
    if kept:
        checking()
        return
    with pytest.raises(InvalidImage) as refusal:
        checking()
    assert refusal.value.kind is problem
