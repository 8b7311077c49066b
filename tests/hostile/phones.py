"""Photographs as phones write them, by the forms of their makers: each with what stands behind its first picture.

The forms are those of CIPA DC-007 (MPF), Ultra HDR 1.1 and ISO 21496-1 (gain maps), Motion Photo 1.0, its former
MicroVideo, Dynamic Depth, and the blocks of Samsung, OnePlus and Vivo as ExifTool's sources describe them.
"""

from __future__ import annotations

import json
import struct

from PIL import Image

from tests.hostile.builders import jpeg, jpeg_segment, with_second_picture
from tests.hostile.payloads import clip

_NAMESPACES = (
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns:Container="http://ns.google.com/photos/1.0/container/" '
    'xmlns:Item="http://ns.google.com/photos/1.0/container/item/" '
    'xmlns:GCamera="http://ns.google.com/photos/1.0/camera/"'
)
_GAIN_MAP = jpeg(Image.radial_gradient("L").resize((32, 24)))
CLIP = clip(bytes(range(256)) * 40)


def with_xmp(picture: bytes, inside: str, attributes: str = "", *, names: str = _NAMESPACES) -> bytes:
    """The picture with a packet."""
    packet = (
        f'<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        f'{names}><rdf:Description rdf:about="" {attributes}>{inside}</rdf:Description></rdf:RDF></x:xmpmeta>'
        f'<?xpacket end="w"?>'
    )
    return picture[:2] + jpeg_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet.encode()) + picture[2:]


def container(*items: tuple[str, str, int]) -> str:
    """The directory of a container: kind, media type and length of each item behind the first picture."""
    listed = "".join(
        f'<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="{kind}" Item:Mime="{mime}" '
        f'Item:Length="{length}"/></rdf:li>'
        for kind, mime, length in [("Primary", "image/jpeg", 0), *items]
    )
    return f"<Container:Directory><rdf:Seq>{listed}</rdf:Seq></Container:Directory>"


def container_in_elements(length: int) -> str:
    """The same of a clip, with every property as an element."""
    return (
        '<Container:Directory><rdf:Seq><rdf:li rdf:parseType="Resource"><Container:Item rdf:parseType="Resource">'
        "<Item:Mime>video/mp4</Item:Mime><Item:Semantic>MotionPhoto</Item:Semantic>"
        f"<Item:Length>{length}</Item:Length></Container:Item></rdf:li></rdf:Seq></Container:Directory>"
    )


def samsung_blocks(*blocks: tuple[int, bytes, bytes]) -> bytes:
    """Samsung's trailer: the kind, name and content of each block, then their directory."""
    whole = [struct.pack("<HHI", 0, kind, len(name)) + name + content for kind, name, content in blocks]
    directory = b"SEFH" + struct.pack("<II", 107, len(blocks))
    for index, (kind, _, _) in enumerate(blocks):
        directory += struct.pack("<HHII", 0, kind, sum(map(len, whole[index:])), len(whole[index]))
    return b"".join(whole) + directory + struct.pack("<I", len(directory)) + b"SEFT"


def gain_map() -> bytes:
    """Ultra HDR: a gain map behind the picture, announced by a container and listed by MPF."""
    directory = container(("GainMap", "image/jpeg", len(_GAIN_MAP)))
    return with_second_picture(_jfif_with_xmp(directory), _GAIN_MAP)


def gain_map_by_container_alone() -> bytes:
    """The same without MPF."""
    return with_xmp(jpeg(), container(("GainMap", "image/jpeg", len(_GAIN_MAP)))) + _GAIN_MAP


def iso_gain_map() -> bytes:
    """ISO 21496-1: the version in a segment of its own, the gain map by MPF."""
    version = jpeg_segment(0xE2, b"urn:iso:std:iso:ts:21496:-1\0\0\0\0\0")
    return with_second_picture(_after_first(jpeg(), version), _GAIN_MAP)


def motion_photo(*, length: int = len(CLIP), video: bytes = CLIP) -> bytes:
    """A clip behind the picture."""
    attributes = 'GCamera:MotionPhoto="1" GCamera:MotionPhotoVersion="1"'
    return with_xmp(jpeg(), container(("MotionPhoto", "video/mp4", length)), attributes) + video


def motion_photo_in_elements() -> bytes:
    """The same, written as some programs write XMP."""
    return with_xmp(jpeg(), container_in_elements(len(CLIP))) + CLIP


