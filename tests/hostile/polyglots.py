"""Pictures with something else in their file: every payload in the places that each format has for it.

`polyglots()` makes them all. A place is `foreign` where nothing but a picture's own may stand; of the others (pixels,
palettes, compressed texts, the words of prompts) some payloads are found and some are not, and none may ever run.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from PIL import Image

from tests.hostile.builders import gif, jpeg, jpeg_segment, png, png_chunk, webp, with_second_picture
from tests.hostile.payloads import PAYLOADS

EXTENSIONS = {"png": "png", "jpeg": "jpg", "gif": "gif", "webp": "webp"}
SOME = ("html", "php", "zip", "js")
"""The payloads of places that are like others."""


class Place(NamedTuple):
    """Where a payload stands: how the file is built with it, whether it must be refused, the payloads that go there."""

    build: Callable[[bytes], bytes]
    is_foreign: bool
    payloads: tuple[str, ...] = tuple(PAYLOADS)


class Polyglot(NamedTuple):
    """One file: its format, where in it is what, the bytes, and whether nobody may keep it as it is."""

    format: str
    place: str
    payload: str
    data: bytes
    is_foreign: bool

    @property
    def id(self) -> str:
        """For the names of tests."""
        return f"{self.format}-{self.place}-{self.payload}"

    @property
    def extension(self) -> str:
        """That of its format."""
        return EXTENSIONS[self.format]


def polyglots() -> Iterator[Polyglot]:
    """All of them."""
    for name, places in PLACES.items():
        for where, place in places.items():
            for kind in place.payloads:
                yield Polyglot(name, where, kind, place.build(PAYLOADS[kind]), place.is_foreign)


def exif(text: bytes) -> bytes:
    """The smallest EXIF (TIFF 6.0) with a description."""
    entry = struct.pack("<HHHII", 1, 0x010E, 2, len(text) + 1, 26)
    return b"II*\0" + struct.pack("<I", 8) + entry + struct.pack("<I", 0) + text + b"\0"


def xmp(text: bytes) -> bytes:
    """A packet with a description, which is not escaped: nobody reads it as XML here."""
    return (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b"<rdf:Description>" + text + b"</rdf:Description></rdf:RDF></x:xmpmeta>"
    )


def icc(text: bytes) -> bytes:
    """A profile as far as its header, with a text behind it."""
    return struct.pack(">I", 128 + len(text)) + bytes(32) + b"acsp" + bytes(88) + text


def webp_chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk with its length and padding."""
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def webp_of(*chunks: bytes) -> bytes:
    """A WEBP of these chunks."""
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def gif_extension(label: int, body: bytes, *, identifier: bytes = b"") -> bytes:
    """An extension with its body in sub-blocks, after the identifier of an application."""
    pieces = [identifier] if identifier else []
    pieces += [body[at : at + 255] for at in range(0, len(body), 255)]
    return bytes((0x21, label)) + b"".join(bytes((len(piece),)) + piece for piece in pieces) + b"\0"


