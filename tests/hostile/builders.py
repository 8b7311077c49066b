"""Builds the inputs of `hostile.jsonl` that are too large, or too much of a container, to be written out.

`build(kind, arguments)` makes one; a kind nobody has registered is an error that lists those there are. The pictures
are made from bytes, not with the library that checks them, wherever that library would not make anything so odd. Also
here are the parts (chunks, segments) from which tests put together pictures of their own.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterable
from typing import Any

from PIL import Image

LARGEST_IMAGE_BYTES = 20 * 1_048_576
GPS_IFD, ORIENTATION, MAKE, MODEL = 0x8825, 0x0112, 0x010F, 0x0110


def build(kind: str, arguments: dict[str, Any]) -> Any:
    """The input of this kind; the arguments are those beside `$gen` in the file."""
    if kind not in _BUILDERS:
        raise LookupError(f"no builder makes {kind!r}; there are {', '.join(sorted(_BUILDERS))}")
    return _BUILDERS[kind](**arguments)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk with its length and checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(
    width: int = 1,
    height: int = 1,
    *,
    depth: int = 8,
    colour: int = 2,
    interlace: int = 0,
    pixels: bytes | None = None,
    extras: Iterable[bytes] = (),
) -> bytes:
    """A PNG of black pixels, RGB unless told; `pixels` replaces the compressed data, `extras` are whole chunks."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    if pixels is None:
        row_bytes = 1 + -(-width * depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour] // 8)
        pixels = deflated_zeros(height * row_bytes)
    body = [png_chunk(b"IHDR", header), *extras, png_chunk(b"IDAT", pixels), png_chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def deflated_zeros(count: int) -> bytes:
    """A zlib stream of that many zero bytes, made without holding them."""
    squeeze, piece = zlib.compressobj(9), bytes(1 << 20)
    whole, rest = divmod(count, len(piece))
    return b"".join([*(squeeze.compress(piece) for _ in range(whole)), squeeze.compress(piece[:rest]), squeeze.flush()])


def png_of_size(total_bytes: int) -> bytes:
    """A whole, valid PNG of exactly that many bytes, filled up with an uncompressed text."""
    room = total_bytes - len(png()) - 12
    return png(extras=[png_chunk(b"tEXt", b"Comment\0".ljust(room, b"-"))])


def png_icc_bomb(mb: int) -> bytes:
    """A small PNG whose colour profile inflates to that many megabytes."""
    return png(extras=[png_chunk(b"iCCP", b"bomb\0\0" + deflated_zeros(mb * 1_048_576))])


def jpeg_segment(marker: int, body: bytes) -> bytes:
    """One segment with its marker and length."""
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def jpeg(picture: Image.Image | None = None, **options: Any) -> bytes:
    """A JPEG of a picture (a small gradient without one), as the library saves it."""
    return saved(picture or _gradient(64, 48), "JPEG", **options)


def jpeg_exif_orientation(v: int) -> bytes:
    """A JPEG that asks to be shown turned."""
    exif = Image.Exif()
    exif[ORIENTATION] = v
    return jpeg(exif=exif)


def jpeg_exif_gps() -> bytes:
    """A JPEG that says where it was taken: at 0 degrees north and east, in the sea."""
    exif = Image.Exif()
    exif.get_ifd(GPS_IFD).update({1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)})
    return jpeg(exif=exif)


