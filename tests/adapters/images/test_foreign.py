"""Rules of what is in a picture's file besides the picture: what stays, what is refused, what is taken off."""

from __future__ import annotations

import io
import random
import struct
from pathlib import Path

import pytest
from PIL import Image

from adapters.images.check import CheckedImage, ImageProblem, InvalidImage, check_image
from adapters.images.foreign.contents import begins_as, code_in, found_anywhere, is_text
from adapters.images.foreign.judging import MAX_OTHER_PARTS, MAX_UNKNOWN_BYTES, picture_alone, without_foreign
from adapters.images.keepable import keepable
from adapters.images.png_text import with_text
from tests.hostile.builders import LARGEST_IMAGE_BYTES, gif, jpeg, jpeg_segment, png, png_chunk, saved, webp
from tests.hostile.payloads import PAYLOADS, clip
from tests.hostile.phones import (
    CLIP,
    PHONES,
    motion_photo,
    oneplus,
    samsung_blocks,
    samsung_motion_photo,
    vivo,
    with_xmp,
)
from tests.hostile.polyglots import Polyglot, gif_extension, polyglots, webp_chunk, webp_of

SAMPLES = Path(__file__).parents[2] / "samples"
PLACED: dict[str, list[Polyglot]] = {}
for each in polyglots():
    PLACED.setdefault(f"{each.format}-{each.place}", []).append(each)
INSIDE = {place: made for place, made in PLACED.items() if not place.endswith("-before")}
KINDS = {ImageProblem.FOREIGN_PART, ImageProblem.TRAILING_BYTES, ImageProblem.UNSUPPORTED}
WRITTEN_BY_PROGRAMS = {
    "AUTOMATIC1111": png(
        extras=[png_chunk(b"tEXt", b"parameters\0a <lora:x:1> sign (says: 1.2) <script>\nSteps: 20, Seed: 1")]
    ),
    "ComfyUI": png(
        extras=[
            png_chunk(b"tEXt", b'prompt\0{"3": {"class_type": "KSampler", "inputs": {"text": "eval(x)"}}}'),
            png_chunk(b"tEXt", b'workflow\0{"nodes": [{"type": "Note", "widgets_values": ["<img src=a>"]}]}'),
        ]
    ),
    "NovelAI": png(
        extras=[
            png_chunk(b"tEXt", b"Title\0NovelAI generated image"),
            png_chunk(b"tEXt", b"Description\0a lovely tree {masterpiece}, [sketch], <token>"),
            png_chunk(b"tEXt", b'Comment\0{"prompt": "a tree", "steps": 28, "uc": "lowres, (bad)"}'),
        ]
    ),
    "C2PA in a PNG": png(extras=[png_chunk(b"caBX", struct.pack(">I4s", 40, b"jumb") + bytes(32))]),
    "C2PA in a JPEG": jpeg()[:2] + jpeg_segment(0xEB, b"JP\0\1\0\0\0\1" + bytes(60)) + jpeg()[2:],
    "EXIF, XMP and a profile": webp(exif=b"Exif\0\0II*\0\x08\0\0\0" + bytes(6), xmp=b"<x:xmpmeta/>"),
    "Photoshop": jpeg()[:2] + jpeg_segment(0xED, b"Photoshop 3.0\x008BIM" + bytes(90)) + jpeg()[2:],
    "a comment": jpeg(comment=b"CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 90"),
    "Fireworks": png(extras=[png_chunk(b"mkBF", bytes(range(256)))]),
    "Apple": png(extras=[png_chunk(b"iDOT", bytes(28))]),
    "a looping GIF": gif(2)[:19] + gif_extension(0xFF, b"\1\0\0", identifier=b"NETSCAPE2.0") + gif(2)[19:],
}


@pytest.mark.parametrize("place", PLACED)
def test_what_is_no_part_of_a_picture_is_refused(place: str) -> None:
    """Every payload in every place: refused where nothing of its kind belongs, in words; elsewhere an answer."""
    for made in PLACED[place]:
        refusal = refused(made.data)
        assert refusal or not made.is_foreign, made.id
        if refusal:
            assert refusal.kind in KINDS, made.id
            assert str(refusal).isprintable()
            assert str(refusal).endswith(".")