_JPEG, _WEBP, _GIF = jpeg(), webp(), gif(2)
_PROGRESSIVE = jpeg(Image.radial_gradient("L"), progressive=True)
_GIF_FRAMES_AT = 19
_FRAME = _GIF[_GIF_FRAMES_AT:-1][: (len(_GIF) - _GIF_FRAMES_AT - 1) // 2]
_VP8 = _WEBP[12:]
_EXTENDED = webp_chunk(b"VP8X", bytes((0x2C, 0, 0, 0)) + (63).to_bytes(3, "little") + (47).to_bytes(3, "little"))


def _in_png(kind: bytes, before: bytes = b"") -> Callable[[bytes], bytes]:
    return lambda payload: png(extras=[png_chunk(kind, before + payload)])


def _in_jpeg(marker: int, before: bytes = b"") -> Callable[[bytes], bytes]:
    return lambda payload: _JPEG[:2] + jpeg_segment(marker, before + payload) + _JPEG[2:]


def _in_webp(kind: bytes, before: Callable[[bytes], bytes] = bytes) -> Callable[[bytes], bytes]:
    return lambda payload: webp_of(_EXTENDED, _VP8, webp_chunk(kind, before(payload)))


def _in_gif(label: int, identifier: bytes = b"") -> Callable[[bytes], bytes]:
    return lambda payload: (
        _GIF[:_GIF_FRAMES_AT] + gif_extension(label, payload, identifier=identifier) + _GIF[_GIF_FRAMES_AT:]
    )


def _png_pixels(payload: bytes) -> bytes:
    """The payload as a row of grey pixels, which are not compressed."""
    squeeze = zlib.compressobj(0)
    return png(len(payload), 1, colour=0, pixels=squeeze.compress(b"\0" + payload) + squeeze.flush())


def _png_palette(payload: bytes) -> bytes:
    colours = payload[: 255 * 3] + bytes(-len(payload[: 255 * 3]) % 3)
    return png(colour=3, extras=[png_chunk(b"PLTE", colours)])


def _png_between(payload: bytes) -> bytes:
    pixels = zlib.compress(bytes(4))
    parts = [png_chunk(b"IDAT", pixels[:5]), png_chunk(b"prVt", payload), png_chunk(b"IDAT", pixels[5:])]
    return png().partition(b"\0\0\0\x0cIDAT")[0][:33] + b"".join(parts) + png_chunk(b"IEND", b"")


def _jpeg_between_scans(payload: bytes) -> bytes:
    at = _PROGRESSIVE.rindex(b"\xff\xda")
    return _PROGRESSIVE[:at] + jpeg_segment(0xFE, payload) + _PROGRESSIVE[at:]


def _jpeg_second(payload: bytes) -> bytes:
    """A second picture, as phones write it, with a comment of its own."""
    return with_second_picture(_JPEG, _in_jpeg(0xFE)(payload))


def _gif_palette(payload: bytes) -> bytes:
    table = payload[: 256 * 3].ljust(256 * 3, b"\0")
    return _GIF[:10] + b"\xf7" + _GIF[11:13] + table + _GIF[_GIF_FRAMES_AT:]


def _gif_pixels(payload: bytes) -> bytes:
    """More sub-blocks behind the pixels of the last frame, which decoders pass over."""
    pieces = [payload[at : at + 255] for at in range(0, len(payload), 255)]
    return _GIF[:-2] + b"".join(bytes((len(piece),)) + piece for piece in pieces) + b"\0;"


def _webp_pixels(payload: bytes) -> bytes:
    length = int.from_bytes(_VP8[4:8], "little")
    return webp_of(webp_chunk(b"VP8 ", _VP8[8 : 8 + length] + payload))


PLACES: dict[str, dict[str, Place]] = {
    "png": {
        "behind": Place(lambda payload: png() + payload, True),
        "private": Place(_in_png(b"prVt"), True),
        "comment": Place(_in_png(b"tEXt", b"Comment\0"), True),
        "international": Place(_in_png(b"iTXt", b"Comment\0\0\0\0\0"), True, SOME),
        "between": Place(_png_between, True, SOME),
        "false-length": Place(_in_png(b"tIME"), True, SOME),
        "exif": Place(lambda payload: png(extras=[png_chunk(b"eXIf", exif(payload))]), True, ("html", "php", "zip")),
        "xmp": Place(
            lambda payload: _in_png(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0")(xmp(payload)), True, ("html", "php", "zip")
        ),
        "compressed": Place(lambda payload: _in_png(b"zTXt", b"Comment\0\0")(zlib.compress(payload)), False, SOME),
        "profile": Place(lambda payload: _in_png(b"iCCP", b"a\0\0")(zlib.compress(icc(payload))), False, SOME),
        "prompt": Place(_in_png(b"tEXt", b"parameters\0"), False, ("html", "js", "svg", "php")),
        "palette": Place(_png_palette, False, SOME),
        "pixels": Place(_png_pixels, False),
        "before": Place(lambda payload: payload + png(), True, SOME),
    },
    "jpeg": {
        "behind": Place(lambda payload: _JPEG + payload, True),
        "comment": Place(_in_jpeg(0xFE), True),
        "unknown": Place(_in_jpeg(0xE9, b"own\0"), True),
        "as-jfif": Place(_in_jpeg(0xE0, b"JFIF\0"), True, SOME),
        "between": Place(_jpeg_between_scans, True, SOME),
        "second": Place(_jpeg_second, True, SOME),
        "behind-second": Place(lambda payload: with_second_picture(_JPEG, jpeg()) + payload, True),
        "exif": Place(lambda payload: _in_jpeg(0xE1, b"Exif\0\0")(exif(payload)), True, ("html", "php", "zip")),
        "xmp": Place(
            lambda payload: _in_jpeg(0xE1, b"http://ns.adobe.com/xap/1.0/\0")(xmp(payload)),
            True,
            ("html", "php", "zip"),
        ),
        "profile": Place(
            lambda payload: _in_jpeg(0xE2, b"ICC_PROFILE\0\1\1")(icc(payload)), True, ("html", "php", "zip")
        ),
        "photoshop": Place(_in_jpeg(0xED, b"Photoshop 3.0\0"), False, SOME),
        "before": Place(lambda payload: payload + _JPEG, True, SOME),
    },
    "gif": {
        "behind": Place(lambda payload: _GIF + payload, True),
        "comment": Place(_in_gif(0xFE), True),
        "application": Place(_in_gif(0xFF, b"OWNOWNOWN01"), True),
        "plain-text": Place(_in_gif(0x01), True, SOME),
        "as-loop": Place(_in_gif(0xFF, b"NETSCAPE2.0"), True, SOME),
        "xmp": Place(_in_gif(0xFF, b"XMP DataXMP"), True, ("html", "php", "zip")),
        "between": Place(
            lambda payload: _GIF[: -len(_FRAME) - 1] + gif_extension(0xFE, payload) + _FRAME + b";", True, SOME
        ),
        "palette": Place(_gif_palette, False, SOME),
        "pixels": Place(_gif_pixels, False),
        "before": Place(lambda payload: payload + _GIF, True, SOME),
    },
    "webp": {
        "behind": Place(lambda payload: _WEBP + payload, True),
        "unknown": Place(_in_webp(b"JUNK"), True),
        "exif": Place(_in_webp(b"EXIF", exif), True, ("html", "php", "zip")),
        "xmp": Place(_in_webp(b"XMP ", xmp), True, ("html", "php", "zip")),
        "profile": Place(_in_webp(b"ICCP", icc), True, ("html", "php", "zip")),
        "pixels": Place(_webp_pixels, False),
        "before": Place(lambda payload: payload + _WEBP, True, SOME),
    },
}