def motion_photo_with_gain_map() -> bytes:
    """Both, in the order that Motion Photo wants."""
    items = (("GainMap", "image/jpeg", len(_GAIN_MAP)), ("MotionPhoto", "video/mp4", len(CLIP)))
    return with_xmp(jpeg(), container(*items)) + _GAIN_MAP + CLIP


def micro_video() -> bytes:
    """The former form of a motion photo: the clip's distance from the end."""
    attributes = f'GCamera:MicroVideo="1" GCamera:MicroVideoVersion="1" GCamera:MicroVideoOffset="{len(CLIP)}"'
    return with_xmp(jpeg(), "", attributes) + CLIP


def samsung_motion_photo() -> bytes:
    """A clip and small facts in blocks."""
    return jpeg() + samsung_blocks(
        (0x0A01, b"Image_UTC_Data", b"1700000000000"),
        (0x0A30, b"MotionPhoto_Data", CLIP),
        (0x0A31, b"MotionPhoto_Version", b"mpv3"),
    )


def samsung_with_second_picture() -> bytes:
    """A second picture by MPF, zeros that fill, then blocks of which one is a picture."""
    blocks = samsung_blocks((0x0D91, b"Camera_Scene_Info", b"3"), (0x0810, b"DualShot_1", _GAIN_MAP))
    return with_second_picture(jpeg(), _GAIN_MAP) + bytes(512) + blocks


def oneplus(*blocks: tuple[str, bytes], of: bytes = jpeg()) -> bytes:
    """OnePlus and OPPO: blocks, and a list of them that counts back from itself."""
    blocks = blocks or (("watermark.device", b"\1\0\0\0\0PHONE 12\0"), ("private.emptyspace", b"\0\0\0\x40"))
    listed = [
        {"length": len(content), "name": name, "offset": sum(len(each) for _, each in blocks[index:]), "version": 1}
        for index, (name, content) in enumerate(blocks)
    ]
    text = json.dumps(listed).encode() + b"\0"
    return of + b"".join(content for _, content in blocks) + text + b"jxrs" + struct.pack("<I", len(text) + 8)


def vivo(note: bytes = b'vivo{"exifVersion":1,"filter":"none"}\0', *, of: bytes = jpeg()) -> bytes:
    """Vivo: a note in JSON, some bytes, and a fixed end."""
    return of + note + b"\0\0\0\x26cameraalbum!" + b"\xff\xff\xff\xff\x1b*9HWfu\x84\x93\xa2\xb1"


def vivo_with_picture() -> bytes:
    """The same after a picture of the highlights, and that after a gain map."""
    stream = b"streamdata" + _GAIN_MAP + b'streaminfo\0\1vivo{"a":2}\0'
    return vivo(stream, of=with_second_picture(jpeg(), _GAIN_MAP))


def oneplus_motion_photo() -> bytes:
    """Blocks of the maker behind a clip, which is counted from the clip's begin to the file's end."""
    tail = len(oneplus()) - len(jpeg())
    return oneplus(of=motion_photo(length=len(CLIP) + tail))


def depth_map() -> bytes:
    """Dynamic Depth: Google's container under its former names."""
    inside = container(("Depth", "image/jpeg", len(_GAIN_MAP))).replace("Item:Semantic", "Item:DataURI")
    return with_xmp(jpeg(), inside, names=_NAMESPACES.replace("photos/1.0/", "photos/dd/1.0/")) + _GAIN_MAP


def filled_up() -> bytes:
    """A camera that fills up its blocks."""
    return jpeg() + bytes(4_000)


PHONES = {
    make.__name__: make
    for make in (
        gain_map,
        gain_map_by_container_alone,
        iso_gain_map,
        motion_photo,
        motion_photo_in_elements,
        motion_photo_with_gain_map,
        micro_video,
        samsung_motion_photo,
        samsung_with_second_picture,
        oneplus,
        oneplus_motion_photo,
        vivo,
        vivo_with_picture,
        depth_map,
        filled_up,
    )
}


def _jfif_with_xmp(inside: str) -> bytes:
    """A JPEG whose packet stands after its first segment, where MPF's writer leaves it."""
    whole = with_xmp(jpeg(), inside)
    packet_end = 4 + struct.unpack_from(">H", whole, 4)[0]
    jfif_end = packet_end + 2 + struct.unpack_from(">H", whole, packet_end + 2)[0]
    return whole[:2] + whole[packet_end:jfif_end] + whole[2:packet_end] + whole[jfif_end:]


def _after_first(picture: bytes, segment: bytes) -> bytes:
    first_end = 4 + struct.unpack_from(">H", picture, 4)[0]
    return picture[:first_end] + segment + picture[first_end:]