@pytest.mark.parametrize("place", INSIDE)
def test_a_picture_that_was_paid_for_is_kept_without_it(place: str) -> None:
    """Never refused for a part of its file: what is made of it passes the check, with the same picture."""
    for made in INSIDE[place]:
        kept = keepable(made.data, LARGEST_IMAGE_BYTES)
        checked = check(kept.data)
        with Image.open(io.BytesIO(made.data)) as before:
            assert (checked.width, checked.height) == before.size, made.id
        assert kept.data == made.data or refused(made.data), made.id


@pytest.mark.parametrize("place", [place for place, ones in INSIDE.items() if ones[0].is_foreign])
def test_what_is_taken_off_is_told_and_the_rest_is_a_picture(place: str) -> None:
    """Nothing of the payload is left."""
    for made in INSIDE[place]:
        stripped = without_foreign(made.data)
        assert stripped.taken_off, made.id
        assert PAYLOADS[made.payload] not in stripped.data, made.id
        check(stripped.data)
        assert without_foreign(stripped.data) == (stripped.data, ()), made.id


@pytest.mark.parametrize("phone", PHONES)
def test_what_phones_write_behind_a_picture_is_kept_whole(phone: str) -> None:
    """More pictures, gain maps, clips, a maker's blocks, fillings: byte for byte, also where things are taken off."""
    data = PHONES[phone]()
    check(data)
    assert without_foreign(data) == (data, ())
    assert keepable(data, LARGEST_IMAGE_BYTES).data == data


@pytest.mark.parametrize("sample", sorted(path.name for path in SAMPLES.iterdir() if path.suffix in {".jpg", ".png"}))
def test_real_files_are_kept_whole(sample: str) -> None:
    """Cameras' and programs' own."""
    data = (SAMPLES / sample).read_bytes()
    check(data)
    assert without_foreign(data) == (data, ())


@pytest.mark.parametrize("program", WRITTEN_BY_PROGRAMS)
def test_what_programs_write_into_pictures_stays(program: str) -> None:
    """How it was made, who made it, its colours: as it came, and so with a paid one."""
    data = WRITTEN_BY_PROGRAMS[program]
    check(data)
    assert without_foreign(data) == (data, ())
    assert keepable(data, LARGEST_IMAGE_BYTES).data == data


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_prompt_inside_a_picture_may_say_anything(payload: str) -> None:
    """PROMPT_IN_IMAGE writes what a user asked for; no words of theirs make a paid picture be refused."""
    check(with_text(png(), f"a sign that says {PAYLOADS[payload].decode('latin-1')}".split("PK")[0]))


@pytest.mark.parametrize(
    "data",
    [
        motion_photo(length=len(CLIP) + 1),
        motion_photo(length=len(CLIP) - 1),
        motion_photo(length=10**11),
        motion_photo(video=CLIP[:-1] + b"x" * 9, length=len(CLIP) + 8),
        motion_photo(video=PAYLOADS["html"], length=len(PAYLOADS["html"])),
        motion_photo(video=clip()[:-72], length=len(clip()) - 72),
        motion_photo(video=clip(PAYLOADS["html"]), length=len(clip(PAYLOADS["html"]))),
        motion_photo() + b"\1",
        jpeg() + CLIP,
        jpeg() + jpeg(),
        with_xmp(jpeg(), "<!DOCTYPE a>") + CLIP,
        samsung_motion_photo()[:-4] + b"SEFX",
        samsung_motion_photo() + b"\0\0\0\1",
        jpeg() + b"\1" + samsung_motion_photo()[len(jpeg()) :],
        jpeg() + samsung_blocks((1, b"a", PAYLOADS["html"])),
        jpeg() + samsung_blocks((1, b"a", PAYLOADS["zip"])),
        jpeg() + samsung_blocks((1, b"a", bytes(100_000))),
        oneplus(("a", PAYLOADS["html"])),
        oneplus(("a", bytes(100_000))),
        oneplus(of=jpeg() + b"\1"),
        oneplus()[:-1] + b"\1",
        oneplus().replace(b"offset", b"offsat"),
        jpeg() + b"null\0jxrs\x0d\0\0\0",
        vivo(b'vivo{"a":"' + PAYLOADS["svg"] + b'"}\0'),
        vivo(of=jpeg() + b"\1"),
        vivo() + b"\1",
        vivo(b"streamdata" + PAYLOADS["js"]),
        vivo(b"oppo{}"),
        jpeg() + b"SEFT",
        jpeg() + bytes(100_000),
    ],
    ids=range(30),
)
def test_what_only_begins_as_a_phones_is_refused(data: bytes) -> None:
    """Lengths that do not match, clips that are none, what nothing announces, what stands behind or between."""
    with pytest.raises(InvalidImage) as refusal:
        check(data)
    assert refusal.value.kind in KINDS
    check(without_foreign(data).data if refusal.value.kind is ImageProblem.TRAILING_BYTES else jpeg())