def jpeg_progressive_scans(n: int, width: int = 4_000, height: int = 4_000) -> bytes:
    """A progressive JPEG of n scans: one of averages, then refinements that change nothing and cost a visit each."""
    blocks = -(-width // 8) * -(-height // 8)
    components = (1, 2, 3)
    frame = struct.pack(">BHHB", 8, height, width, 3) + b"".join(bytes((number, 0x11, 0)) for number in components)
    # One code each, a zero bit: "the average did not change", and "nothing more in the next 16,384 to 32,767 blocks".
    averages, nothing_more = b"\x00\x01" + bytes(15) + b"\x00", b"\x10\x01" + bytes(15) + b"\xe0"
    skipped = entropy_coded(("0" + "1" * 14) * (blocks // 32_767 + 1))
    first = jpeg_segment(0xDA, b"\x03" + b"".join(bytes((number, 0)) for number in components) + b"\0\0\0")
    scans = [first + bytes(blocks * 3 // 8 + 1)]
    for scan in range(n - 1):
        refinement = b"\x01\x3f\x10" if scan >= 3 else b"\x01\x3f\x01"
        scans.append(jpeg_segment(0xDA, bytes((1, components[scan % 3], 0)) + refinement) + skipped)
    tables = jpeg_segment(0xDB, b"\0" + b"\1" * 64) + jpeg_segment(0xC2, frame)
    tables += jpeg_segment(0xC4, averages) + jpeg_segment(0xC4, nothing_more)
    return b"\xff\xd8" + tables + b"".join(scans) + b"\xff\xd9"


def entropy_coded(bits: str) -> bytes:
    """Bits as a scan holds them: filled up with ones, and a zero byte after each 0xFF."""
    whole_bytes = -(-len(bits) // 8)
    return int(bits.ljust(whole_bytes * 8, "1"), 2).to_bytes(whole_bytes, "big").replace(b"\xff", b"\xff\0")


def jpeg_mpf_phone() -> bytes:
    """A JPEG as phones write them: EXIF, an index of two pictures (MPF), both pictures, and a vendor's trailer."""
    exif = Image.Exif()
    exif[MAKE], exif[MODEL], exif[ORIENTATION] = "Example", "Phone 1", 6
    exif.get_ifd(GPS_IFD).update({1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)})
    main = jpeg(_gradient(320, 240), exif=exif, quality=90)
    block = struct.pack("<HHI", 0, 0x0A01, 14) + b"Image_UTC_Data" + b"1700000000000"
    directory = b"SEFH" + struct.pack("<II", 107, 1) + struct.pack("<HHII", 0, 0x0A01, len(block), len(block))
    trailer = block + directory + struct.pack("<I", len(directory)) + b"SEFT"
    return with_second_picture(main, jpeg(_gradient(80, 60).convert("L"))) + trailer


def with_second_picture(main: bytes, second: bytes) -> bytes:
    """Two JPEGs as one file, with the index (CIPA DC-007) that names the second one."""
    first_end = 4 + struct.unpack_from(">H", main, 4)[0]
    index_bytes = len(_mpf_index(0, 0, 0))
    main_bytes = len(main) + index_bytes
    # Offsets in the index count from its byte order mark, which stands 8 bytes into the segment.
    index = _mpf_index(main_bytes, len(second), main_bytes - (first_end + 8))
    return main[:first_end] + index + main[first_end:] + second


def gif(frames: int, *, width: int = 1, height: int = 1, trailer: bytes = b"\x3b") -> bytes:
    """A GIF of that many frames of one pixel each, on a canvas of the size given."""
    header = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6)
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return header + frame * frames + trailer


def webp(picture: Image.Image | None = None, **options: Any) -> bytes:
    """A WEBP of a picture (a small gradient without one), as the library saves it."""
    return saved(picture or _gradient(64, 48), "WEBP", **options)


def saved(picture: Image.Image, format_name: str, **options: Any) -> bytes:
    """The bytes of a picture as the library saves it in that format."""
    written = io.BytesIO()
    picture.save(written, format_name, **options)
    return written.getvalue()


def bytes_equal_limit(n: str, limit: int = LARGEST_IMAGE_BYTES) -> bytes:
    """A valid PNG just under, at or just over the largest number of bytes: `max-1`, `max`, `max+1`."""
    return png_of_size(limit + {"max-1": -1, "max": 0, "max+1": 1}[n])


def _mpf_index(main_bytes: int, second_bytes: int, second_offset: int) -> bytes:
    version = struct.pack(">HHI4s", 0xB000, 7, 4, b"0100")
    count = struct.pack(">HHII", 0xB001, 4, 1, 2)
    entries_at = 8 + 2 + 3 * 12 + 4
    listed = struct.pack(">HHII", 0xB002, 7, 32, entries_at)
    entries = struct.pack(">IIIHH", 0x030000, main_bytes, 0, 0, 0)
    entries += struct.pack(">IIIHH", 0, second_bytes, second_offset, 0, 0)
    directory = struct.pack(">H", 3) + version + count + listed + struct.pack(">I", 0)
    return jpeg_segment(0xE2, b"MPF\0MM\0\x2a" + struct.pack(">I", 8) + directory + entries)


def _gradient(width: int, height: int) -> Image.Image:
    across, down = Image.linear_gradient("L").rotate(90), Image.linear_gradient("L")
    return Image.merge("RGB", [band.resize((width, height)) for band in (across, down, Image.radial_gradient("L"))])


_BUILDERS: dict[str, Callable[..., Any]] = {
    "bytes_equal_limit": bytes_equal_limit,
    "declared_png_is_jpeg": jpeg,
    "gif_frames": lambda n: gif(frames=n),
    "jpeg_exif_gps": jpeg_exif_gps,
    "jpeg_exif_orientation": jpeg_exif_orientation,
    "jpeg_mpf_phone": jpeg_mpf_phone,
    "jpeg_progressive_scans": jpeg_progressive_scans,
    "png_icc_bomb": png_icc_bomb,
    "png_zeros": lambda w, h: png(width=w, height=h),
}
