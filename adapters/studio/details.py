"""How a picture was made: beside it for "again" and "info", and where an operator wants that, inside its file.

A prompt is the user's own business and never in the log. Local servers write it into their files by themselves, so it
is taken out of there unless PROMPT_IN_IMAGE asks for it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from adapters.generation.provider import GeneratedImage, GenerationRequest, GenerationResult

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
KEYWORD = b"parameters"
"""Under this keyword the Stable Diffusion programs write and read how a picture was made."""
TEXT_CHUNKS = frozenset({b"tEXt", b"zTXt", b"iTXt"})
LABELS = {
    "negative_prompt": "Negative prompt",
    "steps": "Steps",
    "cfg_scale": "CFG scale",
    "seed": "Seed",
    "style": "Style",
    "strength": "Strength",
    "model": "Model",
    "provider": "Provider",
}


def details_of(asked: GenerationRequest, result: GenerationResult, made: GeneratedImage) -> dict[str, Any]:
    """What was asked and what came of it, without what is empty."""
    of_request = {name: value for name, value in asdict(asked).items() if name not in {"image", "count", "seed"}}
    of_result = {
        "seed": made.seed,
        "provider": result.provider,
        "model": result.model,
        "seconds": round(result.seconds, 3),
    }
    return {name: value for name, value in (of_request | of_result).items() if value not in {None, ""}}


def as_text(details: dict[str, Any]) -> str:
    """The details in the form of the Stable Diffusion programs: the prompt, the negative one, then `Steps: 30, ...`."""
    lines = [str(details.get("prompt", ""))]
    if negative := details.get("negative_prompt"):
        lines.append(f"{LABELS['negative_prompt']}: {negative}")
    rest = [f"{LABELS[name]}: {details[name]}" for name in LABELS if name in details and name != "negative_prompt"]
    if "width" in details and "height" in details:
        rest.append(f"Size: {details['width']}x{details['height']}")
    return "\n".join([*lines, ", ".join(rest)])


def with_text(data: bytes, text: str | None) -> bytes:
    """The picture with this text as its only one under KEYWORD, or without any. What is no whole PNG stays as it is.

    The chunks are those of the PNG specification, third edition: 11.3.3.4 is the iTXt written here.
    """
    if not data.startswith(PNG_SIGNATURE):
        return data
    chunks = list(_chunks(data))
    if not chunks or chunks[-1][0] != b"IEND":
        return data
    kept = [whole for kind, whole in chunks if not (kind in TEXT_CHUNKS and whole[8:].startswith(KEYWORD + b"\0"))]
    if text is not None:
        kept.insert(1, _text_chunk(text))
    return b"".join([PNG_SIGNATURE, *kept]) if text is not None or len(kept) < len(chunks) else data


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The kind and the whole bytes of each chunk that is there in full."""
    at = len(PNG_SIGNATURE)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        end = at + 12 + length
        if end > len(data):
            return
        yield data[at + 4 : at + 8], data[at:end]
        at = end


def _text_chunk(text: str) -> bytes:
    body = b"iTXt" + KEYWORD + b"\0\0\0\0\0" + text.encode()
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