def test_parts_of_unknown_form_are_bounded() -> None:
    """On the bound and over it, all parts together."""
    noise = random.Random(1).randbytes(MAX_UNKNOWN_BYTES // 2)
    half = png_chunk(b"prVt", noise)
    check(png(extras=[half, half]))
    with pytest.raises(InvalidImage, match="more than 1 MiB of an unknown kind"):
        check(png(extras=[half, half, png_chunk(b"prVt", b"\1\2\3\4")]))


def test_parts_beside_the_picture_are_counted() -> None:
    """On the bound and over it; a paid picture keeps as many as there may be."""
    text = png_chunk(b"tEXt", b"Comment\0a tree")
    check(png(extras=[text] * MAX_OTHER_PARTS))
    many = png(extras=[text] * (MAX_OTHER_PARTS + 1))
    with pytest.raises(InvalidImage, match="more than 2,000 parts"):
        check(many)
    assert keepable(many, LARGEST_IMAGE_BYTES).data == png(extras=[text] * MAX_OTHER_PARTS)


def test_noise_is_taken_for_nothing() -> None:
    """Pixels of 16 MiB, and small unknown parts of all lengths."""
    source = random.Random(7)
    assert list(found_anywhere(source.randbytes(16 << 20))) == []
    for size in range(300):
        noise = b"\x81" + source.randbytes(size)
        assert (begins_as(noise), code_in(noise), is_text(noise + b"\xff")) == (None, None, False)


def test_words_of_people_are_no_script() -> None:
    """Comments as people and programs write them."""
    for words in (
        "Trees in spring (a study), 12 x 9: see this document. Location: my window. 100% <3",
        "File written by Adobe Photoshop 5.0",
        "Created with GIMP on a Mac; f/2.8 => sharp, $(50)",
        "Schöne Grüße aus Köln! Ich & du | er = wir",
        'a <lora:detail:0.8> (masterpiece:1.2), {red|blue} "quoted" [from:to:0.5] <cat-toy>',
    ):
        assert code_in(words.encode()) is None


def test_a_webp_without_its_parts_says_so() -> None:
    """Its length and the flags of its first part follow what is left."""
    data = webp(exif=b"Exif\0\0" + PAYLOADS["php"], xmp=b"<x:xmpmeta/>")
    left = without_foreign(data).data
    assert int.from_bytes(left[4:8], "little") == len(left) - 8
    assert left[20] & 0x0C == 0x04
    alone = picture_alone(data)
    assert alone[20] & 0x0C == 0
    with Image.open(io.BytesIO(left)) as opened:
        assert "exif" not in opened.info


@pytest.mark.parametrize(
    "broken",
    [
        png(extras=[png_chunk(b"zTXt", b"a\0\0no stream")]),
        png(extras=[png_chunk(b"iCCP", b"a\0\0no stream")]),
        png(extras=[png_chunk(b"tEXt", b"a\0b")[:-1] + b"?"]),
        png(extras=[png_chunk(b"zTXt", b"a\0\0" + saved(Image.new("L", (1, 1)), "PNG"))] * 70),
        webp_of(webp()[12:], webp_chunk(b"JUNK", PAYLOADS["exe"])) + b"\n",
    ],
    ids=["text", "profile", "checksum", "many texts", "webp"],
)
def test_a_paid_picture_whose_other_parts_are_broken_is_kept(broken: bytes) -> None:
    """The picture alone."""
    with pytest.raises(InvalidImage):
        check(broken)
    check(keepable(broken, LARGEST_IMAGE_BYTES).data)


def refused(data: bytes) -> InvalidImage | None:
    """Why it is refused; None where it is kept."""
    try:
        check(data)
    except InvalidImage as refusal:
        return refusal
    return None


def check(data: bytes) -> CheckedImage:
    """The check with the product's own bounds."""
    return check_image(data, max_bytes=LARGEST_IMAGE_BYTES)
