"""The text inside a PNG file that says how its picture was made. What that text is, is `studio.details`'s to know."""

from __future__ import annotations

from adapters.images.png_chunks import SIGNATURE, Chunk, chunks_of, written

KEYWORD = b"parameters"
"""Under this keyword the Stable Diffusion programs write and read how a picture was made."""
TEXT_CHUNKS = frozenset({b"tEXt", b"zTXt", b"iTXt"})


def with_text(data: bytes, text: str | None) -> bytes:
    """The picture with this text as its only one under KEYWORD, or without any. What is no whole PNG stays as it is.

    The chunks are those of the PNG specification, third edition: 11.3.3.4 is the iTXt written here. Of the text, what
    nobody can read is left out: it could be another file.
    """
    if not data.startswith(SIGNATURE):
        return data
    chunks = [chunk for chunk in chunks_of(data) if not chunk.is_cut]
    if not chunks or chunks[-1].kind != b"IEND":
        return data
    kept = [chunk.whole for chunk in chunks if not _is_ours(chunk)]
    if text is not None:
        readable = "".join(character for character in text if character.isprintable() or character in "\n\t")
        kept.insert(1, memoryview(written(b"iTXt", KEYWORD + b"\0\0\0\0\0" + readable.encode())))
    return b"".join([SIGNATURE, *kept]) if text is not None or len(kept) < len(chunks) else data


def _is_ours(chunk: Chunk) -> bool:
    return chunk.kind in TEXT_CHUNKS and chunk.body[: len(KEYWORD) + 1] == KEYWORD + b"\0"
