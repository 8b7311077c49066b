"""The parts of a PNG (W3C PNG, third edition), chunk by chunk."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from adapters.images.foreign.part import MAX_PARTS, Part, Role, Unwalkable
from adapters.images.png_chunks import SIGNATURE, chunks_of

_PICTURE = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"acTL", b"fcTL", b"fdAT"})
_TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_BYTES_OF: Mapping[bytes, int] = MappingProxyType(
    {b"cHRM": 32, b"gAMA": 4, b"sRGB": 1, b"cICP": 4, b"mDCV": 24, b"mDCv": 24, b"cLLI": 8, b"cLLi": 8, b"pHYs": 9}
    | {b"tIME": 7, b"oFFs": 9, b"sTER": 1, b"vpAg": 9, b"caNv": 16, b"orNT": 1}
)
"""Chunks that have one length; of another they are something else."""
_MOST_BYTES_OF: Mapping[bytes, int] = MappingProxyType({b"sBIT": 4, b"bKGD": 6, b"hIST": 512})
_KNOWN = frozenset({b"iCCP", b"sPLT", b"eXIf", b"pCAL", b"sCAL", b"caBX", b"iDOT"})
PROMPT_KEYWORDS = frozenset(
    {b"parameters", b"prompt", b"workflow", b"extras", b"postprocessing", b"Dream", b"dream", b"sd-metadata"}
    | {b"invokeai_metadata", b"invokeai_workflow", b"invokeai_graph", b"generation_data", b"fooocus_scheme"}
)
"""Keywords of texts in which programs keep how a picture was made: AUTOMATIC1111, ComfyUI, InvokeAI, Fooocus."""
_CONTROLS = re.compile(rb"[\x01-\x08\x0e-\x1f]")
"""Not in the words of a prompt, and in most of what is no text."""
METADATA_KEYWORDS = (b"XML:com.adobe.xmp", b"Raw profile type ")


def png_parts(data: bytes) -> list[Part]:
    """The parts of a PNG; what follows its end is the last. Raises Unwalkable."""
    parts = [Part(Role.PICTURE, "the signature", 0, len(SIGNATURE))]
    for chunk in chunks_of(data):
        if chunk.is_cut or len(parts) > MAX_PARTS:
            break
        begin = parts[-1].end
        parts.append(_part(chunk.kind, bytes(chunk.body), begin, begin + len(chunk.whole)))
        if chunk.kind == b"IEND":
            behind = data[parts[-1].end :]
            return [*parts, Part(Role.BEHIND, "what follows it", parts[-1].end, len(data), behind)]
    raise Unwalkable


def _part(kind: bytes, body: bytes, begin: int, end: int) -> Part:
    name = f"its part {kind.decode('ascii', 'replace')}"
    if kind in _PICTURE:
        return Part(Role.PICTURE, name, begin, end)
    if kind in _TEXTS:
        keyword, _, text = body.partition(b"\0")
        return Part(_role_of(kind, keyword, text), name, begin, end, text)
    known = (
        len(body) == _BYTES_OF[kind]
        if kind in _BYTES_OF
        else kind in _KNOWN or len(body) <= _MOST_BYTES_OF.get(kind, -1)
    )
    return Part(Role.METADATA if known else Role.UNKNOWN, name, begin, end, body)


def _role_of(kind: bytes, keyword: bytes, text: bytes) -> Role:
    is_packed = kind == b"zTXt" or (kind == b"iTXt" and text[:1] == b"\1")
    if keyword in PROMPT_KEYWORDS and (is_packed or not _CONTROLS.search(text)):
        return Role.PROMPT
    return Role.METADATA if keyword.startswith(METADATA_KEYWORDS) else Role.COMMENT
